"""Callbacks in PostgreSQL. All on raw asyncpg, inside a transaction that has set the project.

Every change of state names the states it may begin in, taken from the table of `rules`, so that two who act at once
cannot both succeed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import msgspec

from app.callbacks.rules import CALLBACK_LIFE, AskedBy, Promise, Result, Served, State, Step
from telephony.ids import PbxId, QueueName

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]


class New(msgspec.Struct, frozen=True):
    """Moments: seconds since 1970."""

    phone: int
    line: str
    tier: str
    asked_by: AskedBy
    asked_at: float
    joined_at: float
    deadline: float
    client_id: int | None = None
    name: str | None = None
    topic: str | None = None
    language: str | None = None
    note: str = ""
    asked_by_user: int | None = None
    wanted_at: float | None = None
    pbx: str | None = None
    call_id: str | None = None


_TIMES = ("asked_at", "joined_at", "wanted_at", "not_before", "deadline")
_PROMISE = ", ".join(
    f"date_part('epoch', {field}) AS {field}" if field in _TIMES else field
    for field in Promise.__struct_fields__
)
_ASK = f"""
INSERT INTO callbacks (phone, line, tier, asked_by, asked_at, joined_at, deadline, client_id, name, topic, language, note,
  asked_by_user, wanted_at, not_before, pbx, call_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15, $16)
ON CONFLICT DO NOTHING RETURNING {_PROMISE}"""  # noqa: S608 -- put together from constants
_OF_CLIENT = "client_id IS NOT DISTINCT FROM $1 AND (client_id IS NOT NULL OR phone = $2)"


async def ask(connection: Connection, new: New) -> tuple[Promise, bool]:
    """(the open callback of this client, or unknown number, and line; whether it is this new one)."""
    while True:
        made = await connection.fetchrow(
            _ASK,
            *(new.phone, new.line, new.tier, new.asked_by, _at(new.asked_at), _at(new.joined_at)),
            *(_at(new.deadline), new.client_id, new.name, new.topic, new.language, new.note),
            *(new.asked_by_user, _at(new.wanted_at), new.pbx, new.call_id),
        )
        if made is not None:
            return _promise(made), True
        first = await connection.fetchrow(
            f"SELECT {_PROMISE} FROM callbacks WHERE ended_at IS NULL AND {_OF_CLIENT} AND line = $3",  # noqa: S608
            *(new.client_id, new.phone, new.line),
        )
        if first is not None:
            return _promise(first), False


async def promise(connection: Connection, callback: int) -> Promise | None:
    """None when it is over."""
    row = await connection.fetchrow(
        f"SELECT {_PROMISE} FROM callbacks WHERE ended_at IS NULL AND id = $1",  # noqa: S608
        callback,
    )
    return None if row is None else _promise(row)


async def open_ones(connection: Connection) -> list[Promise]:
    rows = await connection.fetch(f"SELECT {_PROMISE} FROM callbacks WHERE ended_at IS NULL ORDER BY id")  # noqa: S608
    return [_promise(row) for row in rows]


async def served_lines(connection: Connection) -> dict[str, Served]:
    """By code; with the first of its numbers."""
    rows = await connection.fetch(
        "SELECT l.code, l.pbx, l.queue, l.executor = 'directed' AS directed,"
        " (SELECT min(n.dnis) FROM line_numbers n WHERE n.line_id = l.id) AS number FROM lines l ORDER BY l.position, l.id"
    )
    return {
        row["code"]: Served(
            row["code"], PbxId(row["pbx"]), QueueName(row["queue"]), row["directed"], row["number"]
        )
        for row in rows
    }


async def default_line(connection: Connection, pbx: str | None) -> str | None:
    """Of one switch, or of all."""
    found: str | None = await connection.fetchval(
        "SELECT code FROM lines WHERE $1::text IS NULL OR pbx = $1 ORDER BY is_default DESC, position, id LIMIT 1",
        pbx,
    )
    return found


async def lines_of_agent(connection: Connection, agent_id: int) -> list[str]:
    rows = await connection.fetch(
        "SELECT l.code FROM line_agents a JOIN lines l ON l.id = a.line_id WHERE a.agent_id = $1", agent_id
    )
    return [row["code"] for row in rows]


async def golden_minutes(connection: Connection, client_id: int) -> int | None:
    """The shortest promise of his running Golden contracts."""
    minutes: int | None = await connection.fetchval(
        "SELECT min(sla_minutes) FROM contracts WHERE client_id = $1 AND service_level = 'golden'"
        " AND starts_on <= current_date AND (expires_on IS NULL OR expires_on >= current_date)",
        client_id,
    )
    return minutes


async def claim(connection: Connection, callback: int, pbx: str, call_id: str, agent: str, at: float) -> bool:
    """One try begins; False when somebody was faster, or it is no longer open."""
    if not await _move(connection, callback, Step.STARTED, at):
        return False
    await connection.execute(
        "INSERT INTO callback_attempts (callback_id, number, at, pbx, call_id, agent)"
        " SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5 FROM callback_attempts WHERE callback_id = $1",
        *(callback, _at(at), pbx, call_id, agent),
    )
    await connection.execute("UPDATE callbacks SET last_try_at = $2 WHERE id = $1", callback, _at(at))
    return True


async def agent_answered(connection: Connection, callback: int, at: float) -> None:
    """From here on the client is being called."""
    if await _move(connection, callback, Step.AGENT_ANSWERED, at):
        await connection.execute("UPDATE callbacks SET attempts = attempts + 1 WHERE id = $1", callback)


async def attempt_over(
    connection: Connection,
    callback: int,
    call_id: str,
    step: Step,
    result: Result,
    at: float,
    not_before: float | None,
) -> None:
    """Once for each attempt: a second word about it changes nothing."""
    over = await connection.execute(
        "UPDATE callback_attempts SET ended_at = $3, result = $4"
        " WHERE callback_id = $1 AND call_id = $2 AND result IS NULL",
        *(callback, call_id, _at(at), result),
    )
    if over.endswith(" 1") and await _move(connection, callback, step, at, result):
        await connection.execute(
            "UPDATE callbacks SET last_result = $2, not_before = coalesce($3, not_before) WHERE id = $1",
            *(callback, result, _at(not_before)),
        )


async def close(connection: Connection, callback: int, step: Step, because: str, at: float) -> bool:
    """False when it is not waiting (any more)."""
    return await _move(connection, callback, step, at, because)


async def reschedule(
    connection: Connection, callback: int, wanted: float | None, deadline: float, note: str | None
) -> bool:
    """False when it is not waiting. `note` None: as it is."""
    done: str = await connection.execute(
        "UPDATE callbacks SET wanted_at = $2, not_before = $2, deadline = $3, note = coalesce($4, note)"
        " WHERE id = $1 AND state = 'waiting'",
        *(callback, _at(wanted), _at(deadline), note),
    )
    return done.endswith(" 1")


async def trying(connection: Connection, pbx: str) -> list[asyncpg.Record]:
    """Rows `(id, call_id, agent, at, talked)` of attempts that are not over, on one switch. `talked`: the call is known to
    have been answered."""
    found: list[asyncpg.Record] = await connection.fetch(
        "SELECT c.id, t.call_id, t.agent, date_part('epoch', t.at) AS at, EXISTS ("
        "   SELECT FROM calls k WHERE k.pbx = t.pbx AND k.call_id = t.call_id AND k.answered_at IS NOT NULL) AS talked"
        " FROM callbacks c JOIN callback_attempts t ON t.callback_id = c.id AND t.result IS NULL"
        " WHERE c.ended_at IS NULL AND t.pbx = $1",
        pbx,
    )
    return found


_VIEW = """
SELECT c.id, c.client_id, coalesce(k.name, c.name) AS name, '+' || c.phone AS phone, c.line, c.tier, c.topic, c.language,
  c.note, c.asked_by, c.asked_by_user, date_part('epoch', c.asked_at) AS asked_at,
  date_part('epoch', c.joined_at) AS joined_at, date_part('epoch', c.wanted_at) AS wanted_at,
  date_part('epoch', c.not_before) AS not_before, date_part('epoch', c.deadline) AS deadline, c.state, c.attempts,
  date_part('epoch', c.last_try_at) AS last_try_at, c.last_result, date_part('epoch', c.ended_at) AS ended_at,
  c.ended_because, c.pbx, c.call_id
