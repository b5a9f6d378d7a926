"""Recorded days as traffic: what really came, when, how long it took, how long people were ready to wait.

Three formats, told apart by their header:

*bank*: one line for each call of the Technion's "Anonymous Bank" log: `priority` 2 is vip, 1 mid, 0 low; a call joins when
the self-service lets it go; `PHANTOM` lines are no calls. *history*: our own: `joined,tier,wait_s,outcome,handling_s,
agent` with `joined` in ISO 8601, `tier` vip, mid (priority) or low (standard), `outcome` answered or abandoned. *export*:
what `tierline export calls` writes: the same and `kind` (vip, mid, low), because tiers may have any names.

Who hung up shows his patience; who was answered was more patient than he waited, and how much more is drawn from an
exponential with his kind's mean (abandoned calls / time waited by all: the maximum likelihood under censoring).
Staffing: the agents seen in each half hour.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from routing.rehearse.calls import Call, Chance, Interval, Traffic

HALF_HOUR_S = 1800.0
DAY_S = 86_400.0
NAMES = ("vip", "mid", "low")
_OF_PRIORITY = {"2": 0, "1": 1, "0": 2}
_OF_TIER = {"vip": 0, "mid": 1, "priority": 1, "low": 2, "standard": 2}
_BANK = {"vru_exit", "priority", "q_start", "q_time", "outcome", "ser_start", "ser_time", "server", "date"}
_OWN = {"joined", "tier", "wait_s", "outcome", "handling_s", "agent"}
_EXPORT = _OWN | {"kind", "call_id"}


class UnknownLog(ValueError):
    """No format that we read; the text says what is expected."""


class Row(NamedTuple):
    """One call. `at`: seconds since midnight; `handling_s`: None when nobody answered."""

    day: str
    at: float
    kind: int
    wait_s: float
    handling_s: float | None
    agent: str


class Log(NamedTuple):
    """`left_out`: reason -> lines that are no call or make no sense."""

    format: str
    rows: list[Row]
    left_out: Counter[str]


class Skipped(ValueError):
    """This line is left out, and why."""


def read_log(lines: Iterable[str]) -> Log:
    """CSV with a header. Raises `UnknownLog`; a broken line is counted, never fatal."""
    reader = csv.DictReader(lines)
    try:
        header = set(reader.fieldnames or ())
    except csv.Error as error:
        raise UnknownLog(f"this is no CSV: {error}") from None
    if header >= _BANK:
        name, read = "bank", _bank_row
    elif header >= _EXPORT:
        name, read = "export", _exported_row
    elif header >= _OWN:
        name, read = "history", _own_row
    else:
        seen = ascii(", ".join(sorted(filter(None, header))))[1:-1] or "nothing"
        raise UnknownLog(
            f"a CSV with the columns {', '.join(sorted(_OWN))} or a log of the bank format is expected; "
            f"this header has: {seen[:120]}"
        )
    log = Log(name, [], Counter())
    fields = iter(reader)
    while True:
        try:
            values = next(fields)
            log.rows.append(read({key: value or "" for key, value in values.items() if key}))
        except StopIteration:
            return log
        except Skipped as why:
            log.left_out[str(why)] += 1
        except (ValueError, csv.Error):
            log.left_out["broken"] += 1


def days_of(log: Log, scale: int, chance: Chance) -> list[Traffic]:
    """One stretch for each day. `scale`: so many times the calls on so many times the staff; a copy comes up to half a
    half hour earlier or later, with the handling time of another call of its kind."""
    rates, handled = _patience(log.rows), _handled(log.rows)
    of_day: dict[str, list[Row]] = defaultdict(list)
    for row in log.rows:
        of_day[row.day].append(row)
    days = []
    for day in sorted(of_day):
        rows = of_day[day]
        calls = sorted(call for row in rows for call in _calls(row, scale, rates, handled, chance))
        days.append(Traffic(tuple(calls), _staffing(rows, scale), _end(rows)))
    return days


def shares(log: Log) -> list[tuple[str, float, float, float]]:
    """For each kind: name, share of the calls, mean handling, mean patience."""
    rates, handled = _patience(log.rows), _handled(log.rows)
    count = Counter(row.kind for row in log.rows)
    return [
        (name, count[kind] / len(log.rows), sum(handled[kind]) / len(handled[kind]), 1 / rates[kind])
        for kind, name in enumerate(NAMES)
        if log.rows
    ]


def _bank_row(row: dict[str, str]) -> Row:
    if row["outcome"] == "PHANTOM":
        raise Skipped("phantom")
    if row["outcome"] not in ("AGENT", "HANG"):
        raise Skipped("broken")
    kind = _OF_PRIORITY.get(row["priority"])
    if kind is None:
        raise Skipped("broken")
    answered = row["outcome"] == "AGENT"
    waited = _seconds(row["q_time"])
    queued = row["q_start"] not in ("0:00:00", "00:00:00", "")
    if not answered and not queued:
        raise Skipped("hung up before waiting")
    handling = _seconds(row["ser_time"]) if answered else None
    if handling == 0:
        raise Skipped("broken")
    at = _clock(row["q_start"] if queued else row["ser_start"])
    server = row["server"].strip()
    return Row(_date(row["date"]), at, kind, waited, handling, "" if server == "NO_SERVER" else server)


def _own_row(row: dict[str, str]) -> Row:
    if row["tier"] not in _OF_TIER or row["outcome"] not in ("answered", "abandoned"):
        raise Skipped("broken")
    joined = datetime.fromisoformat(row["joined"])
    waited = _seconds(row["wait_s"])
    handling = _seconds(row["handling_s"]) if row["outcome"] == "answered" else None
    if handling == 0:
        raise Skipped("broken")
    at = joined.hour * 3600 + joined.minute * 60 + joined.second + joined.microsecond / 1e6
    return Row(joined.date().isoformat(), at, _OF_TIER[row["tier"]], waited, handling, row["agent"].strip())


def _exported_row(row: dict[str, str]) -> Row:
    if row["outcome"] in ("unanswered", "rejected", "failed"):
        raise Skipped("neither answered nor hung up")
    return _own_row({**row, "tier": row["kind"]})


def _date(text: str) -> str:
    return datetime.strptime(text, "%Y-%m-%d").date().isoformat()  # noqa: DTZ007 -- the log has no zone


def _seconds(text: str) -> float:
    """Of one call: neither negative nor longer than a day; `nan` is neither."""
    seconds = float(text)
    if not 0 <= seconds < DAY_S:
        raise ValueError(text)
    return seconds


def _clock(text: str) -> float:
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 60):
        raise ValueError(text)
    return float(hours * 3600 + minutes * 60 + seconds)


def _patience(rows: Iterable[Row]) -> list[float]:
    """Hang-ups per second of waiting, for each kind; one is added to nobody's, so that it is never 0."""
    gone, waited = [0.5] * len(NAMES), [150.0] * len(NAMES)
    for row in rows:
        gone[row.kind] += row.handling_s is None
        waited[row.kind] += row.wait_s
    return [left / long for left, long in zip(gone, waited, strict=True)]


