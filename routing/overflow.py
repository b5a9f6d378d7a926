"""When too many wait on a line: whether a caller is sent elsewhere, and where to."""

from collections.abc import Iterator

from routing.facts import Because, Facts, Load, OtherLine, Overflow, Values
from routing.policy import Tier

TOLD = {"callback": "a callback is offered", "voicemail": "voicemail"}


def overflow(facts: Facts, tier: Tier) -> tuple[Overflow | None, Because | None]:
    """Where he goes instead, if he does. Without a limit there is nothing to say."""
    rule = facts.line.overflow
    if rule is None:
        return None, None
    if facts.load is None:
        return None, Because(
            "overflow", "how many wait is not known now", "he stays on his line", "not_known"
        )
    values = _values(facts.load, rule, tier)
    saw = f"{facts.load.waiting} waiting, {facts.load.agents} agents on duty"
    over = list(limits_passed(facts.load, rule.wait_s, rule.per_agent, tier.name))
    if not over:
        return None, Because("overflow", saw, "within the line's limits", "within", values)
    saw = f"{saw}; over the limit: {', '.join(over)}"
    if tier.always_first:
        so = f"stays: tier {tier.name} is never sent elsewhere"
        return None, Because("overflow", saw, so, "always_first", values)
    if rule.to == "line":
        return _to_line(rule, rule.other, saw, values)
    if rule.to == "callback" and facts.ani is None:
        so = "stays: without his number nobody can call him back"
        return None, Because("overflow", saw, so, "no_number", values)
    return rule, Because("overflow", saw, TOLD[rule.to], f"to_{rule.to}", values)


def _to_line(
    rule: Overflow, other: OtherLine | None, saw: str, values: Values
) -> tuple[Overflow | None, Because]:
    if other is None:
        return None, Because("overflow", saw, "stays: the other line is not on this PBX", "no_other", values)
    values = {**values, "other": other.code}
    if not other.open:
        return None, Because("overflow", saw, f"stays: line {other.code} is closed", "other_closed", values)
    if other.full:
        so = f"stays: line {other.code} is over its own limit"
        return None, Because("overflow", saw, so, "other_full", values)
    return rule, Because("overflow", saw, f"goes to line {other.code}", "to_line", values)


def limits_passed(
    load: Load, wait_s: float | None, per_agent: float | None, tier: str | None = None
) -> Iterator[str]:
    """In words; none: within. Without a tier the longest estimate of all counts. Nobody on duty is over any limit."""
    estimates = [load.wait_s.get(tier)] if tier is not None else list(load.wait_s.values())
    expected = max((one for one in estimates if one is not None), default=None)
    if wait_s is not None and expected is not None and expected > wait_s:
        yield f"{expected:.0f} s expected, {wait_s:g} s allowed"
    if per_agent is not None and load.agents and load.waiting > per_agent * load.agents:
        yield f"{load.waiting / load.agents:.1f} waiting for each agent, {per_agent:g} allowed"
    if not load.agents and (wait_s is not None or per_agent is not None):
        yield "nobody is on duty"


def _values(load: Load, rule: Overflow, tier: Tier) -> Values:
    return {
        "waiting": load.waiting,
        "agents": load.agents,
        "expected_s": load.wait_s.get(tier.name),
        "limit_s": rule.wait_s,
        "per_agent": rule.per_agent,
        "tier": tier.name,
    }
