"""What can be said of a policy before it meets callers. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from app.policymaking.repository import LinePool
from routing.policy import Policy, Rules, Tier
from routing.promise import Broken, broken_promises, expected, promise_told
from routing.reserve import Load
from routing.skills import level

AHT_S = 180.0
"""Until calls were stored."""

VIP_SHARE = 0.07
BUSY = 0.9
"""Until calls were stored: agents who have work nine tenths of their time, and of it the share of our reference table."""


class Doubt(NamedTuple):
    """Something an administrator may accept. `place`: the part of the policy it is about."""

    code: str
    place: str
    en: str
    ru: str


class Judged(NamedTuple):
    """A line's staff against the promise. `known`: by its own calls, not by our assumptions."""

    line: str
    load: Load
    expected: float
    broken: Broken | None
    known: bool


class Change(NamedTuple):
    """One difference of two policies. `path`: names and places joined by dots, a tier by its name. None: not there."""

    path: str
    before: Any
    after: Any


def highest_tiers(rules: Rules) -> tuple[Tier, ...]:
    """Whom the goal is promised to: those always first, else the highest."""
    return tuple(tier for tier in rules.tiers if tier.always_first) or rules.tiers[-1:]


def judged(policy: Policy, pools: Iterable[LinePool]) -> Iterator[Judged]:
    goal = policy.rules.goal
    for pool in pools:
        aht_s = pool.aht_s or AHT_S
        known = pool.vip_per_hour is not None
        per_s = (
            pool.vip_per_hour / 3600
            if pool.vip_per_hour is not None
            else VIP_SHARE * BUSY * pool.agents / aht_s
        )
        load = Load(pool.agents, aht_s + goal.answer_s, per_s)
        share = expected(load, goal) if pool.agents else 0.0
        yield Judged(pool.line, load, share, next(broken_promises(goal, {pool.line: load}), None), known)


def doubts(
    policy: Policy, promises: Iterable[Judged], lines: Sequence[str], agents: Sequence[dict[str, int]]
) -> Iterator[Doubt]:
    for one in promises:
        if one.broken is not None:
            en, ru = promise_told(one.broken, "en"), promise_told(one.broken, "ru")
            yield Doubt("promise", "goal", en, ru)
    for place, line in _named_lines(policy.rules):
        if line not in lines:
            listed = ", ".join(lines) or "–"
            yield Doubt(
                "no_such_line",
                place,
                f"{place}: there is no line {line!r}; lines are {listed}",
                f"{place}: линии «{line}» нет; есть {listed}",
            )
    skills = [frozenset(known.items()) for known in agents]
    for number, rule in enumerate(policy.rules.skills):
        need = frozenset(rule.steps[-1].need.items())
        if all(level(known, need) is None for known in skills):
            place = f"skills.{number}"
            told = ", ".join(f"{skill} {least}+" for skill, least in sorted(need)) or "–"
            yield Doubt(
                "nobody_can",
                place,
                f"{place}: no agent can do {told}, not even at the last step: such callers would wait for nobody",
                f"{place}: никто из операторов не умеет {told} даже на последнем шаге: такие звонки ждали бы никого",
            )


def differences(before: Rules, after: Rules) -> list[Change]:
    """Sorted by path; defaults count as if they were written."""
    old, new = dict(_flat("", _plain(before))), dict(_flat("", _plain(after)))
    return [
        Change(path, old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    ]


def _named_lines(rules: Rules) -> Iterator[tuple[str, str]]:
    for number, recording in enumerate(rules.recording):
        yield from ((f"recording.{number}.lines", line) for line in recording.lines)
    for number, skill in enumerate(rules.skills):
        yield from ((f"skills.{number}.lines", line) for line in skill.lines)
    yield from (("waiting.limit_s_on", line) for line in rules.waiting.limit_s_on)


def _plain(rules: Rules) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(rules)
    plain["tiers"] = {tier["name"]: {**tier, "place": rank} for rank, tier in enumerate(plain["tiers"])}
    return plain


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Leaves; an empty collection is a leaf. A list of plain values is one too."""
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _flat(f"{path}.{name}" if path else str(name), part)
    elif isinstance(value, list) and any(isinstance(part, dict | list) for part in value):
        for number, part in enumerate(value):
            yield from _flat(f"{path}.{number}", part)
    else:
        yield path, value
