"""Past calls as CSV, made by PostgreSQL itself: neither the service nor a command holds a year of them in memory.

One row for each call that waited on a line and is over. No number and no name of a caller: the file may be given away.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]

_WHICH = (
    "FROM calls WHERE joined_at >= $1 AND joined_at < $2 AND started_at >= $1::timestamptz - interval '1 day'"
    " AND started_at < $2 AND wait_s IS NOT NULL AND ended_at IS NOT NULL AND ($3::text IS NULL OR line = $3)"
)

_ROWS = f"""
SELECT to_char(joined_at AT TIME ZONE $4, 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS joined, tier,
    CASE WHEN tier = ANY($5::text[]) THEN 'vip' WHEN tier = ANY($6::text[]) THEN 'mid' ELSE 'low' END AS kind,
    round(wait_s::numeric, 3) AS wait_s, outcome, round(talk_s::numeric, 3) AS handling_s,
    pbx || '/' || answered_by AS agent, line, pbx, call_id
{_WHICH} ORDER BY joined_at, pbx, call_id
"""


async def count_calls(connection: Connection, since: datetime, until: datetime, line: str | None) -> int:
    """How many rows `export_calls` would write."""
    found: int = await connection.fetchval(f"SELECT count(*) {_WHICH}", since, until, line)
    return found


async def export_calls(
    connection: Connection,
    file: Path,
    since: datetime,
    until: datetime,
    *,
    line: str | None,
    zone: str,
    vip: Sequence[str],
    mid: Sequence[str],
) -> int:
    """Calls that joined a line from `since` on, before `until`; `joined` by the clock of `zone` (IANA). `vip`, `mid`: tiers
    that are the `kind` of that name. Returns the number of rows. Raises `OSError` when the file cannot be written."""
    status: str = await connection.copy_from_query(
        _ROWS,
        *(since, until, line, zone, list(vip), list(mid)),
        output=str(file),
        format="csv",
        header=True,
    )
    return int(status.rpartition(" ")[2])
