"""While waiting: who is next, and who takes him. First the caller, over all lines; then the agent.

A group's head is passed over when nobody idle may take it, or when the idle ones are kept for a higher tier: a mid
caller starts only with more than K_mid idle agents who may take him, a low one only with more than K_low, a deferred
callback only with K_low and two in a hundred of the staff besides. In a pool at most half of the staff is kept, so that
a pool of one still works.
"""

from collections.abc import Iterable
from typing import NamedTuple

from routing.places import DEFERRED, LOW, MID, Caller, Group, Key
from routing.room import Room
from routing.skills import level, told
from routing.staff import Pool

MOST_TOLD = 10
"""So many candidates of each kind are told in a reason; a supervisor does not read more."""

SPARE_FOR_CALLBACKS = 0.02


class Reserve(NamedTuple):
    """Idle agents that a mid (low) call must leave: 0 <= mid <= low <= mid + 2."""

    mid: int = 0
    low: int = 0


NO_RESERVE = Reserve()


class PassedOver(NamedTuple):
    """A caller who was next in his group and was not chosen, and why."""

    caller: str
    tier: str
    waited_s: float
    reason: str


class Candidate(NamedTuple):
    """An idle agent who might have taken the caller. `level`: sum of his levels in what is needed."""

    agent: str
    level: int
    idle_s: float
    reason: str


class Assignment(NamedTuple):
    """`idle`, `kept`: agents who might have taken him, and how many of them his tier has to leave."""

    caller: Caller
    agent: str
    waited_s: float
    idle: int
    kept: float
    need: str
    personal: bool
    passed_over: tuple[PassedOver, ...] = ()
    candidates: tuple[Candidate, ...] = ()


def match(room: Room, reserve: Reserve, now: float, explain: bool = True) -> list[Assignment]:
    """All that can start now, in order. The chosen leave the room and their agents are busy: an executor that cannot
    carry one out lets the caller `join` again with his `joined`. Same room, same answer: no clock, no chance."""
    found: list[Assignment] = []
    while chosen := _next(room, reserve):
        key, pool, band = chosen
        place = room.places[key[3]]
        caller = place.caller
        agent = _agent(room, caller, pool, place.held)
        personal = agent in caller.personal
        idle, kept = pool.idle, kept_from(band, pool, reserve)
        passed = tuple(_passed_over(room, reserve, key, now)) if explain else ()
        candidates = tuple(_candidates(room, caller, pool, agent, now)) if explain else ()
        room.leave(caller.id)
        room.busy(agent)
        found.append(
            Assignment(
                caller,
                agent,
                now - caller.joined,
                idle,
                kept,
                told(pool.need) if explain else "",
                personal,
                passed,
                candidates,
            )
        )
    return found


def kept_from(band: int, pool: Pool, reserve: Reserve) -> float:
    """How many idle agents of the pool a caller of this band has to leave; he starts only when there are more."""
    if band < MID:
        return 0
    kept = min(reserve.mid if band == MID else reserve.low, pool.on_duty // 2)
    return kept + SPARE_FOR_CALLBACKS * pool.on_duty if band == DEFERRED else kept


def why_waiting(room: Room, reserve: Reserve, caller: str) -> str:
    """One sentence about somebody who waits now."""
    if caller in room.stranded:
        return "nobody on duty has the skills he needs, at any step"
    place = room.places[caller]
    if place.held and not any(one in room.staff.profile(one).idle for one in place.held):
        return f"held for his personal agents {', '.join(place.held)}; none of them is idle"
    return _hindrance(place.group, reserve) or "others are before him"


def may_rest(room: Room, reserve: Reserve, agent: str) -> bool:
    """May this idle agent go on a break or home? Not one of the last K idle ones. A busy agent asks when he is idle."""
    staff = room.staff
    if agent not in staff.profile(agent).idle:
        return True
    return staff.everybody.idle > kept_from(LOW, staff.everybody, reserve)


def _next(room: Room, reserve: Reserve) -> tuple[Key, Pool, int] | None:
    """The first of all heads that may start now. Looks at groups, never at who stands behind a head."""
    best: tuple[Key, Pool, int] | None = None
    if not room.staff.everybody.idle:
        return None
    for group in room.groups.values():
        if group.queue and (best is None or group.queue[0] < best[0]):
            pool = group.pool
            if pool.idle and pool.idle > kept_from(group.band, pool, reserve):
                best = (group.queue[0], pool, group.band)
    for agent in room.ready:
        key = min(room.called[agent].values())
        group = room.places[key[3]].group
        if (best is None or key < best[0]) and group.pool.idle > kept_from(group.band, group.pool, reserve):
            best = (key, group.pool, group.band)
    return best


def _agent(room: Room, caller: Caller, pool: Pool, held: tuple[str, ...]) -> str:
    """An idle personal agent who may take him, else the best of the pool."""
    for one in held or caller.personal:
        if one in room.staff:
            profile = room.staff.profile(one)
            if one in profile.idle and pool in profile.pools:
                return one
    agent = pool.best()
    if agent is None:
        raise AssertionError(f"{told(pool.need)}: counted {pool.idle} idle agents, found none")
    return agent


def _hindrance(group: Group, reserve: Reserve) -> str | None:
    pool = group.pool
    if not pool.idle:
        return f"nobody idle can do: {told(pool.need)}"
    kept = kept_from(group.band, pool, reserve)
    if pool.idle <= kept:
        return f"{pool.idle} idle, {kept:g} kept for higher tiers"
    return None


def _passed_over(room: Room, reserve: Reserve, chosen: Key, now: float) -> Iterable[PassedOver]:
    """Heads before him that may not start, then those after him: they would have been next."""
    heads = sorted(
        (group.queue[0], group) for group in room.groups.values() if group.queue and group.queue[0] != chosen
    )
    for key, group in heads[:MOST_TOLD]:
        caller = room.places[key[3]].caller
        reason = _hindrance(group, reserve) or "comes after him"
        yield PassedOver(caller.id, caller.tier, now - caller.joined, reason)


def _candidates(room: Room, caller: Caller, pool: Pool, chosen: str, now: float) -> Iterable[Candidate]:
    """The chosen agent, then whoever was first of each other set of skills."""
    personal = chosen in caller.personal
    profile = room.staff.profile(chosen)
    grade = level(profile.skills, pool.need) or 0
    because = "his personal agent" if personal else "highest level, idle longest"
    yield Candidate(chosen, grade, now - profile.idle[chosen], because)
    told_of = 1
    for other, those in pool.profiles:
        head = those.longest_idle()
        if head is None or head[1] == chosen or told_of == MOST_TOLD:
            continue
        told_of += 1
        if personal:
            reason = "not his personal agent"
        else:
            reason = "lower level" if other < grade else "idle for less time"
        yield Candidate(head[1], other, now - head[0], reason)
