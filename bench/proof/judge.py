"""What a proof found: the service's stored calls against what the callers saw, and both against the promise. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.infra.sipp import CallSeen

WITHIN_S = {"vip": 5.0, "priority": 20.0, "standard": 60.0}

SAME_S = 0.25
"""A caller sees his answer when the packet arrives, the service when the switch tells: no more apart than this."""


@dataclass(frozen=True)
class Stored:
    """A row of `calls`. `until_s`: from the beginning of the call to its answer, or to its end."""

    number: str
    outcome: str
    wait_s: float | None
    until_s: float


def verdict(
    seen: Sequence[CallSeen],
    stored: Mapping[str, list[Stored]],
    tiers: Mapping[str, str],
    alone: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """By tier: offered, answered, share within the time of its goal (of all offered), abandoned, and the waits; then
    where the service and the callers disagree. `alone`: from when to when there was no service, seconds; what it did not
    see whole is not compared."""
    by_tier: dict[str, list[CallSeen]] = defaultdict(list)
    for one in seen:
        by_tier[tiers[_number(one)]].append(one)
    return {
        "tiers": {tier: _tier(by_tier[tier], WITHIN_S[tier]) for tier in WITHIN_S},
        "same_as_callers_saw": _compare([one for one in seen if _whole(one, alone)], stored),
    }


def percentiles(values: Iterable[float], shares: tuple[int, ...] = (50, 95, 99)) -> dict[str, float | None]:
    ordered = sorted(values)
    return {
        f"p{share}": round(ordered[max(0, -(-len(ordered) * share // 100) - 1)], 4) if ordered else None
        for share in shares
    }


def _tier(calls: Sequence[CallSeen], within_s: float) -> dict[str, Any]:
    answered = [one.waited_s for one in calls if one.answered_s is not None and one.waited_s is not None]
    return {
        "offered": len(calls),
        "answered": len(answered),
        "abandoned": sum(one.ended_by == "abandoned" for one in calls),
        "lost": sum(one.ended_by in ("refused", "cut") for one in calls),
        f"within_{within_s:g}_s": round(sum(waited <= within_s for waited in answered) / len(calls), 4)
        if calls
        else None,
        "answer_wait_s": percentiles(answered),
    }


def _compare(seen: Sequence[CallSeen], stored: Mapping[str, list[Stored]]) -> dict[str, Any]:
    apart, wrong, missing = [], [], []
    for one in seen:
        rows = stored.get(_number(one), [])
        if len(rows) != 1:
            missing.append(f"{_number(one)}: {len(rows)} rows")
            continue
        row = rows[0]
        if (row.outcome == "answered") is not (one.answered_s is not None):
            wrong.append(f"{row.number}: stored {row.outcome}, seen {one.ended_by}")
        elif one.waited_s is not None:
            apart.append((abs(row.until_s - one.waited_s), row, one))
    return {
        "calls": len(seen),
        "without_exactly_one_row": missing,
        "other_outcome": wrong,
        "further_apart_than_0.25_s": [
            f"{row.number}: stored {row.until_s:.2f}, seen {one.waited_s:.2f}, {one.ended_by}"
            for far, row, one in apart
            if far > SAME_S
        ],
        "apart_s": percentiles((far for far, _, _ in apart), (50, 99, 100)),
    }


def _whole(one: CallSeen, alone: tuple[float, float] | None) -> bool:
    return alone is None or one.placed_s > alone[1] or (one.ended_s is not None and one.ended_s < alone[0])


def _number(one: CallSeen) -> str:
    return one.caller.number.lstrip("+")
