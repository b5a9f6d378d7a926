"""One switch's callers and agents through everything that may happen to an attempt."""

import msgspec
import pytest

from app.directing.attempts import DOUBT_S, ORDER_S, RING_BEGINS_S, RING_ENDS_S
from app.directing.dispatcher import ASIDE_S, STRANDED_S, STRANGER_S, TAKE_BACK_EVERY_S
from app.directing.rules import Decided
from routing.places import Caller
from routing.policy import Rules, Tier, read_policy
from routing.priority import queue_prio
from routing.reserve import Reserve
from telephony.changes import RingResult
from telephony.commands import Done, LinkLost, TimedOut
from telephony.events import DeviceState
from telephony.ids import CallId, Interface
from tests.fakes.directed_floor import SALES, SUPPORT, DirectedSwitch

pytestmark = pytest.mark.unit

ONE, TWO = Interface("PJSIP/1001"), Interface("PJSIP/1002")
ANN, BOB, VERA = CallId("ann"), CallId("bob"), CallId("vera")


@pytest.fixture
def switch() -> DirectedSwitch:
    switch = DirectedSwitch()
    switch.known[VERA] = Decided("vip")
    return switch


def given(switch: DirectedSwitch) -> list[tuple[CallId, Interface]]:
    return [(one.call, one.agent) for one in switch.ordered]


def signs_in(switch: DirectedSwitch, *interfaces: Interface) -> None:
    for interface in interfaces:
        switch.floor.sign_in(interface, SUPPORT)
    switch.tell()


def waits(switch: DirectedSwitch, *calls: CallId) -> None:
    for call in calls:
        switch.floor.wait(call)
        switch.floor.now += 1
    switch.tell()


def test_a_caller_and_a_free_agent_are_brought_together_at_once(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE)
    waits(switch, ANN)
    assert given(switch) == [(ANN, ONE)]


def test_an_agent_who_becomes_free_gets_the_vip_before_earlier_callers(switch: DirectedSwitch) -> None:
    waits(switch, ANN, BOB, VERA)
    signs_in(switch, ONE)
    assert given(switch) == [(VERA, ONE)]
    assert (switch.ordered[0].ring_s, switch.ordered[0].auto_answer) == (3, True)
    switch.talks(switch.rings())
    assert given(switch) == []
    switch.hangs_up(VERA)
    assert given(switch) == [(ANN, ONE)]
    assert (switch.ordered[0].ring_s, switch.ordered[0].auto_answer) == (15, False)


@pytest.mark.parametrize(
    "make",
    [
        lambda floor: floor.pause(ONE, "lunch"),
        lambda floor: floor.device(ONE, DeviceState.IN_USE),
        lambda floor: floor.device(ONE, DeviceState.UNAVAILABLE),
        lambda floor: floor.device(ONE, DeviceState.RINGING),
    ],
    ids=["paused", "in use", "not registered", "ringing"],
)
def test_who_is_not_free_gets_nobody(switch: DirectedSwitch, make: object) -> None:
    signs_in(switch, ONE)
    make(switch.floor)  # type: ignore[operator]
    switch.tell()
    waits(switch, ANN)
    assert given(switch) == []
    switch.floor.pause(ONE, None)
    switch.floor.device(ONE, DeviceState.IDLE)
    switch.tell()
    assert given(switch) == [(ANN, ONE)]


def test_an_agent_of_another_line_does_not_get_him(switch: DirectedSwitch) -> None:
    switch.floor.sign_in(TWO, SALES)
    waits(switch, ANN)
    assert given(switch) == []
    signs_in(switch, ONE)
    assert given(switch) == [(ANN, ONE)]


def test_a_missed_call_goes_to_the_next_agent_and_the_first_is_set_aside(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE, TWO)
    waits(switch, VERA)
    first = switch.rings()
    switch.misses(first)
    assert switch.aside == [first.agent]
    ((call, second),) = given(switch)
    assert (call, second) == (VERA, ({ONE, TWO} - {first.agent}).pop())
    assert switch.stored == [(VERA, first.agent, "no_answer")]


@pytest.mark.parametrize("result", [RingResult.NO_ANSWER, RingResult.BUSY, RingResult.REJECTED])
def test_who_missed_a_call_is_not_rung_again_until_he_says_that_he_is_there(
    switch: DirectedSwitch, result: RingResult
) -> None:
    signs_in(switch, ONE)
    waits(switch, ANN)
    switch.misses(switch.rings(), result)
    switch.floor.pause(ONE, "missed call")
    switch.tell()
    switch.pass_time(10 * ASIDE_S)
    assert given(switch) == []
    switch.floor.pause(ONE, None)
    switch.tell()
    assert given(switch) == [(ANN, ONE)]
    assert switch.ordered[0].caller.joined == switch.floor.place(ANN).joined_at


