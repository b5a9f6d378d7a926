"""The administrator's rules: read from JSON, checked with errors that say what to change, versioned.

Shape of the stored body (every part optional; defaults in brackets):

    {"tiers": [{"name": "standard"},
               {"name": "priority", "arpu_from": 300, "head_start_s": 900},
               {"name": "vip", "arpu_from": 1000, "always_first": true, "treatment": "straight",
                "ring_s": 3, "auto_answer": true}],
     "service_levels": {"vip": "vip", "golden": "vip"},
     "unknown_tier": "standard",
     "blocked": "refused",
     "recording": [{"lines": ["support"], "tiers": ["vip"], "agents": ["PJSIP/1001"], "percent": 100}],
     "record": false,
     "waiting": {"order": "res-hs", "limit_s": 1200, "limit_s_on": {"sales": 600}},
     "breaks": "warn",
     "goal": {"percent": 99, "within_s": 5, "answer_s": 0.5, "keep_at_most": 0.2},
     "skills": [{"topics": ["billing"], "steps": [{"need": {"billing": 5}}, {"need": {"billing": 1}, "after_s": 30}]}],
     "callbacks": {"min_gap_s": 900, "most_attempts": 4, "deadline_s": 86400, "ring_s": 20, "prefixes": ["7"]}}

`recording`: the first rule that names a talk decides which share of such calls is recorded; a part left out names all.
`record`: what becomes of talks that no rule names.
`waiting.order`: `res-hs` (reserve and head start), `strict` (higher tier always first) or `fifo`, for comparison.
`breaks`: what becomes of a break that one of the last kept agents of a directed line asks for: `warn` or `refuse`.
`goal`: what the highest tiers are promised: so many percent within so many seconds, ringing included. `answer_s`: the
95th percentile of the time from alerting an agent to his answer (measured; 0.5 with auto-answer).

Tiers stand lowest first. Thresholds count in the client's own currency; `arpu_from_in` sets another one for a currency.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from routing.facts import ServiceLevel
from routing.priority import MOST_HEAD_START_S
from routing.skills import SkillRule, problems_of_skills

TierName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]
Threshold = Annotated[float, Meta(ge=0, le=1e12)]
Named = Annotated[str, Meta(min_length=1, max_length=100)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class BadPolicy(ValueError):
    """The policy cannot be used. `problems`: one sentence each, naming the place and what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A revenue class. `arpu_from`: least ARPU per month; `head_start_s`: age its callers seem to bring along;
    `personal_wait_s`: how long they wait for their personal agents alone. Where we distribute: `ring_s`, how long an
    agent is rung before the next one; `auto_answer`: his phone is asked to answer by itself.
    """

    name: TierName
    arpu_from: Threshold = 0.0
    arpu_from_in: dict[Currency, Threshold] = {}
    head_start_s: Annotated[int, Meta(ge=0, le=MOST_HEAD_START_S)] = 0
    always_first: bool = False
    treatment: Literal["straight", "self_service"] = "self_service"
    personal_wait_s: Annotated[float, Meta(ge=0, le=3600)] = 0.0
    ring_s: Annotated[int, Meta(ge=1, le=120)] = 15
    auto_answer: bool = False

    def threshold(self, currency: str) -> float:
        return self.arpu_from_in.get(currency, self.arpu_from)


DEFAULT_TIERS = (
    Tier("standard"),
    Tier("priority", arpu_from=300.0, head_start_s=900),
    Tier("vip", arpu_from=1000.0, always_first=True, treatment="straight", ring_s=3, auto_answer=True),
)


class RecordingRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of calls on these lines (codes), of these tiers, taken by these agents (devices), so many percent are recorded."""

    percent: Annotated[float, Meta(ge=0, le=100)]
    lines: tuple[Named, ...] = ()
    tiers: tuple[TierName, ...] = ()
    agents: tuple[Named, ...] = ()


class Waiting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`limit_s`: nobody is held longer, then a callback is offered; `limit_s_on`: another limit for a line (its code)."""

    order: Literal["res-hs", "strict", "fifo"] = "res-hs"
    limit_s: Annotated[float, Meta(ge=30, le=86_400)] = 1200.0
    limit_s_on: dict[Named, Annotated[float, Meta(ge=30, le=86_400)]] = {}

    def limit_of(self, line: str) -> float:
        return self.limit_s_on.get(line, self.limit_s)


class Goal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of all offered calls of the highest tiers, `percent` are answered `within_s`; `answer_s` of that goes in ringing.
    `keep_at_most`: share of the agents on duty that may be kept idle for it. Beyond a fifth the others pay dearly."""

    percent: Annotated[float, Meta(ge=50, le=99.99)] = 99.0
    within_s: Annotated[float, Meta(ge=1, le=3600)] = 5.0
    answer_s: Annotated[float, Meta(ge=0, le=60)] = 0.5
    keep_at_most: Annotated[float, Meta(ge=0, le=0.5)] = 0.2

    @property
    def miss(self) -> float:
        """The share that may be late: 0.01 for 99 %."""
        return 1 - self.percent / 100


