"""Who calls in a proof: the mix and the shapes of the reference figures (shared by `routing.rehearse.scenario`), accelerated."""

import random
from math import exp

from app.infra.sipp import Caller

MIX = {"vip": 0.07, "priority": 0.53, "standard": 0.40}
AHT_S = {"vip": 210.0, "priority": 190.0, "standard": 180.0}
PATIENCE_S = {"vip": 600.0, "priority": 400.0, "standard": 300.0}
SIGMA = 0.9
"""Of the lognormal talk times."""

SCATTER_S = 30.0
"""Callers at an even pace, each delayed by chance up to so much, come like a Poisson stream."""

LEAST_TALK_S = 0.5
LEAST_PATIENCE_S = 2.0
"""Phones ring no faster than in life: nobody gives up before one could be answered."""


def mean_aht_s(faster: float) -> float:
    return sum(share * AHT_S[tier] for tier, share in MIX.items()) / faster


def callers(
    numbers: dict[str, list[str]], count: int, faster: float, dnis: str, seed: int
) -> tuple[list[Caller], dict[str, str]]:
    """(callers, {number: tier}); every caller has a number of his own, so that each can be found again. `faster`: how
    many times shorter talks and patience are than in life. Raises `ValueError` when there are too few clients."""
    chance = random.Random(seed)
    left = {tier: chance.sample(found, len(found)) for tier, found in numbers.items()}
    placed, tiers = [], {}
    for _ in range(count):
        (tier,) = chance.choices(list(MIX), list(MIX.values()))
        if not left[tier]:
            raise ValueError(
                f"more {tier} callers than clients: load more clients or prove for a shorter time"
            )
        number = left[tier].pop()
        tiers[number] = tier
        mean = AHT_S[tier] / faster
        placed.append(
            Caller(
                number=f"+{number}",
                dnis=dnis,
                patience_s=max(LEAST_PATIENCE_S, chance.expovariate(faster / PATIENCE_S[tier])),
                talk_s=max(LEAST_TALK_S, mean * exp(SIGMA * chance.gauss(0, 1) - SIGMA**2 / 2)),
                after_s=chance.uniform(0, SCATTER_S),
            )
        )
    return placed, tiers


def per_second(agents: int, load: float, faster: float) -> float:
    return load * agents / mean_aht_s(faster)
