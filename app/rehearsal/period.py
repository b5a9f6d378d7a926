"""A stretch of the project's own past, by the clock of its lines, written as a file that a rehearsal reads."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import asyncpg

from app.calls.export import count_calls, export_calls
from app.errors import BadInput
from app.policies.service import current
from routing.policy import DEFAULT_POLICY, BadPolicy

if TYPE_CHECKING:
    from app.policies.repository import Connection

MOST_CALLS = 1_000_000
LONGEST = timedelta(days=366)


class Period(NamedTuple):
    """Days `since` to before `until`; `line`: one line only. `zone`: IANA name; None: that of the first line."""

    since: date
    until: date
    line: str | None = None
    zone: str | None = None


async def write_period(connection: Connection, period: Period, file: Path) -> int:
    """Returns how many calls were written. Raises `BadInput`, and `OSError` for the file."""
    if period.until <= period.since:
        raise BadInput("The period ends before it begins: --to is the first day that is left out.")
    if period.until - period.since > LONGEST:
        raise BadInput("The period is longer than a year: choose a shorter one.")
    name = period.zone or await _zone_of_lines(connection)
    zone = _zone(name)
    since, until = (
        datetime.combine(day, time.min, zone).astimezone(UTC) for day in (period.since, period.until)
    )
    calls = await count_calls(connection, since, until, period.line)
    if calls > MOST_CALLS:
        raise BadInput(f"The period has {calls:,} calls, {MOST_CALLS:,} are the most: choose a shorter one.")
    try:
        tiers = (await current(connection)).rules.tiers
    except BadPolicy:
        tiers = DEFAULT_POLICY.rules.tiers
    first = {tier.name for tier in tiers if tier.always_first} | {tiers[-1].name}
    above = [tier.name for tier in tiers[1:]]
    vip = [tier for tier in above if tier in first]
    mid = [tier for tier in above if tier not in first]
    try:
        return await export_calls(
            connection, file, since, until, line=period.line, zone=name, vip=vip, mid=mid
        )
    except asyncpg.InvalidParameterValueError:
        raise BadInput(f"The database knows no time zone {name!r}: use a name like Europe/Moscow.") from None


async def _zone_of_lines(connection: Connection) -> str:
    found: str | None = await connection.fetchval("SELECT time_zone FROM lines ORDER BY position, id LIMIT 1")
    return found or "UTC"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"There is no time zone {name!r}: use a name like Europe/Moscow.") from None
