"""What the switch itself tells of a proof: order of service, and how soon a free agent is rung. An ear of its own, so that
nothing is taken from the service under test."""

from dataclasses import dataclass, field

from telephony.agents import Activity
from telephony.ami.connection import LinkState
from telephony.changes import (
    AgentChanged,
    CallAnswered,
    CallArrived,
    CallEnded,
    Change,
    LineJoined,
    LineLeft,
    RingEnded,
    RingResult,
    RingStarted,
)
from telephony.events import Event
from telephony.floor import Floor
from telephony.ids import CallId, Interface, PbxId
from telephony.rebuild import Snapshot

AT_ONCE_S = 0.1
"""Who joined so short a time before a ring was not yet known to whoever decided it; orders so close together are one."""

FIRST = "vip"
HEAD_START_S = {"priority": 900.0, "standard": 0.0}


@dataclass
class Waiter:
    number: str
    tier: str
    joined_at: float
    ringing: bool = False

    @property
    def key(self) -> tuple[bool, float]:
        """Smaller is served first: the order of the default policy."""
        return self.tier != FIRST, self.joined_at - HEAD_START_S.get(self.tier, 0.0)


@dataclass
class Watch:
    """`tiers`: number (as the switch shows it) -> tier. `overtaken`: (when, tier served, tier passed over, seconds it had
    waited). `rings`: (when, tier, seconds from the last thing that made it possible). `out_of_room`, `back_in_room`: when
    a caller came to app_queue, and from there to us."""

    floor: Floor
    tiers: dict[str, str]
    numbers: dict[CallId, str] = field(default_factory=dict)
    waiting: dict[CallId, Waiter] = field(default_factory=dict)
    idle_since: dict[Interface, float] = field(default_factory=dict)
    overtaken: list[tuple[float, str, str, float]] = field(default_factory=list)
    rings: list[tuple[float, str, float]] = field(default_factory=list)
    out_of_room: dict[CallId, float] = field(default_factory=dict)
    back_in_room: dict[CallId, float] = field(default_factory=dict)
    not_taken: int = 0
    _last_idle: float = 0.0
    _passed_over: dict[CallId, list[tuple[float, str, str, float]]] = field(default_factory=dict)

    def events(self, events: list[Event], received: float) -> None:
        for event in events:
            for change in self.floor.apply(event):
                self._note(change)
            if event.at is not None:
                self._rooms(event.at)

    def snapshot(self, snapshot: Snapshot, received: float) -> None:
        for change in self.floor.rebuild(snapshot, 0.0):
            self._note(change)

    def stale(self, why: str) -> None:
        self.floor.mark_stale()

    def link_state(self, state: LinkState) -> None:
        pass

    def _note(self, change: Change) -> None:
        match change:
            case CallArrived():
                self.numbers[change.call] = (change.ani or "").lstrip("+")
            case LineJoined():
                number = self.numbers.get(change.call, "")
                self.waiting[change.call] = Waiter(number, self.tiers.get(number, "standard"), change.at)
            case RingStarted():
                self._rung(change)
            case RingEnded() if change.call in self.waiting:
                self.waiting[change.call].ringing = False
                self.not_taken += change.result is RingResult.NO_ANSWER
            case CallAnswered() | LineLeft() | CallEnded():
                self.waiting.pop(change.call, None)
                self._judged(change.call, change.at)
            case AgentChanged():
                self._agent(change.interface, change.at)

    def _agent(self, interface: Interface, at: float) -> None:
        agent = self.floor.agents.get(interface)
        if agent is not None and agent.activity is Activity.IDLE and not agent.paused and agent.memberships:
            if interface not in self.idle_since:
                self.idle_since[interface] = self._last_idle = at
        else:
            self.idle_since.pop(interface, None)

    def _rung(self, change: RingStarted) -> None:
        free = self.idle_since.pop(change.interface, None)
        chosen = self.waiting.get(change.call)
        if chosen is None:
            return
        chosen.ringing = True
        self._judged(change.call, change.at)
        for call, other in self.waiting.items():
            if not other.ringing and other.key < chosen.key and change.at - other.joined_at > AT_ONCE_S:
                waited = change.at - other.joined_at
                self._passed_over.setdefault(call, []).append((change.at, chosen.tier, other.tier, waited))
        if free is not None:
            enabled = max(chosen.joined_at, free if chosen.tier == FIRST else self._last_idle)
            self.rings.append((change.at, chosen.tier, change.at - enabled))

    def _judged(self, call: CallId, at: float) -> None:
        """Two orders given together may begin to ring in either order: whoever rings at once was not overtaken."""
        self.overtaken += [one for one in self._passed_over.pop(call, ()) if at - one[0] > AT_ONCE_S]

    def _rooms(self, at: float) -> None:
        """Who waits with app_queue although his line is ours: orphans, and when they were taken back."""
        for call_id, waiter in self.waiting.items():
            call = self.floor.calls.get(call_id)
            place = call.place if call else None
            if place is None or waiter.ringing:
                continue
            if not place.room:
                self.out_of_room.setdefault(call_id, at)
            elif call_id in self.out_of_room:
                self.back_in_room.setdefault(call_id, at)


def watch(pbx: str, phones: list[str], tiers: dict[str, str]) -> Watch:
    return Watch(Floor(PbxId(pbx), [Interface(f"PJSIP/{phone}") for phone in phones]), tiers)
