"""Callers of one moment share a query; each gets his own card, and a stuck query holds up nobody else."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from app.inbound.repository import LookUps
from app.infra.db import Database
from tests.fakes.webhook import add_client

pytestmark = pytest.mark.db

PHONE = 79161234567


def today() -> Any:
    return datetime.now(UTC).date()


async def test_many_at_once_get_each_his_own(database: Database) -> None:
    clients = {
        PHONE + n: await add_client(database, f"Client {n}", PHONE + n, arpu=n * 100) for n in range(9)
    }
    look_ups = LookUps(database, today, parallel=1, batch=4)
    asked = [*clients, PHONE, PHONE + 500]
    found = await asyncio.gather(*(look_ups.find(1, phone) for phone in asked))
    ids = [[client.id for client in cards.facts()] for cards in found]
    assert ids == [[clients[phone]] for phone in clients] + [[clients[PHONE]], []]


async def test_projects_do_not_mix(database: Database, urls: Any) -> None:
    owner = await asyncpg.connect(urls.superuser)
    other = await owner.fetchval("INSERT INTO projects (code, name) VALUES ('other', 'Other') RETURNING id")
    await owner.close()
    client = await add_client(database, "Anna", PHONE)
    look_ups = LookUps(database, today)
    ours, theirs = await asyncio.gather(look_ups.find(1, PHONE), look_ups.find(other, PHONE))
    assert [one.id for one in ours.facts()] == [client]
    assert theirs.facts() == ()


async def test_a_stuck_query_lets_the_next_one_start(database: Database, urls: Any) -> None:
    """Both wait for the same lock here; that the second one asks PostgreSQL at all is what is looked at."""
    outside = await asyncpg.connect(urls.superuser)
    watcher = await asyncpg.connect(urls.superuser)
    look_ups = LookUps(database, today, parallel=1, batch=1)
    async with outside.transaction():
        await outside.execute("LOCK TABLE clients IN ACCESS EXCLUSIVE MODE")
        first, second = look_ups.find(1, PHONE), look_ups.find(1, PHONE + 1)
        async with asyncio.timeout(10):
            while await watcher.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") < 2:  # noqa: ASYNC110
                await asyncio.sleep(0)
    assert [cards.facts() for cards in await asyncio.gather(first, second)] == [(), ()]
    await outside.close()
    await watcher.close()


async def test_what_went_wrong_is_told_to_all_who_wait() -> None:
    async with Database("postgresql://nobody@127.0.0.1:1/nothing") as nowhere:
        look_ups = LookUps(nowhere, today)
        results = await asyncio.gather(
            look_ups.find(1, PHONE), look_ups.find(1, PHONE + 1), return_exceptions=True
        )
    assert all(isinstance(one, Exception) for one in results)
