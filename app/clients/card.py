"""The card in one SQL: one round trip for all that is known of everybody who has a number.

The statement sets the project itself, in a CTE that every part hangs on: PostgreSQL must have its row before it can
look at any table, and should that ever change, row-level security shows no rows instead of another project's.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
from pydantic import TypeAdapter

from app.infra.tables import PROJECT_SETTING
from routing.facts import ClientFacts, ServiceLevel
from screenpop.messages import ClientCard

if TYPE_CHECKING:
    from app.infra.db import Connection

_CARD = """
json_build_object(
  'id', c.id, 'external_id', c.external_id, 'name', c.name, 'kind', c.kind, 'segment', c.segment,
  'language', c.language, 'currency', c.currency, 'blocked', c.blocked,
  'service_level', coalesce(c.service_level, (ARRAY['standard', 'vip', 'golden'])[1 + level.rank], 'standard'),
  'arpu', revenue.arpu, 'revenue', coalesce(revenue.months, '[]'),
  'phones', (SELECT coalesce(json_agg('+' || n.phone ORDER BY n.is_primary DESC, n.phone), '[]')
     FROM client_phones n WHERE n.project_id = c.project_id AND n.client_id = c.id),
  'personal_agents', (SELECT coalesce(json_agg(a.interface ORDER BY g.rank, a.id), '[]')
     FROM client_personal_agents g JOIN agents a ON a.project_id = g.project_id AND a.id = g.agent_id
     WHERE g.project_id = c.project_id AND g.client_id = c.id AND NOT a.disabled),
  'contracts', (SELECT coalesce(json_agg(json_build_object(
       'id', k.id, 'number', k.number, 'service', k.service, 'service_level', k.service_level,
       'starts_on', k.starts_on, 'expires_on', k.expires_on, 'monthly_fee', k.monthly_fee,
       'entitlements', (SELECT coalesce(json_agg(json_build_object(
            'name', e.name, 'unit', e.unit, 'included', e.included, 'used', e.used, 'price', e.price)
            ORDER BY e.id), '[]')
          FROM entitlements e WHERE e.project_id = k.project_id AND e.contract_id = k.id))
       ORDER BY k.expires_on, k.id), '[]')
     FROM (SELECT t.*, s.name AS service FROM contracts t
           JOIN services s ON s.project_id = t.project_id AND s.id = t.service_id
           WHERE t.project_id = c.project_id AND t.client_id = c.id
           ORDER BY t.expires_on DESC NULLS FIRST LIMIT 20) k),
  'cases', (SELECT coalesce(json_agg(json_build_object(
       'id', o.id, 'kind', o.kind, 'title', o.title, 'topic', o.topic, 'status', o.status,
       'opened_at', extract(epoch FROM o.opened_at)::float8, 'due_at', extract(epoch FROM o.due_at)::float8)
       ORDER BY o.due_at, o.id), '[]')
     FROM (SELECT * FROM cases t WHERE t.project_id = c.project_id AND t.client_id = c.id AND t.closed_at IS NULL
           ORDER BY t.due_at LIMIT 20) o),
  'interactions', (SELECT coalesce(json_agg(json_build_object(
       'id', i.id, 'channel', i.channel, 'direction', i.direction, 'at', extract(epoch FROM i.at)::float8,
       'topic', i.topic, 'summary', i.summary, 'agent', i.agent, 'disposition', i.disposition)
       ORDER BY i.at DESC, i.id DESC), '[]')
     FROM (SELECT t.*, (SELECT a.name FROM agents a WHERE a.project_id = t.project_id AND a.id = t.agent_id) AS agent
           FROM interactions t WHERE t.project_id = c.project_id AND t.client_id = c.id
           ORDER BY t.at DESC LIMIT 20) i),
  'notes', (SELECT coalesce(json_agg(json_build_object(
       'id', n.id, 'text', n.body, 'at', extract(epoch FROM n.updated_at)::float8, 'author', n.author)
       ORDER BY n.updated_at DESC, n.id DESC), '[]')
     FROM (SELECT t.*, (SELECT a.name FROM agents a WHERE a.project_id = t.project_id AND a.id = t.agent_id) AS author
           FROM notes t WHERE t.project_id = c.project_id AND t.client_id = c.id
           ORDER BY t.updated_at DESC LIMIT 20) n),
  'offers', (SELECT coalesce(json_agg(json_build_object(
       'id', o.id, 'title', o.title, 'reason', o.reason, 'state', o.state) ORDER BY o.id), '[]')
     FROM offers o WHERE o.project_id = c.project_id AND o.client_id = c.id AND o.state IN ('open', 'later')
       AND (o.valid_until IS NULL OR o.valid_until >= $3))
)"""

_JOINED = """
CROSS JOIN LATERAL (
  SELECT avg(r.amount) FILTER (WHERE r.month >= $5)::float8 AS arpu,
         json_agg(json_build_object('month', r.month, 'amount', r.amount) ORDER BY r.month) AS months
  FROM client_revenue r
  WHERE r.project_id = c.project_id AND r.client_id = c.id AND r.month >= $4 AND r.month < $6) revenue
