"""The database of the settings: the configured one, or else the embedded PostgreSQL of the data directory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.errors import Unavailable
from app.infra.db import Database
from app.infra.postgres import EmbeddedPostgres
from app.settings import Settings


@asynccontextmanager
async def open_database(settings: Settings, *, migrate: bool = False) -> AsyncIterator[Database]:
    """Nothing is asked of a configured database yet, unless `migrate`. The embedded one is always brought up to date,
    and shared when another process (the service) runs it already. Raises `Unavailable`."""
    if settings.database_url is not None:
        owner = settings.migrations_url
        async with Database(
            str(settings.database_url),
            size=settings.database_pool,
            migrations_url=str(owner) if owner else None,
        ) as database:
            if migrate:
                await database.migrate()
            yield database
        return
    async with (
        EmbeddedPostgres(settings.data_dir / "postgres") as server,
        Database(server.app_url, size=settings.database_pool, migrations_url=server.owner_url) as database,
    ):
        await database.migrate()
        yield database


async def check_migrated(database: Database) -> None:
    """Raises `Unavailable` with what to do, instead of an error about a missing table later."""
    has, wanted = await database.revisions()
    if has != wanted:
        raise Unavailable(
            f"The database is at revision {has or 'none'}, this version wants {wanted}: start `tierline serve` once."
        )
