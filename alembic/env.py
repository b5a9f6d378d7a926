"""Runs the migrations over asyncpg, one transaction each, one process at a time.

A migration that cannot have its lock within 5 s fails instead of making the whole floor wait behind it: start it again.
"""

import asyncio

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from alembic import context
from app.errors import Misconfigured
from app.infra.db import driver_url
from app.schema import metadata
from app.settings import read_settings

ONE_AT_A_TIME = 7_210_431  # any number that nobody else uses for an advisory lock
LOCK_TIMEOUT = "5s"


def database_url() -> str:
    url = context.config.get_main_option("sqlalchemy.url")
    if not url:
        settings = read_settings()
        configured = settings.migrations_url or settings.database_url
        if configured is None:
            raise Misconfigured(
                "Set TIERLINE_MIGRATIONS_URL or TIERLINE_DATABASE_URL to use alembic by hand."
            )
        url = str(configured)
    return driver_url(url)


def migrate(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ONE_AT_A_TIME})
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.commit()
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


async def online() -> None:
    engine = create_async_engine(database_url(), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


if context.is_offline_mode():
    context.configure(url=database_url(), target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(online())
