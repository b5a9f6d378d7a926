"""The waits of a rehearsal as a picture. matplotlib, because it is the best kept library that writes PNG without a
browser; it is large, so it comes only with the extra `charts`."""

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from app.errors import BadInput
from routing.rehearse.figures import BUCKETS_S

_COLOURS = ("#2f9e44", "#f08c00", "#1971c2", "#9c36b5", "#e03131", "#495057")


def can_draw() -> bool:
    return importlib.util.find_spec("matplotlib") is not None


def check() -> None:
    """Before the work, not after it."""
    if not can_draw():
        raise BadInput("--png needs matplotlib: install the project with its extra, `tierline[charts]`.")


def draw(report: dict[str, Any], path: Path) -> None:
    """For each kind of caller: the share of offered calls answered within so many seconds, a line for each policy."""
    agg = importlib.import_module("matplotlib.backends.backend_agg")
    figure = importlib.import_module("matplotlib.figure").Figure(figsize=(12, 4), layout="constrained")
    agg.FigureCanvasAgg(figure)
    policies: dict[str, Any] = report["policies"]
    kinds = [kind for kind in next(iter(policies.values())) if kind != "all"]
    for place, kind in enumerate(kinds, 1):
        axes = figure.add_subplot(1, len(kinds), place)
        for colour, (name, figures) in zip(_COLOURS, policies.items(), strict=False):
            axes.plot(BUCKETS_S, _answered_within(figures[kind]), marker="o", color=colour, label=name)
        axes.set(title=kind, xlabel="answered within, s", ylim=(0, 102), xlim=(0, None))
        axes.grid(alpha=0.3)
        if place == 1:
            axes.set_ylabel("% of offered calls")
            axes.legend()
    figure.savefig(path, dpi=120, format="png")


def _answered_within(figures: dict[str, Any]) -> list[float]:
    shares, so_far = [], 0
    for count in figures["answered_by_bucket"][: len(BUCKETS_S)]:
        so_far += count
        shares.append(100 * so_far / max(1, figures["offered"]))
    return shares
