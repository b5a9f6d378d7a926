"""Who is next while waiting, as callers and agents notice it."""

import msgspec
import pytest

from routing.match import match, may_rest
from routing.places import Caller
from routing.policy import Policy, Rules, Tier, Waiting
from routing.reserve import NO_RESERVE, Reserve
from routing.room import Room
from routing.skills import NOTHING, Step
from routing.staff import Agent
from routing.why import hindrance, sentence

pytestmark = pytest.mark.unit

BILLING, EXPERT, TECH = frozenset({("billing", 3)}), frozenset({("billing", 8)}), frozenset({("tech", 5)})


def room_of(*agents: str | Agent, policy: Policy | None = None, idle: bool = True) -> Room:
    """Agents idle since 0, 1, 2 … in the order given."""
    room = Room(policy or Policy())
    for since, one in enumerate(agents):
        agent = one if isinstance(one, Agent) else Agent(one)
        room.sign_on(agent, 0.0)
        if idle:
            room.idle(agent.id, float(since))
    return room


def ordered(order: str) -> Policy:
    return Policy(Rules(waiting=msgspec.convert({"order": order}, Waiting)))


def pairs(room: Room, now: float = 100.0, reserve: Reserve = NO_RESERVE) -> list[tuple[str, str]]:
    return [(one.caller.id, one.agent) for one in match(room, reserve, now)]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("res-hs", ["vip", "old", "priority", "standard"]),
        ("strict", ["vip", "priority", "old", "standard"]),
        ("fifo", ["old", "standard", "priority", "vip"]),
    ],
)
def test_the_order_is_that_of_the_policy(order: str, expected: list[str]) -> None:
    room = room_of("a", "b", "c", "d", policy=ordered(order))
    for id_, tier, joined in (
        ("vip", "vip", 1000.0),
        ("priority", "priority", 950.0),
        ("standard", "standard", 900.0),
        ("old", "standard", 40.0),
    ):
        room.join(Caller(id_, tier, joined), 1000.0)
    assert [caller for caller, _ in pairs(room, 1000.0)] == expected


def test_a_priority_caller_overtakes_those_of_the_last_quarter_of_an_hour_only() -> None:
    room = room_of("a")
    room.join(Caller("long", "standard", 0.0), 0.0)
    room.join(Caller("priority", "priority", 901.0), 901.0)
    assert pairs(room, 901.0) == [("long", "a")]


@pytest.mark.parametrize(("tier", "started"), [("vip", 4), ("priority", 2), ("standard", 1)])
def test_each_tier_leaves_the_agents_kept_for_higher_ones(tier: str, started: int) -> None:
    room = room_of(*"abcdefgh"[:4], *"ijkl", idle=False)
    for agent in "abcd":
        room.idle(agent, 0.0)
    for number in range(6):
        room.join(Caller(str(number), tier, float(number)), 10.0)
    assert len(pairs(room, 10.0, Reserve(2, 3))) == started


def test_a_deferred_callback_waits_for_quieter_minutes_than_a_low_call() -> None:
    room = room_of(*(f"a{number:02}" for number in range(100)), idle=False)
    for number in range(5):
        room.idle(f"a{number:02}", 0.0)
    room.join(Caller("promised", "standard", 0.0, callback=True, client=1), 10.0)
    assert pairs(room, 10.0, Reserve(1, 3)) == []
    room.idle("a05", 10.0)
    assert pairs(room, 10.0, Reserve(1, 3)) == [("promised", "a00")]


def test_a_client_is_called_back_once_at_a_time() -> None:
    room = room_of("a", "b")
    room.join(Caller("first", "standard", 0.0, callback=True, client=7), 10.0)
    room.join(Caller("second", "standard", 5.0, callback=True, client=7), 10.0)
    assert pairs(room) == [("first", "a")]
    room.callback_ended(7, 100.0)
    assert pairs(room) == [("second", "b")]


def test_a_callback_that_stands_behind_another_can_be_called_off() -> None:
    room = room_of("a", "b")
    room.join(Caller("first", "standard", 0.0, callback=True, client=7), 10.0)
    room.join(Caller("second", "standard", 5.0, callback=True, client=7), 10.0)
    assert room.leave("second") is not None
    room.callback_ended(7, 100.0)
    assert pairs(room) == [("first", "a")]


def test_the_better_agent_takes_him_then_the_one_idle_longest() -> None:
    room = room_of(Agent("fair", BILLING), Agent("late", EXPERT), Agent("later", EXPERT), Agent("tech", TECH))
    for number in range(4):
        room.join(Caller(str(number), "vip", float(number), (Step(0.0, BILLING),)), 10.0)
    assert [agent for _, agent in pairs(room)] == ["late", "later", "fair"]


