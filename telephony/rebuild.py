"""After a break: what the switch says now becomes the floor, and what was missed is reported.

Not in any list, and so doubtful: since when a phone rings, when a talk began and after which wait, what
became of a call that ended meanwhile.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import msgspec

from telephony.agents import Agent, Membership
from telephony.board import Board
from telephony.calls import Call, Leg, Part, Ring, Stage
from telephony.changes import AgentChanged, RingResult
from telephony.events import DeviceState, LegState
from telephony.ids import BridgeId, CallId, ChannelId, Interface, QueueName
from telephony.legs import Legs
from telephony.names import is_first
from telephony.queues import Place
from telephony.talks import Talks
from telephony.waits import Waits

NORMAL_CAUSE = 16
NOTED_S = 3.0
"""How far a noted moment may be from what the switch tells and still be the same one."""


class SeenChannel(msgspec.Struct, frozen=True):
    """`dialled_out`: the switch dialled this leg. `age_s`: since it was created. `joined_at`: when its
    wait began, `queue` where, `priority` and `directed` how, if our dialplan noted it. `by_queue`: a queue dialled this leg.
    `in_room`: our dialplan's room has this caller, or had him until an agent answered; `calling`: whom it rings for him.
    `aside`: he is asked whether he wants a callback, maybe in mid-wait. `recording`: the file into which we record it."""

    channel: ChannelId
    call: CallId
    name: str
    state: LegState
    number: str | None
    number_name: str | None
    dialled: str | None
    bridge: BridgeId | None
    dialled_out: bool
    age_s: float
    joined_at: float | None
    queue: QueueName | None = None
    by_queue: bool = False
    recording: str | None = None
    recording_paused: bool = False
    priority: int | None = None
    directed: bool = False
    in_room: bool = False
    calling: Interface | None = None
    aside: bool = False

    @property
    def waits_in_room(self) -> bool:
        return self.in_room and self.bridge is None


class SeenWaiter(msgspec.Struct, frozen=True):
    queue: QueueName
    position: int
    channel: ChannelId
    wait_s: float
    priority: int | None


class SeenMember(msgspec.Struct, frozen=True):
    queue: QueueName
    interface: Interface
    name: str
    paused: bool
    reason: str


class Snapshot(msgspec.Struct, frozen=True):
    """What the switch says it has. A list that it refused is None: what is believed of that stays.
    `missing`: which lists were refused or incomplete, with the reason."""

    channels: list[SeenChannel] | None
    queues: list[QueueName] | None
    waiters: list[SeenWaiter]
    members: list[SeenMember]
    devices: dict[Interface, DeviceState] | None
    missing: tuple[str, ...] = ()


EndLeg = Callable[[Leg, int, float], None]
T = TypeVar("T")

ROWS_A_STEP = 100
"""About a millisecond: with thousands of rows whoever keeps the floor has other things to do in between."""


def rebuild(
    snapshot: Snapshot, board: Board, legs: Legs, talks: Talks, waits: Waits, end_leg: EndLeg, at: float
) -> Iterator[None]:
    """In steps; until the last one the floor is neither the old one nor the new."""
    return _Rebuild(board, legs, talks, waits, end_leg, at).run(snapshot)


class _Rebuild:
    def __init__(
        self, board: Board, legs: Legs, talks: Talks, waits: Waits, end_leg: EndLeg, at: float
    ) -> None:
        self._board = board
        self._legs = legs
        self._talks = talks
        self._waits = waits
        self._end_leg = end_leg
        self._at = at
        self._rows: dict[ChannelId, SeenChannel] = {}

    def run(self, snapshot: Snapshot) -> Iterator[None]:
        yield from self._people(snapshot)
        if snapshot.channels is None:
            return
        rows = self._rows = {row.channel: row for row in snapshot.channels}
        yield from self._each(list(self._legs.by_id.values()), self._end_absent)
        oldest_first = sorted(
            rows.values(), key=lambda row: (not is_first(row.channel, row.call), -row.age_s, row.channel)
        )
        yield from self._each(oldest_first, self._see)
        if snapshot.queues is not None:
            yield from self._wait(snapshot.queues, snapshot.waiters)
        yield from self._each(rows.values(), self._bridge)
        yield from self._each(rows.values(), self._ring_or_talk)
        yield from self._each(list(self._board.calls.values()), self._announce)

    def _each(self, things: Iterable[T], work: Callable[[T], None]) -> Iterator[None]:
        for number, thing in enumerate(things, 1):
            work(thing)
            if number % ROWS_A_STEP == 0:
                yield

    def _announce(self, call: Call) -> None:
        if call.stage is not Stage.ENDED and any(leg.part is not Part.INNER for leg in call.legs.values()):
            self._board.announce(call)

    # Members and devices

    def _people(self, snapshot: Snapshot) -> Iterator[None]:
        board = self._board
        before = {interface: _visible(agent) for interface, agent in board.agents.items()}
        if snapshot.devices is not None:
            board.devices = dict(snapshot.devices)
            for agent in board.agents.values():
                agent.device = board.devices.get(agent.interface, DeviceState.UNKNOWN)
        if snapshot.queues is not None:
            yield from self._members(snapshot.queues, snapshot.members)
        for interface, agent in board.agents.items():
            if before.get(interface) != _visible(agent):
                board.report(AgentChanged(self._at, interface))

    def _members(self, queues: list[QueueName], members: list[SeenMember]) -> Iterator[None]:
        for name in queues:
            self._board.queue(name, self._at)
        for queue in self._board.queues.values():
            queue.members.clear()
        for agent in self._board.agents.values():
            agent.memberships = {}
        yield from self._each(members, self._member)

    def _member(self, member: SeenMember) -> None:
        self._board.queue(member.queue, self._at).members[member.interface] = None
        agent = self._board.agent(member.interface)
        agent.name = member.name or agent.name
        agent.memberships[member.queue] = Membership(member.paused, member.reason if member.paused else "")

    # Legs

    def _end_absent(self, leg: Leg) -> None:
        if not leg.gone and leg.id not in self._rows:
            self._doubt(leg.call, "its end was not seen")
            self._end_leg(leg, NORMAL_CAUSE, self._at)

    def _see(self, row: SeenChannel) -> None:
        leg = self._legs.by_id.get(row.channel)
        if leg is not None and (leg.gone or leg.call.stage is Stage.ENDED):
            self._legs.forget_leg(leg)
            leg = None
        if leg is None:
            leg = self._legs.restored(row.channel, row.call, row.name, self._at - row.age_s)
            if is_first(row.channel, row.call):
                leg.state = LegState.DOWN if row.dialled_out else LegState.CALLING
                leg.call.ani, leg.call.ani_name, leg.call.dnis = row.number, row.number_name, row.dialled
                self._legs.first(leg)
            elif leg.part is Part.UNKNOWN:
                self._sort(leg)
        else:
            self._legs.seen(row.channel, row.call, row.name, self._at)
            self._legs.came_from(leg, row.number, row.number_name, row.dialled)
        leg.name = row.name
        leg.state = row.state

    def _sort(self, leg: Leg) -> None:
        """A dialled leg whose dial we did not see. Nothing but knowledge makes a phone of it: a trunk taken for
        a phone would make its next client an agent."""
        if leg.interface in self._board.phones or self._board.contacts.get(leg.interface):
            self._legs.phone(leg)
        else:
            self._legs.outside(leg)

    def _bridge(self, row: SeenChannel) -> None:
        leg = self._legs.by_id[row.channel]
        if leg.bridge == row.bridge:
            return
        self._legs.bridges.leave(leg)
        if row.bridge is not None:
            self._legs.bridges.enter(leg, row.bridge)
        elif not leg.put_on_hold:
            self._talks.end_talk(leg, self._at)

    def _ring_or_talk(self, row: SeenChannel) -> None:
        leg = self._legs.by_id[row.channel]
        call = leg.call
        if leg.part is not Part.PHONE or call.stage is Stage.ENDED:
            return
        talks_now = len(self._legs.bridges.hearing(leg)) > 1
        if leg.talk_since is not None:
            if not talks_now and leg.bridge is not None:  # left alone, whether he holds or not
                self._doubt(call, "the end of a talk was not seen")
                self._talks.end_talk(leg, self._at)
            return
        place = self._waits.places.get(call.client.id) if call.client is not None else None
        queue = place.queue if place is not None else None
        if talks_now:
            if leg.ring is None and leg.id != call.origin:
                queue = queue or self._served(call, row)
                ring = Ring(leg.interface, queue, None)
                call.rings.append(ring)
                self._talks.share(leg, ring)
                ring.result, ring.answered_at = RingResult.ANSWERED, self._at
            before = call.answered_at
            self._legs.join_talks(leg, self._at)
            if leg.talk_since is not None and before is None:
                self._doubt(call, "its answer was not seen")
        elif leg.ring is None and leg.id != call.origin and leg.bridge is None and _rings(row):
            self._talks.ring(leg, leg.interface, queue, self._at - row.age_s)
            self._doubt(call, "the beginning of its ring was not seen")
        if place is not None and place.calling in call.ringing:
            place.calling = None

    # Lines

    def _served(self, call: Call, row: SeenChannel) -> QueueName | None:
        """The line of an agent who talks already: our dialplan notes it on the client's leg and so on those it dials. When
        he was answered nobody knows; the agent's leg is about as old."""
        if row.queue is None or row.joined_at is None or call.client is None:
            return None
        client = self._rows.get(call.client.id)
        if not row.by_queue and (client is None or not client.in_room):
            return None
        if not call.lines:
            joined_at = row.joined_at + self._board.clock_offset
            self._waits.served(call.client, row.queue, joined_at, self._at - row.age_s)
        return row.queue

    def _wait(self, queues: list[QueueName], waiters: list[SeenWaiter]) -> Iterator[None]:
        room = [(row, row.queue) for row in self._rows.values() if row.waits_in_room and row.queue]
        there = {(waiter.channel, waiter.queue) for waiter in waiters}
        there |= {(row.channel, queue) for row, queue in room}
        for place in list(self._waits.places.values()):
            leg, row = self._legs.by_id.get(place.channel), self._rows.get(place.channel)
            asked = place.room and row is not None and row.aside
            if leg is not None and not asked and (place.channel, place.queue) not in there:
                self._waits.lose(leg, place, 0, self._at)
        in_order = sorted(waiters, key=lambda waiter: (waiter.queue, waiter.position))
        yield from self._each(in_order, self._waits_in)
        yield from self._each(room, lambda seen: self._stays_in(*seen))
        for name in queues:  # as the switch lists them, whatever stood there
            self._board.queue(name, self._at).waiting.clear()
        for waiter in in_order:
            found = self._waits.places.get(waiter.channel)
            if found is not None and found.queue == waiter.queue and found.left_at is None:
                self._board.queue(waiter.queue, self._at).waiting.append(found)
        in_room = [place for place in self._waits.places.values() if place.room and place.left_at is None]
        yield from self._each(in_room, self._rank)

    def _rank(self, place: Place) -> None:
        queue = self._board.queue(place.queue, self._at)
        queue.remove(place)
        queue.rank(place)

    def _stays_in(self, row: SeenChannel, queue: QueueName) -> None:
        leg = self._legs.by_id.get(row.channel)
        if leg is None or leg.gone or leg.call.stage is Stage.ENDED:
            return
        joined_at = self._at if row.joined_at is None else row.joined_at + self._board.clock_offset
        place = self._waits.stay(leg, queue, row.priority, min(joined_at, self._at), self._at)
        place.calling = row.calling

    def _waits_in(self, waiter: SeenWaiter) -> None:
        joined_at = self._joined_at(waiter, self._rows.get(waiter.channel))
        leg = self._legs.by_id.get(waiter.channel)
        if leg is None or leg.gone or leg.call.stage is Stage.ENDED:
            return
        known = self._waits.places.get(waiter.channel)
        if known is not None and known.left_at is None and joined_at - known.joined_at > NOTED_S:
            self._waits.leave(leg, known.queue, 0, joined_at)  # he was elsewhere and came back
        place = self._waits.join(leg, waiter.queue, waiter.position, joined_at)
        place.priority = waiter.priority

    def _joined_at(self, waiter: SeenWaiter, row: SeenChannel | None) -> float:
        """The switch tells whole seconds; what the dialplan noted is exact, unless it is of an earlier wait. Who waits with
        us was in the room before: app_queue knows only the end of his wait."""
        told = self._at - waiter.wait_s
        if row is None or row.joined_at is None:
            return told
        noted = row.joined_at + self._board.clock_offset
        return noted if abs(noted - told) < NOTED_S or (row.directed and noted < told) else told

    def _doubt(self, call: Call, why: str) -> None:
        self._board.doubt(call, why, self._at)


def _rings(row: SeenChannel) -> bool:
    return row.dialled_out and row.state in (LegState.RINGING, LegState.DOWN)


def _visible(agent: Agent) -> tuple[object, ...]:
    return (agent.name, agent.device, agent.registered, dict(agent.memberships))
