"""Agents, their teams and skills, and what they said about their presence."""

from sqlalchemy import CheckConstraint, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.tables import Id, Moment, Owned, Record, in_project, one_of, points_at


class Agent(Owned, Record):
    """`interface`: his device as the switch dials it. `pauses`: a set of reasons at once, never one overwritten word.

    `signed_in`, `pauses` and `since` are what he *wants*; what his device does is known by the switch alone.
    """

    __tablename__ = "agents"
    __table_args__ = (
        in_project(),
        one_of("language", "ru", "en"),
        points_at("users", "user_id"),
        Index("uq_agents_code", "project_id", "code", unique=True),
        Index("uq_agents_interface", "project_id", "pbx", "interface", unique=True),
        Index("uq_agents_user_id", "project_id", "user_id", unique=True),
    )

    id: Mapped[Id]
    code: Mapped[str]
    name: Mapped[str]
    pbx: Mapped[str]
    interface: Mapped[str]
    language: Mapped[str] = mapped_column(server_default=text("'ru'"))
    user_id: Mapped[int | None]
    signed_in: Mapped[bool] = mapped_column(server_default=text("false"))
    pauses: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    since: Mapped[Moment]
    disabled: Mapped[bool] = mapped_column(server_default=text("false"))


class Team(Owned, Record):
    __tablename__ = "teams"
    __table_args__ = (
        in_project(),
        Index("uq_teams_code", "project_id", "code", unique=True),
    )

    id: Mapped[Id]
    code: Mapped[str]
    name: Mapped[str]


class AgentTeam(Owned, Record):
    __tablename__ = "agent_teams"
    __table_args__ = (
        points_at("agents", "agent_id", ondelete="CASCADE"),
        points_at("teams", "team_id", ondelete="CASCADE"),
        Index("ix_agent_teams_team_id", "project_id", "team_id"),
    )

    agent_id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(primary_key=True)


class Skill(Owned, Record):
    __tablename__ = "skills"
    __table_args__ = (
        in_project(),
        Index("uq_skills_code", "project_id", "code", unique=True),
    )

    id: Mapped[Id]
    code: Mapped[str]
    name: Mapped[str]


class AgentSkill(Owned, Record):
    """`level` 1–10."""

    __tablename__ = "agent_skills"
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 10", name="level"),
        points_at("agents", "agent_id", ondelete="CASCADE"),
        points_at("skills", "skill_id", ondelete="CASCADE"),
        Index("ix_agent_skills_skill_id", "project_id", "skill_id"),
    )

    agent_id: Mapped[int] = mapped_column(primary_key=True)
    skill_id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger, server_default=text("5"))
