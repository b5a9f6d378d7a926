"""The pulse of a line: what is counted, what is learned, what is told to the next caller."""

import pytest

from routing.policy import DEFAULT_POLICY, read_policy
from routing.pulse import LinePulse, Rate

pytestmark = pytest.mark.unit

TWENTY_AGENTS = [f"agent-{number}" for number in range(20)]


def pulse(idle: int = 0, busy: int = 0, aht_s: float = 180.0) -> LinePulse:
    one = LinePulse(DEFAULT_POLICY, 0.0, aht_s)
    for number in range(idle + busy):
        one.agent(f"agent-{number}", number < idle)
    return one


def test_it_knows_who_waits_and_who_serves() -> None:
    one = pulse(idle=2, busy=3)
    one.joined("a", "vip", 10.0, 10.0)
    one.joined("b", "standard", 11.0, 11.0)
    one.joined("b", "standard", 11.0, 12.0)
    one.agent("agent-0", None)
    one.agent("agent-4", True)
    load = one.load(20.0)
    assert load.waiting == {"vip": 1, "priority": 0, "standard": 1}
    assert (load.agents, load.idle) == (4, 2)


def test_a_promise_is_kept_by_an_answer_in_time_only() -> None:
    one = pulse(idle=1)
    for call, end in (("in time", 4.0), ("late", 6.0)):
        one.joined(call, "vip", 100.0, 100.0)
        one.answered(call, end)
    one.joined("gone", "vip", 100.0, 100.0)
    one.abandoned("gone", 101.0)
    one.joined("elsewhere", "vip", 100.0, 100.0)
    one.moved("elsewhere")
    one.joined("not promised", "standard", 100.0, 100.0)
    one.answered("not promised", 1.0)
    seen = one.seen("executor")
    assert (seen.vip_came, seen.vip_kept, seen.vip_ended) == (4, 1, 3)


def test_every_reader_counts_for_himself() -> None:
    one = pulse(idle=1)
    one.joined("a", "vip", 1.0, 1.0)
    assert one.seen("one").vip_came == 1
    assert one.seen("one").vip_came == 0
    assert one.seen("other").vip_came == 1


def test_a_caller_recognised_while_he_waits_counts_where_he_belongs() -> None:
    one = pulse()
    one.joined("a", None, 1.0, 1.0)
    assert one.load(2.0).waiting["standard"] == 1
    one.tier_known("a", "vip")
    one.tier_known("a", "vip")
    assert one.load(2.0).waiting == {"vip": 1, "priority": 0, "standard": 0}
    assert one.seen("executor").vip_came == 1
    one.answered("a", 2.0)
    assert one.seen("executor").vip_kept == 1


def test_who_came_before_the_counting_waits_and_ends_but_did_not_arrive() -> None:
    one = LinePulse(DEFAULT_POLICY, 1000.0)
    one.joined("a", "vip", 990.0, 1000.0)
    assert one.load(1001.0).waiting["vip"] == 1
    one.answered("a", 12.0)
    seen = one.seen("executor")
    assert (seen.vip_came, seen.vip_kept, seen.vip_ended) == (0, 0, 1)


def test_handling_time_goes_from_the_prior_to_what_is_seen() -> None:
    one = pulse(busy=1, aht_s=300.0)
    assert one.load(0.0).aht_s == pytest.approx(300.0)
    one.handled(60.0)
    assert 280.0 < one.load(0.0).aht_s < 300.0
    for _ in range(3000):
        one.handled(60.0)
    assert one.load(0.0).aht_s == pytest.approx(60.0, abs=0.1)


def test_patience_counts_the_waits_of_those_who_were_answered_too() -> None:
    """Everybody waits a minute, every fourth gives up then: a mean patience of four minutes."""
    one = pulse(busy=1)
    for number in range(2000):
        one.joined("a", "standard", 0.0, 0.0)
        if number % 4:
            one.answered("a", 60.0)
        else:
            one.abandoned("a", 60.0)
    assert one.load(0.0).patience_s["standard"] == pytest.approx(240.0, rel=0.05)
    assert one.load(0.0).patience_s["vip"] == 600.0


def test_whoever_finds_more_idle_agents_than_he_must_leave_does_not_wait() -> None:
    ewt = pulse(idle=20).load(0.0).ewt_s
    assert ewt == {"vip": 0.0, "priority": 0.0, "standard": 0.0}


def test_nobody_on_duty_means_no_estimate_and_a_sure_miss() -> None:
    load = pulse().load(0.0)
    assert load.ewt_s == {"vip": None, "priority": None, "standard": None}
    assert load.vip_late == 1.0


def test_lower_tiers_wait_longer_and_more_callers_mean_longer_waits() -> None:
    one = pulse(busy=20)
    for number in range(10):
        one.joined(f"p{number}", "priority", 1.0, 1.0)
    before = one.load(2.0).ewt_s
    assert before["vip"] < before["priority"]  # type: ignore[operator]
    for number in range(10):
        one.joined(f"s{number}", "standard", 1.0, 1.0)
    after = one.load(2.0).ewt_s
    assert after["standard"] > after["priority"]  # type: ignore[operator]
    assert one.wait("standard", 40, 2.0) > one.wait("standard", 10, 2.0)  # type: ignore[operator]


def test_with_everybody_busy_the_next_vip_is_late_more_surely_the_more_wait_before_him() -> None:
    one = pulse(busy=20)
    one.tick(0.0)
    none = one.load(0.0).vip_late
    one.joined("a", "vip", 1.0, 1.0)
    assert one.load(2.0).vip_late > none
    one.moved("a")
    one.agent("agent-0", True)
    assert one.load(2.0).vip_late < none


def test_the_reserve_follows_the_arrivals_of_the_highest_tiers() -> None:
    """30 agents, as in the reference: 7 % of the traffic wants a reserve of one to three agents."""
    one = pulse(idle=4, busy=26)
    now = 0.0
    for number in range(2000):
        now += 5.0
        if number % 18 == 0:
            one.joined(str(number), "vip", now, now)
            one.answered(str(number), 1.0)
        one.joined(f"m{number}", "priority", now, now)
        one.tick(now)
        one.answered(f"m{number}", 1.0)
    reserve = one.load(now).reserve
    assert 1 <= reserve.mid <= reserve.low <= 5
    assert one.load(now).vip_per_s == pytest.approx(1 / 90, rel=0.3)


def test_an_order_without_reserve_keeps_none() -> None:
    fifo = read_policy({"waiting": {"order": "fifo"}}, 1)
    one = LinePulse(fifo, 0.0)
    for agent in TWENTY_AGENTS:
        one.agent(agent, True)
    one.tick(5.0)
    assert one.load(5.0).reserve == (0, 0)


def test_another_policy_keeps_what_was_learned() -> None:
    one = pulse(busy=2)
    one.joined("a", "vip", 1.0, 1.0)
    one.joined("b", "priority", 2.0, 2.0)
    one.under(
        read_policy({"tiers": [{"name": "all"}, {"name": "vip", "arpu_from": 9}], "unknown_tier": "all"}, 2)
    )
    assert one.load(3.0).waiting == {"vip": 1, "all": 1}
    one.answered("b", 5.0)
    one.abandoned("a", 9.0)
    assert one.load(9.0).waiting == {"vip": 0, "all": 0}


def test_arrivals_are_counted_right_from_the_start_and_long_after() -> None:
    rate = Rate(900.0, 0.0)
    for second in range(10, 610, 10):
        rate.came(float(second))
    assert rate.per_s(600.0) == pytest.approx(0.1, rel=0.1)
    assert rate.per_s(600.0 + 9000.0) < 0.001
