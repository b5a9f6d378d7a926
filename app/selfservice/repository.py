"""On raw asyncpg, inside a transaction that has set the project."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from app.infra.db import Connection

_FACTS = """
WITH owner AS (
  SELECT min(c.id) AS id FROM client_phones p JOIN clients c ON c.id = p.client_id AND c.merged_into IS NULL
  WHERE p.phone = $1 HAVING count(*) = 1 AND NOT bool_or(c.blocked))
SELECT c.currency,
  (SELECT round(r.amount)::bigint FROM client_revenue r
   WHERE r.client_id = c.id AND r.month < date_trunc('month', $2::date) AND r.amount >= 0
   ORDER BY r.month DESC LIMIT 1) AS bill,
  k.number AS contract, date_part('epoch', k.expires_on)::bigint + 43200 AS contract_expires,
  t.contracts, t.sla_minutes, o.open_cases, o.case_due
FROM owner JOIN clients c ON c.id = owner.id
LEFT JOIN LATERAL (
  SELECT number, expires_on FROM contracts
  WHERE client_id = c.id AND starts_on <= $2 AND expires_on >= $2 ORDER BY expires_on LIMIT 1) k ON true
CROSS JOIN LATERAL (
  SELECT count(*) AS contracts, min(sla_minutes) AS sla_minutes FROM contracts
  WHERE client_id = c.id AND starts_on <= $2 AND (expires_on IS NULL OR expires_on >= $2)) t
CROSS JOIN LATERAL (
  SELECT count(*) AS open_cases, date_part('epoch', min(due_at))::bigint AS case_due FROM cases
  WHERE client_id = c.id AND closed_at IS NULL) o
"""


async def facts_of(connection: Connection, phone: int, today: date) -> asyncpg.Record | None:
    """Of the one client who has the number. None: nobody has it, several have, or he is blocked."""
    return await connection.fetchrow(_FACTS, phone, today)
