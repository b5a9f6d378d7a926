"""Lines as the webhook knows them: a mistake turns nobody away, and where callers may go instead is asked each time."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from app.errors import BadInput
from app.lines.known import Lines, no_loads
from app.lines.repository import DialledLine
from app.lines.rules import zone_of
from routing.facts import Load

pytestmark = pytest.mark.unit

SUNDAY = datetime(2026, 11, 22, 12, 0, tzinfo=ZoneInfo("UTC")).timestamp()


def line(code: str = "support", **changed: object) -> DialledLine:
    return DialledLine(
        pbx="main",
        dnis=f"7495{len(code):07d}",
        topic=None,
        code=code,
        queue=code,
        vip_queue=None,
        is_default=False,
        executor="queued",
        time_zone="Europe/Moscow",
        hours=[],
        holidays="{}",
        closed_message=None,
        after_hours="goodbye",
        reply_minutes=240,
        topics=[],
        announce=[],
        overflow_to=None,
        overflow_line=None,
        overflow_wait_s=None,
        overflow_per_agent=None,
        closed_since=None,
        closed_until=None,
        closed_reason=None,
        closing_message=None,
    )._replace(**changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "mistake",
    [
        {"hours": ["whenever"]},
        {"hours": ["mon 09:00-18:00"], "time_zone": "Mars/Olympus"},
        {"holidays": '{"soon": []}'},
        {"holidays": "[]"},
        {"holidays": '{"2026-11-22": [1]}'},
        {"holidays": '{"2026-11-22": null}'},
    ],
)
def test_hours_that_cannot_be_read_leave_the_line_open(mistake: dict[str, object]) -> None:
    assert Lines("RU", [line(**mistake)]).is_open("support", SUNDAY)


def test_hours_that_can_be_read_count() -> None:
    lines = Lines("RU", [line(hours=["mon-fri 09:00-18:00"])])
    assert not lines.is_open("support", SUNDAY)
    assert lines.opens("support", SUNDAY) == SUNDAY + 18 * 3600
    assert lines.is_open("a line that is not known", SUNDAY)


def test_a_number_brings_its_topic_and_no_number_the_default_line() -> None:
    lines = Lines("RU", [line(dnis="74950000001", topic="tariffs"), line("sales", is_default=True)])
    of_number = lines.facts(lines.dialled("main", "+7 495 000-00-01"), SUNDAY, no_loads)
    assert (of_number.code, of_number.topic, of_number.by_default) == ("support", "tariffs", False)
    other = lines.facts(lines.dialled("main", "74959999999"), SUNDAY, no_loads)
    assert (other.code, other.topic, other.by_default) == ("sales", None, True)
    assert lines.dialled("elsewhere", "74950000001").facts.code == "default"


@pytest.mark.parametrize(
    ("sales", "load", "is_open", "full"),
    [
        ({}, None, True, False),
        ({"hours": ["mon 09:00-18:00"]}, None, False, False),
        ({"overflow_to": "callback", "overflow_per_agent": 2.0}, Load(5, 2), True, True),
        ({"overflow_to": "callback", "overflow_per_agent": 2.0}, Load(4, 2), True, False),
        (
            {"overflow_to": "callback", "overflow_wait_s": 60.0},
            Load(1, 2, {"vip": 9.0, "low": 70.0}),
            True,
            True,
        ),
    ],
)
def test_the_other_line_is_looked_at_for_each_call(
    sales: dict[str, object], load: Load | None, is_open: bool, full: bool
) -> None:
    support = line(overflow_to="line", overflow_line="sales", overflow_wait_s=60.0)
    lines = Lines("RU", [support, line("sales", **sales)])
    facts = lines.facts(
        lines.dialled("main", support.dnis), SUNDAY, lambda _, code: load if code == "sales" else None
    )
    assert facts.overflow is not None
    assert facts.overflow.other is not None
    assert (facts.overflow.other.open, facts.overflow.other.full) == (is_open, full)


@pytest.mark.parametrize("other", [line("sales", pbx="second"), line("another-one")])
def test_a_line_of_another_switch_or_of_none_is_no_way_out(other: DialledLine) -> None:
    support = line(overflow_to="line", overflow_line="sales", overflow_wait_s=60.0)
    lines = Lines("RU", [support, other])
    facts = lines.facts(lines.dialled("main", support.dnis), SUNDAY, no_loads)
    assert facts.overflow is not None
    assert facts.overflow.other is None


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "", "/etc/localtime", "Europe"])
def test_a_time_zone_that_does_not_exist_is_told(name: str) -> None:
    with pytest.raises(BadInput, match="Europe/Moscow"):
        zone_of(name)