def test_a_need_gives_way_while_the_caller_waits() -> None:
    room = room_of(Agent("expert", EXPERT), Agent("fair", BILLING), idle=False)
    room.idle("fair", 0.0)
    room.join(Caller("x", "vip", 0.0, (Step(0.0, EXPERT), Step(30.0, BILLING))), 0.0)
    assert room.relax(29.9) == []
    assert pairs(room, 29.9) == []
    assert [(one.caller.id, one.what) for one in room.relax(room.next_due() or 0.0)] == [("x", "relaxed")]
    assert pairs(room, 30.0) == [("x", "fair")]


def test_a_step_that_nobody_on_duty_can_take_is_skipped_at_once() -> None:
    room = room_of(Agent("fair", BILLING))
    room.join(Caller("x", "standard", 0.0, (Step(0.0, EXPERT), Step(300.0, BILLING))), 0.0)
    assert pairs(room, 0.0) == [("x", "fair")]


def test_when_the_last_expert_goes_home_his_callers_do_not_wait_for_him() -> None:
    room = room_of(Agent("expert", EXPERT), Agent("fair", BILLING), idle=False)
    room.join(Caller("x", "standard", 0.0, (Step(0.0, EXPERT), Step(300.0, BILLING))), 0.0)
    room.idle("fair", 0.0)
    assert pairs(room, 1.0) == []
    room.sign_off("expert", 2.0)
    assert pairs(room, 2.0) == [("x", "fair")]


def test_a_caller_whom_nobody_on_duty_can_take_is_told_apart_and_comes_back_with_an_agent() -> None:
    room = room_of(Agent("fair", BILLING))
    room.join(Caller("x", "vip", 0.0, (Step(0.0, TECH),)), 0.0)
    assert list(room.stranded) == ["x"]
    assert pairs(room) == []
    room.sign_on(Agent("technician", TECH), 5.0)
    room.idle("technician", 5.0)
    assert pairs(room) == [("x", "technician")]


def test_an_idle_personal_agent_is_preferred() -> None:
    room = room_of("a", "b", "c")
    room.join(Caller("x", "vip", 0.0, personal=("busy elsewhere", "c", "b")), 0.0)
    assert pairs(room) == [("x", "c")]


def waiting_for_his_own() -> Room:
    tiers = (Tier("standard"), Tier("vip", arpu_from=10, always_first=True, personal_wait_s=4.0))
    room = room_of("his", "other", policy=Policy(Rules(tiers=tiers, service_levels={})), idle=False)
    room.idle("other", 0.0)
    room.join(Caller("x", "vip", 0.0, personal=("his",)), 0.0)
    return room


def test_a_tier_may_wait_for_its_personal_agents() -> None:
    room = waiting_for_his_own()
    assert pairs(room, 1.0) == []
    room.idle("his", 2.0)
    assert pairs(room, 2.0) == [("x", "his")]


def test_after_that_time_anybody_will_do() -> None:
    room = waiting_for_his_own()
    assert [one.what for one in room.relax(4.0)] == ["anyone"]
    assert pairs(room, 4.0) == [("x", "other")]


def test_nobody_waits_for_a_personal_agent_who_went_home() -> None:
    room = waiting_for_his_own()
    room.sign_off("his", 1.0)
    assert pairs(room, 1.0) == [("x", "other")]


def test_whom_nobody_answered_gets_his_old_place() -> None:
    room = room_of("a")
    room.join(Caller("first", "priority", 0.0), 0.0)
    room.join(Caller("second", "priority", 5.0), 5.0)
    (taken,) = match(room, NO_RESERVE, 6.0)
    room.join(taken.caller, 9.0)
    room.idle("a", 9.0)
    assert pairs(room, 9.0) == [("first", "a")]


def test_whom_the_line_has_kept_too_long_is_told_once() -> None:
    policy = Policy(Rules(waiting=Waiting(limit_s=600, limit_s_on={"sales": 60})))
    room = room_of("a", policy=policy, idle=False)
    room.join(Caller("x", "standard", 0.0, line="sales"), 0.0)
    room.join(Caller("y", "standard", 0.0, line="support"), 0.0)
    assert [(one.caller.id, one.what) for one in room.relax(100.0)] == [("x", "too_long")]
    assert room.relax(599.0) == []
    assert [(one.caller.id, one.what) for one in room.relax(600.0)] == [("y", "too_long")]


def test_the_last_kept_agents_may_not_go_on_a_break() -> None:
    room = room_of("a", "b", "c", "d", "e", "f")
    assert may_rest(room, Reserve(1, 2), "a")
    for agent in "abcd":
        room.busy(agent)
    assert not may_rest(room, Reserve(1, 2), "e")
    assert may_rest(room, Reserve(0, 1), "e")


