"""What became of the calls of a rehearsal, for each kind of caller."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence


class Outcomes:
    """Calls of one kind: every wait (seconds, ringing included) of those answered and of those who hung up."""

    __slots__ = ("abandoned", "answered")

    def __init__(self) -> None:
        self.answered: array[float] = array("d")
        self.abandoned: array[float] = array("d")

    @property
    def offered(self) -> int:
        return len(self.answered) + len(self.abandoned)

    def within(self, seconds: float) -> int:
        return sum(1 for wait in self.answered if wait <= seconds)

    def add(self, other: "Outcomes") -> None:
        self.answered.extend(other.answered)
        self.abandoned.extend(other.abandoned)


class Tally:
    """`staffed_s`, `busy_s`: of agents, in the counted time."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self.kinds = {kind: Outcomes() for kind in kinds}
        self.staffed_s = 0.0
        self.busy_s = 0.0

    def total(self) -> Outcomes:
        together = Outcomes()
        for one in self.kinds.values():
            together.add(one)
        return together

    def add(self, other: "Tally") -> None:
        for kind, outcomes in other.kinds.items():
            self.kinds[kind].add(outcomes)
        self.staffed_s += other.staffed_s
        self.busy_s += other.busy_s


def percentile(waits: Iterable[float], share: float) -> float:
    """Nearest rank; 0 of nothing."""
    ordered = sorted(waits)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def histogram(waits: Iterable[float], bounds: Sequence[float]) -> list[int]:
    """How many waits are up to each bound and above the one before; the last count is of those above all."""
    counts = [0] * (len(bounds) + 1)
    for wait in waits:
        counts[bisect_right(bounds, wait)] += 1
    return counts
