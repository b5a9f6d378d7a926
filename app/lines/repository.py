"""Lines as the webhook needs them. On raw asyncpg, inside a transaction that has set the project."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]


class DialledLine(NamedTuple):
    """A line and one number that leads to it; `dnis` is None for a line nobody can dial."""

    pbx: str
    dnis: str | None
    code: str
    queue: str
    is_default: bool


async def dialled(connection: Connection) -> list[DialledLine]:
    """All lines of the project with all their numbers, the first line of a PBX first."""
    rows = await connection.fetch(
        "SELECT l.pbx, n.dnis, l.code, l.queue, l.is_default"
        " FROM lines l LEFT JOIN line_numbers n ON n.line_id = l.id AND n.pbx = l.pbx"
        " ORDER BY l.position, l.id"
    )
    return [DialledLine(*row) for row in rows]
