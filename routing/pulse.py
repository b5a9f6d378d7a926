"""The pulse of one line: who waits, who serves, how fast, and what follows for the next caller.

Kept at every change, so that asking costs the same with ten callers and with ten thousand.

Handling time and patience are decayed means that begin at a prior:

    AHT      = sum of (talk + wrap-up) / talks
    patience = sum of all waits, answered or not / abandonments     (exponential patience, censored by the answers)

Arrivals per second are an exponentially weighted count; what it lacks because it began a moment ago is made good.
"""

from math import exp, sqrt
from typing import NamedTuple

from routing.ewt import Line, estimated_wait, estimated_wait_first
from routing.places import LOW, MID, VIP, Standing, standings
from routing.policy import Policy
from routing.reserve import NO_RESERVE, Controller, Reserve, Seen, next_vip_late

WRAP_UP = "wrap-up"
"""Reason of a pause that belongs to the call before it: on duty, and handling time."""

GUESSED_AHT_S = 180.0
AHT_MEMORY, AHT_PRIOR = 300.0, 20.0
"""Talks in whose mean the AHT is seen; what the prior weighs, in talks."""

PATIENCE_S = {VIP: 600.0, MID: 400.0, LOW: 300.0}
PATIENCE_MEMORY, PATIENCE_PRIOR = 100.0, 10.0
LEAST_PATIENCE_S, MOST_PATIENCE_S = 15.0, 7200.0

QUICK_S, SLOW_S, LEAST_SEEN_S = 300.0, 1800.0, 60.0
"""Memories of the arrival rate: where they differ by more than chance, the load changes."""


class LineLoad(NamedTuple):
    """`waiting`, `ewt_s` (of a caller who joined now; None: nobody on duty), `patience_s`: by tier, highest first.
    `idle`: may be given a call, those kept for the reserve included. `vip_late`: chance that the next caller of an
    always-first tier is answered later than promised. `reserve`: wanted; `vip_kept`, `vip_ended`: waits of those tiers that
    ended as promised, and all that ended."""

    waiting: dict[str, int]
    agents: int
    idle: int
    aht_s: float
    ewt_s: dict[str, float | None]
    vip_late: float
    reserve: Reserve
    patience_s: dict[str, float]
    vip_per_s: float
    vip_kept: int
    vip_ended: int


class DecayedMean:
    """total / count, where what lies `memory` counts back weighs a third."""

    __slots__ = ("_count", "_keep", "_total")

    def __init__(self, prior: float, weight: float, memory: float) -> None:
        self._total, self._count, self._keep = prior * weight, weight, exp(-1 / memory)

    def add(self, value: float, counts: bool = True) -> None:
        if counts:
            self._total *= self._keep
            self._count = self._count * self._keep + 1
        self._total += value

    @property
    def mean(self) -> float:
        return self._total / self._count


class Rate:
    """Of moments that come in order, per second; `began`: when the counting did."""

    __slots__ = ("_at", "_began", "_memory_s", "_sum")

    def __init__(self, memory_s: float, began: float) -> None:
        self._memory_s, self._began, self._at, self._sum = memory_s, began, began, 0.0

    def came(self, at: float) -> None:
        at = max(at, self._at)
        self._sum = 1 + self._sum * exp((self._at - at) / self._memory_s)
        self._at = at

    def per_s(self, now: float) -> float:
        passed = max(LEAST_SEEN_S, now - self._began)
        seen = self._memory_s * (1 - exp(-passed / self._memory_s))
        return self._sum * exp(min(0.0, self._at - now) / self._memory_s) / seen


class Wait(NamedTuple):
    """`tier`: None while nobody knows who calls; then he counts with the lowest."""

    tier: str | None
    since: float