def test_an_agent_whose_pause_never_came_is_rung_again_after_a_while(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE)
    waits(switch, ANN)
    switch.misses(switch.rings())
    switch.pass_time(ASIDE_S - 1)
    assert given(switch) == []
    switch.pass_time(2)
    assert given(switch) == [(ANN, ONE)]


def test_a_caller_keeps_his_place_before_later_ones_when_nobody_answered(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE, TWO)
    waits(switch, ANN)
    first = switch.rings()
    signs_in(switch, TWO)
    switch.floor.device(TWO, DeviceState.IN_USE)
    waits(switch, BOB)
    switch.misses(first)
    switch.floor.device({ONE, TWO}.difference([first.agent]).pop(), DeviceState.IDLE)
    switch.tell()
    assert [one.call for one in switch.ordered] == [ANN]


def test_a_refused_order_is_not_repeated_at_once_and_the_caller_is_not_lost(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE)
    waits(switch, ANN)
    switch.refuses()
    assert given(switch) == []
    switch.pass_time(0.6)
    assert given(switch) == [(ANN, ONE)]
    switch.refuses()
    switch.pass_time(0.6)
    assert given(switch) == [], "each refusal makes the next order wait longer"
    switch.pass_time(3.0)
    assert given(switch) == [(ANN, ONE)]


def test_whom_the_switch_refuses_to_ring_again_and_again_does_not_stand_before_the_others(
    switch: DirectedSwitch,
) -> None:
    signs_in(switch, ONE)
    switch.floor.now += 100
    waits(switch, ANN)
    switch.refuses()
    signs_in(switch, TWO)
    switch.pass_time(0.6)
    assert given(switch) == [(ANN, ONE)]
    switch.refuses()
    switch.pass_time(1.1)
    assert given(switch) == [(ANN, TWO)]


def test_a_member_that_only_app_queue_can_ring_gets_nobody(switch: DirectedSwitch) -> None:
    signs_in(switch, Interface("Local/5551@outside"))
    waits(switch, ANN)
    assert given(switch) == []


def test_after_a_refused_order_the_agent_is_free_for_others(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE)
    waits(switch, ANN, BOB)
    switch.refuses()
    assert given(switch) == [(BOB, ONE)]


def test_an_order_without_an_answer_rings_nobody_twice(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE, TWO)
    waits(switch, ANN)
    attempt = switch.rings(outcome=TimedOut(5.0))
    switch.pass_time(DOUBT_S + 1)
    assert given(switch) == []
    switch.talks(attempt)
    assert switch.stored == [(ANN, attempt.agent, "answered")]


def test_an_order_that_was_lost_is_given_up_after_a_while(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE, TWO)
    waits(switch, ANN)
    lost = switch.refuses(TimedOut(5.0))
    assert given(switch) == []
    switch.pass_time(DOUBT_S)
    assert [(one.call, one.agent == lost.agent) for one in switch.ordered] == [(ANN, False)]


def test_an_order_that_no_ring_follows_is_given_up(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE, TWO)
    waits(switch, ANN)
    first = switch.refuses(Done(""))
    switch.pass_time(RING_BEGINS_S)
    assert [(one.call, one.agent == first.agent) for one in switch.ordered] == [(ANN, False)]


def test_nothing_is_ordered_while_commands_cannot_be_sent(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE)
    waits(switch, ANN)
    switch.refuses(LinkLost(sent=False))
    switch.pass_time(ORDER_S)
    assert given(switch) == []
    switch.dispatcher.blocked = False
    switch.pass_time(1)
    assert given(switch) == [(ANN, ONE)]


def test_nothing_is_ordered_on_a_floor_that_is_not_believed(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE)
    switch.floor.stale = True
    waits(switch, ANN)
    assert given(switch) == []
    switch.floor.stale = False
    switch.dispatcher.rebuilt(switch.now)
    switch.take_orders()
    assert given(switch) == [(ANN, ONE)]


def test_a_ring_that_was_going_on_before_a_broken_link_goes_on(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE, TWO)
    waits(switch, ANN)
    attempt = switch.rings()
    switch.dispatcher.rebuilt(switch.now)
    switch.pass_time(attempt.ring_s + RING_ENDS_S + 1)
    assert given(switch) == []
    switch.talks(attempt)
    assert switch.stored[-1] == (ANN, attempt.agent, "answered")


