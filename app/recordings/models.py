"""Recordings of talks, and who listened to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Double, Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.tables import Id, Moment, Owned, Record, in_project, one_of, points_at


class Recording(Owned, Record):
    """One agent's part of a call, or a message that a caller left (`kind`). `file`: its name on the switch, of the call's id, the
    beginning and the device.

    Times by the switch's clock. `state`: `recording`; `ended`: the file is with the switch; `stored`: it lies at `place` (a
    key there) and nowhere else, `size` bytes, `channels` 2: the client left, the agent right; `missing`: it never came.
    `pauses`: `[{"from": seconds since 1970, "to": …}]`, `to` left out while it lasts. `because`: the policy's reason;
    `started_by`, `stopped_by`: a user who asked for it.
    """

    __tablename__ = "recordings"
    __table_args__ = (
        in_project(),
        one_of("state", "recording", "ended", "stored", "missing"),
        one_of("kind", "talk", "voicemail"),
        points_at("agents", "agent_id"),
        points_at("users", "started_by"),
        points_at("users", "stopped_by"),
        Index("uq_recordings_file", "project_id", "pbx", "file", unique=True),
        Index("ix_recordings_call", "project_id", "pbx", "call_id"),
        Index(
            "ix_recordings_open",
            "project_id",
            "pbx",
            postgresql_where=text("state = ANY (ARRAY['recording', 'ended'])"),
        ),
    )

    id: Mapped[Id]
    pbx: Mapped[str]
    call_id: Mapped[str]
    file: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default=text("'talk'"))
    channel: Mapped[str | None]
    interface: Mapped[str | None]
    agent_id: Mapped[int | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    pauses: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    because: Mapped[str | None]
    started_by: Mapped[int | None]
    stopped_by: Mapped[int | None]
    state: Mapped[str] = mapped_column(server_default=text("'recording'"))
    length_s: Mapped[float | None] = mapped_column(Double)
    channels: Mapped[int | None] = mapped_column(SmallInteger)
    place: Mapped[str | None]
    size: Mapped[int | None]
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    stored_at: Mapped[datetime | None]


class Listening(Owned, Record):
    """Somebody was sent a recording's sound, from byte `first` of it on. Written before the sound is sent, never changed."""

    __tablename__ = "recording_listenings"
    __table_args__ = (
        points_at("recordings", "recording_id"),
        points_at("users", "user_id"),
        Index("ix_recording_listenings_recording_id", "project_id", "recording_id", "at"),
    )

    id: Mapped[Id]
    at: Mapped[Moment]
    recording_id: Mapped[int]
    user_id: Mapped[int]
    address: Mapped[str | None]
    first: Mapped[int] = mapped_column(server_default=text("0"))
