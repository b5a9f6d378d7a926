"""A scenario in one line: `N=30,load=0.90`, the rest as in our reference table."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from routing.policy import Policy, Waiting
from routing.rehearse.calls import STANDARD_MIX, Chance, Kind, Mix, Traffic, draw, steady

WARM_UP_S = 3600.0
CALLS_OF_A_STRETCH = 20_000
ORDERS = ("res-hs", "strict", "fifo")
QUEUED = "queued"
"""The first of them, carried out by app_queue instead of us."""

BUILT_IN = (*ORDERS, QUEUED)


class BadScenario(ValueError):
    """Cannot be rehearsed; the text says what to write."""


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"agents": "N"}):
    """A steady load. `load`: calls arriving in an AHT for each agent. `calls`: counted, over all stretches.
    `vip`, `mid`: shares of the calls, the rest is low. `ring`: seconds from alerting to answer; 0 when the handling
    times contain it."""

    agents: Annotated[int, Meta(ge=1, le=5000)]
    load: Annotated[float, Meta(gt=0, le=3)]
    calls: Annotated[int, Meta(ge=1000, le=50_000_000)] = 800_000
    vip: Annotated[float, Meta(ge=0, le=1)] = 0.07
    mid: Annotated[float, Meta(ge=0, le=1)] = 0.53
    ring: Annotated[float, Meta(ge=0, le=60)] = 0.0
    sigma: Annotated[float, Meta(gt=0, le=3)] = 0.9

    @property
    def stretches(self) -> int:
        return max(2, round(self.calls / CALLS_OF_A_STRETCH))

    def with_agents(self, agents: int) -> "Scenario":
        """The same traffic on another number of agents."""
        return msgspec.structs.replace(self, agents=agents, load=self.load * self.agents / agents)

    def mix(self) -> Mix:
        shares = {"vip": self.vip, "mid": self.mid, "low": 1 - self.vip - self.mid}
        return tuple((name, shares[name], aht, patience) for name, _, aht, patience in STANDARD_MIX)


def read_scenario(text: str) -> Scenario:
    """Raises `BadScenario`."""
    words: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals:
            raise BadScenario(f"{part!r} is no NAME=VALUE; write for example N=30,load=0.90")
        words[name] = f"0{value}" if value.startswith(".") else value
    try:
        scenario = msgspec.convert(words, Scenario, strict=False)
    except msgspec.ValidationError as error:
        names = ", ".join(field.encode_name for field in msgspec.structs.fields(Scenario))
        raise BadScenario(f"{error}; a scenario may set {names}, as in N=30,load=0.90") from None
    if scenario.vip + scenario.mid > 1:
        raise BadScenario("vip and mid together are more than all calls; make their sum 1 at the most")
    return scenario


def stretch_of(scenario: Scenario, kinds: tuple[Kind, ...], chance: Chance) -> Traffic:
    """One of its stretches, after an hour that fills the floor."""
    counted = scenario.calls / scenario.stretches
    rate = steady(scenario.agents, scenario.load, 0.0, kinds).intervals[0].calls_per_s
    forecast = steady(scenario.agents, scenario.load, WARM_UP_S + counted / rate, kinds)
    return draw(msgspec.structs.replace(forecast, sigma=scenario.sigma), chance, WARM_UP_S)


def in_order(name: str, policy: Policy) -> Policy:
    """The same tiers under one name of `BUILT_IN`."""
    rules = policy.rules
    waiting = msgspec.convert(
        {**msgspec.structs.asdict(rules.waiting), "order": ORDERS[0] if name == QUEUED else name}, Waiting
    )
    return Policy(msgspec.structs.replace(rules, waiting=waiting), policy.version)
