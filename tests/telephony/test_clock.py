"""Moments by our clock whatever the switch's says, and durations by the switch's alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.clock import STEADY_S, SwitchClock

pytestmark = pytest.mark.unit

NOW = 1_800_000_000.0
HOUR = 3600.0


@pytest.mark.parametrize("wrong", [-HOUR, -3.0, 3.0, HOUR])
def test_a_clock_that_is_wrong_is_corrected_by_what_was_measured(wrong: float) -> None:
    clock = SwitchClock()
    assert clock.compared(NOW, NOW + 0.005 + wrong, NOW + 0.01) == pytest.approx(-wrong)
    assert clock.offset == pytest.approx(-wrong)
    assert not clock.heard(NOW + 1.0 + wrong, NOW + 1.02)


def test_differences_of_a_network_leave_it_alone_so_that_durations_stay_exact() -> None:
    clock = SwitchClock()
    for difference in (0.003, -0.004, 0.2, -0.2):
        clock.compared(NOW, NOW - difference, NOW)
        assert clock.measured == pytest.approx(difference, abs=1e-6)
        assert clock.offset == 0.0


def test_a_slow_answer_proves_less() -> None:
    clock = SwitchClock()
    clock.compared(NOW, NOW, NOW + 1.0)
    assert clock.offset == 0.0, "half a second may be all of the way there"
    clock.compared(NOW, NOW - 2.0, NOW + 1.0)
    assert clock.offset == pytest.approx(2.5)


@pytest.mark.parametrize("wrong", [-HOUR, HOUR])
def test_before_it_was_compared_the_first_words_of_the_switch_count(wrong: float) -> None:
    clock = SwitchClock()
    assert clock.heard(NOW + wrong, NOW)
    assert clock.offset == -wrong
    assert not clock.heard(NOW + 1.0 + wrong, NOW + 1.0)


def test_a_clock_set_back_betrays_itself_at_the_first_event() -> None:
    clock = SwitchClock()
    clock.compared(NOW, NOW, NOW)
    assert not clock.heard(NOW + 1.0, NOW + 1.0)
    assert clock.heard(NOW + 2.0 - HOUR, NOW + 2.0)
    assert NOW + 2.0 - HOUR + clock.offset == pytest.approx(NOW + 2.0)
    assert not clock.heard(NOW + 3.0 - HOUR, NOW + 3.0)


def test_a_clock_set_forward_betrays_itself_at_the_first_event() -> None:
    clock = SwitchClock()
    clock.compared(NOW, NOW, NOW)
    clock.heard(NOW + 1.0, NOW + 1.0)
    assert clock.heard(NOW + 2.0 + HOUR, NOW + 2.0)
    assert clock.offset == pytest.approx(-HOUR)


def test_words_that_come_late_or_out_of_order_are_no_set_clock() -> None:
    clock = SwitchClock()
    clock.compared(NOW, NOW, NOW)
    for told, now in ((NOW + 1.0, NOW + 1.0), (NOW + 0.9, NOW + 1.0), (NOW + 2.0, NOW + 9.0)):
        assert not clock.heard(told, now)
    assert clock.offset == 0.0


@given(
    st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.floats(0.0, 10.0), st.floats(0.0, 0.2), st.booleans()),
        min_size=1,
        max_size=30,
    )
)
def test_however_it_is_set_what_is_heard_is_near_now_by_our_clock(
    steps: list[tuple[float, float, float, bool]],
) -> None:
    """`steps`: how wrong the clock is from then on, what passes, how late an event comes, whether they are compared."""
    clock, now = SwitchClock(), NOW
    for wrong, passes, late, compare in steps:
        now += passes
        if compare:
            clock.compared(now, now + wrong, now)
        told = now + wrong
        now += late
        clock.heard(told, now)
        assert told + clock.offset <= now + STEADY_S + 1e-6
        if compare:
            assert told + clock.offset >= now - late - STEADY_S - 1e-6
