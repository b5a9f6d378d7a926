"""How long a caller is told he will wait."""

import pytest

from routing.ewt import Line, estimated_wait, estimated_wait_first

pytestmark = pytest.mark.unit

LINE = Line(agents=10, kept=0, aht_s=100.0, higher_per_s=0.0, patience_s=1e9)


def test_without_impatience_each_one_ahead_costs_one_end_of_a_call() -> None:
    assert estimated_wait(LINE, 0) == pytest.approx(10)
    assert estimated_wait(LINE, 4) == pytest.approx(50)


@pytest.mark.parametrize(
    ("change", "longer"),
    [
        ({"kept": 2}, True),
        ({"higher_per_s": 0.05}, True),
        ({"patience_s": 60.0}, False),
        ({"agents": 20}, False),
    ],
)
def test_what_makes_the_wait_longer_or_shorter(change: dict[str, float], longer: bool) -> None:
    before, after = estimated_wait(LINE, 9), estimated_wait(LINE._replace(**change), 9)
    assert before is not None
    assert after is not None
    assert (after > before) is longer


def test_when_load_changes_the_longest_wait_has_its_say() -> None:
    assert estimated_wait(LINE._replace(changing=True, longest_wait_s=90.0), 4) == pytest.approx(70)


def test_an_endless_queue_is_summed_as_if_one_by_one() -> None:
    line = LINE._replace(patience_s=300.0)
    one_by_one = sum(1 / (0.1 + k / 300) for k in range(50_001))
    assert estimated_wait(line, 50_000) == pytest.approx(one_by_one, rel=1e-4)


def test_higher_tiers_that_take_every_agent_leave_patience_to_shorten_the_queue() -> None:
    wait = estimated_wait(LINE._replace(higher_per_s=1.0, patience_s=300.0), 3)
    assert wait is not None
    assert 0 < wait < 1000


def test_who_is_always_first_waits_for_those_before_him() -> None:
    assert estimated_wait_first(LINE, 0) == 0
    assert estimated_wait_first(LINE, 3) == 30


def test_nobody_on_duty_is_no_time_at_all() -> None:
    assert estimated_wait(LINE._replace(agents=0), 0) is None
    assert estimated_wait_first(LINE._replace(agents=0), 0) is None
