"""Keeps the score of a demonstration from the switch's events and the browsers' receipts alone, never from
our own decisions. Pure. Callers wait in app_queue or in the dialplan's own room; the events of both are read."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from telephony.changes import RingResult
from telephony.events import (
    AgentConnected,
    AgentRung,
    ChannelHungUp,
    DeviceState,
    DeviceStateChanged,
    DialBegan,
    DialEnded,
    Event,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    QueueAbandoned,
    QueueJoined,
    QueueLeft,
    RoomEntered,
    RoomLeft,
    RoomRinging,
    RoomUnanswered,
)
from telephony.ids import ChannelId, Interface, QueueName
from telephony.names import device_of

TIERS = ("vip", "priority", "standard")
"""Highest first."""

PATIENCE_S = 1.5
"""Each caller of app_queue looks for an agent once a second: nobody is overtaken sooner."""


class Served(NamedTuple):
    """One answered call."""

    caller: ChannelId
    tier: str
    queue: QueueName
    agent: Interface
    waited_s: float


class Waiter:
    """One caller on one line. `ringing`: how many agents ring for him now. `in_room`: app_queue does not know him."""

    __slots__ = ("in_room", "joined_at", "overtook", "queue", "ringing", "tier")

    def __init__(self, queue: QueueName, tier: str, joined_at: float, in_room: bool = False) -> None:
        self.queue = queue
        self.tier = tier
        self.joined_at = joined_at
        self.ringing = 0
        self.in_room = in_room
        self.overtook = False


class Score:
    """`tier_of(channel)`: the tier of the caller on that channel, by who he is; the last one when unknown."""

    def __init__(self, tier_of: Callable[[ChannelId], str]) -> None:
        self._tier_of = tier_of
        self.waiting: dict[ChannelId, Waiter] = {}
        self.joined = self.answered = self.abandoned = 0
        self.order_violations = 0
        self.waits: dict[str, list[float]] = defaultdict(list)
        self.answered_by_tier: Counter[str] = Counter()
        self.cards_delivered = 0
        self.event_to_socket_ms: list[float] = []
        self._caller_of: dict[ChannelId, ChannelId] = {}
        self._serving: dict[QueueName, set[Interface]] = defaultdict(set)
        self._free_since: dict[Interface, float] = {}
        self._overtook: set[ChannelId] = set()
        self._room_legs: dict[ChannelId, ChannelId] = {}
        self._given_up: set[ChannelId] = set()

    def apply(self, event: Event) -> Served | None:
        """Somebody was answered, or None."""
        at = event.at or 0.0
        match event:
            case QueueJoined(channel=channel, queue=queue):
                self._joins(channel, queue, at, in_room=False)
            case RoomEntered(channel=channel, queue=queue):
                self._joins(channel, queue, at, in_room=True)
            case RoomRinging(channel=channel, interface=interface) if waiter := self.waiting.get(channel):
                waiter.overtook = self._passes_over(waiter, interface, at)
                waiter.ringing = 1
                self._free_since.pop(interface, None)
            case RoomUnanswered(channel=channel) if waiter := self.waiting.get(channel):
                waiter.ringing, waiter.overtook = 0, False
            case DialBegan(channel=leg, source=source) if source is not None and source in self.waiting:
                if self.waiting[source].in_room:
                    self._room_legs[leg] = source
            case DialEnded(channel=leg, result=result) if leg in self._room_legs:
                caller = self._room_legs.pop(leg)
                if result is RingResult.ANSWERED and (waiter := self.waiting.get(caller)):
                    self.order_violations += waiter.overtook
                    return self._answered(caller, device_of(event.name), at)
            case MemberAdded(paused=False) | MemberPaused(paused=False):
                self._serving[event.queue].add(event.interface)
            case MemberPaused() | MemberRemoved():
                self._serving[event.queue].discard(event.interface)
            case DeviceStateChanged(state=DeviceState.IDLE):
                self._free_since.setdefault(event.device, at)
            case DeviceStateChanged():
                self._free_since.pop(event.device, None)
            case AgentRung():
                self._rung(event, at)
            case AgentConnected(channel=leg, caller=caller, interface=interface) if caller in self.waiting:
                self.order_violations += leg in self._overtook
                return self._answered(caller, interface, at)
            case QueueAbandoned(channel=channel):
                self._given_up.add(channel)
            case QueueLeft(channel=channel) if channel in self._given_up:
                self._given_up.discard(channel)
                if self.waiting.pop(channel, None) is not None:
                    self.abandoned += 1
            case ChannelHungUp(channel=channel) | RoomLeft(channel=channel):
                self._gone(channel)
        return None

    def card(self, event_to_socket_ms: float) -> None:
        """A browser has received a card for a ring."""
        self.cards_delivered += 1
        self.event_to_socket_ms.append(event_to_socket_ms)

    def _rung(self, event: AgentRung, at: float) -> None:
        """The moment at which a free agent is given to somebody."""
        waiter = self.waiting.get(event.caller)
        if waiter is not None:
            if self._passes_over(waiter, event.interface, at):
                self._overtook.add(event.channel)
            waiter.ringing += 1
            self._caller_of[event.channel] = event.caller
        self._free_since.pop(event.interface, None)

    def _passes_over(self, waiter: Waiter, given: Interface, at: float) -> bool:
        """Does somebody of a higher tier, who waits on the same line and for whom nobody rings, lose by it? Either no
        other agent is free for him, or one was for longer than he needed to look. When two agents become free
        together, the lower caller may look first and both are served."""
        higher = [
            other.joined_at
            for other in self.waiting.values()
            if other.queue == waiter.queue
            and TIERS.index(other.tier) < TIERS.index(waiter.tier)
            and not other.ringing
            and at - other.joined_at > PATIENCE_S
        ]
        free = {one: self._free_since[one] for one in self._serving[waiter.queue] & self._free_since.keys()}
        left = len(free.keys() - {given})
        longest = min(free.values(), default=at)
        return len(higher) > left or any(at - max(longest, joined_at) > PATIENCE_S for joined_at in higher)

    def _joins(self, channel: ChannelId, queue: QueueName, at: float, *, in_room: bool) -> None:
        """From the queue into the room, or back after nobody answered, he only goes on waiting."""
        waiter = self.waiting.get(channel)
        if waiter is None or waiter.queue != queue:
            self.joined += 1
            self.waiting[channel] = Waiter(queue, self._tier_of(channel), at, in_room)
        else:
            waiter.in_room = in_room

    def _answered(self, caller: ChannelId, agent: Interface, at: float) -> Served:
        waiter = self.waiting.pop(caller)
        waited_s = at - waiter.joined_at
        self.answered += 1
        self.answered_by_tier[waiter.tier] += 1
        self.waits[waiter.tier].append(waited_s)
        return Served(caller, waiter.tier, waiter.queue, agent, waited_s)

    def _gone(self, channel: ChannelId) -> None:
        caller = self._caller_of.pop(channel, None)
        self._overtook.discard(channel)
        if caller is not None and (waiter := self.waiting.get(caller)) is not None:
            waiter.ringing -= 1
        if self.waiting.pop(channel, None) is not None:
            self.abandoned += 1

    def summary(self, *, calls_placed: int, recognised: int) -> dict[str, Any]:
        """The demonstration's last line."""
        return {
            "calls_placed": calls_placed,
            "recognised": recognised,
            "answered": self.answered,
            "abandoned": self.abandoned,
            "cards_delivered": self.cards_delivered,
            "event_to_socket_ms": _percentiles(self.event_to_socket_ms, (50, 99)),
            "answer_wait_s": {tier: _percentiles(self.waits[tier], (50, 95)) for tier in TIERS},
            "order_violations": self.order_violations,
        }


def percentile(values: Iterable[float], share: float) -> float | None:
    """Nearest rank; None of nothing."""
    ordered: Sequence[float] = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(share) // 100) - 1)] if ordered else None


def _percentiles(values: list[float], shares: tuple[int, ...]) -> dict[str, float | None]:
    return {
        f"p{share}": None if (value := percentile(values, share)) is None else round(value, 3)
        for share in shares
    }
