"""The traffic of a rehearsal: calls with all that chance says about them, known beforehand.

All policies are shown the same calls, so that they differ by what they do and not by luck.
"""

from collections.abc import Iterator, Sequence
from math import log
from typing import NamedTuple, Protocol

import msgspec

from routing.facts import ClientFacts
from routing.policy import Policy


class Chance(Protocol):
    """What we need of `random.Random`; comes in from outside."""

    def random(self) -> float: ...
    def expovariate(self, lambd: float) -> float: ...
    def lognormvariate(self, mu: float, sigma: float) -> float: ...


class Call(NamedTuple):
    """`at`: seconds from the beginning of the day; `patience_s`: he hangs up after waiting so long;
    `service_s`: all that the agent needs for him, wrap-up too."""

    at: float
    kind: int
    service_s: float
    patience_s: float


class Kind(msgspec.Struct, frozen=True):
    """Callers who are alike; `client` is what `decide` is shown. `share`: of all calls; mean times in seconds."""

    name: str
    client: ClientFacts
    share: float
    aht_s: float
    patience_s: float
    line: str = "main"
    topic: str | None = None


class Interval(NamedTuple):
    """From `start` (seconds) on: so many calls per second, so many agents."""

    start: float
    calls_per_s: float
    agents: int


class Traffic(NamedTuple):
    """One stretch of time: calls in order, staffing, its end. `counted_from`: calls before it only fill the floor."""

    calls: tuple[Call, ...]
    intervals: tuple[Interval, ...]
    until: float
    counted_from: float = 0.0


class Forecast(msgspec.Struct, frozen=True):
    """`sigma`: of the logarithm of the handling time. The last interval ends at `until`."""

    kinds: tuple[Kind, ...]
    intervals: tuple[Interval, ...]
    until: float
    sigma: float = 0.9

    @property
    def aht_s(self) -> float:
        return sum(kind.share * kind.aht_s for kind in self.kinds) / sum(kind.share for kind in self.kinds)


STANDARD_MIX = (("vip", 0.07, 210.0, 600.0), ("mid", 0.53, 190.0, 400.0), ("low", 0.40, 180.0, 300.0))
"""Name, share, handling and patience of our reference table."""

Mix = tuple[tuple[str, float, float, float], ...]


def kinds_of(policy: Policy, mix: Mix = STANDARD_MIX) -> tuple[Kind, ...]:
    """`vip`, `mid`, `low` as clients of this policy's highest, second and lowest tier."""
    tiers = policy.rules.tiers
    of_name = {"vip": tiers[-1], "mid": tiers[-2] if len(tiers) > 2 else tiers[0], "low": tiers[0]}
    return tuple(
        Kind(name, ClientFacts(number, of_name[name].arpu_from, "", "standard"), share, aht_s, patience_s)
        for number, (name, share, aht_s, patience_s) in enumerate(mix, 1)
    )


def steady(agents: int, load: float, until: float, kinds: tuple[Kind, ...]) -> Forecast:
    """`load`: calls arriving in an AHT, for each agent; above 1 more work comes than can be done."""
    empty = Forecast(kinds, (), until)
    return msgspec.structs.replace(empty, intervals=(Interval(0.0, agents * load / empty.aht_s, agents),))


def draw(forecast: Forecast, chance: Chance, counted_from: float = 0.0) -> Traffic:
    """Poisson arrivals, lognormal handling, exponential patience: as call centres were found to be (Brown et al. 2005)."""
    kinds = _Choice(forecast.kinds, forecast.sigma)
    calls = []
    for at in _arrivals(forecast, chance):
        kind = kinds.pick(chance.random())
        service = chance.lognormvariate(kinds.mus[kind], forecast.sigma)
        calls.append(Call(at, kind, service, chance.expovariate(kinds.rates[kind])))
    return Traffic(tuple(calls), forecast.intervals, forecast.until, counted_from)


def _arrivals(forecast: Forecast, chance: Chance) -> Iterator[float]:
    ends = [one.start for one in forecast.intervals[1:]] + [forecast.until]
    for interval, end in zip(forecast.intervals, ends, strict=True):
        at = interval.start
        while interval.calls_per_s > 0 and (at := at + chance.expovariate(interval.calls_per_s)) < end:
            yield at


class _Choice:
    """Kinds by their cumulated shares, with what the draws need."""

    def __init__(self, kinds: Sequence[Kind], sigma: float) -> None:
        total = sum(kind.share for kind in kinds)
        self._bounds: list[float] = []
        for kind in kinds:
            self._bounds.append((self._bounds[-1] if self._bounds else 0.0) + kind.share / total)
        self.mus = [log(kind.aht_s) - sigma * sigma / 2 for kind in kinds]
        self.rates = [1 / kind.patience_s for kind in kinds]

    def pick(self, at: float) -> int:
        for kind, bound in enumerate(self._bounds):
            if at < bound:
                return kind
        return len(self._bounds) - 1
