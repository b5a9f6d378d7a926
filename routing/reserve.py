"""How many agents to keep idle for the highest tiers, so that their promise holds: thresholds on idle agents.

With N agents on duty who need AHT seconds for a call, calls end N/AHT times a second. A high-tier caller waits longer
than T only when he meets no idle agent and the next end comes late; while others wait, idle agents are only taken by
high-tier callers below the threshold K, so that the chance to meet none is about r^K (a birth-death chain):

    r     = min(0.999, vip arrivals per s / ends per s)
    T     = promised seconds - 95th percentile of alert to answer - 0.1
    base  = exp(-(ends - vip arrivals) * T)
    late  = base * (share_mid * r^K_mid + share_low * r^K_low)

`share_mid`: share of time in which a mid call waits, `share_low`: in which only low ones do; never taken for less than
0.2. The smallest, most even pair with late <= epsilon is used. Epsilon is less than a third of what the goal allows and
follows the level reached. Thresholds as policy: Gurvich, Armony, Mandelbaum 2008 (doi 10.1287/mnsc.1070.0825).
"""

from math import exp, factorial
from typing import NamedTuple

from routing.places import DEFERRED, MID
from routing.policy import Goal
from routing.staff import Pool

ARRIVALS_S = 900.0
SHARES_S = 1800.0
LEAST_SHARE = 0.2
CAUTION = 0.3
"""Epsilon for a 99 % goal is 0.003: at 0.01 nothing is left in hand on real days."""

JUDGED = 500
"""High-tier calls in whose mean the level reached is seen; at 99 % fewer say nothing."""

JUDGED_EVERY = 100


SPARE_FOR_CALLBACKS = 0.02
"""Of the staff, idle besides K_low, before a deferred callback starts."""


class Reserve(NamedTuple):
    """Idle agents that a mid (low) call must leave: 0 <= mid <= low <= mid + 2."""

    mid: int = 0
    low: int = 0


NO_RESERVE = Reserve()


class Load(NamedTuple):
    """`agents`: on duty; `aht_s`: mean handling time; `vip_per_s`: arrivals of the tiers that are always first."""

    agents: int
    aht_s: float
    vip_per_s: float
    share_mid: float = 1.0
    share_low: float = 0.0


class Seen(NamedTuple):
    """The floor at one moment, and what happened since the moment before: calls of the highest tiers that came, and
    of those that ended their wait, how many as promised."""

    agents: int
    aht_s: float
    mid_waits: bool
    low_waits: bool
    vip_came: int = 0
    vip_kept: int = 0
    vip_ended: int = 0


def kept_from(band: int, pool: Pool, reserve: Reserve) -> float:
    """How many idle agents of the pool a caller of this band has to leave; he starts only when there are more."""
    if band < MID:
        return 0
    kept = min(reserve.mid if band == MID else reserve.low, pool.on_duty // 2)
    return kept + SPARE_FOR_CALLBACKS * pool.on_duty if band == DEFERRED else kept


def late(load: Load, reserve: Reserve, goal: Goal) -> float:
    """Probability that a high-tier call is answered later than promised."""
    base, r = _base_and_ratio(load, goal)
    return float(min(1.0, base * (load.share_mid * r**reserve.mid + load.share_low * r**reserve.low)))


def thresholds(load: Load, goal: Goal, epsilon: float) -> Reserve:
    """Smallest, most even pair that keeps `late` within `epsilon`; all that may be kept when no pair does."""
    most = most_kept(load.agents, goal)
    for total in range(2 * most + 1):
        for mid in range(total // 2, max(-1, total // 2 - 2), -1):
            reserve = Reserve(mid, total - mid)
            if reserve.low <= min(most, mid + 2) and late(load, reserve, goal) <= epsilon:
                return reserve
    return Reserve(most, most)


def most_kept(agents: int, goal: Goal) -> int:
    """At least one, so that a small pool does what it can; never more than half."""
    return min(agents // 2, max(1, int(agents * goal.keep_at_most)))


def next_vip_late(load: Load, reserve: Reserve, goal: Goal, idle: int, vip_waiting: int) -> float:
    """Now: the chance that the next high-tier caller waits too long. With nobody idle he needs one end for himself and
    one for each before him within T; ends are Poisson."""
    if idle:
        return late(load, reserve, goal)
    mean = load.agents / load.aht_s * _time_left(goal)
    return float(sum(exp(-mean) * mean**ends / factorial(ends) for ends in range(min(vip_waiting, 100) + 1)))


class Controller:
    """Keeps the reserve right as the day changes: `tick` every 5 to 10 seconds."""

    def __init__(self, goal: Goal, vip_per_s: float = 0.0) -> None:
        self.goal = goal
        self.reserve = NO_RESERVE
        self.epsilon = CAUTION * goal.miss
        self.load = Load(0, 1.0, vip_per_s, 0.5, 0.5)
        self._at: float | None = None
        self._missed = CAUTION * goal.miss
        self._ended = 0

    def tick(self, now: float, seen: Seen) -> Reserve:
        """`now`: seconds. The first tick only starts the clock of the averages."""
        load = self.load
        vip_per_s, share_mid, share_low = load.vip_per_s, load.share_mid, load.share_low
        if self._at is not None and now > self._at:
            passed = now - self._at
            vip_per_s += (1 - exp(-passed / ARRIVALS_S)) * (seen.vip_came / passed - vip_per_s)
            weight = 1 - exp(-passed / SHARES_S)
            share_mid += weight * (seen.mid_waits - share_mid)
            share_low += weight * ((seen.low_waits and not seen.mid_waits) - share_low)
        self._at = now
        self.load = Load(seen.agents, seen.aht_s, vip_per_s, share_mid, share_low)
        self._judge(seen)
        careful = self.load._replace(
            share_mid=max(LEAST_SHARE, share_mid), share_low=max(LEAST_SHARE, share_low)
        )
        self.reserve = thresholds(careful, self.goal, self.epsilon)
        return self.reserve

    def _judge(self, seen: Seen) -> None:
        """Below the goal: more careful, well above it: less. In between it goes back to the usual caution, step by step:
        a level just kept with nothing in hand does not last."""
        if not seen.vip_ended:
            return
        missed = 1 - seen.vip_kept / seen.vip_ended
        self._missed += (1 - exp(-seen.vip_ended / JUDGED)) * (missed - self._missed)
        self._ended += seen.vip_ended
        if self._ended < JUDGED_EVERY:
            return
        self._ended = 0
        miss, usual = self.goal.miss, CAUTION * self.goal.miss
        if self._missed > miss:
            self.epsilon = max(miss / 10, self.epsilon * 0.7)
        elif self._missed < CAUTION * miss:
            self.epsilon = min(miss, self.epsilon * 1.3)
        elif self.epsilon > usual:
            self.epsilon = max(usual, self.epsilon * 0.9)
        else:
            self.epsilon = min(usual, self.epsilon * 1.1)


def _time_left(goal: Goal) -> float:
    return max(0.0, goal.within_s - goal.answer_s - 0.1)


def _base_and_ratio(load: Load, goal: Goal) -> tuple[float, float]:
    if not load.agents:
        return 1.0, 0.999
    ends = load.agents / load.aht_s
    r = min(0.999, load.vip_per_s / ends)
    return exp(-max(0.0, ends - load.vip_per_s) * _time_left(goal)), r
