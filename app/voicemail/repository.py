"""Messages in PostgreSQL. On raw asyncpg, inside a transaction that has set the project."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import asyncpg

if TYPE_CHECKING:
    from app.infra.db import Connection

MOST = 500
"""Messages in one list."""


class Caller(NamedTuple):
    """As far as known. `ani`: E.164 with +."""

    ani: str | None
    client_id: int | None
    topic: str | None


async def caller_of(connection: Connection, pbx: str, call_id: str) -> Caller:
    """What was decided about the call; else what is stored of it. A number that exactly one client has is his."""
    row = await connection.fetchrow(
        "SELECT facts ->> 'ani' AS ani, (answer ->> 'client_id')::bigint AS client_id, answer ->> 'topic' AS topic"
        " FROM decisions WHERE pbx = $1 AND call_id = $2 ORDER BY at DESC LIMIT 1",
        *(pbx, call_id),
    )
    if row is None:
        row = await connection.fetchrow(
            "SELECT ltrim(ani, '+') AS ani, client_id, topic FROM calls WHERE pbx = $1 AND call_id = $2"
            " ORDER BY started_at DESC LIMIT 1",
            *(pbx, call_id),
        )
    if row is None:
        return Caller(None, None, None)
    number = row["ani"] if row["ani"] and row["ani"].isdecimal() else None
    client = row["client_id"]
    if client is None and number is not None:
        client = await only_client(connection, int(number))
    return Caller(f"+{number}" if number else None, client, row["topic"])


async def only_client(connection: Connection, phone: int) -> int | None:
    found: int | None = await connection.fetchval(
        "SELECT min(c.id) FROM client_phones p JOIN clients c ON c.id = p.client_id AND c.merged_into IS NULL"
        " WHERE p.phone = $1 HAVING count(*) = 1",
        phone,
    )
    return found


async def sla_minutes(connection: Connection, client_id: int, at: datetime) -> int | None:
    """The shortest that one of his running contracts promises."""
    found: int | None = await connection.fetchval(
        "SELECT min(sla_minutes) FROM contracts WHERE client_id = $1 AND starts_on <= $2::date"
        " AND (expires_on IS NULL OR expires_on >= $2::date)",
        *(client_id, at.date()),
    )
    return found


async def recording_of(connection: Connection, pbx: str, file: str) -> int | None:
    """None: a message was filed for it already."""
    found: int | None = await connection.fetchval(
        "SELECT id FROM recordings r WHERE pbx = $1 AND file = $2"
        " AND NOT EXISTS (SELECT FROM voicemails v WHERE v.recording_id = r.id)",
        *(pbx, file),
    )
    return found


async def add(
    connection: Connection,
    recording_id: int,
    line: str | None,
    caller: Caller,
    at: datetime,
    due_at: datetime,
) -> int:
    added: int = await connection.fetchval(
        "INSERT INTO voicemails (recording_id, line, ani, topic, at, due_at) VALUES ($1, $2, $3, $4, $5, $6)"
        " RETURNING id",
        *(recording_id, line, caller.ani, caller.topic, at, due_at),
    )
    return added


async def attach(
    connection: Connection, voicemail_id: int, client_id: int, title: str, due_at: datetime
) -> None:
    """To a client: with a case, for his first personal agent if he has one, and in his history."""
    await connection.execute(
        "WITH message AS (SELECT v.*, r.pbx, r.call_id, r.length_s FROM voicemails v"
        "   JOIN recordings r ON r.id = v.recording_id WHERE v.id = $1),"
        " owed AS (INSERT INTO cases (client_id, kind, title, topic, opened_at, due_at, agent_id)"
        "   SELECT $2, 'request', $3, topic, at, $4, (SELECT g.agent_id FROM client_personal_agents g"
        "     WHERE g.client_id = $2 ORDER BY g.rank LIMIT 1) FROM message RETURNING id),"
        " told AS (INSERT INTO interactions (client_id, channel, direction, at, topic, summary, duration_s, pbx, call_id)"
        "   SELECT $2, 'ivr', 'in', at, topic, $3, round(length_s), pbx, call_id FROM message"
        "   ON CONFLICT DO NOTHING)"
        " UPDATE voicemails SET client_id = $2, due_at = $4, case_id = (SELECT id FROM owed) WHERE id = $1",
        *(voicemail_id, client_id, title, due_at),
    )


_SHOWN = (
    "SELECT v.id, r.pbx, r.call_id, v.recording_id, v.line, v.ani, v.topic, v.client_id, c.name AS client, v.case_id,"
    " v.at, v.due_at, v.handled_at, u.login AS handled_by, r.length_s, l.reply_minutes"
    " FROM voicemails v JOIN recordings r ON r.id = v.recording_id LEFT JOIN clients c ON c.id = v.client_id"
    " LEFT JOIN users u ON u.id = v.handled_by LEFT JOIN lines l ON l.code = v.line"
)


async def listed(connection: Connection, *, handled: bool) -> list[asyncpg.Record]:
    """Those that are owed an answer, the nearest deadline first; or those that got one, the latest first."""
    which = (
        "IS NOT NULL ORDER BY v.handled_at DESC, v.id DESC" if handled else "IS NULL ORDER BY v.due_at, v.id"
    )
    found: list[asyncpg.Record] = await connection.fetch(f"{_SHOWN} WHERE v.handled_at {which} LIMIT {MOST}")
    return found


async def one(connection: Connection, voicemail_id: int) -> asyncpg.Record | None:
    return await connection.fetchrow(f"{_SHOWN} WHERE v.id = $1 FOR UPDATE OF v", voicemail_id)


async def is_client(connection: Connection, client_id: int) -> bool:
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM clients WHERE id = $1 AND merged_into IS NULL)", client_id
    )
    return found


async def handle(connection: Connection, voicemail_id: int, user_id: int, at: datetime) -> None:
    """Its case is closed with it."""
    await connection.execute(
        "WITH done AS (UPDATE voicemails SET handled_at = $3, handled_by = $2 WHERE id = $1 RETURNING case_id)"
        " UPDATE cases SET status = 'closed', closed_at = $3"
        " WHERE id = (SELECT case_id FROM done) AND closed_at IS NULL",
        *(voicemail_id, user_id, at),
    )
