"""One block, one transaction: kept when it ends well, gone when it does not."""

import contextlib

import pytest
from sqlalchemy import select

from app.clients.models import Client
from app.errors import Unavailable
from app.infra.bulk import insert_many, reserve_ids
from app.infra.db import Database

pytestmark = pytest.mark.db


class _Oops(Exception):
    pass


async def names(database: Database) -> list[str]:
    async with database.sessions(1) as session:
        return list(await session.scalars(select(Client.name).order_by(Client.name)))


async def test_sessions_commit_at_the_end_or_not_at_all(database: Database) -> None:
    async with database.sessions(1) as session:
        session.add(Client(name="kept"))
    with contextlib.suppress(_Oops):
        async with database.sessions(1) as session:
            session.add(Client(name="gone"))
            await session.flush()
            raise _Oops
    assert await names(database) == ["kept"]


async def test_raw_commits_at_the_end_or_not_at_all(database: Database) -> None:
    async with database.raw(1) as connection:
        await connection.execute("INSERT INTO clients (name) VALUES ('kept')")
    with contextlib.suppress(_Oops):
        async with database.raw(1) as connection:
            await connection.execute("INSERT INTO clients (name) VALUES ('gone')")
            raise _Oops
    assert await names(database) == ["kept"]


async def test_many_rows_at_once_stay_in_their_project(database: Database) -> None:
    async with database.raw(1) as connection:
        first, second = await reserve_ids(connection, "clients", 2)
        await insert_many(connection, "clients", ("id", "name"), [(first, "a"), (second, "b")])
        await insert_many(connection, "clients", ("name",), [("c",)])
    assert await names(database) == ["a", "b", "c"]
    async with database.connection() as connection:
        other = await connection.fetchval("INSERT INTO projects (code, name) VALUES ('b', 'B') RETURNING id")
    async with database.raw(other) as connection:
        assert await connection.fetchval("SELECT count(*) FROM clients") == 0


async def test_a_database_that_is_away_is_said_in_one_error(unused_port: int) -> None:
    async with Database(f"postgresql://nobody:x@127.0.0.1:{unused_port}/none") as database:
        with pytest.raises(Unavailable, match="database does not answer"):
            async with database.raw(1):
                pass
        with pytest.raises(Unavailable, match="database does not answer"):
            async with database.sessions(1):
                pass


@pytest.fixture
def unused_port() -> int:
    return 1  # tcpmux: nobody listens there