class Callbacks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Promised calls. `min_gap_s`: between two tries to reach a client; `most_attempts`: after so many it is over;
    `deadline_s`: until when it is kept (a Golden contract's own minutes go before it); `ring_s`: how long an agent rings
    for it. `prefixes`: beginnings (E.164 without the plus) of numbers that strangers may have called; none: those of our
    own country."""

    min_gap_s: Annotated[float, Meta(ge=60, le=86_400)] = 900.0
    most_attempts: Annotated[int, Meta(ge=1, le=20)] = 4
    deadline_s: Annotated[float, Meta(ge=600, le=30 * 86_400)] = 86_400.0
    ring_s: Annotated[int, Meta(ge=3, le=120)] = 20
    prefixes: Annotated[
        tuple[Annotated[str, Meta(pattern="^[1-9][0-9]{0,14}$")], ...], Meta(max_length=100)
    ] = ()


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the administrator writes. `blocked`: what a caller is told who may not call any more."""

    tiers: Annotated[tuple[Tier, ...], Meta(min_length=1, max_length=10)] = DEFAULT_TIERS
    service_levels: dict[ServiceLevel, TierName] = msgspec.field(
        default_factory=lambda: {"vip": "vip", "golden": "vip"}
    )
    unknown_tier: TierName = "standard"
    blocked: Literal["refused", "self_service"] = "refused"
    recording: Annotated[tuple[RecordingRule, ...], Meta(max_length=100)] = ()
    record: bool = False
    waiting: Waiting = Waiting()
    goal: Goal = Goal()
    skills: Annotated[tuple[SkillRule, ...], Meta(max_length=200)] = ()
    callbacks: Callbacks = Callbacks()
    breaks: Literal["warn", "refuse"] = "warn"


class Policy(msgspec.Struct, frozen=True):
    """Checked rules and the version that decisions name. Version 0: the built-in defaults."""

    rules: Rules = Rules()
    version: int = 0

    def tier(self, name: str) -> Tier:
        """Raises `KeyError` for a name that no checked policy contains."""
        return next((tier for tier in self.rules.tiers if tier.name == name), None) or _no_tier(name)

    def rank(self, tier: Tier) -> int:
        """0 is the lowest."""
        return self.rules.tiers.index(tier)


DEFAULT_POLICY = Policy()


def read_policy(body: str | bytes | dict[str, Any], version: int) -> Policy:
    """JSON (text or already decoded) -> checked `Policy`. Raises `BadPolicy` with every problem found."""
    try:
        if isinstance(body, dict):
            rules = msgspec.convert(body, Rules)
        else:
            rules = msgspec.json.decode(body, type=Rules)
    except msgspec.ValidationError as error:
        raise BadPolicy([str(error).replace("`$", "`policy")]) from None
    except msgspec.DecodeError as error:
        raise BadPolicy([f"the policy is not JSON: {error}"]) from None
    if problems := list(_problems(rules)):
        raise BadPolicy(problems)
    return Policy(rules, version)


def _problems(rules: Rules) -> Iterator[str]:
    names = [tier.name for tier in rules.tiers]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"tiers: {name!r} stands twice; give each tier its own name"
    yield from _problems_of_order(rules.tiers)
    for level, name in sorted(rules.service_levels.items()):
        if name not in names:
            yield f"service_levels.{level}: no tier {name!r}; use one of {', '.join(names)}"
    if rules.unknown_tier not in names:
        yield f"unknown_tier: no tier {rules.unknown_tier!r}; use one of {', '.join(names)}"
    yield from _problems_of_recording(rules.recording, names)
    yield from problems_of_skills(rules.skills)
    if rules.goal.answer_s >= rules.goal.within_s:
        yield (
            f"goal.within_s: {rules.goal.within_s:g} s leave nothing after {rules.goal.answer_s:g} s of ringing; "
            "promise a longer time, or let the devices answer by themselves"
        )


def _problems_of_recording(rules: tuple[RecordingRule, ...], tiers: list[str]) -> Iterator[str]:
    for place, rule in enumerate(rules):
        for name in sorted(set(rule.tiers) - set(tiers)):
            yield f"recording.{place}.tiers: no tier {name!r}; use one of {', '.join(tiers)}"
        if place < len(rules) - 1 and not (rule.lines or rule.tiers or rule.agents):
            yield f"recording.{place} names every talk, so that no rule below it is ever asked: put it last"


def _problems_of_order(tiers: tuple[Tier, ...]) -> Iterator[str]:
    lowest = tiers[0]
    if lowest.arpu_from or any(lowest.arpu_from_in.values()):
        yield f"tier {lowest.name!r} is the lowest: its arpu_from must be 0, so that every client has a tier"
    currencies = sorted({currency for tier in tiers for currency in tier.arpu_from_in})
    for lower, higher in pairwise(tiers):
        for currency in ["", *currencies]:
            if higher.threshold(currency) <= lower.threshold(currency):
                yield (
                    f"tier {higher.name!r}: arpu_from {higher.threshold(currency):g} {currency}".rstrip()
                    + f" must be above {lower.threshold(currency):g} of {lower.name!r} below it"
                )
        if lower.always_first and not higher.always_first:
            yield f"tier {higher.name!r} stands above {lower.name!r}, which is always first: set always_first"
        if lower.always_first == higher.always_first and higher.head_start_s < lower.head_start_s:
            yield (
                f"tier {higher.name!r}: head_start_s {higher.head_start_s} is less than "
                f"{lower.head_start_s} of {lower.name!r} below it; a higher tier cannot start later"
            )


def _no_tier(name: str) -> Tier:
    raise KeyError(f"no tier {name!r} in this policy")
