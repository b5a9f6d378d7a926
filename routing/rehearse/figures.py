"""A rehearsal in numbers: shares of all offered calls, with how far they may be wrong.

Every stretch of time (a replication, a day of a log) is one sample. A share is all its calls together; its half width
is 1.96 standard errors of the ratio over the stretches, widened by Student's t for few of them. One stretch alone has
no half width.
"""

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any

from routing.rehearse.tally import Outcomes, Tally, histogram, percentile

BUCKETS_S = (5.0, 10.0, 20.0, 30.0, 60.0, 120.0)
"""The answer buckets of our reports."""

SHARES: dict[str, Callable[[Outcomes], float]] = {
    "within_5s": lambda of: of.within(5.0),
    "within_20s": lambda of: of.within(20.0),
    "abandoned": lambda of: len(of.abandoned),
}


def figures(tallies: Sequence[Tally]) -> dict[str, dict[str, Any]]:
    """Kind (and `all`) -> its figures; `half_width` holds those of the shares (95 %)."""
    names = list(tallies[0].kinds)
    found = {name: _of([tally.kinds[name] for tally in tallies]) for name in names}
    found["all"] = _of([tally.total() for tally in tallies])
    occupancy, wide = _ratio([one.busy_s for one in tallies], [one.staffed_s for one in tallies])
    found["all"]["occupancy"] = round(occupancy, 5)
    if wide is not None:
        found["all"]["half_width"]["occupancy"] = round(wide, 5)
    return found


def _of(samples: Sequence[Outcomes]) -> dict[str, Any]:
    together = Outcomes()
    for sample in samples:
        together.add(sample)
    offered = [float(sample.offered) for sample in samples]
    shares, widths = {}, {}
    for name, count in SHARES.items():
        shares[name], wide = _ratio([count(sample) for sample in samples], offered)
        if wide is not None:
            widths[name] = wide
    answered = together.answered
    return {
        "offered": together.offered,
        **{name: round(share, 5) for name, share in shares.items()},
        "asa_s": round(sum(answered) / len(answered), 2) if answered else 0.0,
        "p95_wait_s": round(percentile(answered, 0.95), 1),
        "longest_wait_s": round(max((*answered, *together.abandoned), default=0.0), 1),
        "answered_by_bucket": histogram(answered, BUCKETS_S),
        "abandoned_by_bucket": histogram(together.abandoned, BUCKETS_S),
        "half_width": {name: round(wide, 5) for name, wide in widths.items()},
    }


def _ratio(parts: Sequence[float], wholes: Sequence[float]) -> tuple[float, float | None]:
    """The ratio estimator and its half width (Cochran, Sampling Techniques, 6.4)."""
    whole = sum(wholes)
    if not whole:
        return 0.0, None
    share = sum(parts) / whole
    count = len(parts)
    if count < 2:
        return share, None
    squares = sum((part - share * of) ** 2 for part, of in zip(parts, wholes, strict=True))
    return share, _student(count - 1) * sqrt(squares * count / (count - 1)) / whole


def _student(freedom: int) -> float:
    """97.5 % point of Student's t, from the normal one (Cornish and Fisher; 1 % off at 3 degrees of freedom)."""
    z = 1.959964
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + g1 / freedom + g2 / freedom**2 + g3 / freedom**3