class LinePulse:
    """Times in seconds by one clock. `aht_s`, `vip_per_s`: what the last days say, if they say anything."""

    def __init__(
        self, policy: Policy, began: float, aht_s: float = GUESSED_AHT_S, vip_per_s: float = 0.0
    ) -> None:
        self.waits: dict[str, Wait] = {}
        self._duty: dict[str, bool] = {}
        self._idle = 0
        self._began = began
        self._aht = DecayedMean(aht_s, AHT_PRIOR, AHT_MEMORY)
        self._quick, self._slow = Rate(QUICK_S, began), Rate(SLOW_S, began)
        self._came = self._kept = self._ended = 0
        self._read: dict[str, tuple[int, int, int]] = {}
        self._controller = Controller(policy.rules.goal, vip_per_s)
        self._standing: dict[str, Standing] = {}
        self._by_tier: dict[str, dict[str, float]] = {}
        self._arrivals: dict[str, Rate] = {}
        self._patience: dict[str, DecayedMean] = {}
        self._policy = policy
        self._stand(policy)

    def under(self, policy: Policy) -> None:
        """From now on another policy; what was learned stays."""
        if policy == self._policy:
            return
        before = self._controller
        self._policy = policy
        self._controller = Controller(policy.rules.goal, before.load.vip_per_s)
        self._controller.load = before.load
        self._stand(policy)

    def _stand(self, policy: Policy) -> None:
        self._standing = dict(reversed(list(standings(policy))))
        self._lowest = policy.rules.tiers[0].name
        self._by_tier = {tier: {} for tier in self._standing}
        for tier, standing in self._standing.items():
            self._arrivals.setdefault(tier, Rate(SLOW_S, self._began))
            prior = DecayedMean(PATIENCE_S[standing.band], PATIENCE_PRIOR, PATIENCE_MEMORY)
            self._patience.setdefault(tier, prior)
        for call, wait in sorted(self.waits.items(), key=lambda one: one[1].since):
            self._by_tier[self._tier(wait.tier)][call] = wait.since

    def _tier(self, tier: str | None) -> str:
        return tier if tier is not None and tier in self._standing else self._lowest

    def _first(self, tier: str | None) -> bool:
        return self._standing[self._tier(tier)].band == VIP

    # callers

    def joined(self, call: str, tier: str | None, since: float, now: float) -> None:
        """Told again, he is the same caller. Who came before we counted waits, but did not arrive."""
        if call in self.waits:
            return
        self.waits[call] = Wait(tier, since)
        self._by_tier[self._tier(tier)][call] = since
        if since < self._began:
            return
        self._quick.came(now)
        self._slow.came(now)
        self._arrivals[self._tier(tier)].came(now)
        self._came += self._first(tier)

    def tier_known(self, call: str, tier: str) -> None:
        """The client was recognised while he waited."""
        wait = self.waits.get(call)
        if wait is None or wait.tier == tier:
            return
        self.waits[call] = wait._replace(tier=tier)
        del self._by_tier[self._tier(wait.tier)][call]
        self._by_tier[self._tier(tier)][call] = wait.since
        if wait.since >= self._began:
            self._came += self._first(tier) - self._first(wait.tier)

    def answered(self, call: str, waited: float) -> None:
        if wait := self.moved(call):
            self._patience[self._tier(wait.tier)].add(waited, counts=False)
            self._end(wait, waited <= self._policy.rules.goal.within_s)

    def abandoned(self, call: str, at: float) -> None:
        if wait := self.moved(call):
            self._patience[self._tier(wait.tier)].add(max(0.0, at - wait.since))
            self._end(wait, False)

    def moved(self, call: str) -> Wait | None:
        """He waits no more, and nobody failed him."""
        wait = self.waits.pop(call, None)
        if wait is not None:
            del self._by_tier[self._tier(wait.tier)][call]
        return wait

    def _end(self, wait: Wait, kept: bool) -> None:
        if self._first(wait.tier):
            self._ended += 1
            self._kept += kept

    # agents

    def agent(self, agent: str, idle: bool | None) -> None:
        """None: not on duty on this line."""
        self._idle += bool(idle) - bool(self._duty.get(agent))
        if idle is None:
            self._duty.pop(agent, None)
        else:
            self._duty[agent] = idle

    @property
    def agents(self) -> set[str]:
        return set(self._duty)

    def handled(self, seconds: float) -> None:
        """Talk and wrap-up of one call."""
        self._aht.add(seconds)

    # what follows

    def tick(self, now: float) -> Reserve:
        """Every 5 to 10 seconds: the reserve wanted now; none in an order that knows none."""
        reserve = self._controller.tick(now, self.seen(""))
        return reserve if self._policy.rules.waiting.order == "res-hs" else NO_RESERVE

    def seen(self, reader: str) -> Seen:
        """Counts since the same reader asked last."""
        came, kept, ended = self._read.get(reader, (0, 0, 0))
        self._read[reader] = (self._came, self._kept, self._ended)
        return Seen(
            len(self._duty),
            self._aht.mean,
            self._waits_in(MID) > 0,
            self._waits_in(LOW) > 0,
            self._came - came,
            self._kept - kept,
            self._ended - ended,
        )

    def load(self, now: float) -> LineLoad:
        reserve = self._reserve
        load = self._controller.load._replace(agents=len(self._duty), aht_s=self._aht.mean)
        return LineLoad(
            {tier: len(waits) for tier, waits in self._by_tier.items()},
            len(self._duty),
            self._idle,
            self._aht.mean,
            {tier: self.wait(tier, None, now) for tier in self._standing},
            next_vip_late(load, reserve, self._policy.rules.goal, self._idle, self._waits_in(VIP)),
            reserve,
            {tier: self._patience_of(tier) for tier in self._standing},
            load.vip_per_s,
            self._kept,
            self._ended,
        )

    def wait(self, tier: str, ahead: int | None, now: float) -> float | None:
        """Estimate for a caller of this tier with `ahead` before him; None: as many as wait in his tier and above."""
        tier = self._tier(tier)
        band = self._standing[tier].band
        before = self._before(tier)
        if ahead is None:
            ahead = len(self._by_tier[tier]) + sum(len(self._by_tier[one]) for one in before)
        kept = 0 if band == VIP else self._reserve.mid if band == MID else self._reserve.low
        line = Line(
            len(self._duty),
            kept,
            self._aht.mean,
            sum(self._arrivals[one].per_s(now) for one in before),
            self._patience_of(tier),
            self._longest(band, now),
            self._changing(now),
        )
        if line.agents and self._idle - kept > ahead:
            return 0.0
        if band == VIP:
            return estimated_wait_first(line, ahead + (not self._idle))
        return estimated_wait(line, ahead)

    @property
    def _reserve(self) -> Reserve:
        return self._controller.reserve if self._policy.rules.waiting.order == "res-hs" else NO_RESERVE

    def _before(self, tier: str) -> list[str]:
        tiers = list(self._standing)
        return tiers[: tiers.index(tier)]

    def _waits_in(self, band: int) -> int:
        return sum(
            len(self._by_tier[one]) for one, standing in self._standing.items() if standing.band == band
        )

    def _patience_of(self, tier: str) -> float:
        return min(MOST_PATIENCE_S, max(LEAST_PATIENCE_S, self._patience[tier].mean))

    def _longest(self, band: int, now: float) -> float:
        """The first who joined is the longest waiting; after a rebuild they are in order again."""
        first = [
            next(iter(waits.values()))
            for tier, waits in self._by_tier.items()
            if waits and self._standing[tier].band == band
        ]
        return max(0.0, now - min(first)) if first else 0.0

    def _changing(self, now: float) -> bool:
        """A weighted count of a Poisson stream spreads by sqrt(rate / 2 memory); twice that is no chance any more."""
        quick, slow = self._quick.per_s(now), self._slow.per_s(now)
        return abs(quick - slow) > max(slow / 4, 2 * sqrt(slow / (2 * QUICK_S)))