def test_a_ring_of_the_process_before_us_is_left_alone(switch: DirectedSwitch) -> None:
    switch.floor.sign_in(ONE, SUPPORT)
    switch.floor.sign_in(TWO, SUPPORT)
    switch.floor.wait(ANN)
    switch.floor.ring(ANN, ONE)
    switch.floor.take()
    switch.dispatcher.rebuilt(switch.now)
    switch.take_orders()
    assert given(switch) == []
    switch.floor.unring(ANN, ONE, RingResult.NO_ANSWER)
    switch.tell()
    assert given(switch) == [(ANN, TWO)]
    assert switch.aside == [ONE]


def test_a_caller_who_hangs_up_while_it_rings_costs_the_agent_nothing(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE)
    waits(switch, ANN)
    switch.rings()
    switch.hangs_up(ANN)
    waits(switch, BOB)
    assert given(switch) == [(BOB, ONE)]
    assert switch.aside == []
    assert switch.stored == [(ANN, ONE, "cancelled")]


def test_a_device_that_cannot_be_reached_is_spared_for_a_while(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE, TWO)
    waits(switch, ANN)
    first = switch.rings()
    switch.misses(first, RingResult.FAILED)
    assert switch.aside == [], "it is not his fault"
    assert [(one.call, one.agent == first.agent) for one in switch.ordered] == [(ANN, False)]


def test_who_waits_in_app_queue_though_we_live_is_taken_back_and_then_served(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE)
    switch.floor.wait(ANN, room=False)
    switch.tell()
    assert (switch.taken_back, given(switch)) == ([ANN], [])
    switch.pass_time(TAKE_BACK_EVERY_S)
    assert switch.taken_back == [ANN, ANN], "asked again, because the first order may be lost"
    switch.floor.to_room(ANN)
    switch.tell()
    assert given(switch) == [(ANN, ONE)]


def test_nobody_on_duty_is_told_once_and_the_caller_is_served_when_somebody_comes(
    switch: DirectedSwitch,
) -> None:
    waits(switch, ANN)
    switch.pass_time(1)
    assert switch.stuck == []
    switch.pass_time(STRANDED_S)
    switch.pass_time(STRANDED_S)
    assert switch.stuck == [(ANN, "nobody_on_duty")]
    signs_in(switch, ONE)
    assert given(switch) == [(ANN, ONE)]


def test_who_waits_over_the_limit_is_told_once_and_waits_on(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE)
    switch.floor.device(ONE, DeviceState.IN_USE)
    waits(switch, ANN)
    switch.pass_time(1300)
    switch.pass_time(1300)
    assert switch.stuck == [(ANN, "too_long")]
    switch.floor.device(ONE, DeviceState.IDLE)
    switch.tell()
    assert given(switch) == [(ANN, ONE)]


def test_the_reserve_is_kept_for_the_vip(switch: DirectedSwitch) -> None:
    switch.dispatcher.reserve = Reserve(1, 1)
    signs_in(switch, ONE, TWO)
    waits(switch, ANN, BOB)
    assert [one.call for one in switch.ordered] == [ANN]
    hindrance = switch.dispatcher.hindrance(BOB)
    assert hindrance is not None
    assert hindrance.code == "kept"
    kept = ({ONE, TWO} - {switch.ordered[0].agent}).pop()
    assert not switch.dispatcher.may_rest(kept)
    waits(switch, VERA)
    assert [one.call for one in switch.ordered] == [ANN, VERA]


def test_his_personal_agent_is_preferred(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE, TWO)
    switch.known[ANN] = Decided("standard", personal=(TWO,))
    waits(switch, ANN)
    assert given(switch) == [(ANN, TWO)]


def test_what_is_found_out_later_moves_him_to_his_place(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE)
    switch.floor.pause(ONE, "lunch")
    waits(switch, ANN, BOB)
    switch.known[BOB] = Decided("vip")
    switch.dispatcher.known(BOB, switch.now)
    switch.floor.pause(ONE, None)
    switch.tell()
    assert given(switch) == [(BOB, ONE)]


def test_a_stranger_stands_aside_until_it_is_known_what_he_needs_but_not_for_long(
    switch: DirectedSwitch,
) -> None:
    signs_in(switch, ONE)
    switch.strangers = {ANN, BOB}
    waits(switch, ANN)
    switch.strangers.discard(ANN)
    switch.dispatcher.known(ANN, switch.now)
    switch.take_orders()
    assert given(switch) == [(ANN, ONE)]
    signs_in(switch, TWO)
    switch.floor.wait(BOB)
    switch.tell()
    assert len(given(switch)) == 1
    switch.pass_time(STRANGER_S)
    assert given(switch)[1:] == [(BOB, TWO)]
    switch.misses(switch.rings(), RingResult.CANCELLED)
    switch.pass_time(100.0)
    assert (switch.dispatcher.next_due() or switch.now + 1) > switch.now, "there is nothing to hurry for"


