"""Versions of the routing policy; at most one of a project is active; and when which was put in force, by whom."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.tables import Id, Moment, Owned, Record, in_project, points_at


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


class PolicyActivation(Owned, Record):
    """From `at` on `version` was in force (0: the built-in defaults). `by`: the user, null when the command line did it;
    `confirmed`: the warnings he was shown and accepted. Written once, never changed."""

    __tablename__ = "policy_activations"
    __table_args__ = (
        in_project(),
        points_at("users", "by"),
        Index("ix_policy_activations_at", "project_id", text("at DESC")),
    )

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    version: Mapped[int] = mapped_column(Integer)
    by: Mapped[int | None]
    confirmed: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
