"""Table of projects: the one business table without `project_id` and row-level security (jobs walk over all projects)."""

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.tables import Id, Moment, Record

DEFAULT_PROJECT = 1
"""Made by the first migration, so that a single company never sees the word."""


class Project(Record):
    __tablename__ = "projects"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    time_zone: Mapped[str] = mapped_column(server_default=text("'Europe/Moscow'"))
    created_at: Mapped[Moment]
