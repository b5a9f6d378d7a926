"""Closings of lines. On raw asyncpg, inside a transaction that has set the project."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from app.infra.db import Connection

_CLOSING = (
    "c.line_id, c.at, c.until, c.reason, c.message, b.login AS closed_by, c.over_at, o.login AS over_by"
    " FROM line_closings c JOIN users b ON b.id = c.closed_by LEFT JOIN users o ON o.id = c.over_by"
)

LAST = 100
"""Closings of a line that its history shows."""


async def names(connection: Connection) -> dict[str, asyncpg.Record]:
    """Rows `(id, code, name_ru, name_en)` by code, in the order screens show them."""
    rows = await connection.fetch("SELECT id, code, name_ru, name_en FROM lines ORDER BY position, code")
    return {row["code"]: row for row in rows}


async def line_id(connection: Connection, code: str) -> int | None:
    """Its row is locked until the transaction ends: two supervisors at once are served one after the other."""
    found: int | None = await connection.fetchval("SELECT id FROM lines WHERE code = $1 FOR UPDATE", code)
    return found


async def in_force(connection: Connection, now: datetime) -> dict[int, asyncpg.Record]:
    """By line."""
    rows = await connection.fetch(
        f"SELECT {_CLOSING} WHERE c.over_at IS NULL AND (c.until IS NULL OR c.until > $1)",
        now,
    )
    return {row["line_id"]: row for row in rows}


async def history(connection: Connection, line: int) -> list[asyncpg.Record]:
    """Newest first."""
    found: list[asyncpg.Record] = await connection.fetch(
        f"SELECT {_CLOSING} WHERE c.line_id = $1 ORDER BY c.at DESC, c.id DESC LIMIT {LAST}",
        line,
    )
    return found


async def close(
    connection: Connection,
    line: int,
    now: datetime,
    until: datetime | None,
    reason: str,
    message: str | None,
    user_id: int,
) -> None:
    await connection.execute(
        "INSERT INTO line_closings (line_id, at, until, reason, message, closed_by)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        *(line, now, until, reason, message, user_id),
    )


async def end(connection: Connection, line: int, now: datetime, user_id: int) -> bool:
    """Ends what is not over yet; whether something was in force. One whose time had passed ended then, by nobody."""
    ended = await connection.fetchval(
        "UPDATE line_closings SET over_at = least(until, $2), over_by = CASE WHEN until <= $2 THEN NULL"
        " ELSE $3::bigint END WHERE line_id = $1 AND over_at IS NULL"
        " RETURNING until IS NULL OR until > $2",
        *(line, now, user_id),
    )
    return bool(ended)