@pytest.mark.parametrize(("tier", "head_start_s"), [("vip", 0), ("priority", 900), ("standard", 0)])
def test_of_whom_nothing_is_known_the_priority_tells_the_tier(
    switch: DirectedSwitch, tier: str, head_start_s: int
) -> None:
    switch.floor.now = 1_795_000_000.0
    waits(switch, BOB)
    switch.floor.place(BOB).priority = queue_prio(switch.now - 20, head_start_s, tier == "vip")
    switch.dispatcher.refresh(switch.dispatcher.policy, switch.now)
    signs_in(switch, ONE)
    assert switch.ordered[0].caller.tier == tier


def test_another_policy_keeps_everybody_in_his_place_and_a_tier_that_is_no_more_is_the_lowest(
    switch: DirectedSwitch,
) -> None:
    waits(switch, ANN, VERA)
    rules = Rules(tiers=(Tier("all"), Tier("standard", arpu_from=1)), service_levels={}, unknown_tier="all")
    switch.dispatcher.refresh(read_policy(msgspec_of(rules), 7), switch.now)
    signs_in(switch, ONE)
    assert [(one.call, one.caller.tier) for one in switch.ordered] == [(ANN, "all")]
    assert switch.ordered[0].match.policy_version == 7
    switch.talks(switch.rings())
    switch.hangs_up(ANN)
    assert [(one.call, one.caller.tier) for one in switch.ordered] == [(VERA, "all")]


def test_a_line_that_is_directed_no_more_serves_who_is_in_its_room(switch: DirectedSwitch) -> None:
    waits(switch, ANN)
    del switch.lines[SUPPORT]
    switch.dispatcher.refresh(switch.dispatcher.policy, switch.now)
    signs_in(switch, ONE)
    assert given(switch) == [(ANN, ONE)]
    switch.talks(switch.rings())
    switch.hangs_up(ANN)
    switch.dispatcher.refresh(switch.dispatcher.policy, switch.now)
    assert switch.dispatcher.serving
    del switch.lines[SALES]
    switch.dispatcher.refresh(switch.dispatcher.policy, switch.now)
    assert not switch.dispatcher.serving


def test_who_is_in_the_room_of_a_line_we_did_not_know_as_ours_is_served(switch: DirectedSwitch) -> None:
    switch.lines.clear()
    switch.dispatcher.refresh(switch.dispatcher.policy, switch.now)
    signs_in(switch, ONE)
    waits(switch, ANN)
    assert given(switch) == [(ANN, ONE)]


def test_who_left_a_moment_before_we_hear_of_it_costs_nobody_anything(switch: DirectedSwitch) -> None:
    switch.dispatcher.reserve = Reserve(1, 1)
    signs_in(switch, ONE, TWO)
    waits(switch, BOB)
    switch.talks(switch.rings())
    waits(switch, ANN)
    assert given(switch) == []
    switch.dispatcher.reserve = Reserve(0, 0)
    switch.floor.end(ANN, forget=True)
    switch.dispatcher.callback_over(7, switch.now)  # told before the rest of the same events
    switch.tell()
    assert given(switch) == []
    waits(switch, VERA)
    assert len(given(switch)) == 1


def test_who_was_promised_a_call_and_calls_himself_keeps_the_time_he_asked_for_it(
    switch: DirectedSwitch,
) -> None:
    waits(switch, ANN)
    switch.floor.wait(BOB)
    place = switch.floor.place(BOB)
    place.priority = queue_prio(place.joined_at - 3600, 0, False)
    switch.known[BOB] = Decided("standard", promise=7)
    switch.tell()
    signs_in(switch, ONE)
    assert given(switch) == [(BOB, ONE)]
    assert switch.ordered[0].caller.joined == place.joined_at
    assert switch.ordered[0].match.waited_s < 60


def test_promised_calls_come_after_the_waiting_and_one_agent_is_given_one(switch: DirectedSwitch) -> None:
    signs_in(switch, ONE)
    due = [Caller(f"callback-{n}", "standard", 1.0, line="help", callback=True, client=n) for n in (1, 2)]
    waits(switch, ANN)
    switch.dispatcher.callbacks(due, switch.now)
    switch.take_orders()
    assert (given(switch), switch.called_back) == ([(ANN, ONE)], [])
    switch.talks(switch.rings())
    switch.hangs_up(ANN)
    assert switch.called_back == [("callback-1", ONE)]
    switch.dispatcher.callbacks(due[1:], switch.now)
    switch.take_orders()
    assert switch.called_back == [("callback-1", ONE)], "the agent has one already"


def msgspec_of(rules: Rules) -> dict[str, object]:
    built: dict[str, object] = msgspec.to_builtins(rules)
    return built
