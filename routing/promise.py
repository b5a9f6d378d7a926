"""Can the staff keep what the policy promises? Said before the policy is activated, with what could be promised."""

from collections.abc import Iterator, Mapping
from math import floor
from typing import NamedTuple

import msgspec

from routing.policy import Goal
from routing.reserve import Load, Reserve, late, most_kept
from routing.why import Language

PROPOSED = ((95.0, 20.0), (95.0, 30.0), (90.0, 30.0), (90.0, 60.0), (80.0, 60.0), (80.0, 120.0))
"""Promises that people know from other places: percent, seconds."""

MOST_AGENTS_TOLD = 1000


class Broken(NamedTuple):
    """A promise that a pool (a line, a team) cannot keep. `expected`: whole percent that can be; `instead`: percent and
    seconds it can promise; `enough`: agents that could keep it. None: nothing that people know will do."""

    pool: str
    agents: int
    percent: float
    within_s: float
    expected: int
    instead: tuple[float, float] | None
    enough: int | None


def expected(load: Load, goal: Goal) -> float:
    """Share answered in time when as many agents as may be are kept and somebody always waits behind them."""
    kept = most_kept(load.agents, goal)
    busy = load._replace(share_mid=1.0, share_low=0.0)
    return 1 - late(busy, Reserve(kept, kept), goal)


def broken_promises(goal: Goal, pools: Mapping[str, Load]) -> Iterator[Broken]:
    """`pools`: line or team -> its planned agents, their AHT, arrivals of the highest tiers (per second)."""
    for name, load in sorted(pools.items()):
        share = expected(load, goal)
        if load.agents and share * 100 >= goal.percent:
            continue
        yield Broken(
            name,
            load.agents,
            goal.percent,
            goal.within_s,
            floor(100 * share),
            _shorter(load, goal),
            _enough(load, goal),
        )


def problems_of_promise(goal: Goal, pools: Mapping[str, Load]) -> Iterator[str]:
    return (f"goal: {promise_told(broken, 'en')}" for broken in broken_promises(goal, pools))


def promise_told(one: Broken, language: Language) -> str:
    """For the administrator."""
    what = f"{one.percent:g} % in {one.within_s:g} s"
    proposals = []
    if language == "ru":
        if one.instead is not None:
            proposals.append(f"обещайте {one.instead[0]:g} % за {one.instead[1]:g} с")
        if one.enough is not None:
            proposals.append(f"планируйте операторов: {one.enough}")
        return (
            f"{one.pool} (операторов: {one.agents}): нельзя обещать {one.percent:g} % за {one.within_s:g} с, "
            f"ожидайте {one.expected} %; "
            + (" или ".join(proposals) or "планируйте больше операторов или обещайте меньше")
        )
    if one.instead is not None:
        proposals.append(f"promise {one.instead[0]:g} % in {one.instead[1]:g} s")
    if one.enough is not None:
        proposals.append(f"plan {one.enough} agents")
    return f"{one.pool}: a pool of {one.agents} agents cannot promise {what}: expect {one.expected} %; " + (
        ", or ".join(proposals) or "plan more agents or promise less"
    )


def _shorter(load: Load, goal: Goal) -> tuple[float, float] | None:
    for percent, within in PROPOSED:
        lower = msgspec.structs.replace(goal, percent=percent, within_s=within)
        if within > goal.within_s and expected(load, lower) * 100 >= percent:
            return percent, within
    return None


def _enough(load: Load, goal: Goal) -> int | None:
    for agents in range(load.agents + 1, MOST_AGENTS_TOLD):
        if expected(load._replace(agents=agents), goal) * 100 >= goal.percent:
            return agents
    return None
