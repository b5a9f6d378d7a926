"""Policy versions in PostgreSQL. All on raw asyncpg, inside a transaction that has set the project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from app.infra.tables import CURRENT_PROJECT

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]

_LOCK = f"SELECT pg_advisory_xact_lock(hashtextextended('policies', {CURRENT_PROJECT}))"
"""One change of a project's policies at a time, until the transaction ends."""

_VERSIONS = (
    "SELECT p.version, p.body::text AS body, p.active, p.note, u.name AS created_by, p.created_at"
    " FROM policies p LEFT JOIN users u ON u.id = p.created_by"
)


async def lock(connection: Connection) -> None:
    await connection.execute(_LOCK)


async def active(connection: Connection) -> tuple[int, str] | None:
    """(version, body as JSON); None while the project has no active policy."""
    row = await connection.fetchrow("SELECT version, body FROM policies WHERE active")
    return (row["version"], row["body"]) if row else None


async def body_of(connection: Connection, version: int) -> str | None:
    body: str | None = await connection.fetchval("SELECT body FROM policies WHERE version = $1", version)
    return body


async def one(connection: Connection, version: int) -> asyncpg.Record | None:
    """`(version, body as JSON text, active, note, created_by, created_at)`; `created_by` is a name."""
    return await connection.fetchrow(f"{_VERSIONS} WHERE p.version = $1", version)


async def versions(connection: Connection, limit: int, before: int | None) -> list[asyncpg.Record]:
    """The same, newest first, of versions below `before`."""
    found: list[asyncpg.Record] = await connection.fetch(
        f"{_VERSIONS} WHERE $2::integer IS NULL OR p.version < $2 ORDER BY p.version DESC LIMIT $1",
        *(limit, before),
    )
    return found


async def activations(connection: Connection, limit: int) -> list[asyncpg.Record]:
    """Rows `(at, version, by, confirmed)`, newest first; `by` is a name."""
    found: list[asyncpg.Record] = await connection.fetch(
        "SELECT a.at, a.version, u.name AS by, a.confirmed FROM policy_activations a"
        " LEFT JOIN users u ON u.id = a.by ORDER BY a.at DESC, a.id DESC LIMIT $1",
        limit,
    )
    return found


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


async def activate(
    connection: Connection, version: int, by: int | None = None, confirmed: Sequence[str] = ()
) -> None:
    """0: none is active, the built-in defaults are in force."""
    await connection.execute(_LOCK)
    await connection.execute("UPDATE policies SET active = false WHERE active AND version <> $1", version)
    await connection.execute("UPDATE policies SET active = true WHERE version = $1", version)
    await connection.execute(
        "INSERT INTO policy_activations (version, by, confirmed) VALUES ($1, $2, $3)",
        *(version, by, list(confirmed)),
    )


async def before_this(connection: Connection) -> int | None:
    """The version that was in force before the present one; None when there was no change yet."""
    found: int | None = await connection.fetchval(
        "WITH now AS (SELECT coalesce((SELECT version FROM policies WHERE active), 0) AS version),"
        " last AS (SELECT max(a.id) AS id FROM policy_activations a, now WHERE a.version <> now.version)"
        " SELECT coalesce((SELECT a.version FROM policy_activations a, last WHERE a.id = last.id),"
        "   CASE WHEN (SELECT version FROM now) > 0 THEN 0 END)"
    )
    return found
