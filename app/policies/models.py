"""Versions of the routing policy; at most one of a project is active."""

from typing import Any

from sqlalchemy import Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.tables import Moment, Owned, Record, in_project, points_at


class PolicyVersion(Owned, Record):
    """`body`: the policy as `routing.policy` reads it. Never changed after it was made: a change is a new version."""

    __tablename__ = "policies"
    __table_args__ = (
        in_project(),
        points_at("users", "created_by"),
        Index("uq_policies_active", "project_id", unique=True, postgresql_where=text("active")),
    )

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    body: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(server_default=text("false"))
    note: Mapped[str] = mapped_column(server_default=text("''"))
    created_by: Mapped[int | None]
    created_at: Mapped[Moment]