CROSS JOIN LATERAL (
  SELECT max(CASE t.service_level WHEN 'golden' THEN 2 WHEN 'vip' THEN 1 ELSE 0 END) AS rank
  FROM contracts t WHERE t.project_id = c.project_id AND t.client_id = c.id
    AND t.starts_on <= $3 AND (t.expires_on IS NULL OR t.expires_on >= $3)) level"""

_ASKED = f"WITH asked AS MATERIALIZED (SELECT set_config('{PROJECT_SETTING}', $1, true)::bigint AS project)"

MOST_CLIENTS = 20
"""A number shared by more (a switchboard) shows the first of them: the rest are found by name."""

CARDS_BY_PHONE = f"""
{_ASKED}
SELECT
  (SELECT h.client_id FROM client_choices h WHERE h.project_id = asked.project AND h.phone = $2),
  (SELECT json_agg({_CARD} ORDER BY c.is_primary DESC, c.id)
   FROM (SELECT c.*, p.is_primary FROM client_phones p
         JOIN clients c ON c.project_id = p.project_id AND c.id = p.client_id
         WHERE p.project_id = asked.project AND p.phone = $2 AND c.merged_into IS NULL
         ORDER BY p.is_primary DESC, c.id LIMIT {MOST_CLIENTS}) c {_JOINED})::text
FROM asked"""  # noqa: S608 -- put together from constants

CARD_BY_CLIENT = f"""
{_ASKED}
SELECT NULL::bigint,
  (SELECT json_agg({_CARD}) FROM clients c {_JOINED} WHERE c.project_id = asked.project AND c.id = $2)::text
FROM asked"""  # noqa: S608 -- put together from constants


class _Topic(msgspec.Struct):
    topic: str | None


class _Known(msgspec.Struct):
    """The few fields of a card that a decision looks at; the rest is skipped while decoding."""

    id: int
    arpu: float | None
    currency: str
    service_level: ServiceLevel
    language: str | None
    blocked: bool
    personal_agents: tuple[str, ...]
    cases: list[_Topic]


_known = msgspec.json.Decoder(list[_Known])
_cards = TypeAdapter(list[ClientCard])


class Cards(msgspec.Struct, frozen=True):
    """Answer of one look-up. `json`: array of cards as PostgreSQL wrote it. `chosen`: whom agents chose for this number."""

    chosen: int | None
    json: str

    def facts(self) -> tuple[ClientFacts, ...]:
        """What `decide()` looks at."""
        return tuple(
            ClientFacts(
                id=one.id,
                arpu=one.arpu,
                currency=one.currency,
                service_level=one.service_level,
                language=one.language,
                blocked=one.blocked,
                personal_agents=one.personal_agents,
                open_case_topics=tuple(case.topic for case in one.cases if case.topic is not None),
            )
            for one in _known.decode(self.json)
        )

    def cards(self) -> list[ClientCard]:
        """What an agent sees; `tier` is not filled in: it is the policy's word."""
        return _cards.validate_json(self.json)


async def cards_by_phone(connection: Connection, project_id: int, phone: int, today: date) -> Cards:
    """All clients having `phone` (E.164 digits), the number's owner first. `today`: decides which months are full.

    One round trip on a plain connection (`database.connection()`); works inside a transaction as well.
    """
    return _cards_of(await connection.fetchrow(CARDS_BY_PHONE, str(project_id), phone, *_months(today)))


async def card_by_client(
    connection: Connection,
    project_id: int,
    client_id: int,
    today: date,
) -> Cards:
    """One client's card, or none when he is not of this project."""
    return _cards_of(await connection.fetchrow(CARD_BY_CLIENT, str(project_id), client_id, *_months(today)))


def _cards_of(row: Any) -> Cards:
    return Cards(chosen=row[0], json=row[1] or "[]")


def _months(today: date) -> tuple[date, date, date, date]:
    """(today, first of the 12 and of the 3 last full months, first day of this month)."""
    return today, months_before(today, 12), months_before(today, 3), today.replace(day=1)


def months_before(day: date, months: int) -> date:
    """First day of the month that many months ago."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)
