"""Who was given to whom while waiting, what else was considered, and how the attempt ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import asyncpg
import msgspec
from sqlalchemy import JSON, Double, Integer
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.tables import Owned, Record, in_project, one_of
from routing.match import Assignment
from routing.why import PassedOver
from telephony.changes import RingResult

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]

MatchOutcome = Literal[
    "offered", "answered", "no_answer", "busy", "rejected", "cancelled", "elsewhere", "failed"
]
"""`offered`: not over yet. The others are a `RingResult`: `no_answer` is RONA; `failed` also what the switch refused to
carry out."""


class Match(Owned, Record):
    """One attempt to ring one agent for one waiting caller.

    `agent`: his interface; `waited_s`: how long the caller had waited `at` that moment. `body`: see `StoredMatch`. `json`,
    because it is written for every call and read one by one.
    """

    __tablename__ = "matches"
    __table_args__ = (
        in_project(),
        one_of(
            "outcome",
            *("offered", "answered", "no_answer", "busy", "rejected", "cancelled", "elsewhere", "failed"),
        ),
    )

    pbx: Mapped[str] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    agent: Mapped[str] = mapped_column(primary_key=True)
    waited_s: Mapped[float] = mapped_column(Double)
    outcome: Mapped[str]
    ended_at: Mapped[datetime | None]
    policy_version: Mapped[int | None] = mapped_column(Integer)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


class StoredMatch(msgspec.Struct, frozen=True):
    """A row of `matches`. `body`: `{tier, need, idle, kept, personal, passed_over: [{caller, tier, waited_s, because:
    {code, need, idle, kept, agents}}], candidates: [{agent, level, idle_s, because}]}`; times in ISO 8601."""

    pbx: str
    call_id: str
    at: str
    agent: str
    waited_s: float
    policy_version: int
    body: dict[str, Any]
    outcome: MatchOutcome = "offered"
    ended_at: str | None = None

    @classmethod
    def of(
        cls, assignment: Assignment, pbx: str, call_id: str, at: float, policy_version: int
    ) -> StoredMatch:
        """`at`: seconds since 1970, when `match` chose."""
        body = {
            "tier": assignment.caller.tier,
            "need": assignment.need,
            "idle": assignment.idle,
            "kept": assignment.kept,
            "personal": assignment.personal,
            "passed_over": [_told(one) for one in assignment.passed_over],
            "candidates": [one._asdict() for one in assignment.candidates],
        }
        waited = assignment.waited_s
        return cls(pbx, call_id, _iso(at), assignment.agent, waited, policy_version, body)

    def ended(self, result: RingResult, at: float) -> StoredMatch:
        """The same attempt with its end, to be stored again. `at`: seconds since 1970."""
        return msgspec.structs.replace(self, outcome=result.value, ended_at=_iso(at))

    def row(self) -> bytes:
        """For `store_matches`."""
        return msgspec.json.encode(self)


_STORE = """
INSERT INTO matches (pbx, call_id, at, agent, waited_s, outcome, ended_at, policy_version, body)
SELECT pbx, call_id, at, agent, waited_s, outcome, ended_at, policy_version, body
FROM json_to_recordset($1::json) AS new(
    pbx text, call_id text, at timestamptz, agent text, waited_s double precision, outcome text,
    ended_at timestamptz, policy_version integer, body json)
ON CONFLICT (project_id, pbx, call_id, at, agent) DO UPDATE SET
    outcome = excluded.outcome, ended_at = excluded.ended_at
WHERE matches.outcome = 'offered' AND excluded.outcome <> 'offered'
"""


async def store_matches(connection: Connection, rows: Sequence[bytes]) -> None:
    """`rows`: `StoredMatch.row()`. An attempt gets its end once; storing it again, or its beginning after its end, does
    nothing."""
    last = {(row.pbx, row.call_id, row.at, row.agent): row for row in map(_decode, rows)}
    for row in map(_decode, rows):
        if row.outcome != "offered":
            last[row.pbx, row.call_id, row.at, row.agent] = row
    await connection.execute(_STORE, msgspec.json.encode(list(last.values())).decode())


async def matches_of(connection: Connection, pbx: str, call_id: str) -> list[asyncpg.Record]:
    """Rows `(at, agent, waited_s, outcome, ended_at, policy_version, body)` in order; `body` is JSON text."""
    found: list[asyncpg.Record] = await connection.fetch(
        "SELECT at, agent, waited_s, outcome, ended_at, policy_version, body::text AS body FROM matches"
        " WHERE pbx = $1 AND call_id = $2 ORDER BY at, agent",
        *(pbx, call_id),
    )
    return found


def _decode(row: bytes) -> StoredMatch:
    return msgspec.json.decode(row, type=StoredMatch)


def _told(one: PassedOver) -> dict[str, Any]:
    return {**one._asdict(), "because": one.because._asdict()}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
