"""Estimated wait of a caller who joins now, or who waits already.

Queue-length estimate with abandonment (QL-PA: Ibrahim and Whitt 2009, doi 10.1287/mnsc.1090.1041): with A callers ahead
(of his own band and above), places become free at rate c and each of those ahead gives up at rate theta:

    wait = sum for k = 0 … A of 1 / (c + k * theta)
    c    = (N - K) / AHT - arrivals of higher bands

It lags when the load changes, the longest wait now (HOL) does not: the mean of both is told then. A caller who is always
first waits for the callers before him only: queue length * AHT / N.
"""

from math import log
from typing import NamedTuple

SUMMED = 2000
"""Terms summed one by one; the rest of a longer queue is the integral of the same function."""


class Line(NamedTuple):
    """`agents`: on duty and able to take him; `kept`: idle ones his band must leave; `higher_per_s`: arrivals that go
    before him; `patience_s`: mean; `longest_wait_s`: of his band now."""

    agents: int
    kept: float
    aht_s: float
    higher_per_s: float
    patience_s: float
    longest_wait_s: float = 0.0
    changing: bool = False


def estimated_wait(line: Line, ahead: int) -> float | None:
    """Seconds; None when nobody is on duty. `ahead`: callers before him, of his own band and above."""
    if not line.agents:
        return None
    theta = 1 / line.patience_s
    # Overload: only patience empties the queue; the slowest server counted is one place per patience of a caller.
    rate = max((line.agents - line.kept) / line.aht_s - line.higher_per_s, theta)
    wait = sum(1 / (rate + k * theta) for k in range(min(ahead, SUMMED) + 1))
    if ahead > SUMMED:
        wait += log((rate + ahead * theta) / (rate + SUMMED * theta)) / theta
    return (wait + line.longest_wait_s) / 2 if line.changing else wait


def estimated_wait_first(line: Line, ahead: int) -> float | None:
    """The same for a band that is always first."""
    return ahead * line.aht_s / line.agents if line.agents else None
