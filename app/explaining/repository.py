"""What is stored of one call's way. On raw asyncpg, inside a transaction that has set the project."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]


async def decisions_of(connection: Connection, pbx: str, call_id: str) -> list[asyncpg.Record]:
    """Rows `(at, policy_version, took_ms, facts, answer, because)`, the last three as JSON text, in order."""
    found: list[asyncpg.Record] = await connection.fetch(
        "SELECT at, policy_version, took_ms, facts::text AS facts, answer::text AS answer,"
        " because::text AS because FROM decisions WHERE pbx = $1 AND call_id = $2 ORDER BY at",
        *(pbx, call_id),
    )
    return found


async def ending_of(connection: Connection, pbx: str, call_id: str) -> asyncpg.Record | None:
    """How the call stands; None when no row of it was written yet."""
    return await connection.fetchrow(
        "SELECT k.started_at, k.joined_at, k.answered_at, k.ended_at, k.line, k.topic, k.tier, k.priority,"
        " k.outcome, k.ended_by, k.wait_s, k.total_wait_s, k.talk_s, k.answered_by, a.name AS agent, k.doubtful"
        " FROM calls k LEFT JOIN agents a ON a.id = k.agent_id WHERE k.pbx = $1 AND k.call_id = $2",
        *(pbx, call_id),
    )


async def rings_of(connection: Connection, pbx: str, call_id: str) -> list[asyncpg.Record]:
    """Rows `(at, interface, result)` in order; `result` is None where a ring began."""
    found: list[asyncpg.Record] = await connection.fetch(
        "SELECT at, data ->> 'interface' AS interface, data ->> 'result' AS result FROM call_events"
        " WHERE pbx = $1 AND call_id = $2 AND kind IN ('RingStarted', 'RingEnded') ORDER BY at, id",
        *(pbx, call_id),
    )
    return found


async def agents_of(connection: Connection, pbx: str) -> dict[str, str]:
    """Interface -> name, of everybody on that switch."""
    rows = await connection.fetch("SELECT interface, name FROM agents WHERE pbx = $1", pbx)
    return {row["interface"]: row["name"] for row in rows}
