"""The card in one SQL: one round trip for all that is known of everybody who has a number.

The statement sets the project itself, in a subquery whose row every part hangs on: PostgreSQL must have that row before
it can look at any table, and should that ever change, row-level security shows no rows instead of another project's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
from pydantic import TypeAdapter

from app.infra.tables import PROJECT_SETTING
from routing.facts import ClientFacts, ServiceLevel
from routing.policy import Policy
from routing.tiers import tier_of
from screenpop.messages import ClientCard

if TYPE_CHECKING:
    from app.infra.db import Connection

_CARD = """
json_build_object(
  'id', c.id, 'external_id', c.external_id, 'name', c.name, 'kind', c.kind, 'segment', c.segment,
  'language', c.language, 'currency', c.currency, 'blocked', c.blocked,
  'service_level', coalesce(
    c.service_level,
    (SELECT t.service_level FROM contracts t
     WHERE t.project_id = c.project_id AND t.client_id = c.id
       AND t.starts_on <= $3 AND (t.expires_on IS NULL OR t.expires_on >= $3)
     ORDER BY array_position('{golden,vip,standard}', t.service_level) LIMIT 1),
    'standard'),
  'sla_minutes', (
    SELECT min(t.sla_minutes) FROM contracts t
    WHERE t.project_id = c.project_id AND t.client_id = c.id
      AND t.starts_on <= $3 AND (t.expires_on IS NULL OR t.expires_on >= $3)),
  'arpu', (
    SELECT avg(r.amount)::float8 FROM client_revenue r
    WHERE r.project_id = c.project_id AND r.client_id = c.id AND r.month >= $5 AND r.month < $6),
  'revenue', ARRAY(
    SELECT json_build_object('month', r.month, 'amount', r.amount) FROM client_revenue r
    WHERE r.project_id = c.project_id AND r.client_id = c.id AND r.month >= $4 AND r.month < $6
    ORDER BY r.month),
  'phones', ARRAY(
    SELECT '+' || n.phone FROM client_phones n
    WHERE n.project_id = c.project_id AND n.client_id = c.id ORDER BY n.is_primary DESC, n.phone),
  'personal_agents', ARRAY(
    SELECT json_build_object('pbx', a.pbx, 'interface', a.interface, 'name', a.name)
    FROM client_personal_agents g
    JOIN agents a ON a.project_id = g.project_id AND a.id = g.agent_id AND NOT a.disabled
    WHERE g.project_id = c.project_id AND g.client_id = c.id ORDER BY g.rank),
  'contracts', ARRAY(
    SELECT json_build_object(
      'id', k.id, 'number', k.number, 'service_level', k.service_level, 'starts_on', k.starts_on,
      'expires_on', k.expires_on, 'monthly_fee', k.monthly_fee,
      'service', (SELECT s.name FROM services s WHERE s.project_id = c.project_id AND s.id = k.service_id),
      'entitlements', ARRAY(
        SELECT json_build_object(
          'name', e.name, 'unit', e.unit, 'included', e.included, 'used', e.used, 'price', e.price)
        FROM entitlements e WHERE e.project_id = c.project_id AND e.contract_id = k.id ORDER BY e.id))
    FROM contracts k WHERE k.project_id = c.project_id AND k.client_id = c.id
    ORDER BY k.expires_on DESC LIMIT 20),
  'cases', ARRAY(
    SELECT json_build_object(
      'id', o.id, 'kind', o.kind, 'title', o.title, 'topic', o.topic, 'status', o.status,
      'opened_at', date_part('epoch', o.opened_at), 'due_at', date_part('epoch', o.due_at))
    FROM cases o WHERE o.project_id = c.project_id AND o.client_id = c.id AND o.closed_at IS NULL
    ORDER BY o.due_at LIMIT 20),
  'interactions', ARRAY(
    SELECT json_build_object(
      'id', i.id, 'channel', i.channel, 'direction', i.direction, 'at', date_part('epoch', i.at),
      'topic', i.topic, 'summary', i.summary, 'disposition', i.disposition,
      'agent', (SELECT a.name FROM agents a WHERE a.project_id = c.project_id AND a.id = i.agent_id))
    FROM interactions i WHERE i.project_id = c.project_id AND i.client_id = c.id
    ORDER BY i.at DESC LIMIT 20),
  'notes', ARRAY(
    SELECT json_build_object(
      'id', n.id, 'text', n.body, 'at', date_part('epoch', n.updated_at),
      'author', (SELECT a.name FROM agents a WHERE a.project_id = c.project_id AND a.id = n.agent_id))
    FROM notes n WHERE n.project_id = c.project_id AND n.client_id = c.id
    ORDER BY n.updated_at DESC LIMIT 20),
  'offers', ARRAY(
    SELECT json_build_object('id', f.id, 'title', f.title, 'reason', f.reason, 'state', f.state)
    FROM offers f WHERE f.project_id = c.project_id AND f.client_id = c.id
      AND f.state IN ('open', 'later') AND (f.valid_until IS NULL OR f.valid_until >= $3))
)"""
"""$3 … $6: see `_months`. `ARRAY(…)` instead of `json_agg(…)`, and orders that indexes have: together twice as fast.

