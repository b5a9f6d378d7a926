"""Attempts to ring somebody for a waiting caller, stored with what else was considered."""

import msgspec
import pytest

from app.calls.matches import StoredMatch, matches_of, store_matches
from app.infra.db import Database
from app.projects.models import DEFAULT_PROJECT
from routing.match import match
from routing.places import Caller
from routing.reserve import NO_RESERVE
from routing.room import Room
from routing.staff import Agent
from telephony.changes import RingResult

pytestmark = pytest.mark.db

AT = 1_800_000_000.0


def attempt() -> StoredMatch:
    """A vip is taken before a standard caller who came ten seconds earlier."""
    room = Room()
    for number in (1, 2):
        room.sign_on(Agent(f"PJSIP/{number}"), AT)
    room.join(Caller("1.2", "standard", AT - 30), AT)
    room.join(Caller("1.1", "vip", AT - 20), AT)
    for number in (1, 2):
        room.idle(f"PJSIP/{number}", AT - number)
    return StoredMatch.of(match(room, NO_RESERVE, AT)[0], "main", "1.1", AT, 3)


async def stored(database: Database, *rows: StoredMatch) -> list[dict[str, object]]:
    async with database.raw(DEFAULT_PROJECT) as connection:
        await store_matches(connection, [row.row() for row in rows])
        return [dict(row) for row in await matches_of(connection, "main", "1.1")]


async def test_what_was_considered_is_kept_with_the_attempt(database: Database) -> None:
    (row,) = await stored(database, attempt())
    assert (row["agent"], row["waited_s"], row["outcome"], row["policy_version"]) == (
        "PJSIP/2",
        20.0,
        "offered",
        3,
    )
    body = msgspec.json.decode(str(row["body"]))
    assert body["tier"] == "vip"
    assert [(one["caller"], one["because"]["code"]) for one in body["passed_over"]] == [("1.2", "later")]
    assert [(one["agent"], one["because"]) for one in body["candidates"]] == [("PJSIP/2", "best")]


async def test_an_attempt_ends_once_however_often_it_is_stored(database: Database) -> None:
    begun = attempt()
    missed, late = begun.ended(RingResult.NO_ANSWER, AT + 3), begun.ended(RingResult.ANSWERED, AT + 4)
    await stored(database, begun)
    await stored(database, begun, missed)
    (row,) = await stored(database, late, begun)
    assert row["outcome"] == "no_answer"
    assert row["ended_at"] is not None


async def test_beginning_and_end_may_come_in_one_batch_in_any_order(database: Database) -> None:
    begun = attempt()
    (row,) = await stored(database, begun.ended(RingResult.ANSWERED, AT + 1), begun)
    assert row["outcome"] == "answered"


async def test_another_project_sees_nothing_of_it(database: Database) -> None:
    await stored(database, attempt())
    async with database.connection() as connection:
        await connection.execute("INSERT INTO projects (code, name) VALUES ('other', 'Other')")
    async with database.raw(2) as connection:
        assert await matches_of(connection, "main", "1.1") == []
