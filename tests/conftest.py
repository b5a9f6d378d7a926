"""Fixtures of the database: one embedded PostgreSQL for the whole run, one migrated template, a fresh clone for each test."""

import asyncio
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from alembic import command
from app.infra.db import Database, alembic_config
from app.infra.postgres import EmbeddedPostgres
from app.infra.postgres_cluster import DATABASE
from app.projects.models import DEFAULT_PROJECT

pytest_plugins = ["tests.asterisk.fixtures"]

TEMPLATE = "template_migrated"
_numbers = count(1)


@dataclass(frozen=True)
class Urls:
    """Of one database: as the app, as the owner who migrates, as the superuser who sees all projects."""

    app: str
    owner: str
    superuser: str


def _named(url: str, database: str) -> str:
    return f"{url.rpartition('/')[0]}/{database}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    directory = Path(tempfile.mkdtemp(prefix="tierline-test-"))
    directory.chmod(0o711)  # as root the server runs as nobody, who must get in
    with EmbeddedPostgres(directory / "postgres", durable=False) as server:
        yield server
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> str:
    """A migrated, empty database that others are copied from; nobody connects to it."""

    async def create() -> None:
        connection = await asyncpg.connect(postgres.owner_url)
        await connection.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE {DATABASE}")
        await connection.close()

    def prepare() -> None:
        asyncio.run(create())
        command.upgrade(alembic_config(_named(postgres.owner_url, TEMPLATE)), "head")

    failures: list[BaseException] = []

    def in_thread() -> None:
        try:
            prepare()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=in_thread)  # the main thread has a loop of its own
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return TEMPLATE


async def _clone(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[Urls]:
    name = f"test_{next(_numbers)}"
    owner = await asyncpg.connect(postgres.owner_url)
    await owner.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield Urls(*(_named(url, name) for url in (postgres.app_url, postgres.owner_url, postgres.superuser_url)))
    await owner.close()
    superuser = await asyncpg.connect(postgres.superuser_url)  # it alone may end an autovacuum worker there
    await superuser.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await superuser.close()


@pytest.fixture
async def urls(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[Urls]:
    """An empty migrated database for this test alone."""
    async for one in _clone(postgres, template):
        yield one


@pytest.fixture(scope="module")
async def module_urls(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[Urls]:
    """An empty migrated database shared by the tests of one module."""
    async for one in _clone(postgres, template):
        yield one


@pytest.fixture
def database_url(urls: Urls) -> str:
    """As the app connects: no superuser, bound by row-level security."""
    return urls.app


@pytest.fixture
async def database(urls: Urls) -> AsyncIterator[Database]:
    async with Database(urls.app, size=4, migrations_url=urls.owner) as one:
        yield one


@pytest.fixture
async def pool(database: Database) -> Any:
    """The raw asyncpg pool of `database`. Rows are visible only after the project is set (`database.raw`)."""
    return database.pool


@pytest.fixture
def project_id() -> int:
    return DEFAULT_PROJECT
