"""Decisions in PostgreSQL. On raw asyncpg, inside a transaction that has set the project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]

_STORE = """
INSERT INTO decisions (at, pbx, call_id, facts, answer, because, policy_version, took_ms)
SELECT at, pbx, call_id, facts, answer, because, policy_version, took_ms
FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (
    at timestamptz, pbx text, call_id text, facts jsonb, answer jsonb, because jsonb,
    policy_version integer, took_ms double precision)) WITH ORDINALITY AS new(
    at, pbx, call_id, facts, answer, because, policy_version, took_ms, place)
WHERE NOT EXISTS (
    SELECT FROM decisions old WHERE old.pbx = new.pbx AND old.call_id = new.call_id AND old.at = new.at)
ORDER BY place
"""


async def store_decisions(connection: Connection, decisions: Sequence[bytes]) -> None:
    """`decisions`: JSON objects with the columns above. Storing one again does nothing, so a lost answer may be retried."""
    await connection.execute(_STORE, f"[{b','.join(decisions).decode()}]")
