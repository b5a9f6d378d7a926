"""Lines: what clients dial, which queue serves it on which switch, and which agents serve it."""

from typing import Any

from sqlalchemy import CheckConstraint, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.tables import Id, Owned, Record, in_project, one_of, points_at


class Line(Owned, Record):
    """`queue`: its queue of app_queue on `pbx`. `vip_queue`: where tiers that are always first wait instead while app_queue
    distributes; same members, greater weight. `executor`: who gives its callers to agents, app_queue or we. `targets`:
    seconds to the answer by tier, `{"vip": 5}`."""

    __tablename__ = "lines"
    __table_args__ = (
        in_project(),
        one_of("executor", "queued", "directed"),
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

    @property
    def queues(self) -> tuple[str, ...]:
        return (self.queue,) if self.vip_queue is None else (self.queue, self.vip_queue)


class LineNumber(Owned, Record):
    """A dialled number and the line it leads to. `dnis`: as the switch presents it."""

    __tablename__ = "line_numbers"
    __table_args__ = (
        points_at("lines", "line_id", ondelete="CASCADE"),
        Index("ix_line_numbers_line_id", "project_id", "line_id"),
    )

    pbx: Mapped[str] = mapped_column(primary_key=True)
    dnis: Mapped[str] = mapped_column(primary_key=True)
    line_id: Mapped[int]


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
