"""How many agents the targets need: more agents never make it worse, so that halving the interval finds the least."""

from collections.abc import Callable, Mapping
from typing import Any

Figures = Mapping[str, Mapping[str, Any]]

TARGETS: dict[str, tuple[tuple[str, str, float], ...]] = {
    "vip": (("within_5s", "at least", 0.99),),
    "mid": (("within_20s", "at least", 0.80), ("abandoned", "at most", 0.03)),
    "low": (("abandoned", "at most", 0.08),),
}
"""What is planned for: see the targets of the routing design."""

MOST_AGENTS = 5000


def missed(figures: Figures) -> list[str]:
    """The targets that are not met, as `vip.within_5s 0.9831 (at least 0.99)`. A kind that did not call misses none."""
    return [
        f"{kind}.{name} {figures[kind][name]:.4f} ({side} {limit:g})"
        for kind, limits in TARGETS.items()
        if kind in figures and figures[kind]["offered"]
        for name, side, limit in limits
        if (figures[kind][name] < limit) == (side == "at least") and figures[kind][name] != limit
    ]


def agents_needed(first: int, measured: Callable[[int], Figures]) -> tuple[int | None, Figures]:
    """`first`: where to begin; `measured`: the figures with so many agents. None when even `MOST_AGENTS` miss."""
    good: dict[int, Figures] = {}
    low, high = 0, max(1, first)
    while missed(seen := measured(high)):
        if high == MOST_AGENTS:
            return None, seen
        low, high = high, min(MOST_AGENTS, high + max(1, high // 8))
    good[high] = seen
    step = max(1, high // 8)
    while high - low > 1:
        middle = max(low + 1, high - step) if low == 0 else (low + high) // 2
        seen = measured(middle)
        if missed(seen):
            low = middle
        else:
            high, step = middle, step * 2
            good[high] = seen
    return high, good[high]
