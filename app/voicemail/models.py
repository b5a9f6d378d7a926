"""Messages of callers."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from app.infra.tables import Id, Owned, Record, points_at


class Voicemail(Owned, Record):
    """`client_id`, `case_id` NULL: nobody knows yet who spoke; it is owed an answer by `due_at` all the same. `ani`: E.164 with
    +; NULL: withheld, or nobody was told. `at`: when it began.
    """

    __tablename__ = "voicemails"
    __table_args__ = (
        points_at("recordings", "recording_id"),
        points_at("clients", "client_id"),
        points_at("cases", "case_id"),
        points_at("users", "handled_by"),
        Index("uq_voicemails_recording_id", "project_id", "recording_id", unique=True),
        Index("ix_voicemails_due_at", "project_id", "due_at", postgresql_where=text("handled_at IS NULL")),
    )

    id: Mapped[Id]
    recording_id: Mapped[int]
    line: Mapped[str | None]
    ani: Mapped[str | None]
    topic: Mapped[str | None]
    client_id: Mapped[int | None]
    case_id: Mapped[int | None]
    at: Mapped[datetime]
    due_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    handled_by: Mapped[int | None]
