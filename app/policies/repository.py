"""Policy versions in PostgreSQL. All on raw asyncpg, inside a transaction that has set the project."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from app.infra.tables import CURRENT_PROJECT

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]

_LOCK = f"SELECT pg_advisory_xact_lock(hashtextextended('policies', {CURRENT_PROJECT}))"
"""One change of a project's policies at a time, until the transaction ends."""


async def active(connection: Connection) -> tuple[int, str] | None:
    """(version, body as JSON); None while the project has no active policy."""
    row = await connection.fetchrow("SELECT version, body FROM policies WHERE active")
    return (row["version"], row["body"]) if row else None


async def body_of(connection: Connection, version: int) -> str | None:
    body: str | None = await connection.fetchval("SELECT body FROM policies WHERE version = $1", version)
    return body


async def add(connection: Connection, body: str, note: str, created_by: int | None) -> int:
    """Stores an inactive version and returns its number. Two at once are numbered one after the other."""
    await connection.execute(_LOCK)
    version: int = await connection.fetchval(
        "INSERT INTO policies (version, body, note, created_by)"
        " SELECT coalesce(max(version), 0) + 1, $1::jsonb, $2, $3 FROM policies RETURNING version",
        body,
        note,
        created_by,
    )
    return version


async def activate(connection: Connection, version: int) -> None:
    await connection.execute(_LOCK)
    await connection.execute("UPDATE policies SET active = false WHERE active AND version <> $1", version)
    await connection.execute("UPDATE policies SET active = true WHERE version = $1", version)
