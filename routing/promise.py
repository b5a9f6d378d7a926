"""Can the staff keep what the policy promises? Said before the policy is activated, with what could be promised."""

from collections.abc import Iterator, Mapping
from math import floor

import msgspec

from routing.policy import Goal
from routing.reserve import Load, Reserve, late, most_kept

PROPOSED = ((95.0, 20.0), (95.0, 30.0), (90.0, 30.0), (90.0, 60.0), (80.0, 60.0), (80.0, 120.0))
"""Promises that people know from other places: percent, seconds."""

MOST_AGENTS_TOLD = 1000


def expected(load: Load, goal: Goal) -> float:
    """Share answered in time when as many agents as may be are kept and somebody always waits behind them."""
    kept = most_kept(load.agents, goal)
    busy = load._replace(share_mid=1.0, share_low=0.0)
    return 1 - late(busy, Reserve(kept, kept), goal)


def problems_of_promise(goal: Goal, pools: Mapping[str, Load]) -> Iterator[str]:
    """`pools`: line or team -> its planned agents, their AHT, arrivals of the highest tiers (per second)."""
    for name, load in sorted(pools.items()):
        share = expected(load, goal)
        if load.agents and share * 100 >= goal.percent:
            continue
        yield (
            f"goal: {name}: a pool of {load.agents} agents cannot promise {goal.percent:g} % in {goal.within_s:g} s: "
            f"expect {floor(100 * share)} %; {_instead(load, goal)}"
        )


def _instead(load: Load, goal: Goal) -> str:
    proposals = []
    for percent, within in PROPOSED:
        lower = msgspec.structs.replace(goal, percent=percent, within_s=within)
        if within > goal.within_s and expected(load, lower) * 100 >= percent:
            proposals.append(f"promise {percent:g} % in {within:g} s")
            break
    for agents in range(load.agents + 1, MOST_AGENTS_TOLD):
        if expected(load._replace(agents=agents), goal) * 100 >= goal.percent:
            proposals.append(f"plan {agents} agents")
            break
    return ", or ".join(proposals) or "plan more agents or promise less"
