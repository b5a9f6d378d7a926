"""Users, their sessions, and tokens of other programs. Secrets are kept as hashes only.

Rows are visible to their own project alone, also these: whoever reads a session or a token must know the project
first. So the secret that we hand out carries it in front: `<project id>.<secret>`.
"""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.tables import Id, Moment, Owned, Record, in_project, one_of, points_at


class User(Owned, Record):
    """`login`: lower case. Disabled, never deleted: history points at him."""

    __tablename__ = "users"
    __table_args__ = (
        in_project(),
        one_of("role", "agent", "supervisor", "admin"),
        one_of("language", "ru", "en"),
        one_of("theme", "auto", "light", "dark"),
        Index("uq_users_login", "project_id", "login", unique=True),
    )

    id: Mapped[Id]
    login: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str | None]
    language: Mapped[str] = mapped_column(server_default=text("'ru'"))
    theme: Mapped[str] = mapped_column(server_default=text("'auto'"))
    disabled: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[Moment]


class Session(Owned, Record):
    """`token_sha256`: of the cookie's secret part."""

    __tablename__ = "sessions"
    __table_args__ = (
        points_at("users", "user_id", ondelete="CASCADE"),
        Index("ix_sessions_user_id", "project_id", "user_id"),
        Index("ix_sessions_expires_at", "project_id", "expires_at"),
    )

    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int]
    created_at: Mapped[Moment]
    last_seen_at: Mapped[Moment]
    expires_at: Mapped[datetime]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]


class ServiceToken(Owned, Record):
    """What another program may do here, `scopes` like `routing`."""

    __tablename__ = "service_tokens"
    __table_args__ = (
        in_project(),
        Index("uq_service_tokens_name", "project_id", "name", unique=True),
        Index("uq_service_tokens_token_sha256", "project_id", "token_sha256", unique=True),
    )

    id: Mapped[Id]
    name: Mapped[str]
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    created_at: Mapped[Moment]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
