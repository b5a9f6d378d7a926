"""The virtual day against what is known: by hand, by Erlang, and by the reference table (short, so with wide limits)."""

from random import Random

import pytest

from routing.policy import DEFAULT_POLICY
from routing.rehearse.calls import Call, Interval, Traffic, kinds_of
from routing.rehearse.figures import figures
from routing.rehearse.scenario import ORDERS, in_order, read_scenario, stretch_of
from routing.rehearse.simulate import Stretch
from routing.rehearse.tally import Tally

pytestmark = pytest.mark.unit

VIP, MID, LOW = 0, 1, 2
POLICIES = {name: in_order(name, DEFAULT_POLICY) for name in ORDERS}
KINDS = kinds_of(DEFAULT_POLICY)


def run(
    order: str, calls: list[Call], *staff: tuple[float, int], until: float = 1000.0, ring_s: float = 0.0
) -> Tally:
    intervals = tuple(Interval(start, 0.0, agents) for start, agents in staff)
    return Stretch(Traffic(tuple(calls), intervals, until), KINDS, POLICIES[order], ring_s).run()


def waits(tally: Tally) -> dict[str, list[float]]:
    return {kind: list(outcomes.answered) for kind, outcomes in tally.kinds.items()}


def test_one_agent_takes_them_in_the_order_of_the_policy() -> None:
    calls = [
        Call(0.0, LOW, 10.0, 999.0),
        Call(1.0, LOW, 10.0, 999.0),
        Call(2.0, MID, 10.0, 999.0),
        Call(3.0, VIP, 10.0, 999.0),
    ]
    assert waits(run("strict", calls, (0.0, 1))) == {"vip": [7.0], "mid": [18.0], "low": [0.0, 29.0]}
    assert waits(run("fifo", calls, (0.0, 1))) == {"vip": [27.0], "mid": [18.0], "low": [0.0, 9.0]}


def test_ringing_counts_as_waiting_and_keeps_the_agent() -> None:
    calls = [Call(0.0, LOW, 10.0, 999.0), Call(1.0, LOW, 10.0, 999.0)]
    assert waits(run("fifo", calls, (0.0, 1), ring_s=2.0))["low"] == [2.0, 13.0]


def test_who_loses_patience_is_gone() -> None:
    tally = run(
        "fifo",
        [Call(0.0, LOW, 100.0, 999.0), Call(1.0, MID, 10.0, 30.0), Call(2.0, LOW, 10.0, 999.0)],
        (0.0, 1),
    )
    assert list(tally.kinds["mid"].abandoned) == [30.0]
    assert waits(tally)["low"] == [0.0, 98.0]


def test_agents_come_and_go_with_the_shifts() -> None:
    calls = [Call(at, LOW, 50.0, 999.0) for at in (0.0, 1.0, 100.0, 101.0)]
    assert waits(run("fifo", calls, (0.0, 1), (60.0, 2)))["low"] == [0.0, 49.0, 0.0, 0.0]
    assert waits(run("fifo", calls, (0.0, 2), (60.0, 1)))["low"] == [0.0, 0.0, 0.0, 49.0]


def test_a_shift_ends_after_the_call_that_runs() -> None:
    tally = run("fifo", [Call(0.0, LOW, 50.0, 999.0), Call(60.0, LOW, 10.0, 15.0)], (0.0, 1), (10.0, 0))
    assert (waits(tally)["low"], list(tally.kinds["low"].abandoned)) == ([0.0], [15.0])


def test_staffed_and_busy_time_are_those_of_the_agents() -> None:
    tally = run("fifo", [Call(0.0, LOW, 50.0, 999.0)], (0.0, 2), (500.0, 1))
    assert (tally.staffed_s, tally.busy_s) == (1500.0, 50.0)


def rehearsed(order: str, scenario: str, seed: str = "1") -> dict[str, dict[str, float]]:
    one = read_scenario(scenario)
    return figures(
        [
            Stretch(stretch_of(one, KINDS, Random(f"{seed}/{n}")), KINDS, POLICIES[order], 0.0).run()
            for n in (1, 2)
        ]
    )


def erlang_c(agents: int, load: float) -> float:
    """Probability of waiting in M/M/N without abandonment (Erlang 1917)."""
    blocked = 1.0
    for number in range(1, agents + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1 - load / agents * (1 - blocked))


def test_fifo_without_abandonment_agrees_with_erlang() -> None:
    """Exponential handling, endless patience: the mean wait is C / (N mu - lambda)."""
    chance, calls, at = Random(7), [], 0.0
    rate, aht, agents = 8.0 / 100, 100.0, 10
    while at < 2_000_000:
        at += chance.expovariate(rate)
        calls.append(Call(at, LOW, chance.expovariate(1 / aht), 1e9))
    answered = run("fifo", calls, (0.0, agents), until=at).kinds["low"].answered
    expected = erlang_c(agents, rate * aht) / (agents / aht - rate)
    assert sum(answered) / len(answered) == pytest.approx(expected, rel=0.06)


def test_reserve_and_head_start_do_what_the_reference_says() -> None:
    """30 agents at 90 %: 99.9 % of VIPs in 5 s, 83.9 % under strict priority, at a loss of 4.8 % against 2.6 %."""
    scenario = "N=30,load=0.90,calls=40000"
    ours, strict = rehearsed("res-hs", scenario), rehearsed("strict", scenario)
    assert ours["vip"]["within_5s"] == pytest.approx(0.999, abs=0.004)
    assert strict["vip"]["within_5s"] == pytest.approx(0.839, abs=0.04)
    assert ours["all"]["abandoned"] == pytest.approx(0.048, abs=0.015)
    assert strict["all"]["abandoned"] == pytest.approx(0.026, abs=0.012)
    assert ours["mid"]["within_20s"] == pytest.approx(0.864, abs=0.04)


def test_the_same_seed_gives_the_same_figures_and_another_one_others() -> None:
    scenario = "N=10,load=0.9,calls=4000"
    assert rehearsed("res-hs", scenario) == rehearsed("res-hs", scenario)
    assert rehearsed("res-hs", scenario) != rehearsed("res-hs", scenario, "2")
