"""The migrations make exactly the tables of the models, and can be taken back."""

import asyncio
import os
import sys
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from alembic import command
from app.infra.db import Database, alembic_config, driver_url
from app.projects.models import DEFAULT_PROJECT
from app.schema import metadata
from tests.conftest import Urls

pytestmark = pytest.mark.db

ROOT = Path(__file__).parents[3]


async def tables(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    return {row["tablename"] for row in rows}


async def test_up_down_up(urls: Urls) -> None:
    config = alembic_config(urls.owner)
    assert await tables(urls.owner) == {*metadata.tables, "alembic_version"}
    await asyncio.to_thread(command.downgrade, config, "base")
    assert await tables(urls.owner) == {"alembic_version"}
    async with Database(urls.app, migrations_url=urls.owner) as database:
        await database.migrate()
        has, wanted = await database.revisions()
    assert has == wanted
    assert await tables(urls.owner) == {*metadata.tables, "alembic_version"}


async def test_models_and_migrations_say_the_same(urls: Urls) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection)
        return list(compare_metadata(context, metadata))

    engine = create_async_engine(driver_url(urls.owner))
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_constraints_are_those_of_the_models(urls: Urls) -> None:
    """Autogenerate does not look at CHECK constraints: compare with what the models would create."""
    query = (
        "SELECT n.nspname, c.conname, pg_get_constraintdef(c.oid) AS text FROM pg_constraint c"
        " JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname IN ('public', 'models')"
        " AND c.contype <> 'n' AND c.conrelid::regclass::text NOT LIKE '%alembic_version'"
    )
    engine = create_async_engine(
        driver_url(urls.owner), execution_options={"schema_translate_map": {None: "models"}}
    )
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE SCHEMA models")
        await connection.run_sync(metadata.create_all)
        rows = (await connection.exec_driver_sql(query)).all()
    await engine.dispose()
    migrated = {(row.conname, row.text) for row in rows if row.nspname == "public"}
    from_models = {(row.conname, row.text.replace("models.", "")) for row in rows if row.nspname == "models"}
    assert migrated == from_models


async def test_one_project_is_there_from_the_start(database: Database) -> None:
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT id FROM projects WHERE code = 'default'") == DEFAULT_PROJECT
        added = await connection.fetchval("INSERT INTO projects (code, name) VALUES ('b', 'B') RETURNING id")
    assert added > DEFAULT_PROJECT


async def test_two_processes_may_migrate_at_once(urls: Urls) -> None:
    await asyncio.to_thread(command.downgrade, alembic_config(urls.owner), "base")
    upgrade = [sys.executable, "-m", "alembic", "upgrade", "head"]
    environment = {**os.environ, "TIERLINE_MIGRATIONS_URL": urls.owner}
    processes = [await asyncio.create_subprocess_exec(*upgrade, cwd=ROOT, env=environment) for _ in range(2)]
    assert [await process.wait() for process in processes] == [0, 0]
    assert await tables(urls.owner) == {*metadata.tables, "alembic_version"}
