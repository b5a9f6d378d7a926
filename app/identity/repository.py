"""Users, sessions and tokens in PostgreSQL. All on raw asyncpg, inside a transaction that has set the project."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]
    Row: TypeAlias = asyncpg.Record

_TOUCH_AFTER = timedelta(minutes=1)
"""A sign of life is written at most this often."""

_SESSION = """
SELECT s.token_sha256 AS session, u.project_id, u.id AS user_id, u.login, u.name, u.role, u.language, u.theme,
       a.id AS agent_id, a.pbx, a.interface
FROM sessions s
JOIN users u ON u.project_id = s.project_id AND u.id = s.user_id
LEFT JOIN agents a ON a.project_id = u.project_id AND a.user_id = u.id AND NOT a.disabled
WHERE s.token_sha256 = $1 AND s.expires_at > now() AND NOT u.disabled
"""


async def user_by_login(connection: Connection, login: str) -> Row | None:
    return await connection.fetchrow(
        "SELECT id, login, password_hash, disabled FROM users WHERE login = $1", login
    )


async def add_user(
    connection: Connection, login: str, name: str, role: str, password_hash: str, language: str
) -> int | None:
    """None when the login is taken."""
    user_id: int | None = await connection.fetchval(
        "INSERT INTO users (login, name, role, password_hash, language) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (project_id, login) DO NOTHING RETURNING id",
        login,
        name,
        role,
        password_hash,
        language,
    )
    return user_id


async def all_users(connection: Connection) -> Sequence[Row]:
    rows: Sequence[Row] = await connection.fetch(
        "SELECT u.id, u.login, u.name, u.role, u.disabled, a.code AS agent, a.interface,"
        " (SELECT max(s.last_seen_at) FROM sessions s WHERE s.project_id = u.project_id AND s.user_id = u.id)"
        " AS last_seen_at"
        " FROM users u LEFT JOIN agents a ON a.project_id = u.project_id AND a.user_id = u.id ORDER BY u.login"
    )
    return rows


async def make_agent(connection: Connection, user_id: int, agent_code: str) -> bool:
    """The agent's device becomes this user's. False when no agent has the code."""
    query = "UPDATE agents SET user_id = $1 WHERE code = $2 RETURNING id"
    return await connection.fetchval(query, user_id, agent_code) is not None


async def set_password_hash(connection: Connection, user_id: int, password_hash: str) -> None:
    await connection.execute("UPDATE users SET password_hash = $2 WHERE id = $1", user_id, password_hash)


async def set_disabled(connection: Connection, user_id: int, disabled: bool) -> None:
    await connection.execute("UPDATE users SET disabled = $2 WHERE id = $1", user_id, disabled)


async def set_wishes(connection: Connection, user_id: int, language: str | None, theme: str | None) -> None:
    await connection.execute(
        "UPDATE users SET language = coalesce($2, language), theme = coalesce($3, theme) WHERE id = $1",
        user_id,
        language,
        theme,
    )


async def add_session(
    connection: Connection, key: bytes, user_id: int, lasts: timedelta, ip: str | None, user_agent: str | None
) -> None:
    await connection.execute(
        "INSERT INTO sessions (token_sha256, user_id, expires_at, ip, user_agent)"
        " VALUES ($1, $2, now() + $3, $4, $5)",
        key,
        user_id,
        lasts,
        ip,
        user_agent,
    )


async def running_session(connection: Connection, key: bytes) -> dict[str, Any] | None:
    row = await connection.fetchrow(_SESSION, key)
    return dict(row) if row else None


async def touch_session(connection: Connection, key: bytes, lasts: timedelta) -> None:
    await connection.execute(
        "UPDATE sessions SET last_seen_at = now(), expires_at = now() + $2"
        " WHERE token_sha256 = $1 AND last_seen_at < now() - $3::interval",
        key,
        lasts,
        _TOUCH_AFTER,
    )


async def still_running(connection: Connection, keys: Iterable[bytes]) -> set[bytes]:
    rows = await connection.fetch(
        "SELECT s.token_sha256 FROM sessions s JOIN users u ON u.project_id = s.project_id AND u.id = s.user_id"
        " WHERE s.token_sha256 = ANY($1::bytea[]) AND s.expires_at > now() AND NOT u.disabled",
        list(keys),
    )
    return {row["token_sha256"] for row in rows}


async def end_session(connection: Connection, key: bytes) -> None:
    await connection.execute("DELETE FROM sessions WHERE token_sha256 = $1", key)


async def end_sessions_of(connection: Connection, user_id: int) -> list[bytes]:
    rows = await connection.fetch("DELETE FROM sessions WHERE user_id = $1 RETURNING token_sha256", user_id)
    return [row["token_sha256"] for row in rows]


async def delete_expired(connection: Connection) -> int:
    rows = await connection.fetch("DELETE FROM sessions WHERE expires_at <= now() RETURNING 1")
    return len(rows)


async def add_token(connection: Connection, name: str, key: bytes, scopes: list[str]) -> int | None:
    """None when the name is taken."""
    token_id: int | None = await connection.fetchval(
        "INSERT INTO service_tokens (name, token_sha256, scopes) VALUES ($1, $2, $3)"
        " ON CONFLICT (project_id, name) DO NOTHING RETURNING id",
        name,
        key,
        scopes,
    )
    return token_id


async def all_tokens(connection: Connection) -> Sequence[Row]:
    rows: Sequence[Row] = await connection.fetch(
        "SELECT name, scopes, created_at, last_used_at, revoked_at FROM service_tokens ORDER BY created_at, id"
    )
    return rows


async def valid_token(connection: Connection, key: bytes) -> Row | None:
    """Its use is noted, at most once a minute."""
    row = await connection.fetchrow(
        "SELECT id, name, scopes, last_used_at IS NULL OR last_used_at < now() - $2::interval AS note"
        " FROM service_tokens WHERE token_sha256 = $1 AND revoked_at IS NULL",
        key,
        _TOUCH_AFTER,
    )
    if row is not None and row["note"]:
        await connection.execute("UPDATE service_tokens SET last_used_at = now() WHERE id = $1", row["id"])
    return row


async def revoke_token(connection: Connection, name: str) -> bool:
    query = "UPDATE service_tokens SET revoked_at = coalesce(revoked_at, now()) WHERE name = $1 RETURNING id"
    return await connection.fetchval(query, name) is not None


async def delete_token(connection: Connection, key: bytes) -> None:
    await connection.execute("DELETE FROM service_tokens WHERE token_sha256 = $1", key)
