"""Recordings in PostgreSQL. On raw asyncpg, inside a transaction that has set the project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import msgspec

from telephony.ids import PbxId

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]


class Seen(msgspec.Struct, frozen=True):
    """What the switch said of a recording. Times: seconds since 1970. `paused_at`, `resumed_at`: a pause began, ended."""

    pbx: str
    call_id: str
    file: str
    channel: str
    interface: str | None
    started_at: float
    ended_at: float | None = None
    paused_at: float | None = None
    resumed_at: float | None = None
    because: str | None = None
    started_by: int | None = None
    stopped_by: int | None = None


class Kept(msgspec.Struct, frozen=True):
    """A file that was stored. `call_id`, `interface`, `started_at`: for one that no row tells of."""

    pbx: str
    file: str
    call_id: str
    interface: str
    started_at: float
    length_s: float
    place: str
    size: int
    sha256: bytes


_SEEN = r"""
INSERT INTO recordings (pbx, call_id, file, channel, interface, agent_id, started_at, ended_at, because, started_by,
    stopped_by, state, kind)
SELECT $1, $2, $3, $4, $5, (SELECT id FROM agents WHERE pbx = $1 AND interface = $5),
    to_timestamp($6::float8), to_timestamp($7::float8), $8, $9, $10,
    CASE WHEN $7::float8 IS NULL THEN 'recording' ELSE 'ended' END,
    CASE WHEN $3 LIKE '%\_voicemail-%' THEN 'voicemail' ELSE 'talk' END
ON CONFLICT (project_id, pbx, file) DO UPDATE SET
    call_id = excluded.call_id, channel = excluded.channel,
    interface = coalesce(recordings.interface, excluded.interface),
    agent_id = coalesce(recordings.agent_id, excluded.agent_id),
    started_at = least(recordings.started_at, excluded.started_at),
    ended_at = coalesce(excluded.ended_at, recordings.ended_at),
    because = coalesce(recordings.because, excluded.because),
    started_by = coalesce(recordings.started_by, excluded.started_by),
    stopped_by = coalesce(recordings.stopped_by, excluded.stopped_by),
    state = CASE WHEN recordings.state IN ('stored', 'missing') OR excluded.state = 'recording'
        THEN recordings.state ELSE excluded.state END
"""

_PAUSED = """
UPDATE recordings SET pauses = pauses || jsonb_build_array(jsonb_build_object('from', $3::float8))
WHERE pbx = $1 AND file = $2 AND (pauses = '[]' OR pauses -> -1 ? 'to')
    AND NOT pauses @> jsonb_build_array(jsonb_build_object('from', $3::float8))
"""

_RESUMED = """
UPDATE recordings SET pauses = jsonb_set(pauses, '{-1,to}', to_jsonb($3::float8))
WHERE pbx = $1 AND file = $2 AND pauses <> '[]' AND NOT pauses -> -1 ? 'to'
    AND (pauses -> -1 ->> 'from')::float8 <= $3::float8
"""

_KEPT = r"""
INSERT INTO recordings (pbx, file, call_id, interface, agent_id, started_at, ended_at, state, length_s, channels,
    place, size, sha256, stored_at, kind)
VALUES ($1, $2, $3, $4, (SELECT id FROM agents WHERE pbx = $1 AND interface = $4), to_timestamp($5::float8),
    to_timestamp($5::float8 + $6::float8), 'stored', $6, 2, $7, $8, $9, now(),
    CASE WHEN $2 LIKE '%\_voicemail-%' THEN 'voicemail' ELSE 'talk' END)
ON CONFLICT (project_id, pbx, file) DO UPDATE SET
    ended_at = coalesce(recordings.ended_at, recordings.started_at + make_interval(secs => $6)),
    state = 'stored', length_s = $6, channels = 2, place = $7, size = $8, sha256 = $9, stored_at = now()
