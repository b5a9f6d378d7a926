"""How many agents are kept, and when that changes."""

import pytest

from routing.policy import BadPolicy, Goal, read_policy
from routing.promise import expected, problems_of_promise
from routing.reserve import Controller, Load, Reserve, Seen, late, next_vip_late, thresholds

pytestmark = pytest.mark.unit

GOAL = Goal(answer_s=0.0)


def load(agents: int, work: float, share: float = 0.07) -> Load:
    return Load(agents, 187.4, share * agents * work / 187.4)


@pytest.mark.parametrize(("agents", "work", "kept"), [(30, 0.9, 2), (100, 0.97, 2), (500, 0.97, 0)])
def test_large_floors_need_less_reserve(agents: int, work: float, kept: int) -> None:
    """With somebody always waiting; routing.md's K of 2, 1 and 0 has the shares of a real day."""
    assert thresholds(load(agents, work), GOAL, 0.003).mid == kept


def test_the_pair_is_the_smallest_that_keeps_the_promise() -> None:
    here = load(30, 0.9)._replace(share_mid=0.5, share_low=0.3)
    found = thresholds(here, GOAL, 0.003)
    assert late(here, found, GOAL) <= 0.003
    for less in (Reserve(found.mid - 1, found.low), Reserve(found.mid, found.low - 1)):
        assert late(here, less, GOAL) > 0.003


def test_no_more_than_the_policy_allows_are_kept() -> None:
    drowned = Load(20, 187.4, 0.1)
    assert thresholds(drowned, GOAL, 0.003) == Reserve(4, 4)
    assert thresholds(drowned, Goal(keep_at_most=0.5), 0.003) == Reserve(10, 10)
    assert thresholds(Load(1, 187.4, 0.1), GOAL, 0.003) == Reserve(0, 0)


def after(controller: Controller, seconds: int, seen: Seen, start: int = 0) -> Reserve:
    reserve = Reserve()
    for now in range(start, start + seconds, 10):
        reserve = controller.tick(float(now), seen)
    return reserve


def test_more_vips_make_it_keep_more() -> None:
    quiet, busy = Controller(GOAL), Controller(GOAL)
    floor = Seen(30, 187.4, True, True)
    few = after(quiet, 3600, floor)
    many = after(busy, 3600, floor._replace(vip_came=1))
    assert few.mid < many.mid


def test_a_floor_where_nobody_waits_keeps_less() -> None:
    waiting, empty = Controller(GOAL, 0.01), Controller(GOAL, 0.01)
    busy = after(waiting, 7200, Seen(100, 187.4, True, True, vip_came=0))
    calm = after(empty, 7200, Seen(100, 187.4, False, False, vip_came=0))
    assert sum(calm) <= sum(busy)


def test_a_broken_promise_makes_it_more_careful_and_a_kept_one_less() -> None:
    broken, kept = Controller(GOAL, 0.01), Controller(GOAL, 0.01)
    usual = broken.epsilon
    after(broken, 3600, Seen(30, 187.4, True, True, 1, 9, 10))
    after(kept, 3600, Seen(30, 187.4, True, True, 1, 10, 10))
    assert broken.epsilon == pytest.approx(0.001)
    assert kept.epsilon == pytest.approx(0.01)
    assert usual == pytest.approx(0.003)


def test_a_promise_just_kept_brings_the_usual_caution_back() -> None:
    controller = Controller(GOAL, 0.01)
    after(controller, 3600, Seen(30, 187.4, True, True, 1, 10, 10))
    after(controller, 36_000, Seen(30, 187.4, True, True, 1, 199, 200), 3600)
    assert controller.epsilon == pytest.approx(0.003)


def test_the_chance_that_the_next_vip_waits_grows_with_those_before_him() -> None:
    here = load(30, 0.9)
    nobody_idle = [next_vip_late(here, Reserve(1, 1), GOAL, 0, waiting) for waiting in range(4)]
    assert nobody_idle == sorted(nobody_idle)
    assert next_vip_late(here, Reserve(1, 1), GOAL, 1, 0) < 0.05 < nobody_idle[0] < 1


def test_a_small_pool_is_told_what_it_can_promise() -> None:
    (problem,) = problems_of_promise(Goal(), {"sales": load(8, 0.9), "support": load(30, 0.9)})
    assert problem == (
        "goal: sales: a pool of 8 agents cannot promise 99 % in 5 s: expect 94 %; "
        "promise 95 % in 20 s, or plan 10 agents"
    )


def test_what_is_proposed_can_be_promised() -> None:
    assert list(problems_of_promise(Goal(percent=95, within_s=20), {"sales": load(8, 0.9)})) == []
    assert list(problems_of_promise(Goal(), {"sales": load(10, 0.9)})) == []


def test_nobody_on_duty_promises_nothing() -> None:
    assert expected(Load(0, 180.0, 0.01), Goal()) == 0
    assert list(problems_of_promise(Goal(), {"night": Load(0, 180.0, 0.01)}))


def test_a_promise_shorter_than_the_ringing_is_refused() -> None:
    with pytest.raises(BadPolicy, match="leave nothing after 6 s of ringing"):
        read_policy({"goal": {"within_s": 5, "answer_s": 6}}, 1)