Each part names the project by a value of its outer row and not by the session's setting, which the planner would
evaluate before it is set, and then expect no rows at all and choose any index.
"""

_ASKED = f"(SELECT set_config('{PROJECT_SETTING}', $1, true)::bigint AS project OFFSET 0) asked"

MOST_CLIENTS = 20
"""A number shared by more (a switchboard) shows the first of them: the rest are found by name."""

_OF_NUMBER = f"""
  (SELECT h.client_id FROM client_choices h WHERE h.project_id = asked.project AND h.phone = :phone),
  array_to_json(ARRAY(
    SELECT {_CARD}
    FROM client_phones p JOIN clients c ON c.project_id = p.project_id AND c.id = p.client_id
    WHERE p.project_id = asked.project AND p.phone = :phone AND c.merged_into IS NULL
    ORDER BY p.is_primary DESC, c.id LIMIT {MOST_CLIENTS}))::text"""  # noqa: S608 -- put together from constants

CARDS_BY_PHONE = f"SELECT {_OF_NUMBER.replace(':phone', '$2')} FROM {_ASKED}"  # noqa: S608 -- the same

CARDS_BY_PHONES = f"""
SELECT {_OF_NUMBER.replace(":phone", "asked.phone")}, asked.phone
FROM (SELECT set_config('{PROJECT_SETTING}', $1, true)::bigint AS project, phone
      FROM unnest($2::bigint[]) phone OFFSET 0) asked"""  # noqa: S608 -- the same

CARD_BY_CLIENT = f"""
SELECT NULL::bigint,
  array_to_json(ARRAY(SELECT {_CARD} FROM clients c WHERE c.project_id = asked.project AND c.id = $2))::text
FROM {_ASKED}"""  # noqa: S608 -- put together from constants


class _Topic(msgspec.Struct):
    topic: str | None


class _Phone(msgspec.Struct):
    pbx: str
    interface: str


class _Known(msgspec.Struct):
    """The few fields of a card that a decision looks at; the rest is skipped while decoding."""

    id: int
    arpu: float | None
    currency: str
    service_level: ServiceLevel
    sla_minutes: int | None
    language: str | None
    blocked: bool
    personal_agents: list[_Phone]
    cases: list[_Topic]


class _Named(msgspec.Struct):
    id: int
    name: str


_known = msgspec.json.Decoder(list[_Known])
_named = msgspec.json.Decoder(list[_Named])
_each = msgspec.json.Decoder(list[msgspec.Raw])
_cards = TypeAdapter(list[ClientCard])


def on_switch(client: ClientFacts, pbx: str) -> ClientFacts:
    """Of his personal agents only those whose phone this switch can ring; the same name elsewhere is somebody else."""
    if not client.personal_agents:
        return client
    here = tuple(one.partition("/") for one in client.personal_agents)
    interfaces = tuple(interface for where, _, interface in here if where == pbx)
    return msgspec.structs.replace(client, personal_agents=interfaces)


class Cards(msgspec.Struct, frozen=True):
    """Answer of one look-up. `json`: array of cards as PostgreSQL wrote it. `chosen`: whom agents chose for this number."""

    chosen: int | None
    json: str

    def facts(self) -> tuple[ClientFacts, ...]:
        """What `decide()` looks at, except that personal agents are `<pbx>/<interface>`: see `on_switch`."""
        return tuple(
            ClientFacts(
                id=one.id,
                arpu=one.arpu,
                currency=one.currency,
                service_level=one.service_level,
                sla_minutes=one.sla_minutes,
                language=one.language,
                blocked=one.blocked,
                personal_agents=tuple(f"{phone.pbx}/{phone.interface}" for phone in one.personal_agents),
                open_case_topics=tuple(case.topic for case in one.cases if case.topic is not None),
            )
            for one in _known.decode(self.json)
        )

    def name_of(self, client_id: int) -> str | None:
        return next((one.name for one in _named.decode(self.json) if one.id == client_id), None)

    def tiers(self, policy: Policy) -> list[str]:
        """Of each client, by this policy."""
        return [tier_of(client, policy)[0].name for client in self.facts()]

    def text(self, policy: Policy) -> str:
        """What an agent sees, as JSON: a list of `ClientCard`, each with his tier.

        Not parsed on the way from PostgreSQL to the browser: objects take seven times as long and three times the memory.
        """
        clients = (bytes(one).decode() for one in _each.decode(self.json))
        with_tiers = (
            f'{{"tier":"{tier}",{client[1:]}'
            for tier, client in zip(self.tiers(policy), clients, strict=True)
        )
        return f"[{','.join(with_tiers)}]"

    def cards(self, policy: Policy) -> list[ClientCard]:
        """The same as objects."""
        return _cards.validate_json(self.text(policy))


async def cards_by_phone(connection: Connection, project_id: int, phone: int, today: date) -> Cards:
    """All clients having `phone` (E.164 digits), the number's owner first. `today`: decides which months are full.

    One round trip on a plain connection (`database.connection()`); works inside a transaction as well.
    """
    return _cards_of(await connection.fetchrow(CARDS_BY_PHONE, str(project_id), phone, *_months(today)))


async def cards_by_phones(
    connection: Connection, project_id: int, phones: Sequence[int], today: date
) -> dict[int, Cards]:
    """The same for many numbers in one round trip: starting the statement is most of its work."""
    rows = await connection.fetch(CARDS_BY_PHONES, str(project_id), phones, *_months(today))
    return {row[2]: _cards_of(row) for row in rows}


async def card_by_client(
    connection: Connection,
    project_id: int,
    client_id: int,
    today: date,
) -> Cards:
    """One client's card, or none when he is not of this project."""
    return _cards_of(await connection.fetchrow(CARD_BY_CLIENT, str(project_id), client_id, *_months(today)))


def _cards_of(row: Any) -> Cards:
    return Cards(chosen=row[0], json=row[1])


def _months(today: date) -> tuple[date, date, date, date]:
    """(today, first of the 12 and of the 3 last full months, first day of this month)."""
    return today, months_before(today, 12), months_before(today, 3), today.replace(day=1)


def months_before(day: date, months: int) -> date:
    """First day of the month that many months ago."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)
