"""Callbacks and every attempt to keep them."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.tables import Id, Moment, Owned, Record, in_project, one_of, points_at


class Callback(Owned, Record):
    """One promise. Open exactly while `ended_at` is NULL; one open for each client, or unknown number, and line.

    `phone`: E.164 digits. `line`: its code. `joined_at` is his place among those who wait: when he joined the line, if he
    asked while he waited, else `asked_at`. `wanted_at`: the time he chose; `not_before`: no try earlier, moved on by each
    try. `attempts`: how often he was called, so without those that no agent took. `pbx`, `call_id`: the call in which he
    asked.
    """

    __tablename__ = "callbacks"
    __table_args__ = (
        in_project(),
        one_of("asked_by", "caller", "web", "agent"),
        one_of(
            "state", "waiting", "ringing_agent", "ringing_client", "done", "failed", "cancelled", "expired"
        ),
        one_of("language", "ru", "en"),
        CheckConstraint(
            "(ended_at IS NULL) = (state IN ('waiting', 'ringing_agent', 'ringing_client'))", name="ended"
        ),
        points_at("clients", "client_id", ondelete="CASCADE"),
        points_at("users", "asked_by_user"),
        Index(
            "uq_callbacks_open_client",
            "project_id",
            "client_id",
            "line",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND client_id IS NOT NULL"),
        ),
        Index(
            "uq_callbacks_open_phone",
            "project_id",
            "phone",
            "line",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND client_id IS NULL"),
        ),
        Index("ix_callbacks_client_id", "project_id", "client_id"),
        Index("ix_callbacks_asked_at", "project_id", text("asked_at DESC")),
    )

    id: Mapped[Id]
    client_id: Mapped[int | None]
    phone: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str | None]
    line: Mapped[str]
    tier: Mapped[str]
    topic: Mapped[str | None]
    language: Mapped[str | None]
    note: Mapped[str] = mapped_column(server_default=text("''"))
    asked_by: Mapped[str]
    asked_by_user: Mapped[int | None]
    asked_at: Mapped[Moment]
    joined_at: Mapped[datetime]
    wanted_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    deadline: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    last_try_at: Mapped[datetime | None]
    last_result: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None]
    pbx: Mapped[str | None]
    call_id: Mapped[str | None]


class CallbackAttempt(Owned, Record):
    """One try. `agent`: his device; `call_id`: of the call that was made for it, known before it is made. `result` is
    NULL while it goes on."""

    __tablename__ = "callback_attempts"
    __table_args__ = (
        points_at("callbacks", "callback_id", ondelete="CASCADE"),
        one_of(
            "result",
            *("answered", "busy", "no_answer", "rejected", "failed", "agent_missed", "not_started", "lost"),
        ),
        Index("uq_callback_attempts_call", "project_id", "pbx", "call_id", unique=True),
    )

    callback_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime]
    pbx: Mapped[str]
    call_id: Mapped[str]
    agent: Mapped[str]
    ended_at: Mapped[datetime | None]
    result: Mapped[str | None]
