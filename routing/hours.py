"""When a line is open: weekly hours and holidays by the clock on its wall. The time zone comes in as an argument.

Written as people write them, `mon-fri 09:00-20:00` and, for a holiday, `10:00-15:00`. Open is whoever's wall clock stands
within a span, so a change to summer time moves nobody's opening: an hour that is skipped is not missed, and one that comes
twice counts twice.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import msgspec

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 1440

LOOK_AHEAD_DAYS = 367
"""Further ahead no opening is looked for: whoever closes for longer than a year says so himself."""

Span = tuple[int, int]
"""Minutes of a day: from the first, up to and without the second (1440 is midnight)."""

_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))")
_DAYS = re.compile(r"[a-z]{3}(?:-[a-z]{3})?(?:,[a-z]{3}(?:-[a-z]{3})?)*")

WhyOpen = Literal["always", "hours", "outside_hours", "holiday", "forced"]


class BadHours(ValueError):
    """Says what is wrong and how it is written."""


class Hours(msgspec.Struct, frozen=True):
    """`week`: spans of Monday … Sunday; empty: round the clock. A day of `holidays` has those spans and no others."""

    week: tuple[tuple[Span, ...], ...] = ()
    holidays: dict[date, tuple[Span, ...]] = {}

    @property
    def always(self) -> bool:
        return not self.week and not self.holidays

    def spans(self, day: date) -> tuple[Span, ...]:
        holiday = self.holidays.get(day)
        if holiday is not None:
            return holiday
        return self.week[day.weekday()] if self.week else ((0, DAY_MINUTES),)

    def within(self, local: datetime) -> bool:
        minute = local.hour * 60 + local.minute
        return any(first <= minute < last for first, last in self.spans(local.date()))


class Closing(msgspec.Struct, frozen=True):
    """A supervisor closed the line at `since`. `until` (seconds since 1970): None: until somebody opens it."""

    since: float
    reason: str
    until: float | None = None
    message: str | None = None


class OpenState(msgspec.Struct, frozen=True, omit_defaults=True):
    """`local`: the line's date and time, `opens`: the same when it opens again, `2026-11-23T09:00+03:00`, and `opens_at` in
    seconds since 1970; None: not within a year, or nobody knows. `reason`, `message`: of a forced closing.
    """

    open: bool = True
    why: WhyOpen = "always"
    local: str | None = None
    opens: str | None = None
    opens_at: float | None = None
    reason: str | None = None
    message: str | None = None


OPEN = OpenState()


def open_state(hours: Hours, closing: Closing | None, now: float, zone: tzinfo) -> OpenState:
    """Whether the line is open at `now` (seconds since 1970), and why."""
    forced = closing is not None and (closing.until is None or now < closing.until)
    if hours.always and not forced:
        return OPEN
    local = datetime.fromtimestamp(now, zone)
    if not forced and hours.within(local):
        return OpenState(why="hours", local=_written(local))
    opens_at: float | None
    if closing is not None and forced:
        opens_at = closing.until and first_open(hours, closing.until, zone)
    else:
        opens_at = first_open(hours, now, zone)
    return OpenState(
        open=False,
        why="forced" if forced else "holiday" if local.date() in hours.holidays else "outside_hours",
        local=_written(local),
        opens=_written(datetime.fromtimestamp(opens_at, zone)) if opens_at is not None else None,
        opens_at=opens_at,
        reason=closing.reason if closing is not None and forced else None,
        message=closing.message if closing is not None and forced else None,
    )


def first_open(hours: Hours, since: float, zone: tzinfo) -> float | None:
    """The first moment from `since` on at which the hours are open; None: none within `LOOK_AHEAD_DAYS`."""
    if hours.within(datetime.fromtimestamp(since, zone)):
        return since
    today = datetime.fromtimestamp(since, zone).date()
    for ahead in range(LOOK_AHEAD_DAYS):
        day = today + timedelta(days=ahead)
        spans = hours.spans(day)
        if not spans:
            continue
        for moment in sorted({*_starts(day, spans, zone), *_changes(day, zone)}):
            if moment > since and hours.within(datetime.fromtimestamp(moment, zone)):
                return moment
    return None


def read_hours(week: Sequence[str], holidays: Mapping[str, Sequence[str]]) -> Hours:
    """`["mon-fri 09:00-20:00", "sat,sun 22:00-02:00"]`, `{"2027-01-01": [], "2026-12-31": ["09:00-15:00"]}` -> `Hours`. A span
    of the week may run over midnight. Raises `BadHours`."""
    days: list[list[Span]] = [[] for _ in DAYS]
    for text in week:
        named, _, spans = text.strip().lower().partition(" ")
        for day in _days(named, text):
            for first, last in _spans(spans, text):
                if first < last:
                    days[day].append((first, last))
                else:
                    days[day].append((first, DAY_MINUTES))
                    if last:
                        days[(day + 1) % 7].append((0, last))
    return Hours(
        tuple(_in_order(spans, DAYS[place]) for place, spans in enumerate(days)) if week else (),
        {_date(day): _holiday(day, spans) for day, spans in holidays.items()},
    )


def _days(named: str, text: str) -> Iterator[int]:
    if not _DAYS.fullmatch(named):
        raise BadHours(f"{text!r}: write days and spans, for instance 'mon-fri 09:00-20:00'")
    for part in named.split(","):
        first, _, last = part.partition("-")
        for day in (first, last or first):
            if day not in DAYS:
                raise BadHours(f"{text!r}: no day {day!r}; the days are {', '.join(DAYS)}")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        for step in range((end - begin) % 7 + 1):
            yield (begin + step) % 7


def _spans(written: str, text: str) -> Iterator[Span]:
    parts = [part.strip() for part in written.split(",")]
    for part in parts:
        found = _SPAN.fullmatch(part)
        if found is None:
            raise BadHours(
                f"{text!r}: write a span of time as 09:00-20:00 (24:00 is midnight), several with commas"
            )
        hour, minute, *end = (int(one) for one in found.groups() if one is not None)
        first, last = hour * 60 + minute, end[0] * 60 + end[1]
        if first == last:
            raise BadHours(f"{text!r}: {part} begins where it ends; round the clock is 00:00-24:00")
        yield first, last


def _holiday(day: str, spans: Sequence[str]) -> tuple[Span, ...]:
    found = [span for text in spans for span in _spans(text, f"{day}: {text}")]
    for first, last in found:
        if last <= first:
            raise BadHours(f"{day}: a holiday's hours end at 24:00 at the latest; name the next day as well")
    return _in_order(found, day)


def _in_order(spans: list[Span], day: str) -> tuple[Span, ...]:
    ordered = sorted(spans)
    for one, other in pairwise(ordered):
        if other[0] < one[1]:
            raise BadHours(f"{day}: two spans share time ({_clock(other[0])}); write it once")
    return tuple(ordered)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadHours(f"{text!r} is no date; write holidays as 2027-01-01") from None


def _starts(day: date, spans: tuple[Span, ...], zone: tzinfo) -> Iterator[float]:
    for first, _ in spans:
        wall = datetime(day.year, day.month, day.day, first // 60, first % 60, tzinfo=zone)
        yield wall.timestamp()
        yield wall.replace(fold=1).timestamp()


@lru_cache(4096)
def _changes(day: date, zone: tzinfo) -> tuple[float, ...]:
    """The moment at which the wall clock jumps on this day, if it does: hours may begin in what it skips or repeats."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    before, after = int(midnight) - 15 * 3600, int(midnight) + 39 * 3600
    offset = _offset(before, zone)
    if _offset(after, zone) == offset:
        return ()
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset(middle, zone) == offset else (before, middle)
    return (float(after),) if datetime.fromtimestamp(after, zone).date() == day else ()


def _offset(moment: float, zone: tzinfo) -> timedelta | None:
    return datetime.fromtimestamp(moment, zone).utcoffset()


def _written(local: datetime) -> str:
    return local.isoformat(timespec="minutes")


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
