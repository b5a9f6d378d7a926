"""A floor moved by hand: the real calls, agents and queues, changed by plain verbs that report what a floor would."""

from dataclasses import dataclass, field

from screenpop.sources import Agent as Person
from screenpop.sources import Line
from telephony.agents import Activity, Agent, Membership
from telephony.calls import Call, Ring, Stage
from telephony.changes import (
    AgentChanged,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallHeld,
    Change,
    LineJoined,
    LineLeaving,
    LineLeft,
    Outcome,
    RingEnded,
    RingResult,
    RingStarted,
    TalkEnded,
)
from telephony.events import DeviceState
from telephony.ids import CallId, ChannelId, Interface, PbxId, QueueName
from telephony.queues import Place, Queue

PBX = PbxId("main")


@dataclass
class ToyDirectory:
    """Two lines over the queues `q-sales` and `q-help` (`q-help-vip` before it) of every switch; `people`: the agents of each."""

    people: dict[tuple[PbxId, Interface], Person] = field(default_factory=dict)
    sales_name: str = "Sales"

    @property
    def tiers(self) -> tuple[str, ...]:
        return ("vip", "priority", "standard")

    def lines(self) -> list[Line]:
        targets = {"vip": 5.0, "priority": 20.0, "standard": 60.0}
        return [
            Line("sales", {"en": self.sales_name, "ru": "Продажи"}, targets),
            Line("help", {"en": "Help", "ru": "Помощь"}, targets),
        ]

    def line_of(self, pbx: PbxId, queue: QueueName) -> str | None:
        return {"q-sales": "sales", "q-help": "help", "q-help-vip": "help"}.get(queue)

    def served_before(self, pbx: PbxId, queue: QueueName) -> QueueName | None:
        return QueueName("q-help-vip") if queue == "q-help" else None

    def agents(self) -> list[tuple[PbxId, Interface]]:
        return list(self.people)

    def agent(self, pbx: PbxId, interface: Interface) -> Person | None:
        return self.people.get((pbx, interface))

    def number(self, raw: str | None) -> str | None:
        return f"+{raw}" if raw and raw.isdigit() else raw


class ToyFloor:
    """`now`: its clock. `changes`: what has happened since the last `take()`."""

    def __init__(self, pbx: PbxId = PBX) -> None:
        self.pbx = pbx
        self.now = 1000.0
        self.calls: dict[CallId, Call] = {}
        self.agents: dict[Interface, Agent] = {}
        self.queues: dict[QueueName, Queue] = {}
        self.changes: list[Change] = []

    def take(self) -> list[Change]:
        changes, self.changes = self.changes, []
        return changes

    def sign_in(self, interface: Interface, queue: QueueName) -> None:
        agent = self.agents.setdefault(interface, Agent(interface, self.now))
        agent.device = DeviceState.IDLE
        agent.memberships[queue] = Membership(False, "")
        self.changes.append(AgentChanged(self.now, interface))

    def pause(self, interface: Interface, reason: str | None) -> None:
        for membership in self.agents[interface].memberships.values():
            membership.paused, membership.reason = reason is not None, reason or ""
        self.changes.append(AgentChanged(self.now, interface))

    def arrive(self, call: CallId, ani: str | None = "79161234567") -> None:
        one = self.calls[call] = Call(call, self.pbx, self.now)
        one.ani, one.dnis, one.announced = ani, "74950000000", True
        self.changes.append(CallArrived(self.now, call, ChannelId(call), ani, None, one.dnis))

    def join(self, call: CallId, queue: QueueName, position: int = 1) -> None:
        one = self.calls[call]
        place = Place(call, ChannelId(call), queue, self.now)
        position = self.queues.setdefault(queue, Queue(queue)).insert(place, position)
        one.place = place
        one.lines.append(place)
        one.stage = Stage.WAITING
        self.changes.append(LineJoined(self.now, call, queue, position))

    def leave(self, call: CallId, reason: LineLeaving) -> None:
        one = self.calls[call]
        if one.place is not None:
            self.queues[one.place.queue].remove(one.place)
            self.changes.append(LineLeft(self.now, call, one.place.queue, reason))
            one.place = None

    def ring(self, call: CallId, interface: Interface) -> None:
        one, agent = self.calls[call], self.agents[interface]
        one.ringing[interface] = Ring(interface, one.queue, self.now)
        if one.stage in (Stage.ARRIVED, Stage.WAITING):
            one.stage = Stage.RINGING
        agent.ringing.add(call)
        agent.activity = Activity.TALKING if agent.talking else Activity.RINGING
        self.changes.append(RingStarted(self.now, call, interface, one.queue))

    def unring(self, call: CallId, interface: Interface, result: RingResult = RingResult.NO_ANSWER) -> None:
        one = self.calls[call]
        if one.ringing.pop(interface, None):
            self.agents[interface].ringing.discard(call)
            self._settle(one, interface)
            self.changes.append(RingEnded(self.now, call, interface, result))

    def answer(self, call: CallId, interface: Interface) -> None:
        one = self.calls[call]
        queue, waited = one.queue, self.now - (one.joined_at or one.started)
        for other in list(one.ringing):
            result = RingResult.ANSWERED if other == interface else RingResult.ELSEWHERE
            self.unring(call, other, result)
        one.talking[interface] = self.now
        one.answered_at = one.answered_at or self.now
        self.agents[interface].talking.add(call)
        self.leave(call, LineLeaving.ANSWERED)
        self._settle(one, interface)
        self.changes.append(CallAnswered(self.now, call, interface, queue, waited))

    def hold(self, call: CallId) -> None:
        one = self.calls[call]
        if one.stage is Stage.TALKING:
            one.stage = Stage.HELD
            one.held = set(one.talking)
            self.changes.append(CallHeld(self.now, call, next(iter(one.talking))))

    def part(self, call: CallId, interface: Interface) -> None:
        one = self.calls[call]
        if one.talking.pop(interface, None) is not None:
            self.agents[interface].talking.discard(call)
            self._settle(one, interface)
            self.changes.append(TalkEnded(self.now, call, interface, 1.0))

    def end(self, call: CallId, forget: bool = False) -> None:
        one = self.calls[call]
        answered = one.answered_at is not None
        for interface in list(one.ringing):
            self.unring(call, interface, RingResult.CANCELLED)
        for interface in list(one.talking):
            self.part(call, interface)
        self.leave(call, LineLeaving.ABANDONED)
        one.stage, one.ended = Stage.ENDED, self.now
        one.outcome = Outcome.ANSWERED if answered else Outcome.ABANDONED
        self.changes.append(CallEnded(self.now, call, one.outcome, "client"))
        if forget:
            del self.calls[call]

    def lose(self, call: CallId) -> None:
        """The switch was restarted: the call is not there any more and no event says so."""
        one = self.calls.pop(call)
        if one.place is not None:
            self.queues[one.place.queue].remove(one.place)
        for agent in self.agents.values():
            agent.ringing.discard(call)
            agent.talking.discard(call)
            self._activity(agent)

    def _settle(self, call: Call, interface: Interface) -> None:
        self._activity(self.agents[interface])
        if call.talking:
            call.stage = Stage.TALKING
        elif call.ringing:
            call.stage = Stage.RINGING
        else:
            call.stage = Stage.WAITING if call.place else Stage.ARRIVED

    def _activity(self, agent: Agent) -> None:
        agent.activity = (
            Activity.TALKING if agent.talking else Activity.RINGING if agent.ringing else Activity.IDLE
        )