"""

_COLUMNS = (
    "r.id, r.pbx, r.call_id, r.file, r.interface, r.agent_id, a.name AS agent,"
    " extract(epoch FROM r.started_at)::float8 AS started_at,"
    " extract(epoch FROM r.ended_at)::float8 AS ended_at, r.pauses::text AS pauses, r.because, r.state,"
    " r.length_s, r.channels, r.place, r.size, r.sha256"
)
_FROM = "FROM recordings r LEFT JOIN agents a ON a.id = r.agent_id"


async def store_seen(connection: Connection, rows: Sequence[bytes]) -> None:
    """`rows`: `Seen` as JSON, in order. Storing one again does nothing."""
    for row in rows:
        seen = msgspec.json.decode(row, type=Seen)
        await connection.execute(
            _SEEN,
            *(seen.pbx, seen.call_id, seen.file, seen.channel, seen.interface, seen.started_at),
            *(seen.ended_at, seen.because, seen.started_by, seen.stopped_by),
        )
        if seen.paused_at is not None:
            await connection.execute(_PAUSED, seen.pbx, seen.file, seen.paused_at)
        if seen.resumed_at is not None:
            await connection.execute(_RESUMED, seen.pbx, seen.file, seen.resumed_at)


async def store_kept(connection: Connection, kept: Kept) -> None:
    await connection.execute(
        _KEPT,
        *(kept.pbx, kept.file, kept.call_id, kept.interface, kept.started_at),
        *(kept.length_s, kept.place, kept.size, kept.sha256),
    )


async def unfinished(connection: Connection, pbx: PbxId) -> list[asyncpg.Record]:
    """Rows `(file, call_id, state, ended_at)` whose sound is not stored yet."""
    found: list[asyncpg.Record] = await connection.fetch(
        "SELECT file, call_id, state, ended_at FROM recordings"
        " WHERE pbx = $1 AND state = ANY (ARRAY['recording', 'ended'])",
        pbx,
    )
    return found


async def end(connection: Connection, pbx: PbxId, file: str, state: str) -> None:
    """Its end was not seen (`ended`), or it has no sound (`missing`)."""
    await connection.execute(
        "UPDATE recordings SET state = $3 WHERE pbx = $1 AND file = $2 AND state <> 'stored'",
        *(pbx, file, state),
    )


async def stopped_calls(connection: Connection, pbx: PbxId, calls: Sequence[str]) -> set[str]:
    """Of these calls those in which a person stopped the recording last: no later beginning was asked for."""
    rows = await connection.fetch(
        "SELECT DISTINCT ON (call_id) call_id, stopped_by FROM recordings"
        " WHERE pbx = $1 AND call_id = ANY ($2::text[]) ORDER BY call_id, started_at DESC",
        *(pbx, list(calls)),
    )
    return {row["call_id"] for row in rows if row["stopped_by"] is not None}


async def of_call(connection: Connection, pbx: str, call_id: str) -> list[asyncpg.Record]:
    """In order."""
    found: list[asyncpg.Record] = await connection.fetch(
        f"SELECT {_COLUMNS} {_FROM} WHERE r.pbx = $1 AND r.call_id = $2 ORDER BY r.started_at, r.id",
        *(pbx, call_id),
    )
    return found


async def one(connection: Connection, recording_id: int) -> asyncpg.Record | None:
    return await connection.fetchrow(f"SELECT {_COLUMNS} {_FROM} WHERE r.id = $1", recording_id)


async def took_part(connection: Connection, pbx: str, call_id: str, interface: str) -> bool:
    """Whether this device's agent spoke in that call."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM call_events WHERE pbx = $1 AND call_id = $2 AND kind = 'CallAnswered'"
        " AND data ->> 'interface' = $3)"
        " OR EXISTS (SELECT FROM recordings WHERE pbx = $1 AND call_id = $2 AND interface = $3)",
        *(pbx, call_id, interface),
    )
    return found


async def listened(
    connection: Connection, recording_id: int, user_id: int, address: str | None, first: int
) -> None:
    await connection.execute(
        "INSERT INTO recording_listenings (recording_id, user_id, address, first) VALUES ($1, $2, $3, $4)",
        *(recording_id, user_id, address, first),
    )
