"""Rows of `calls`: one for each conversation, however often and in whatever pieces it is told."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from alembic import command
from app.calls.recording import NOBODY, Recorder
from app.calls.repository import store_calls
from app.infra.db import Database, alembic_config
from app.projects.models import DEFAULT_PROJECT
from telephony.floor import Floor
from telephony.ids import PbxId
from tests.conftest import Urls
from tests.fakes.ami_script import AmiScript
from tests.telephony.floors import events_of

pytestmark = pytest.mark.db

Rows = list[bytes]


def told(script: AmiScript) -> list[Rows]:
    """What is to be stored of a stream, event by event."""
    floor, recorder = Floor(PbxId("test")), Recorder(lambda pbx, queue: queue, lambda number: number)
    batches = []
    for event in events_of(b"".join(script.blocks)):
        changes = floor.apply(event)
        rows = recorder.calls(floor, changes, lambda pbx, call: NOBODY)
        batches.append([msgspec.json.encode(row) for row in rows])
    return [batch for batch in batches if batch]


@pytest.fixture
def twice() -> list[Rows]:
    """Two clients, one after the other, whose calls have the same id: between them the switch was started again."""
    script = AmiScript()
    for number in ("79161234567", "79039876543"):
        script.number_from(1)
        script.gone(script.arrives(number))
        script.wait(0.2)
    return told(script)


async def store(database: Database, *batches: Rows) -> None:
    async with database.raw(DEFAULT_PROJECT) as connection:
        for rows in batches:
            await store_calls(connection, rows)


async def stored(database: Database) -> list[tuple[Any, ...]]:
    async with database.raw(DEFAULT_PROJECT) as connection:
        rows = await connection.fetch("SELECT ani, outcome IS NOT NULL FROM calls ORDER BY started_at")
    return [tuple(row) for row in rows]


BOTH = [("79161234567", True), ("79039876543", True)]


async def test_calls_whose_id_is_the_same_have_a_row_each(database: Database, twice: list[Rows]) -> None:
    assert len({msgspec.json.decode(row)["call_id"] for batch in twice for row in batch}) == 1
    await store(database, *twice[:-1])
    assert await stored(database) == [("79161234567", True), ("79039876543", False)]
    await store(database, twice[-1])
    assert await stored(database) == BOTH


async def test_they_have_it_too_when_both_are_stored_at_once(database: Database, twice: list[Rows]) -> None:
    await store(database, [row for batch in twice for row in batch])
    assert await stored(database) == BOTH


async def test_storing_again_changes_nothing(database: Database, twice: list[Rows]) -> None:
    """The answer of the database was lost, say."""
    await store(database, *twice, *twice, [row for batch in twice for row in batch], *reversed(twice))
    assert await stored(database) == BOTH


async def test_a_call_that_began_otherwise_after_a_break_is_the_same(
    database: Database, twice: list[Rows]
) -> None:
    """Its beginning is then reckoned from its age in whole seconds."""
    arrived, ended = (msgspec.json.decode(batch[0]) for batch in twice[:2])
    for ahead_s in (-0.7, 0.7):
        began = msgspec.convert(arrived["started_at"], datetime) + timedelta(seconds=ahead_s)
        await store(database, [msgspec.json.encode({**arrived, "started_at": began})])
    await store(database, [msgspec.json.encode(ended)])
    assert await stored(database) == BOTH[:1]


async def test_without_room_for_both_the_younger_stays(urls: Urls, twice: list[Rows]) -> None:
    config = alembic_config(urls.owner)
    async with Database(urls.app, migrations_url=urls.owner) as database:
        await store(database, *twice)
        await asyncio.to_thread(command.downgrade, config, "0004")
        assert await stored(database) == BOTH[1:]
        await asyncio.to_thread(command.upgrade, config, "head")
