"""Supervisors close lines: the next call hears it, the closing ends by itself, and who did it stays known."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from app.agents.generator import load_floor
from app.errors import BadInput, Conflict, NotFound
from app.inbound.rules import KnownRules
from app.infra.auth import SignedIn
from app.infra.db import Database
from app.lines.known import no_loads
from app.opening.schemas import ClosingWish
from app.opening.service import OpeningService
from routing.hours import OpenState

pytestmark = pytest.mark.db

MONDAY_NOON = datetime(2026, 11, 23, 9, 0, tzinfo=UTC).timestamp()
"""In Moscow."""


@dataclass
class Lines:
    """`rules`: as the webhook keeps them."""

    database: Database
    opening: OpeningService
    rules: KnownRules
    boss: SignedIn
    now: float = MONDAY_NOON

    def heard(self) -> OpenState:
        lines = self.rules.last_known(1).lines
        return lines.facts(lines.dialled("main", "74950000001"), self.now, no_loads).open


@pytest.fixture
async def lines(database: Database) -> Lines:
    async with database.raw(1) as connection:
        await load_floor(connection, pbx="main", password_hash=None, agents=1)
        boss = await connection.fetchval("SELECT id FROM users WHERE login = 'supervisor'")
        await connection.execute(
            "UPDATE lines SET time_zone = 'Europe/Moscow', hours = '{mon-fri 09:00-20:00}' WHERE code = 'support'"
        )
    rules = KnownRules(database, "RU")
    await rules.refresh(1)
    one = Lines(
        database,
        OpeningService(database, 1, lambda: rules.refresh(1), clock=lambda: one.now),
        rules,
        SignedIn(b"", 1, boss, "supervisor", "S", "supervisor", "en", "auto", None, None, None),
    )
    return one


def wish(reason: str = "fire drill", **more: object) -> ClosingWish:
    return ClosingWish.model_validate({"reason": reason, **more})


async def test_the_list_tells_state_hours_and_next_opening(lines: Lines) -> None:
    support, sales = await lines.opening.lines()
    assert (support.line, support.open, support.why) == ("support", True, "hours")
    assert (sales.line, sales.open, sales.why, sales.opens_at) == ("sales", True, "always", None)
    lines.now += 12 * 3600
    support, _ = await lines.opening.lines()
    assert (support.open, support.why) == (False, "outside_hours")
    assert support.opens_at == datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


async def test_the_next_call_hears_of_a_closing_and_of_its_end(lines: Lines) -> None:
    until = datetime.fromtimestamp(lines.now, UTC) + timedelta(hours=1)
    shown = await lines.opening.close(lines.boss, "support", wish(until=until, message="tierline/drill"))
    assert (shown.open, shown.why, shown.opens_at) == (False, "forced", until)
    assert shown.closing is not None
    assert (shown.closing.reason, shown.closing.closed_by) == ("fire drill", "supervisor")
    heard = lines.heard()
    assert (heard.open, heard.reason, heard.message) == (False, "fire drill", "tierline/drill")
    opened = await lines.opening.open(lines.boss, "support")
    assert (opened.open, opened.closing) == (True, None)
    assert lines.heard().open


async def test_a_closing_ends_by_itself_and_then_nobody_ended_it(lines: Lines) -> None:
    until = datetime.fromtimestamp(lines.now, UTC) + timedelta(minutes=10)
    await lines.opening.close(lines.boss, "support", wish(until=until))
    lines.now += 600
    assert lines.heard().open
    with pytest.raises(Conflict, match="Nobody has closed"):
        await lines.opening.open(lines.boss, "support")
    await lines.opening.close(lines.boss, "support", wish("again"))
    newer, older = await lines.opening.history("support")
    assert (newer.reason, newer.over_at) == ("again", None)
    assert (older.reason, older.over_at, older.over_by) == ("fire drill", until, None)


async def test_closing_again_replaces_and_both_stay_known(lines: Lines) -> None:
    await lines.opening.close(lines.boss, "support", wish("storm"))
    await lines.opening.close(lines.boss, "support", wish("flood"))
    assert lines.heard().reason == "flood"
    newer, older = await lines.opening.history("support")
    assert (newer.reason, older.reason, older.over_by) == ("flood", "storm", "supervisor")


async def test_two_supervisors_at_once_leave_one_closing(lines: Lines) -> None:
    await asyncio.gather(*(lines.opening.close(lines.boss, "support", wish(f"no {n}")) for n in range(5)))
    history = await lines.opening.history("support")
    assert len(history) == 5
    assert [one.over_at for one in history].count(None) == 1


async def test_what_cannot_be_is_told(lines: Lines) -> None:
    past = datetime.fromtimestamp(lines.now - 1, UTC)
    with pytest.raises(BadInput, match="has passed already"):
        await lines.opening.close(lines.boss, "support", wish(until=past))
    with pytest.raises(BadInput, match="more than a year"):
        await lines.opening.close(lines.boss, "support", wish(until=past + timedelta(days=400)))
    with pytest.raises(NotFound, match="no line nowhere"):
        await lines.opening.close(lines.boss, "nowhere", wish())
    with pytest.raises(Conflict, match="its hours"):
        await lines.opening.open(lines.boss, "support")


@pytest.mark.parametrize("message", ["../../etc/passwd", "a&b", "hello,noanswer", "/abs", "x|y", ""])
def test_a_sound_is_a_name_and_nothing_else(message: str) -> None:
    with pytest.raises(ValueError, match="message"):
        wish(message=message)