def test_a_pool_of_one_keeps_nobody_back() -> None:
    room = room_of("alone")
    room.join(Caller("x", "standard", 0.0), 0.0)
    assert pairs(room, 1.0, Reserve(3, 5)) == [("x", "alone")]


def test_the_reasons_name_who_was_passed_over_and_who_could_have_answered() -> None:
    room = room_of(Agent("fair", BILLING), Agent("expert", EXPERT), Agent("x"), Agent("y"))
    room.join(Caller("tech", "vip", 0.0, (Step(0.0, TECH),)), 0.0)
    room.sign_on(Agent("technician", TECH), 0.0)
    room.join(Caller("plain", "standard", 1.0), 1.0)
    room.join(Caller("bill", "priority", 2.0, (Step(0.0, BILLING),)), 2.0)
    first, *_ = match(room, Reserve(0, 1), 10.0)
    assert (first.caller.id, first.agent, first.idle, first.kept, first.need) == (
        "bill",
        "expert",
        2,
        0,
        "billing 3+",
    )
    assert [(one.caller, sentence(one.because, "en")) for one in first.passed_over] == [
        ("tech", "Nobody who can do tech 5+ is idle."),
        ("plain", "Others go before him."),
    ]
    assert [(one.agent, one.level, one.because) for one in first.candidates] == [
        ("expert", 8, "best"),
        ("fair", 3, "lower_level"),
    ]
    assert hindrance(room, Reserve(0, 1), "tech").code == "nobody_idle"


def test_why_somebody_waits_while_agents_are_idle() -> None:
    room = room_of("a", "b", "c", "d")
    for agent in "ab":
        room.busy(agent)
    room.join(Caller("x", "priority", 0.0), 0.0)
    assert pairs(room, 1.0, Reserve(2, 2)) == []
    because = hindrance(room, Reserve(2, 2), "x")
    assert sentence(because, "en") == "Idle: 2; kept for higher tiers: 2."
    assert sentence(because, "ru") == "Свободно: 2; оставлено для старших категорий: 2."


def test_nothing_at_all_is_needed_of_an_agent_by_default() -> None:
    assert Caller("x", "vip", 0.0).steps == (Step(0.0, NOTHING),)


def test_a_new_policy_takes_over_everybody_who_waits_and_everybody_on_duty() -> None:
    room = room_of(Agent("fair", BILLING), Agent("busy", EXPERT))
    room.busy("busy")
    room.join(Caller("long", "standard", 0.0), 50.0)
    room.join(Caller("priority", "priority", 50.0), 50.0)
    room.join(Caller("tech", "vip", 1.0, (Step(0.0, TECH),)), 50.0)
    room.join(Caller("promised", "standard", 0.0, callback=True, client=7), 50.0)
    room.join(Caller("again", "standard", 0.0, callback=True, client=7), 50.0)
    other = room.under(ordered("fifo"), 60.0)
    assert list(other.stranded) == ["tech"]
    assert pairs(other, 60.0) == [("long", "fair")]
    other.idle("busy", 60.0)
    assert pairs(other, 60.0) == [("priority", "busy")]
    other.idle("busy", 61.0)
    assert pairs(other, 61.0) == [("promised", "busy")]
    other.callback_ended(7, 62.0)
    assert "again" in other.places


def test_a_promise_behind_another_whose_tier_is_gone_harms_nobody() -> None:
    room = room_of("a")
    room.join(Caller("promised", "standard", 0.0, callback=True, client=7), 50.0)
    room.join(Caller("again", "priority", 0.0, callback=True, client=7), 50.0)
    other = room.under(Policy(Rules(tiers=(Tier("standard"),), service_levels={})), 60.0)
    other.callback_ended(7, 62.0)
    assert "again" not in other.places
    other.join(Caller("again", "standard", 0.0, callback=True, client=7), 63.0)
    assert "again" in other.places


def test_every_way_to_wait_has_a_sentence_in_both_languages() -> None:
    room = waiting_for_his_own()
    room.join(Caller("later", "vip", 1.0), 1.0)
    room.join(Caller("tech", "vip", 1.0, (Step(0.0, TECH),)), 1.0)
    codes = {id_: hindrance(room, NO_RESERVE, id_) for id_ in ("x", "later", "tech")}
    assert {id_: one.code for id_, one in codes.items()} == {
        "x": "personal",
        "later": "later",
        "tech": "nobody_on_duty",
    }
    assert sentence(codes["x"], "en") == "Waits for an agent of his own (his); none of them is idle."
    assert sentence(codes["tech"], "ru") == "На смене нет никого, кто умеет: tech 5+."
