"""Calls that ended while the backend was down are closed when it comes back, and only those."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.calls.lost import LostCalls
from app.infra.db import Database
from app.projects.models import DEFAULT_PROJECT
from telephony.floor import Floor
from telephony.ids import PbxId
from telephony.rebuild import Snapshot
from tests.fakes.ami_script import AmiScript
from tests.telephony.test_rebuild import snapshot

pytestmark = pytest.mark.db

RESTART = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


async def add(database: Database, call_id: str, started: datetime, **more: object) -> None:
    columns = {"started_at": started, "call_id": call_id, "pbx": "test", **more}
    holes = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    async with database.raw(DEFAULT_PROJECT) as connection:
        await connection.execute(
            f"INSERT INTO calls ({', '.join(columns)}) VALUES ({holes})",  # noqa: S608 - names of this test
            *columns.values(),
        )


async def calls(database: Database) -> dict[str, tuple[object, ...]]:
    async with database.raw(DEFAULT_PROJECT) as connection:
        rows = await connection.fetch("SELECT call_id, outcome, ended_at, doubtful FROM calls")
    return {row["call_id"]: tuple(row)[1:] for row in rows}


async def rebuilt(database: Database, seen: Snapshot) -> None:
    """The first look of a process that began at `RESTART`."""
    spawned: list[asyncio.Task[None]] = []
    floor = Floor(PbxId("test"))
    lost = LostCalls(
        database, DEFAULT_PROJECT, lambda work: spawned.append(asyncio.create_task(work)), RESTART
    )
    for _ in range(2):
        floor.rebuild(seen, 1_795_000_000.0)
        lost.rebuilt(floor)
    await asyncio.gather(*spawned)
    assert len(spawned) <= 1


async def test_what_ended_unheard_gets_an_outcome_and_is_doubtful(database: Database) -> None:
    before, answered = RESTART - timedelta(minutes=5), RESTART - timedelta(minutes=4)
    living = AmiScript().arrives()
    await add(database, "waited", before)
    await add(database, "talked", before, answered_at=answered)
    await add(database, living.linkedid, before)
    await add(database, "over", before, ended_at=answered, outcome="abandoned")
    await add(database, "after", RESTART + timedelta(seconds=1))
    await add(database, "elsewhere", before, pbx="other")
    await rebuilt(database, snapshot([living], 1_795_000_000.0))
    assert await calls(database) == {
        "waited": ("unanswered", before, True),
        "talked": ("answered", answered, True),
        living.linkedid: (None, None, False),
        "over": ("abandoned", answered, False),
        "after": (None, None, False),
        "elsewhere": (None, None, False),
    }


async def test_a_switch_that_does_not_say_what_is_there_closes_nothing(database: Database) -> None:
    await add(database, "unknown", RESTART - timedelta(minutes=5))
    await rebuilt(database, Snapshot(None, None, [], [], None))
    assert await calls(database) == {"unknown": (None, None, False)}
