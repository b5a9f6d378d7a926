"""The database as the app uses it: sessions for what people do, raw asyncpg for what a caller waits for.

Both set the project for one transaction; without it row-level security shows no rows at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

import app
from alembic import command
from app.errors import Unavailable
from app.infra.tables import PROJECT_SETTING

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]

SET_PROJECT = f"SELECT set_config('{PROJECT_SETTING}', $1, true)"
"""Holds until the transaction ends; its parameter is text."""

AWAY = (Unavailable, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError)
"""How a database that cannot answer now shows itself."""

_AWAY = "The database does not answer: calls go on with default routing; check TIERLINE_DATABASE_URL."
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 2.0
_SERVER_SETTINGS = {"jit": "off", "application_name": "tierline"}


def driver_url(url: str) -> str:
    """The same URL for SQLAlchemy's asyncpg driver."""
    return "postgresql+asyncpg://" + url.partition("://")[2]


def migrations_dir() -> Path:
    """Beside the app in a checkout, inside it in the wheel."""
    inside = Path(app.__file__).parent
    beside = inside.parent / "alembic"
    return beside if (beside / "env.py").exists() else inside / "_shipped" / "alembic"


def alembic_config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_dir()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


async def _keep(connection: Any) -> None:
    """Settings end with their transaction and nothing else is left on a connection, so no reset is sent on release."""


class Database:
    """Two pools of `size` connections each, filled as needed. Opening connects to nothing: the app starts without it."""

    def __init__(self, url: str, *, size: int = 10, migrations_url: str | None = None) -> None:
        """`url`: `postgresql://user:password@host:port/name` of a role without BYPASSRLS; `migrations_url`: the owner's."""
        self.url = url
        self.migrations_url = migrations_url or url
        self._engine: AsyncEngine = create_async_engine(
            driver_url(url),
            pool_size=size,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={"server_settings": _SERVER_SETTINGS, "timeout": _CONNECT_SECONDS},
        )
        self._pool = asyncpg.create_pool(
            url,
            min_size=0,
            max_size=size,
            max_inactive_connection_lifetime=0,
            max_cached_statement_lifetime=0,
            reset=_keep,
            server_settings={**_SERVER_SETTINGS, "plan_cache_mode": "force_generic_plan"},
            timeout=_CONNECT_SECONDS,
        )

    @property
    def pool(self) -> asyncpg.Pool:
        """For those who need a pool itself; a transaction of theirs must set the project (`SET_PROJECT`)."""
        return self._pool

    async def open(self) -> Database:
        await self._pool
        return self

    async def close(self) -> None:
        await self._pool.close()
        await self._engine.dispose()

    async def __aenter__(self) -> Database:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def sessions(self, project_id: int) -> AsyncIterator[AsyncSession]:
        """One transaction of one project, committed when the block ends well. Raises `Unavailable`."""
        async with AsyncSession(self._engine, expire_on_commit=False) as session:
            try:
                await session.execute(
                    text(SET_PROJECT.replace("$1", ":project")), {"project": str(project_id)}
                )
            except (OSError, TimeoutError, DBAPIError) as error:
                raise Unavailable(_AWAY) from error
            yield session
            await session.commit()

    @asynccontextmanager
    async def raw(self, project_id: int) -> AsyncIterator[Connection]:
        """The same on asyncpg: four round trips with one query in it. Raises `Unavailable`."""
        async with self.connection() as connection, connection.transaction():
            await connection.fetchval(SET_PROJECT, str(project_id))
            yield connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """For single statements that set the project themselves (see `clients.card`): one round trip."""
        try:
            connection = await self._pool.acquire()
        except (OSError, TimeoutError, asyncpg.PostgresError) as error:
            raise Unavailable(_AWAY) from error
        try:
            yield connection
        finally:
            await self._pool.release(connection)

    async def migrate(self, revision: str = "head") -> None:
        """Brings the tables up to date; two processes at once do it one after the other."""
        await asyncio.to_thread(command.upgrade, alembic_config(self.migrations_url), revision)

    async def analyze(self) -> None:
        """Lets the planner see what a big load changed, as the owner: the app may not."""
        owner = await asyncpg.connect(self.migrations_url)
        try:
            await owner.execute("ANALYZE")
        finally:
            await owner.close()

    async def revisions(self) -> tuple[str | None, str | None]:
        """(what the database has, what this code wants)."""
        wanted = ScriptDirectory.from_config(alembic_config(self.url)).get_current_head()
        async with self.connection() as connection:
            if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
                return None, wanted
            return await connection.fetchval("SELECT version_num FROM alembic_version"), wanted

    async def answers(self) -> bool:
        """For the health check; never raises."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS), self.connection() as connection:
                return bool(await connection.fetchval("SELECT 1"))
        except AWAY:
            return False

    async def sees_all_projects(self) -> bool:
        """True when the role ignores row-level security: `tierline doctor` warns."""
        async with self.connection() as connection:
            query = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
            return bool(await connection.fetchval(query))
