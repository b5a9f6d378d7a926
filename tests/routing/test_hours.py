"""When a line is open: by the wall clock of its place, over midnight, holidays and changes of the clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.hours import OPEN, BadHours, Closing, Hours, first_open, open_state, read_hours

pytestmark = pytest.mark.unit

MOSCOW, BERLIN, HAVANA = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/Havana")
WEEK = read_hours(
    ["mon-fri 09:00-20:00", "sat 10:00-16:00"], {"2026-12-31": ["09:00-15:00"], "2027-01-01": []}
)


def at(text: str, zone: ZoneInfo = MOSCOW, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


@pytest.mark.parametrize(
    ("when", "is_open", "why", "opens"),
    [
        ("2026-11-23T09:00:00", True, "hours", None),
        ("2026-11-23T08:59:59", False, "outside_hours", "2026-11-23T09:00+03:00"),
        ("2026-11-23T19:59:59", True, "hours", None),
        ("2026-11-23T20:00:00", False, "outside_hours", "2026-11-24T09:00+03:00"),
        ("2026-11-28T16:00:00", False, "outside_hours", "2026-11-30T09:00+03:00"),
        ("2026-12-31T14:59:00", True, "hours", None),
        ("2026-12-31T15:00:00", False, "holiday", "2027-01-02T10:00+03:00"),
        ("2027-01-01T12:00:00", False, "holiday", "2027-01-02T10:00+03:00"),
    ],
)
def test_open_by_the_clock_of_the_line(when: str, is_open: bool, why: str, opens: str | None) -> None:
    state = open_state(WEEK, None, at(when), MOSCOW)
    assert (state.open, state.why, state.opens) == (is_open, why, opens)
    assert (state.opens_at is None) == (opens is None)


def test_the_same_moment_is_another_time_elsewhere() -> None:
    moment = at("2026-11-23T09:30:00")
    assert open_state(WEEK, None, moment, MOSCOW).open
    assert not open_state(WEEK, None, moment, BERLIN).open


def test_a_night_service_runs_over_midnight_and_over_the_end_of_the_week() -> None:
    night = read_hours(["sun 22:00-06:00"], {})
    for when, is_open in [("22T21:59", False), ("22T22:00", True), ("23T05:59", True), ("23T06:00", False)]:
        assert open_state(night, None, at(f"2026-11-{when}:00"), MOSCOW).open is is_open


def test_without_hours_it_is_open_round_the_clock_but_for_its_holidays() -> None:
    assert open_state(Hours(), None, at("2026-11-22T03:00:00"), MOSCOW) is OPEN
    holiday = read_hours([], {"2026-11-22": []})
    closed = open_state(holiday, None, at("2026-11-22T03:00:00"), MOSCOW)
    assert (closed.why, closed.opens) == ("holiday", "2026-11-23T00:00+03:00")


def test_an_hour_that_is_skipped_is_not_missed() -> None:
    """Berlin, 29 March 2026: after 01:59 comes 03:00."""
    early = read_hours(["sun 02:30-05:00"], {})
    before = at("2026-03-29T01:59:59", BERLIN)
    closed = open_state(early, None, before, BERLIN)
    assert (closed.open, closed.opens) == (False, "2026-03-29T03:00+02:00")
    assert closed.opens_at == before + 1
    assert open_state(early, None, before + 1, BERLIN).open


def test_an_hour_that_comes_twice_counts_twice() -> None:
    """Berlin, 25 October 2026: after 02:59 comes 02:00 again."""
    early = read_hours(["sun 02:00-02:30"], {})
    first, second = at("2026-10-25T02:15:00", BERLIN), at("2026-10-25T02:15:00", BERLIN, fold=1)
    assert second - first == 3600
    assert open_state(early, None, first, BERLIN).open
    assert open_state(early, None, second, BERLIN).open
    between = open_state(early, None, at("2026-10-25T02:45:00", BERLIN), BERLIN)
    assert between.opens == "2026-10-25T02:00+01:00"


def test_the_day_before_a_change_knows_nothing_of_it() -> None:
    """Lord Howe Island, 5 April 2026: after 01:59 comes 01:30."""
    zone = ZoneInfo("Australia/Lord_Howe")
    days = read_hours(["mon-sat 00:00-00:01", "sun 00:00-12:00"], {})
    assert first_open(days, at("2026-04-04T23:50:00", zone), zone) == at("2026-04-05T00:00:00", zone)


def test_a_clock_that_jumps_at_midnight() -> None:
    """Havana, 8 March 2026: after 23:59 comes 01:00."""
    day = read_hours(["sun 00:00-12:00"], {})
    closed = open_state(day, None, at("2026-03-07T23:30:00", HAVANA), HAVANA)
    assert closed.opens == "2026-03-08T01:00-04:00"


def test_a_supervisors_closing_goes_before_the_hours_and_ends_by_itself() -> None:
    noon = at("2026-11-23T12:00:00")
    closing = Closing(noon - 60, "fire drill", until=noon + 3600, message="drill")
    state = open_state(WEEK, closing, noon, MOSCOW)
    assert (state.open, state.why, state.reason, state.message) == (False, "forced", "fire drill", "drill")
    assert state.opens == "2026-11-23T13:00+03:00"
    assert open_state(WEEK, closing, noon + 3600, MOSCOW).open


def test_a_closing_that_ends_at_night_opens_in_the_morning_and_one_without_end_does_not() -> None:
    noon = at("2026-11-23T12:00:00")
    overnight = Closing(noon, "move", until=at("2026-11-23T22:00:00"))
    assert open_state(WEEK, overnight, noon, MOSCOW).opens == "2026-11-24T09:00+03:00"
    assert open_state(WEEK, Closing(noon, "flood"), noon, MOSCOW).opens_at is None
    assert not open_state(Hours(), Closing(noon, "flood"), noon, MOSCOW).open


def test_a_line_that_never_opens_again_says_so() -> None:
    over = read_hours(["mon 09:00-10:00"], {f"{day}": [] for day in _mondays()})
    assert open_state(over, None, at("2026-11-22T12:00:00"), MOSCOW).opens_at is None


def _mondays() -> list[str]:
    monday = datetime(2026, 11, 23, tzinfo=UTC).date()
    return [(monday + timedelta(weeks=week)).isoformat() for week in range(54)]


@pytest.mark.parametrize(
    ("week", "holidays", "said"),
    [
        (["monday 9-18"], {}, "mon-fri 09:00-20:00"),
        (["mon 9:00-18:00"], {}, "09:00-20:00"),
        (["foo 09:00-18:00"], {}, "no day 'foo'"),
        (["mon"], {}, "09:00-20:00"),
        (["mon 09:00-25:00"], {}, "24:00 is midnight"),
        (["mon 09:00-09:00"], {}, "begins where it ends"),
        (["mon 09:00-18:00", "mon-fri 17:00-20:00"], {}, "mon: two spans share time"),
        (["mon 20:00-02:00", "tue 01:00-03:00"], {}, "tue: two spans share time"),
        ([], {"1.1.2027": []}, "2027-01-01"),
        ([], {"2027-01-01": ["20:00-02:00"]}, "24:00 at the latest"),
    ],
)
def test_a_mistake_is_told_with_what_is_expected(
    week: list[str], holidays: dict[str, list[str]], said: str
) -> None:
    with pytest.raises(BadHours, match=said):
        read_hours(week, holidays)


clock = st.integers(0, 1440)
spans = st.lists(clock, max_size=4, unique=True).map(
    lambda ends: tuple(zip(*[iter(sorted(ends))] * 2, strict=False))
)
weeks = st.tuples(*[spans] * 7).map(lambda days: Hours(days))
zones = st.sampled_from([BERLIN, HAVANA, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu")])
around = st.sampled_from(["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01"])


@settings(max_examples=200, deadline=None)
@given(weeks, zones, around, st.integers(0, 2 * 1440))
def test_the_next_opening_is_the_first_open_minute(
    hours: Hours, zone: ZoneInfo, day: str, minutes: int
) -> None:
    """Held against looking at every minute of the four days after it."""
    since = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() - 86_400 + minutes * 60
    found = first_open(hours, since, zone)
    minute_by_minute = (since + 60 * step for step in range(4 * 1440))
    expected = next((m for m in minute_by_minute if hours.within(datetime.fromtimestamp(m, zone))), None)
    if expected is not None:
        assert found == expected
    else:
        assert found is None or found > since + 4 * 86_400 - 60