def _handled(rows: Iterable[Row]) -> list[list[float]]:
    """Handling times of each kind; of all calls where a kind has none."""
    found: list[list[float]] = [[] for _ in NAMES]
    for row in rows:
        if row.handling_s is not None:
            found[row.kind].append(row.handling_s)
    every = [time for times in found for time in times] or [180.0]
    return [times or every for times in found]


def _calls(
    row: Row, scale: int, rates: list[float], handled: list[list[float]], chance: Chance
) -> Iterator[Call]:
    mean_rate, times = rates[row.kind], handled[row.kind]
    for copy in range(scale):
        patience = row.wait_s
        if row.handling_s is not None:
            patience += chance.expovariate(mean_rate)
        service = row.handling_s
        if service is None or copy:
            service = times[int(chance.random() * len(times))]
        at = row.at + (chance.random() - 0.5) * HALF_HOUR_S if copy else row.at
        yield Call(max(0.0, at), row.kind, service, patience)


def _staffing(rows: list[Row], scale: int) -> tuple[Interval, ...]:
    seen: dict[int, set[str]] = defaultdict(set)
    came = Counter(int(row.at // HALF_HOUR_S) for row in rows)
    for row in rows:
        if row.agent and row.handling_s is not None:
            start = row.at + row.wait_s
            for half in range(int(start // HALF_HOUR_S), int((start + row.handling_s) // HALF_HOUR_S) + 1):
                seen[half].add(row.agent)
    last = int(_end(rows) // HALF_HOUR_S)
    return tuple(
        Interval(half * HALF_HOUR_S, came[half] * scale / HALF_HOUR_S, len(seen[half]) * scale)
        for half in range(last)
    )


def _end(rows: list[Row]) -> float:
    """The end of the half hour in which the last call is over."""
    over = max(row.at + row.wait_s + (row.handling_s or 0.0) for row in rows)
    return (over // HALF_HOUR_S + 1) * HALF_HOUR_S
