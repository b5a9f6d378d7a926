"""What happened on the telephone. Written once by the core loop, read by stories and reports.

Ready for partitions by month: each of the three tables has a time that never changes, inside its primary key, and no
foreign key points at any of them (they find each other by pbx and call id). Later a partitioned parent takes the
present table as its first partition.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Double, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.tables import Id, Moment, Owned, Record, in_project, one_of, points_at


class Call(Owned, Record):
    """One client's whole conversation. Times by our clock (see `telephony.clock`). A switch that was started again within
    the second begins its ids anew, so a `call_id` may name two calls, one after the other.

    `ani` and `dnis`: E.164 with +, or as heard when they are no telephone numbers. `wait_s`: from joining the last line to
    the answer or the end; `total_wait_s`: over all lines. `answered_by`: interface of the first agent who spoke with him.
    """

    __tablename__ = "calls"
    __table_args__ = (
        in_project(),
        one_of("outcome", "answered", "abandoned", "unanswered", "rejected", "failed"),
        points_at("clients", "client_id"),
        points_at("agents", "agent_id"),
        Index("uq_calls_call", "project_id", "pbx", "call_id", "started_at", unique=True),
        Index("ix_calls_started_at", "project_id", text("started_at DESC")),
        Index(
            "ix_calls_client_id", "project_id", "client_id", postgresql_where=text("client_id IS NOT NULL")
        ),
        Index("ix_calls_agent_id", "project_id", "agent_id", postgresql_where=text("agent_id IS NOT NULL")),
    )

    id: Mapped[Id]
    started_at: Mapped[datetime] = mapped_column(primary_key=True)
    pbx: Mapped[str]
    call_id: Mapped[str]
    ani: Mapped[str | None]
    ani_name: Mapped[str | None]
    dnis: Mapped[str | None]
    client_id: Mapped[int | None]
    line: Mapped[str | None]
    topic: Mapped[str | None]
    tier: Mapped[str | None]
    priority: Mapped[int | None]
    outcome: Mapped[str | None]
    ended_by: Mapped[str | None]
    joined_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    wait_s: Mapped[float | None] = mapped_column(Double)
    total_wait_s: Mapped[float | None] = mapped_column(Double)
    talk_s: Mapped[float | None] = mapped_column(Double)
    agent_id: Mapped[int | None]
    answered_by: Mapped[str | None]
    doubtful: Mapped[bool] = mapped_column(server_default=text("false"))


class CallEvent(Owned, Record):
    """One change of a call as the floor reported it: `kind` is its name, `data` the rest of it."""

    __tablename__ = "call_events"
    __table_args__ = (
        in_project(),
        Index("ix_call_events_call", "project_id", "pbx", "call_id", "at"),
    )

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(primary_key=True)
    pbx: Mapped[str]
    call_id: Mapped[str]
    kind: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSON, server_default=text("'{}'"))


class Decision(Owned, Record):
    """Why this call went where it went: what was looked at, what was answered, and the reasons in order.

    `json`, because these are written for every call and read one by one: `jsonb` is for what is searched in.
    """

    __tablename__ = "decisions"
    __table_args__ = (in_project(),)

    pbx: Mapped[str] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[Moment] = mapped_column(primary_key=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    because: Mapped[list[Any]] = mapped_column(JSON)
    policy_version: Mapped[int | None] = mapped_column(Integer)
    took_ms: Mapped[float] = mapped_column(Double)
