"""Lines kept in memory, with their hours read: what `decide()` looks at is made from them for each call."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec
import structlog

from app.errors import BadInput
from app.infra import numbers
from app.lines.repository import DialledLine
from app.lines.rules import hours_of, zone_of
from routing.facts import LineFacts, Load, OtherLine, Overflow
from routing.hours import OPEN, Closing, Hours, OpenState, first_open, open_state
from routing.overflow import limits_passed

log = structlog.get_logger(__name__)


Loads = Callable[[str, str], Load | None]
"""The port to what is going on: `loads(pbx, line)`. None while nobody can say. Quick, never waits."""


def no_loads(_pbx: str, _line: str) -> Load | None:
    return None


class KnownLine(NamedTuple):
    """`facts`: all that stays the same from call to call."""

    pbx: str
    facts: LineFacts
    hours: Hours
    zone: str
    closing: Closing | None
    reply_minutes: int
    overflow: Overflow | None
    other: str | None

    def opening(self, now: float) -> OpenState:
        if self.closing is None and self.hours.always:
            return OPEN
        return open_state(self.hours, self.closing, now, zone_of(self.zone))


NO_LINE = KnownLine(
    "", LineFacts("default", "default", by_default=True), Hours(), "UTC", None, 240, None, None
)
"""When no line was ever read; the dialplan checks that the queue exists and else takes its own default."""


class Lines:
    """Of one project: found by switch and dialled number, as presented and as E.164, or by code."""

    def __init__(self, region: str, dialled: Iterable[DialledLine] = ()) -> None:
        self._region = region
        self._by_number: dict[tuple[str, str | int], KnownLine] = {}
        self._defaults: dict[str, KnownLine] = {}
        self._by_code: dict[str, KnownLine] = {}
        for row in dialled:
            self._add(row)

    def _add(self, row: DialledLine) -> None:
        line = known(row)
        self._by_code.setdefault(row.code, line)
        if row.dnis is not None:
            of_number = _with(line, topic=row.topic)
            self._by_number[row.pbx, row.dnis] = of_number
            e164 = numbers.parse(row.dnis, self._region).e164
            if e164 is not None:
                self._by_number.setdefault((row.pbx, e164), of_number)
        if row.is_default or row.pbx not in self._defaults:
            self._defaults[row.pbx] = _with(line, by_default=True)

    def dialled(self, pbx: str, dnis: str | None) -> KnownLine:
        """The line that owns the number, else the default one of that switch."""
        if dnis:
            if exact := self._by_number.get((pbx, dnis)):
                return exact
            e164 = numbers.parse(dnis, self._region).e164
            if e164 is not None and (same := self._by_number.get((pbx, e164))):
                return same
        return self._defaults.get(pbx, NO_LINE)

    def is_open(self, code: str, now: float) -> bool:
        """A line that is not known (its lines were never read) counts as open."""
        line = self._by_code.get(code)
        return line is None or line.opening(now).open

    def reply_minutes(self, code: str) -> int | None:
        line = self._by_code.get(code)
        return None if line is None else line.reply_minutes

    def opens(self, code: str, since: float) -> float | None:
        """The first moment from `since` on at which the line is open by its hours; None: none within a year."""
        line = self._by_code.get(code)
        return since if line is None else first_open(line.hours, since, zone_of(line.zone))

    def facts(self, line: KnownLine, now: float, loads: Loads) -> LineFacts:
        """As they are now."""
        opening = line.opening(now)
        if opening is OPEN and line.overflow is None:
            return line.facts
        overflow = line.overflow
        if overflow is not None and line.other is not None:
            other = self._by_code.get(line.other)
            if other is not None and other.pbx == line.pbx:
                overflow = msgspec.structs.replace(overflow, other=_other(other, now, loads))
        return msgspec.structs.replace(line.facts, open=opening, overflow=overflow)


def known(row: DialledLine) -> KnownLine:
    """A line whose hours cannot be read is open: a mistake in them must not turn callers away."""
    closing = None
    if row.closed_since is not None:
        closing = Closing(row.closed_since, row.closed_reason or "", row.closed_until, row.closing_message)
    try:
        hours = hours_of(row.hours, row.days_off)
        zone_of(row.time_zone)
        zone = row.time_zone
    except (BadInput, msgspec.DecodeError, AttributeError, TypeError) as error:
        log.error("hours_unusable", line=row.code, problem=str(error), so="open round the clock")
        hours, zone = Hours(), "UTC"
    facts = LineFacts(
        row.code,
        row.queue,
        executor=row.executor,
        vip_queue=row.vip_queue,
        after_hours=row.after_hours,
        closed_message=row.closed_message,
        time_zone=zone,
        topics=tuple(row.topics),
        announce=tuple(row.announce),
    )
    overflow = None
    if row.overflow_to is not None:
        overflow = Overflow(row.overflow_to, row.overflow_wait_s, row.overflow_per_agent)
    return KnownLine(row.pbx, facts, hours, zone, closing, row.reply_minutes, overflow, row.overflow_line)


def _with(line: KnownLine, **changed: str | bool | None) -> KnownLine:
    return line._replace(facts=msgspec.structs.replace(line.facts, **changed))


def _other(line: KnownLine, now: float, loads: Loads) -> OtherLine:
    """Full by its own limits; one without limits takes everybody."""
    load, limits = loads(line.pbx, line.facts.code), line.overflow
    full = limits is not None and load is not None
    if limits is not None and load is not None:
        full = any(limits_passed(load, limits.wait_s, limits.per_agent))
    facts = line.facts
    return OtherLine(facts.code, facts.queue, facts.executor, line.opening(now).open, full)
