"""Lines: what clients dial, which queue serves it on which switch, when it is open, and which agents serve it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Double, Index, Integer, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.tables import Id, Moment, Owned, Record, in_project, one_of, points_at


class Line(Owned, Record):
    """`queue`: its queue of app_queue on `pbx`. `vip_queue`: where tiers that are always first wait instead while app_queue
    distributes; same members, greater weight. `executor`: who gives its callers to agents, app_queue or we. `targets`:
    seconds to the answer by tier, `{"vip": 5}`.

    `hours`, `holidays`: as `routing.hours` reads them, by the clock of `time_zone`. `closed_message`: a sound. `topics`: what
    self-service lets callers choose. `announce`: what they are told while waiting. `reply_minutes`: in which time a message
    left here is answered, unless the client's contract says otherwise. `overflow_…`: over either limit callers go there;
    `overflow_line` is a line's code.
    """

    __tablename__ = "lines"
    __table_args__ = (
        in_project(),
        one_of("executor", "queued", "directed"),
        one_of("after_hours", "goodbye", "voicemail", "callback"),
        one_of("overflow_to", "line", "callback", "voicemail"),
        Index("uq_lines_code", "project_id", "code", unique=True),
        CheckConstraint("vip_queue <> queue", name="vip_queue"),
        Index("uq_lines_queue", "project_id", "pbx", "queue", unique=True),
        Index("uq_lines_vip_queue", "project_id", "pbx", "vip_queue", unique=True),
        Index("uq_lines_default", "project_id", "pbx", unique=True, postgresql_where=text("is_default")),
    )

    id: Mapped[Id]
    code: Mapped[str]
    name_ru: Mapped[str]
    name_en: Mapped[str]
    pbx: Mapped[str]
    queue: Mapped[str]
    vip_queue: Mapped[str | None]
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    executor: Mapped[str] = mapped_column(server_default=text("'queued'"))
    position: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    targets: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    time_zone: Mapped[str] = mapped_column(server_default=text("'UTC'"))
    hours: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    holidays: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    closed_message: Mapped[str | None]
    after_hours: Mapped[str] = mapped_column(server_default=text("'goodbye'"))
    reply_minutes: Mapped[int] = mapped_column(Integer, server_default=text("240"))
    topics: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    announce: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    overflow_to: Mapped[str | None]
    overflow_line: Mapped[str | None]
    overflow_wait_s: Mapped[float | None] = mapped_column(Double)
    overflow_per_agent: Mapped[float | None] = mapped_column(Double)

    @property
    def queues(self) -> tuple[str, ...]:
        return (self.queue,) if self.vip_queue is None else (self.queue, self.vip_queue)


class LineNumber(Owned, Record):
    """A dialled number and the line it leads to. `dnis`: as the switch presents it. `topic`: what its callers want."""

    __tablename__ = "line_numbers"
    __table_args__ = (
        points_at("lines", "line_id", ondelete="CASCADE"),
        Index("ix_line_numbers_line_id", "project_id", "line_id"),
    )

    pbx: Mapped[str] = mapped_column(primary_key=True)
    dnis: Mapped[str] = mapped_column(primary_key=True)
    line_id: Mapped[int]
    topic: Mapped[str | None]


class LineClosing(Owned, Record):
    """A supervisor closed a line. In force while `over_at` is NULL and `until` has not passed; never deleted: it tells who
    closed what, when and why. `until` NULL: until somebody opens it. `message`: a sound instead of the line's own.
    """

    __tablename__ = "line_closings"
    __table_args__ = (
        points_at("lines", "line_id", ondelete="CASCADE"),
        points_at("users", "closed_by"),
        points_at("users", "over_by"),
        Index("ix_line_closings_line_id", "project_id", "line_id", "at"),
        Index(
            "uq_line_closings_in_force",
            "project_id",
            "line_id",
            unique=True,
            postgresql_where=text("over_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    line_id: Mapped[int]
    at: Mapped[Moment]
    until: Mapped[datetime | None]
    reason: Mapped[str]
    message: Mapped[str | None]
    closed_by: Mapped[int]
    over_at: Mapped[datetime | None]
    over_by: Mapped[int | None]


class LineAgent(Owned, Record):
    """Who serves which line once signed in."""

    __tablename__ = "line_agents"
    __table_args__ = (
        points_at("lines", "line_id", ondelete="CASCADE"),
        points_at("agents", "agent_id", ondelete="CASCADE"),
        Index("ix_line_agents_agent_id", "project_id", "agent_id"),
    )

    line_id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(primary_key=True)
