"""While waiting: who is next, and who takes him. First the caller, over all lines; then the agent.

A group's head is passed over when nobody idle may take it, or when the idle ones are kept for a higher tier: a mid
caller starts only with more than K_mid idle agents who may take him, a low one only with more than K_low, a deferred
callback only with K_low and two in a hundred of the staff besides. In a pool at most half of the staff is kept, so that
a pool of one still works.
"""

from typing import NamedTuple

from routing.places import LOW, Caller, Key
from routing.reserve import Reserve, kept_from
from routing.room import Room
from routing.skills import told
from routing.staff import Pool
from routing.why import Candidate, PassedOver, candidates, passed_over


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
        passed = tuple(passed_over(room, reserve, key, now)) if explain else ()
        able = tuple(candidates(room, caller, pool, agent, now)) if explain else ()
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
                able,
            )
        )
    return found


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
