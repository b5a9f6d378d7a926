"""Cases: something owed to a client. A complaint is a case with a promised reply time."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.tables import Id, Moment, Owned, Record, one_of, points_at


class Case(Owned, Record):
    """`due_at`: the promised time. Open exactly while `closed_at` is NULL. `agent_id`: who answers for it."""

    __tablename__ = "cases"
    __table_args__ = (
        one_of("kind", "request", "complaint", "task"),
        one_of("status", "open", "in_progress", "waiting", "closed"),
        points_at("clients", "client_id", ondelete="CASCADE"),
        points_at("agents", "agent_id"),
        Index(
            "ix_cases_open",
            "project_id",
            "client_id",
            "due_at",
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_cases_client_id", "project_id", "client_id"),
        Index("ix_cases_due_at", "project_id", "due_at", postgresql_where=text("closed_at IS NULL")),
    )

    id: Mapped[Id]
    client_id: Mapped[int]
    kind: Mapped[str]
    title: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'open'"))
    topic: Mapped[str | None]
    opened_at: Mapped[Moment]
    due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    agent_id: Mapped[int | None]