FROM callbacks c LEFT JOIN clients k ON k.id = c.client_id
"""


async def listed(
    connection: Connection,
    lines: Sequence[str] | None,
    states: Collection[str],
    client_id: int | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Of these lines (all when None), open ones first, those who have waited longest before the others; then the latest."""
    found: list[asyncpg.Record] = await connection.fetch(
        f"{_VIEW} WHERE ($1::text[] IS NULL OR c.line = ANY ($1)) AND c.state = ANY ($2)"
        " AND ($3::bigint IS NULL OR c.client_id = $3)"
        " ORDER BY c.ended_at DESC NULLS FIRST, coalesce(c.not_before, c.joined_at), c.id LIMIT $4",
        *(lines, list(states), client_id, limit),
    )
    return found


async def one(connection: Connection, callback: int) -> asyncpg.Record | None:
    return await connection.fetchrow(f"{_VIEW} WHERE c.id = $1", callback)


async def attempts_of(connection: Connection, callback: int) -> list[asyncpg.Record]:
    found: list[asyncpg.Record] = await connection.fetch(
        "SELECT number, date_part('epoch', at) AS at, pbx, call_id, agent, date_part('epoch', ended_at) AS ended_at, result"
        " FROM callback_attempts WHERE callback_id = $1 ORDER BY number",
        callback,
    )
    return found


async def _move(
    connection: Connection, callback: int, step: Step, at: float, because: str | None = None
) -> bool:
    moves = {before: after for (before, way), after in CALLBACK_LIFE.items() if way is step}
    (after,) = set(moves.values())
    ends = after not in (State.WAITING, State.RINGING_AGENT, State.RINGING_CLIENT)
    done: str = await connection.execute(
        "UPDATE callbacks SET state = $2, ended_at = $4, ended_because = $5 WHERE id = $1 AND state = ANY ($3)",
        *(callback, after, list(moves), _at(at) if ends else None, because if ends else None),
    )
    return done.endswith(" 1")


def _promise(row: asyncpg.Record) -> Promise:
    return msgspec.convert(dict(row), Promise)


def _at(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
