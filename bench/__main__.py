"""`make bench`: every measurement, one table, and all figures as JSON."""

import json
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from rich.console import Console
from rich.table import Table

from bench import ami_events, card_query, floor, import_clients, latency, match, rebuild, webhook

RESULTS = Path("artifacts") / "bench.json"


def _listed(figures: dict[str, Any]) -> str:
    """All plain numbers among the figures that have no column of their own."""
    return ", ".join(
        f"{name} {value:,}"
        for name, value in figures.items()
        if isinstance(value, int | float) and name not in ("ratio", "goal", "met", "rounds")
    )


class Entry(NamedTuple):
    """`ratio` of the figures and its `goal`: at least (True) or at most (False) so much."""

    title: str
    measure: Callable[[], dict[str, Any]]
    ratio: str
    goal: float | None
    at_least: bool
    said: Callable[[dict[str, Any]], str]


ENTRIES = {
    "ami_events": Entry(
        "AMI events per CPU second through reader, translate and floor / stock panoramisk",
        ami_events.measure,
        "ratio",
        8.0,
        True,
        lambda f: "{reader_and_floor:,} / {panoramisk:,}".format(**f["events_per_cpu_s"]),
    ),
    "card_query": Entry(
        "the card in one SQL / SELECT 1 (p50)", card_query.measure, "ratio", 5.0, False, _listed
    ),
    "webhook": Entry(
        "webhook requests/s / bare route with one SELECT 1",
        webhook.measure,
        "ratio",
        0.6,
        True,
        lambda f: "{webhook:,} / {select_1:,}; bare {bare:,}".format(**f["requests_per_s"]),
    ),
    "latency": Entry(
        "AMI bytes to socket at 50 calls/s / bare socket echo (p50)",
        latency.measure,
        "ratio",
        3.0,
        False,
        _listed,
    ),
    "floor": Entry(
        "cost of an event at 5,000 live calls / at 50", floor.measure, "ratio", 1.2, False, _listed
    ),
    "match": Entry(
        "one match step, 10,000 waiting and 2,000 agents (p99) / the 2 ms allowed",
        match.measure,
        "ratio",
        1.0,
        False,
        _listed,
    ),
    "rebuild": Entry(
        "seconds from login to a floor of 1,000 calls rebuilt / the 2 s allowed",
        rebuild.measure,
        "ratio",
        1.0,
        False,
        _listed,
    ),
    "import_clients": Entry(
        "import of clients / bare COPY (rows/s)",
        import_clients.measure,
        "ratio",
        None,
        True,
        _listed,
    ),
}


def main(wanted: list[str]) -> int:
    unknown = [name for name in wanted if name not in ENTRIES]
    if unknown:
        print(f"no such bench: {', '.join(unknown)}; there are {', '.join(ENTRIES)}", file=sys.stderr)
        return 2
    console = Console(stderr=True)
    table = Table("what", "measured", "ratio", "goal", title="Medians of interleaved rounds")
    load = psutil.getloadavg()[0]
    results: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"python": platform.python_version(), "cores": psutil.cpu_count(), "load_before": load},
    }
    for name in wanted or ENTRIES:
        entry = ENTRIES[name]
        with console.status(f"{entry.title} …"):
            figures = results[name] = entry.measure()
        ratio = figures[entry.ratio]
        table.add_row(entry.title, entry.said(figures), f"{ratio:.2f}", _goal(entry, ratio))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    Console().print(table)
    console.print(
        f"All figures: {RESULTS}" + (f"; the machine was busy (load {load:.1f})" if load > 1 else "")
    )
    return 0


def _goal(entry: Entry, ratio: float) -> str:
    if entry.goal is None:
        return "–"
    kept = ratio >= entry.goal if entry.at_least else ratio <= entry.goal
    return f"{'≥' if entry.at_least else '≤'} {entry.goal:g} {'✓' if kept else '✗ missed'}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
