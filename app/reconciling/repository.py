"""What the floor reported, read back for a comparison. On raw asyncpg, inside a transaction that has set the project."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import msgspec

from telephony.changes import Change

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]

LONGEST_CALL = timedelta(hours=12)
"""A call that began in the window is followed so long."""

_EVENTS = """
SELECT e.call_id, e.kind, extract(epoch FROM e.at)::float8 AS at, e.data::text AS data
FROM call_events e WHERE e.pbx = $1 AND e.at >= $2 AND e.at < $3 ORDER BY e.at, e.id
"""


async def changes_between(
    connection: Connection, pbx: str, since: datetime, until: datetime
) -> AsyncIterator[Change]:
    """All changes of calls of one switch, in order; kinds that are no changes of the floor are left out."""
    kinds = {one.__name__ for one in Change.__args__}
    async for row in connection.cursor(_EVENTS, pbx, since, until + LONGEST_CALL):
        if row["kind"] in kinds:
            data = msgspec.json.decode(row["data"])
            told = {**data, "type": row["kind"], "at": row["at"], "call": row["call_id"]}
            yield msgspec.convert(told, Change)


async def names_of_agents(connection: Connection, pbx: str) -> dict[str, str]:
    """{interface: name in queues}"""
    rows = await connection.fetch("SELECT interface, name FROM agents WHERE pbx = $1", pbx)
    return {row["interface"]: row["name"] for row in rows}
