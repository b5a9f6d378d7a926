"""Clients, their numbers, revenue and history.

Phones are E.164 digits in a bigint: half the size of text and an index-only look-up at ten million rows.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, Numeric, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.tables import Id, Moment, Owned, Record, in_project, one_of, points_at


class Client(Owned, Record):
    """`external_id`: his key in the company's CRM. `service_level`: overrides those of his contracts."""

    __tablename__ = "clients"
    __table_args__ = (
        in_project(),
        one_of("kind", "person", "company"),
        one_of("language", "ru", "en"),
        one_of("service_level", "standard", "vip", "golden"),
        points_at("clients", "merged_into"),
        Index("uq_clients_external_id", "project_id", "external_id", unique=True),
        Index("ix_clients_name_key", "project_id", "name_key"),
    )

    id: Mapped[Id]
    external_id: Mapped[str | None]
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Text(collation="C"), server_default=text("''"))
    """The name as it is searched for by prefix: lower case, single spaces; ordered byte by byte."""
    kind: Mapped[str] = mapped_column(server_default=text("'person'"))
    segment: Mapped[str | None]
    language: Mapped[str | None]
    currency: Mapped[str] = mapped_column(server_default=text("'RUB'"))
    email: Mapped[str | None]
    born_on: Mapped[date | None]
    client_since: Mapped[date | None]
    blocked: Mapped[bool] = mapped_column(server_default=text("false"))
    service_level: Mapped[str | None]
    merged_into: Mapped[int | None]
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """What else the CRM knows, column by column of the import."""
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class ClientPhone(Owned, Record):
    """One number may belong to several clients."""

    __tablename__ = "client_phones"
    __table_args__ = (
        points_at("clients", "client_id", ondelete="CASCADE"),
        Index("ix_client_phones_phone", "project_id", "phone", postgresql_include=["client_id"]),
    )

    client_id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    label: Mapped[str | None]
    is_primary: Mapped[bool] = mapped_column(server_default=text("false"))


class ClientChoice(Owned, Record):
    """Whom the agents chose last for a number that several clients share."""

    __tablename__ = "client_choices"
    __table_args__ = (
        points_at("clients", "client_id", ondelete="CASCADE"),
        Index("ix_client_choices_client_id", "project_id", "client_id"),
    )

    phone: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    client_id: Mapped[int]
    chosen_at: Mapped[Moment]


class ClientRevenue(Owned, Record):
    """`month`: its first day. `amount`: in the client's currency. A month without revenue is a row with 0; no row: not known."""

    __tablename__ = "client_revenue"
    __table_args__ = (points_at("clients", "client_id", ondelete="CASCADE"),)

    client_id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))


class Interaction(Owned, Record):
    """A contact of any channel. `agent_id`: who spoke; `pbx` and `call_id`: the call it was, if it was one."""

    __tablename__ = "interactions"
    __table_args__ = (
        one_of("channel", "phone", "web", "chat", "email", "fax", "ivr", "shop"),
        one_of("direction", "in", "out"),
        points_at("clients", "client_id", ondelete="CASCADE"),
        points_at("agents", "agent_id"),
        Index("ix_interactions_client_id_at", "project_id", "client_id", text("at DESC")),
        Index(
            "uq_interactions_call",
            "project_id",
            "pbx",
            "call_id",
            "client_id",
            unique=True,
            postgresql_where=text("call_id IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    client_id: Mapped[int]
    channel: Mapped[str]
    direction: Mapped[str] = mapped_column(server_default=text("'in'"))
    at: Mapped[datetime]
    topic: Mapped[str | None]
    summary: Mapped[str] = mapped_column(server_default=text("''"))
    agent_id: Mapped[int | None]
    disposition: Mapped[str | None]
    duration_s: Mapped[int | None] = mapped_column(Integer)
    pbx: Mapped[str | None]
    call_id: Mapped[str | None]


class Note(Owned, Record):
    """`version` grows with each save: a save that names an older one is a conflict."""

    __tablename__ = "notes"
    __table_args__ = (
        points_at("clients", "client_id", ondelete="CASCADE"),
        points_at("agents", "agent_id"),
        Index("ix_notes_client_id_updated_at", "project_id", "client_id", text("updated_at DESC")),
    )

    id: Mapped[Id]
    client_id: Mapped[int]
    agent_id: Mapped[int | None]
    body: Mapped[str]
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    pbx: Mapped[str | None]
    call_id: Mapped[str | None]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class Offer(Owned, Record):
    """An option for the agent, with the reason it appeared and the client's answer."""

    __tablename__ = "offers"
    __table_args__ = (
        one_of("state", "open", "accepted", "later", "declined"),
        points_at("clients", "client_id", ondelete="CASCADE"),
        Index("ix_offers_client_id", "project_id", "client_id"),
    )

    id: Mapped[Id]
    client_id: Mapped[int]
    title: Mapped[str]
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    valid_until: Mapped[date | None]
    created_at: Mapped[Moment]
    answered_at: Mapped[datetime | None]


class PersonalAgent(Owned, Record):
    """Agents a client knows, `rank` 1 first."""

    __tablename__ = "client_personal_agents"
    __table_args__ = (
        points_at("clients", "client_id", ondelete="CASCADE"),
        points_at("agents", "agent_id", ondelete="CASCADE"),
        Index("uq_client_personal_agents", "project_id", "agent_id", "client_id", unique=True),
    )

    client_id: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    agent_id: Mapped[int]


class ImportMapping(Owned, Record):
    """Which column of a file means what, as the administrator said it the first time. `name`: what is imported."""

    __tablename__ = "import_mappings"
    __table_args__ = (in_project(),)

    name: Mapped[str] = mapped_column(primary_key=True)
    mapping: Mapped[dict[str, Any]]
    updated_at: Mapped[Moment]
