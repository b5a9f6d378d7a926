"""Calls, what happened in them, and decisions, in PostgreSQL. On raw asyncpg, inside a transaction that has set the project."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import msgspec

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]

_STORE = """
INSERT INTO decisions (at, pbx, call_id, facts, answer, because, policy_version, took_ms)
SELECT at, pbx, call_id, facts, answer, because, policy_version, took_ms
FROM json_to_recordset($1::json) AS new(
    at timestamptz, pbx text, call_id text, facts json, answer json, because json,
    policy_version integer, took_ms double precision)
ON CONFLICT DO NOTHING
"""


async def store_decisions(connection: Connection, decisions: Sequence[bytes]) -> None:
    """`decisions`: JSON objects with the columns above. Storing one again does nothing, so a lost answer may be retried."""
    await connection.execute(_STORE, f"[{b','.join(decisions).decode()}]")


_STORE_CALLS = """
WITH new AS (
    SELECT * FROM json_to_recordset($1::json) AS row(
        started_at timestamptz, pbx text, call_id text, ani text, ani_name text, dnis text, client_id bigint,
        line text, topic text, tier text, priority bigint, outcome text, ended_by text, joined_at timestamptz,
        answered_at timestamptz, ended_at timestamptz, wait_s double precision, total_wait_s double precision,
        talk_s double precision, answered_by text, doubtful boolean)
)
INSERT INTO calls (started_at, pbx, call_id, ani, ani_name, dnis, client_id, line, topic, tier, priority, outcome,
    ended_by, joined_at, answered_at, ended_at, wait_s, total_wait_s, talk_s, agent_id, answered_by, doubtful)
SELECT coalesce((SELECT old.started_at FROM calls old WHERE old.pbx = new.pbx AND old.call_id = new.call_id
        AND (old.ended_at IS NULL OR old.ended_at >= new.started_at) ORDER BY old.started_at DESC LIMIT 1), started_at),
    new.pbx, call_id, ani, ani_name, dnis, client_id, line, topic, tier, priority, outcome,
    ended_by, joined_at, answered_at, ended_at, wait_s, total_wait_s, talk_s, a.id, answered_by, doubtful
FROM new LEFT JOIN agents a ON a.pbx = new.pbx AND a.interface = new.answered_by
ON CONFLICT (project_id, pbx, call_id, started_at) DO UPDATE SET
    ani = excluded.ani, ani_name = excluded.ani_name, dnis = excluded.dnis,
    client_id = coalesce(excluded.client_id, calls.client_id), line = coalesce(excluded.line, calls.line),
    topic = coalesce(excluded.topic, calls.topic), tier = coalesce(excluded.tier, calls.tier),
    priority = coalesce(excluded.priority, calls.priority), outcome = excluded.outcome,
    ended_by = excluded.ended_by, joined_at = coalesce(excluded.joined_at, calls.joined_at),
    answered_at = coalesce(excluded.answered_at, calls.answered_at), ended_at = excluded.ended_at,
    wait_s = coalesce(excluded.wait_s, calls.wait_s),
    total_wait_s = coalesce(excluded.total_wait_s, calls.total_wait_s),
    talk_s = coalesce(excluded.talk_s, calls.talk_s), agent_id = coalesce(excluded.agent_id, calls.agent_id),
    answered_by = coalesce(excluded.answered_by, calls.answered_by), doubtful = excluded.doubtful
WHERE calls.ended_at IS NULL
"""

_STORE_EVENTS = """
INSERT INTO call_events (at, pbx, call_id, kind, data)
SELECT at, pbx, call_id, kind, data
FROM json_to_recordset($1::json) AS new(at timestamptz, pbx text, call_id text, kind text, data json)
WHERE (SELECT true FROM call_events old
       WHERE old.pbx = new.pbx AND old.call_id = new.call_id AND old.at = new.at
         AND old.kind = new.kind AND old.data::text = new.data::text LIMIT 1) IS NULL
"""


_CLOSE_LOST = """
UPDATE calls SET ended_at = greatest(started_at, joined_at, answered_at), doubtful = true,
    outcome = CASE WHEN answered_at IS NULL THEN 'unanswered' ELSE 'answered' END
WHERE pbx = $1 AND started_at < $2 AND started_at > $2 - interval '7 days' AND ended_at IS NULL
    AND call_id <> ALL($3::text[])
"""


async def close_lost(connection: Connection, pbx: str, since: datetime, known: Sequence[str]) -> int:
    """How many calls of this switch, begun before `since`, were still open although they are not among the known. Their
    end is the last moment that is known of them; how long they talked nobody can say."""
    status: str = await connection.execute(_CLOSE_LOST, pbx, since, known)
    return int(status.rpartition(" ")[2])


async def last_answer(connection: Connection, pbx: str, call_id: str) -> str | None:
    """What the dialplan was told last about this call, as JSON."""
    found: str | None = await connection.fetchval(
        "SELECT answer::text FROM decisions WHERE pbx = $1 AND call_id = $2 ORDER BY at DESC LIMIT 1",
        *(pbx, call_id),
    )
    return found


async def figures_since(connection: Connection, since: datetime) -> list[asyncpg.Record]:
    """Rows `(line, tier, offered, answered, abandoned, answered_in_target, abandoned_in_target)`
    of calls that are over or answered."""
    found: list[asyncpg.Record] = await connection.fetch(
        "SELECT k.line, coalesce(k.tier, '') AS tier, count(*) AS offered,"
        "   count(k.answered_at) AS answered, count(*) FILTER (WHERE k.outcome = 'abandoned') AS abandoned,"
        "   count(*) FILTER (WHERE k.answered_at IS NOT NULL AND k.wait_s <= (l.targets ->> k.tier)::float8)"
        "     AS answered_in_target,"
        "   count(*) FILTER (WHERE k.outcome = 'abandoned' AND k.wait_s <= (l.targets ->> k.tier)::float8)"
        "     AS abandoned_in_target"
        " FROM calls k JOIN lines l ON l.code = k.line WHERE k.started_at >= $1 AND k.joined_at IS NOT NULL"
        "   AND (k.ended_at IS NOT NULL OR k.answered_at IS NOT NULL) GROUP BY k.line, coalesce(k.tier, '')",
        since,
    )
    return found


async def store_calls(connection: Connection, calls: Sequence[bytes]) -> None:
    """`calls`: JSON objects of the columns above; each is the whole call as known then, so of several rows of
    one call the last counts. What an older row knew and a newer does not, stays; an ended call is not touched.

    Rows of the same id are of one call, even when they differ in when it began (after a break its beginning is
    reckoned), unless one begins after the other's end."""
    lives: list[dict[tuple[str, str], dict[str, Any]]] = [{}]
    for row in map(msgspec.json.decode, calls):
        key = row["pbx"], row["call_id"]
        number = max((number for number, life in enumerate(lives) if key in life), default=0)
        if key in lives[number] and _follows(row, lives[number][key]):
            number += 1
        if number == len(lives):
            lives.append({})
        lives[number][key] = row
    for life in lives:
        await connection.execute(_STORE_CALLS, msgspec.json.encode(list(life.values())).decode())


def _follows(row: dict[str, Any], other: dict[str, Any]) -> bool:
    if other["ended_at"] is None:
        return False
    return msgspec.convert(row["started_at"], datetime) > msgspec.convert(other["ended_at"], datetime)


async def store_events(connection: Connection, events: Sequence[bytes]) -> None:
    """`events`: JSON objects `{at, pbx, call_id, kind, data}`. Storing one again does nothing."""
    await connection.execute(_STORE_EVENTS, f"[{b','.join(events).decode()}]")
