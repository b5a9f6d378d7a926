"""Where the floor and the switch disagree: what a list says against what stands on the floor at the same point of the
stream.

One look may catch the switch between a thing and the word about it. What counts is a difference that two looks show,
with everything the switch still had to say heard in between (`telephony.ami.resync.FENCE`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from telephony.agents import Membership
from telephony.board import Board
from telephony.calls import Leg, Part, Stage
from telephony.events import DeviceState, LegState
from telephony.ids import CallId, ChannelId, QueueName
from telephony.legs import Legs
from telephony.rebuild import SeenChannel, SeenMember, SeenWaiter, Snapshot


class DifferenceKind(StrEnum):
    """`missing`: the switch has it, the floor has not. `ghost`: the other way round."""

    MISSING_CALL = "missing_call"
    GHOST_CALL = "ghost_call"
    MISSING_LEG = "missing_leg"
    GHOST_LEG = "ghost_leg"
    WRONG_BRIDGE = "wrong_bridge"
    WRONG_TALK = "wrong_talk"  # the bridges agree, what the floor makes of them does not
    MISSING_RING = "missing_ring"
    WRONG_DEVICE = "wrong_device"
    MISSING_MEMBER = "missing_member"
    GHOST_MEMBER = "ghost_member"
    WRONG_PAUSE = "wrong_pause"
    MISSING_WAITER = "missing_waiter"
    GHOST_WAITER = "ghost_waiter"
    WRONG_ORDER = "wrong_order"


@dataclass(frozen=True, slots=True)
class Difference:
    """`about`: a call, a channel, an agent's device or a queue. `floor`, `switch`: what each says of it."""

    kind: DifferenceKind
    about: str
    floor: str
    switch: str


NOTHING = "nothing"


def differences(seen: Snapshot, board: Board, legs: Legs) -> list[Difference]:
    """Of all lists the snapshot holds; of a queue that is not in it nothing is said."""
    found: list[Difference] = []
    if seen.channels is not None:
        found += _of_channels({row.channel: row for row in seen.channels}, board, legs)
    if seen.devices is not None:
        for agent in board.agents.values():
            said = seen.devices.get(agent.interface, DeviceState.UNKNOWN)
            if agent.device is not said:
                found.append(
                    Difference(DifferenceKind.WRONG_DEVICE, agent.interface, agent.device.value, said.value)
                )
    for queue in seen.queues or ():
        members = [member for member in seen.members if member.queue == queue]
        waiters = [waiter for waiter in seen.waiters if waiter.queue == queue]
        found += _of_members(queue, members, board)
        found += _of_waiters(queue, waiters, board)
    return found


# Channels


def _of_channels(rows: dict[ChannelId, SeenChannel], board: Board, legs: Legs) -> Iterator[Difference]:
    living = {leg.id: leg for leg in legs.by_id.values() if _alive(leg)}
    yield from _ghosts([leg for leg in living.values() if leg.id not in rows], board, rows.keys())
    yield from _missing([row for row in rows.values() if row.channel not in living], legs)
    for leg in living.values():
        row = rows.get(leg.id)
        if row is None:
            continue
        if leg.bridge != row.bridge:
            yield Difference(
                DifferenceKind.WRONG_BRIDGE, leg.name, leg.bridge or NOTHING, row.bridge or NOTHING
            )
        elif leg.part is Part.PHONE:
            yield from _of_phone(leg, row, legs)
        else:
            yield from _of_room(leg, row)


def _alive(leg: Leg) -> bool:
    return not leg.gone and leg.call.stage is not Stage.ENDED


def _ghosts(absent: list[Leg], board: Board, there: Iterable[ChannelId]) -> Iterator[Difference]:
    present = set(there)
    of_calls: dict[CallId, list[Leg]] = defaultdict(list)
    for leg in absent:
        of_calls[leg.call.id].append(leg)
    for call_id, gone in of_calls.items():
        if present.isdisjoint(gone[0].call.legs):
            yield Difference(DifferenceKind.GHOST_CALL, call_id, _names(leg.name for leg in gone), NOTHING)
        else:
            for leg in gone:
                yield Difference(DifferenceKind.GHOST_LEG, call_id, leg.name, NOTHING)
    for call in board.calls.values():
        if not call.legs and call.stage is not Stage.ENDED and call.origin is not None:
            yield Difference(DifferenceKind.GHOST_CALL, call.id, f"{call.stage.value} without a leg", NOTHING)


