"""Lines and agents come from a file, and a file with a mistake changes nothing."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.errors import BadInput, Conflict
from app.floorplan.schemas import read_plan
from app.floorplan.service import load
from app.inbound.rules import KnownRules
from app.infra.db import Database
from app.lines.known import no_loads

pytestmark = pytest.mark.db

EXAMPLE = Path(__file__).parents[3] / "docs" / "how-to" / "floor.example.toml"

LINE = '[[lines]]\ncode = "a"\nname_ru = "А"\nname_en = "A"\n'


async def floor(database: Database, project_id: int) -> dict[str, object]:
    async with database.raw(project_id) as connection:
        lines = await connection.fetch("SELECT code, queue, is_default, targets FROM lines ORDER BY position")
        agents = await connection.fetch("SELECT code, interface FROM agents ORDER BY code")
        served = await connection.fetchval("SELECT count(*) FROM line_agents")
        numbers = await connection.fetch("SELECT dnis FROM line_numbers ORDER BY dnis")
    return {
        "lines": [row["code"] for row in lines],
        "default": [row["code"] for row in lines if row["is_default"]],
        "targets": [row["targets"] for row in lines],
        "agents": [row["interface"] for row in agents],
        "served": served,
        "numbers": [row[0] for row in numbers],
    }


async def test_the_example_loads_and_loading_it_again_changes_nothing(
    database: Database, project_id: int
) -> None:
    await load(database, project_id, read_plan(EXAMPLE))
    once = await floor(database, project_id)
    assert once["lines"] == ["support", "sales"]
    assert once["default"] == ["support"]
    assert once["agents"] == ["PJSIP/1001"]
    assert once["served"] == 2
    assert once["numbers"] == ["74950000001", "74950000002", "74950000003"]
    await load(database, project_id, read_plan(EXAMPLE))
    assert await floor(database, project_id) == once


async def test_a_queue_of_another_line_is_refused_and_nothing_is_half(
    database: Database, project_id: int, tmp_path: Path
) -> None:
    await load(database, project_id, read_plan(EXAMPLE))
    before = await floor(database, project_id)
    other = tmp_path / "other.toml"
    other.write_text(
        '[[lines]]\ncode = "new"\nname_ru = "Н"\nname_en = "N"\n\n'
        '[[lines]]\ncode = "thief"\nname_ru = "В"\nname_en = "T"\nqueue = "sales"\n'
    )
    with pytest.raises(Conflict, match="Nothing was changed"):
        await load(database, project_id, read_plan(other))
    assert await floor(database, project_id) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[lines]]\ncode = 1", "lines → 0 → code"),
        ('[[agents]]\ncode = "1"\nname = "A"\ninterface = "1001"', "interface"),
        (
            '[[agents]]\ncode = "1"\nname = "A"\ninterface = "PJSIP/1"\nlines = ["x"]',
            "which is not in the file",
        ),
        ('[[lines]]\ncode = "a"\nname_ru = "А"\nname_en = "A"\ncolour = "red"', "colour"),
        ("lines = [", "not TOML"),
        (f'{LINE}hours = ["mon 9-18"]', "09:00-20:00"),
        (f'{LINE}time_zone = "Moscow"', "no time zone; write one like Europe/Moscow"),
        (f'{LINE}holidays = {{ "1.1.2027" = [] }}', "write holidays as 2027-01-01"),
        (f'{LINE}closed_message = "../secret"', "closed_message"),
        (f'{LINE}topics = ["a", "a"]', "topic a stands there twice"),
        (f'{LINE}number_topics = {{ "7495" = "x" }}', "not among the numbers"),
        (f'{LINE}vip_queue = "a"', "own queue"),
        (f'{LINE}overflow = {{ to = "callback" }}', "give a limit"),
        (f'{LINE}overflow = {{ to = "line", wait_s = 60 }}', "name the other line"),
        (f'{LINE}overflow = {{ to = "line", line = "a", wait_s = 60 }}', "no other line of the file"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=said):
        read_plan(path)


async def test_what_the_file_says_of_a_line_is_what_the_webhook_knows(
    database: Database, project_id: int
) -> None:
    await load(database, project_id, read_plan(EXAMPLE))
    rules = KnownRules(database, "RU")
    known = (await rules.refresh(project_id)).lines
    new_year = datetime(2027, 1, 1, 12, tzinfo=ZoneInfo("Europe/Moscow")).timestamp()
    support = known.facts(known.dialled("main", "74950000001"), new_year, no_loads)
    assert (support.open.why, support.open.opens) == ("holiday", "2027-01-02T00:00+03:00")
    assert (support.after_hours, support.topics) == ("voicemail", ("billing", "repair"))
    assert support.announce == ("position", "wait")
    assert support.overflow is not None
    assert support.overflow.other is not None
    assert (support.overflow.other.code, support.overflow.wait_s) == ("sales", 600)
    assert known.reply_minutes("support") == 240
    assert known.facts(known.dialled("main", "74950000003"), new_year, no_loads).topic == "tariffs"
