"""A report for people, and for a spreadsheet."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from rich.table import Table

COLUMNS = (
    "offered",
    "within_5s",
    "within_20s",
    "abandoned",
    "asa_s",
    "p95_wait_s",
    "longest_wait_s",
    "occupancy",
)
SHARES = ("within_5s", "within_20s", "abandoned", "occupancy")


def headlines(report: dict[str, Any]) -> Iterator[str]:
    """What was rehearsed, what was left out of a log, what the staffing search found."""
    scenario = report["scenario"]
    yield ", ".join(
        f"{name} {value}" for name, value in scenario.items() if not isinstance(value, dict | list)
    )
    if left_out := scenario.get("left_out"):
        yield "left out: " + ", ".join(f"{count} {why}" for why, count in left_out.items())
    for name, found in report.get("staffing", {}).items():
        agents = found["agents"]
        yield f"{name}: {'no number of agents meets the targets' if agents is None else f'{agents} agents'}"


def table_of(report: dict[str, Any]) -> Table:
    table = Table("policy", "callers", box=None, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column.replace("_", " "), justify="right")
    for policy, kinds in report["policies"].items():
        for kind, figures in kinds.items():
            table.add_row(policy, kind, *(_shown(figures, column) for column in COLUMNS))
    return table


def as_csv(report: dict[str, Any]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    widths = [f"{name}_half_width" for name in SHARES]
    writer.writerow(("policy", "callers", *COLUMNS, *widths))
    for policy, kinds in report["policies"].items():
        for kind, figures in kinds.items():
            wide = figures["half_width"]
            writer.writerow(
                (
                    policy,
                    kind,
                    *(figures.get(one, "") for one in COLUMNS),
                    *(wide.get(one, "") for one in SHARES),
                )
            )
    return text.getvalue()


def _shown(figures: dict[str, Any], column: str) -> str:
    value = figures.get(column)
    if value is None:
        return ""
    if column not in SHARES:
        return f"{value:,g}"
    wide = figures["half_width"].get(column)
    return f"{100 * value:.2f} %" + (f" ±{100 * wide:.2f}" if wide is not None else "")