def _missing(unknown: list[SeenChannel], legs: Legs) -> Iterator[Difference]:
    of_calls: dict[CallId, list[SeenChannel]] = defaultdict(list)
    for row in unknown:
        of_calls[row.call].append(row)
    for call_id, rows in of_calls.items():
        call = legs.by_linkedid.get(call_id)
        if call is None or call.stage is Stage.ENDED:
            believed = NOTHING if call is None else f"ended, {call.outcome or 'no outcome'}"
            yield Difference(DifferenceKind.MISSING_CALL, call_id, believed, _names(row.name for row in rows))
        else:
            for row in rows:
                yield Difference(DifferenceKind.MISSING_LEG, call.id, NOTHING, row.name)


def _of_phone(leg: Leg, row: SeenChannel, legs: Legs) -> Iterator[Difference]:
    call = leg.call
    hearing = legs.bridges.hearing(leg)
    client = call.client or (call.legs.get(call.origin) if call.origin is not None else None)
    if client is not None and client is not leg and client in hearing and leg.talk_since is None:
        yield Difference(DifferenceKind.WRONG_TALK, leg.name, "no talk", f"hears {client.name}")
    elif leg.talk_since is not None and not leg.put_on_hold and len(hearing) < 2:
        yield Difference(DifferenceKind.WRONG_TALK, leg.name, "talks", "hears nobody")
    elif leg.ring is None and leg.id != call.origin and row.dialled_out and row.state is LegState.RINGING:
        yield Difference(DifferenceKind.MISSING_RING, leg.name, "no ring", "rings")


def _of_room(leg: Leg, row: SeenChannel) -> Iterator[Difference]:
    """Whom our own dialplan has; an agent may be rung there for somebody who waits on no line."""
    place = leg.call.place
    waits = place is not None and place.room and place.channel == leg.id
    if waits and not row.waits_in_room and not row.aside:
        yield Difference(DifferenceKind.GHOST_WAITER, f"{leg.id} in the room", "waits", NOTHING)
    elif row.waits_in_room and row.calling is None and not waits:
        yield Difference(DifferenceKind.MISSING_WAITER, f"{leg.id} in the room", NOTHING, "waits")


# Queues


def _of_members(queue: QueueName, members: list[SeenMember], board: Board) -> Iterator[Difference]:
    known = board.queues.get(queue)
    believed = set(known.members) if known is not None else set()
    for interface in sorted(believed - {member.interface for member in members}):
        yield Difference(DifferenceKind.GHOST_MEMBER, f"{interface} in {queue}", "member", NOTHING)
    for member in members:
        about = f"{member.interface} in {queue}"
        if member.interface not in believed:
            yield Difference(DifferenceKind.MISSING_MEMBER, about, NOTHING, "member")
            continue
        said = Membership(member.paused, member.reason if member.paused else "")
        agent = board.agents.get(member.interface)
        mine = agent.memberships.get(queue) if agent is not None else None
        if mine != said:
            yield Difference(DifferenceKind.WRONG_PAUSE, about, _pause(mine), _pause(said))


def _pause(membership: Membership | None) -> str:
    if membership is None:
        return NOTHING
    return f"paused ({membership.reason or 'no reason'})" if membership.paused else "not paused"


def _of_waiters(queue: QueueName, waiters: list[SeenWaiter], board: Board) -> Iterator[Difference]:
    known = board.queues.get(queue)
    believed = [place.channel for place in known.waiting if not place.room] if known is not None else []
    said = [waiter.channel for waiter in sorted(waiters, key=lambda waiter: waiter.position)]
    for channel in sorted(set(believed).difference(said)):
        yield Difference(DifferenceKind.GHOST_WAITER, f"{channel} in {queue}", "waits", NOTHING)
    for channel in sorted(set(said).difference(believed)):
        yield Difference(DifferenceKind.MISSING_WAITER, f"{channel} in {queue}", NOTHING, "waits")
    if believed != said and sorted(believed) == sorted(said):
        yield Difference(DifferenceKind.WRONG_ORDER, queue, _names(believed), _names(said))


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)
