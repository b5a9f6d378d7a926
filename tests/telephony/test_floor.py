"""Lives of calls that the captures lack, told as the switch tells them."""

import pytest

from telephony.agents import Activity
from telephony.calls import Direction, Stage
from telephony.changes import (
    AgentChanged,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallHeld,
    CallResumed,
    CallTransferred,
    LineJoined,
    LineLeaving,
    LineLeft,
    Outcome,
    QueueChanged,
    RingEnded,
    RingResult,
    RingStarted,
    TalkEnded,
)
from telephony.events import DeviceState
from telephony.floor import GRACE_S
from tests.telephony.floors import Watched

pytestmark = pytest.mark.unit

ANNA, BORIS, VERA = "PJSIP/1001", "PJSIP/1002", "PJSIP/1003"


@pytest.fixture
def seen() -> Watched:
    return Watched()


def test_a_plain_life_from_arrival_to_end(seen: Watched) -> None:
    script = seen.script
    script.member("sales", ANNA)
    caller = script.arrives("79161112233", "4951234567")
    script.wait(2)
    script.joins(caller, "sales")
    script.wait(3)
    anna = script.rings(caller, ANNA, "sales")
    script.wait(1)
    script.picks_up(caller, anna, "sales")
    seen.hear()
    call = seen.floor.calls[caller.linkedid]
    assert (call.stage, call.direction, call.queue) == (Stage.TALKING, Direction.INBOUND, None)
    assert set(call.talking) == {ANNA}
    assert seen.floor.agents[ANNA].activity is Activity.TALKING
    script.wait(10)
    script.far_end_hangs_up(anna, 16)
    script.gone(anna, 16)
    script.gone(caller, 16)
    seen.hear()
    assert seen.names() == [
        "QueueChanged",
        "AgentChanged",
        "CallArrived",
        "LineJoined",
        "RingStarted",
        "RingEnded",
        "LineLeft",
        "CallAnswered",
        "TalkEnded",
        "CallEnded",
    ]
    arrived, answered = seen.of(CallArrived)[0], seen.of(CallAnswered)[0]
    assert (arrived.ani, arrived.dnis, arrived.channel) == ("79161112233", "4951234567", caller.uniqueid)
    assert answered.waited == pytest.approx(4, abs=0.05)
    assert seen.of(TalkEnded)[0].talked == pytest.approx(10, abs=0.05)
    ended = seen.of(CallEnded)[0]
    assert (ended.outcome, ended.by) == (Outcome.ANSWERED, "agent")
    assert seen.floor.agents[ANNA].activity is Activity.IDLE
    assert not seen.floor.unknown


def test_ringall_has_one_winner_and_the_losers_are_told_why(seen: Watched) -> None:
    script = seen.script
    caller = script.arrives()
    script.joins(caller, "sales")
    anna, boris, vera = (script.rings(caller, device, "sales") for device in (ANNA, BORIS, VERA))
    seen.hear()
    assert set(seen.floor.calls[caller.linkedid].ringing) == {ANNA, BORIS, VERA}
    script.up(boris)
    script.dial_ends(caller, boris, "ANSWER")
    for loser in (anna, vera, anna, vera):
        script.dial_ends(caller, loser, "CANCEL")
    script.leaves(caller, "sales")
    agent = {"Queue": "sales", "Interface": BORIS, "MemberName": "Boris", "HoldTime": "0"}
    script.say("AgentConnect", {**caller.headers(), **boris.headers("Dest"), **agent})
    script.enters(boris, "b")
    script.enters(caller, "b")
    script.gone(anna, 26)
    script.gone(vera, 26)
    seen.hear()
    assert seen.rings() == [(ANNA, "elsewhere"), (BORIS, "answered"), (VERA, "elsewhere")]
    assert len(seen.of(RingEnded)) == len(seen.of(RingStarted)) == 3
    assert [change.interface for change in seen.of(CallAnswered)] == [BORIS]
    assert seen.floor.agents[ANNA].activity is Activity.IDLE


def test_a_phone_that_does_not_answer_and_then_one_that_does(seen: Watched) -> None:
    script = seen.script
    caller = script.arrives()
    script.joins(caller, "sales")
    anna = script.rings(caller, ANNA, "sales")
    script.wait(15)
    script.dial_ends(caller, anna, "NOANSWER")
    script.dial_ends(caller, anna, "CANCEL")
    script.gone(anna, 26)
    seen.hear()
    call = seen.floor.calls[caller.linkedid]
    assert (call.stage, call.queue) == (Stage.WAITING, "sales")
    boris = script.rings(caller, BORIS, "sales")
    script.picks_up(caller, boris, "sales")
    seen.hear()
    assert seen.rings() == [(ANNA, "no_answer"), (BORIS, "answered")]
    assert [change.result for change in seen.of(RingEnded)] == [RingResult.NO_ANSWER, RingResult.ANSWERED]


def test_the_client_hangs_up_while_waiting(seen: Watched) -> None:
    script = seen.script
    caller = script.arrives()
    script.joins(caller, "sales")
    anna = script.rings(caller, ANNA, "sales")
    script.wait(4)
    script.far_end_hangs_up(caller)
    script.dial_ends(caller, anna, "CANCEL")
    script.leaves(caller, "sales", unserved=True)
    script.gone(anna, 26)
    script.gone(caller, 0)
    seen.hear()
    assert seen.story()["outcome"] == "abandoned"
    assert seen.rings() == [(ANNA, "cancelled")]
    assert [change.reason for change in seen.of(LineLeft)] == [LineLeaving.ABANDONED]
    assert seen.of(CallEnded)[0].by == "client"


def test_a_queue_that_times_out_is_no_abandon_though_the_switch_says_so(seen: Watched) -> None:
    script = seen.script
    caller = script.arrives()
    script.joins(caller, "sales")
    script.wait(30)
    script.leaves(caller, "sales", unserved=True)
    seen.hear()
    assert seen.of(LineLeft) == []
    assert seen.floor.queues["sales"].waiting == []
    (left,) = seen.floor.tick(script.now + 1.5)
    assert isinstance(left, LineLeft)
    assert left.reason is LineLeaving.TIMED_OUT
    script.wait(2)
    other = script.arrives("79165550000")
    seen.hear()
    assert seen.floor.calls[caller.linkedid].stage is Stage.ARRIVED
    script.gone(caller, 16)
    script.gone(other, 16)
    seen.hear()
    assert [change.outcome for change in seen.of(CallEnded)] == [Outcome.UNANSWERED, Outcome.REJECTED]


def test_a_caller_sent_to_another_line_keeps_his_story(seen: Watched) -> None:
    script = seen.script
    caller = script.arrives()
    script.joins(caller, "sales")
    script.wait(5)
    script.leaves(caller, "sales", unserved=True)
    script.wait(0.2)
    script.joins(caller, "support")
    seen.hear()
    assert [(change.queue, change.reason) for change in seen.of(LineLeft)] == [("sales", LineLeaving.MOVED)]
    assert seen.story()["lines"] == ["sales", "support"]
    assert seen.floor.calls[caller.linkedid].queue == "support"


def test_the_order_of_waiting_is_the_switchs(seen: Watched) -> None:
    script = seen.script
    first, second, vip = script.arrives("1"), script.arrives("2"), script.arrives("3")
    script.joins(first, "sales", 1)
    script.joins(second, "sales", 2)
    script.joins(vip, "sales", 1)
    seen.hear()
    queue = seen.floor.queues["sales"]
    assert queue.positions() == {vip.linkedid: 1, first.linkedid: 2, second.linkedid: 3}
    assert [change.position for change in seen.of(LineJoined)] == [1, 2, 1]
    script.leaves(first, "sales", 2)
    seen.hear()
    assert queue.positions() == {vip.linkedid: 1, second.linkedid: 2}


@pytest.mark.parametrize(
    ("status", "cause", "result", "outcome"),
    [
        ("BUSY", 17, "busy", "rejected"),
        ("CONGESTION", 21, "rejected", "rejected"),
        ("NOANSWER", None, "no_answer", "unanswered"),
        ("CHANUNAVAIL", 20, "failed", "failed"),
    ],
)
def test_a_phone_dialled_straight_that_nobody_takes(
    seen: Watched, status: str, cause: int | None, result: str, outcome: str
) -> None:
    script = seen.script
    caller = script.arrives()
    anna = script.rings(caller, ANNA)
    if cause is not None:
        script.far_end_hangs_up(anna, cause)
    script.dial_ends(caller, anna, status)
    script.gone(anna, cause or 26)
    script.gone(caller, 16)
    seen.hear()
    assert seen.rings() == [(ANNA, result)]
    assert seen.story()["outcome"] == outcome
    assert seen.of(CallEnded)[0].by == "switch"


def test_the_client_gives_up_while_a_phone_is_dialled_straight(seen: Watched) -> None:
    script = seen.script
    caller = script.arrives()
    anna = script.rings(caller, ANNA)
    script.far_end_hangs_up(caller)
    script.dial_ends(caller, anna, "CANCEL")
    script.gone(anna, 16)
    script.gone(caller, 0)
    seen.hear()
    assert (seen.rings(), seen.story()["outcome"]) == ([(ANNA, "cancelled")], "abandoned")


def test_the_phone_is_up_before_the_dial_is_told(seen: Watched) -> None:
    """Newstate comes before DialBegin in a third of all calls."""
    script = seen.script
    caller = script.arrives()
    anna = script.channel(ANNA, "1001", "s", "Down", of=caller)
    script.state(anna, "Ringing")
    script.dials(caller, anna, ANNA)
    script.picks_up(caller, anna)
    seen.hear()
    assert seen.rings() == [(ANNA, "answered")]
    assert [change.queue for change in seen.of(CallAnswered)] == [None]


def test_an_agent_gone_before_the_bridge_has_not_talked(seen: Watched) -> None:
    script = seen.script
    caller = script.arrives()
    anna = script.rings(caller, ANNA)
    script.up(anna)
    script.dial_ends(caller, anna, "ANSWER")
    script.far_end_hangs_up(anna, 16)
    script.gone(anna, 16)
    seen.hear()
    assert seen.floor.calls[caller.linkedid].stage is Stage.ARRIVED
    script.gone(caller, 16)
    seen.hear()
    assert seen.of(CallAnswered) == []
    assert seen.story()["rings"][0]["ended_at"] is not None


def test_words_that_come_late_wake_nobody_up(seen: Watched) -> None:
    script = seen.script
    caller = script.arrives()
    script.joins(caller, "sales")
    anna = script.rings(caller, ANNA, "sales")
    script.picks_up(caller, anna, "sales")
    script.gone(anna)
    script.gone(caller)
    seen.hear()
    before = len(seen.changes)
    script.completes(caller, anna, "sales", "agent")
    script.dial_ends(caller, anna, "CANCEL")
    script.state(anna, "Up")
    script.leaves(caller, "sales", unserved=True)
    seen.hear()
    assert len(seen.changes) == before
    assert seen.floor.calls[caller.linkedid].stage is Stage.ENDED


def test_an_ended_call_is_forgotten_after_a_grace(seen: Watched) -> None:
    script = seen.script
    caller = script.arrives()
    script.gone(caller)
    seen.hear()
    assert caller.linkedid in seen.floor.calls
    script.wait(GRACE_S + 1)
    other = script.arrives()
    seen.hear()
    assert set(seen.floor.calls) == {other.linkedid}


def test_a_restarted_switch_may_give_an_ended_calls_id_to_the_next_caller(seen: Watched) -> None:
    """Ids are the second of its start and a counter."""
    script = seen.script
    first = script.arrives()
    script.gone(first)
    seen.hear()
    script.number_from(1)
    script.wait(0.5)
    second = script.arrives("79160000002")
    seen.hear()
    assert second.uniqueid == first.uniqueid
    call = seen.floor.calls[second.linkedid]
    assert (call.stage, call.ani) == (Stage.ARRIVED, "79160000002")


def test_hold_and_resume_by_the_agent_only(seen: Watched) -> None:
    script = seen.script
    caller = script.arrives()
    anna = script.rings(caller, ANNA)
    script.picks_up(caller, anna)
    script.holds(caller)
    script.resumes(anna)  # a phone says so before it transfers
    seen.hear()
    assert seen.of(CallHeld) == seen.of(CallResumed) == []
    script.holds(anna)
    seen.hear()
    call = seen.floor.calls[caller.linkedid]
    assert (call.stage, call.held) == (Stage.HELD, {ANNA})
    script.resumes(anna)
    seen.hear()
    assert (call.stage, call.held) == (Stage.TALKING, set())
    assert len(seen.of(CallHeld)) == len(seen.of(CallResumed)) == 1


def test_an_attended_transfer_by_refer_makes_two_calls_one(seen: Watched) -> None:
    script = seen.script
    script.member("sales", ANNA)
    caller = script.arrives("79161112233")
    script.joins(caller, "sales")
    anna = script.rings(caller, ANNA, "sales")
    script.picks_up(caller, anna, "sales", bridge="first")
    script.holds(anna)
    consult = script.channel(ANNA, "1001", "1003", "Ring")
    vera = script.rings(consult, VERA)
    script.picks_up(consult, vera, bridge="second")
    seen.hear()
    assert seen.floor.calls[consult.linkedid].direction is Direction.INTERNAL
    script.attended_transfer(anna, consult)
    script.leaves_bridge(consult)
    caller_linkedid = caller.linkedid
    vera.linkedid = consult.linkedid = caller_linkedid
    script.leaves_bridge(caller)
    script.enters(caller, "second")
    script.gone(anna)
    script.gone(consult)
    seen.hear()
    call = seen.floor.calls[caller_linkedid]
    assert set(call.talking) == {VERA}
    assert seen.of(CallTransferred)[0].to == "1003"
    script.far_end_hangs_up(caller)
    script.gone(vera)
    script.gone(caller)
    seen.hear()
    assert (call.outcome, call.ani, call.stage) == (Outcome.ANSWERED, "79161112233", Stage.ENDED)
    assert [(ring.interface, ring.result) for ring in call.rings] == [(ANNA, "answered"), (VERA, "answered")]
    assert seen.floor.agents[VERA].activity is Activity.IDLE
    assert seen.floor.agents[ANNA].activity is Activity.IDLE
    assert [change.call for change in seen.of(CallEnded)][-1] == caller_linkedid


def test_a_blonde_transfer_talks_only_when_the_target_answers(seen: Watched) -> None:
    script = seen.script
    caller = script.arrives()
    anna = script.rings(caller, ANNA)
    script.picks_up(caller, anna, bridge="first")
    script.holds(anna)
    one, two = script.local_pair("1003", anna)
    script.enters(one, "consult")
    vera = script.rings(two, VERA)
    script.leaves_bridge(anna)
    script.enters(anna, "consult")
    script.leaves_bridge(one)
    script.enters(one, "first")
    script.say(
        "AttendedTransfer",
        {
            "Result": "Success",
            **anna.headers("OrigTransferer"),
            **anna.headers("SecondTransferer"),
            **one.headers("TransferTarget"),
            "DestType": "Bridge",
        },
    )
    script.gone(anna)
    seen.hear()
    call = seen.floor.calls[caller.linkedid]
    assert (call.stage, set(call.ringing), set(call.talking)) == (Stage.RINGING, {VERA}, set())
    script.wait(3)
    script.picks_up(two, vera, bridge="third")
    seen.hear()
    assert set(call.talking) == {VERA}
    assert [change.interface for change in seen.of(CallAnswered)] == [ANNA, VERA]
    assert seen.of(CallAnswered)[-1].waited == pytest.approx(3, abs=0.1)


def test_a_member_behind_a_local_channel_is_rung_once_and_is_the_party(seen: Watched) -> None:
    script = seen.script
    member = "Local/1001@agents"
    caller = script.arrives()
    script.joins(caller, "sales")
    one, two = script.local_pair("1001", caller)
    script.dials(caller, one, member, "sales")
    phone = script.rings(two, ANNA)
    script.up(phone)
    script.dial_ends(two, phone, "ANSWER")
    script.enters(phone, "inner")
    script.enters(two, "inner")
    script.picks_up(caller, one, "sales", bridge="outer")
    script.leaves_bridge(one)  # the switch takes the detour out
    script.leaves_bridge(phone)
    script.enters(phone, "outer")
    script.gone(two)
    script.gone(one)
    seen.hear()
    call = seen.floor.calls[caller.linkedid]
    assert [(ring.interface, ring.result) for ring in call.rings] == [(member, "answered")]
    assert set(call.talking) == {member}
    assert seen.of(TalkEnded) == []
    script.gone(phone)
    script.gone(caller)
    seen.hear()
    assert len(seen.of(CallAnswered)) == len(seen.of(TalkEnded)) == 1


def test_an_agents_call_to_the_outside_is_outbound(seen: Watched) -> None:
    script = seen.script
    script.member("sales", ANNA)
    anna = script.channel(ANNA, "1001", "979161112233", "Ring")
    seen.hear()
    assert seen.floor.calls[anna.linkedid].direction is Direction.INTERNAL
    client = script.rings(anna, "PJSIP/trunk", dial="79161112233@trunk")
    script.picks_up(anna, client)
    seen.hear()
    call = seen.floor.calls[anna.linkedid]
    assert (call.direction, call.dnis) == (Direction.OUTBOUND, "979161112233")
    assert call.rings == []
    assert [change.interface for change in seen.of(CallAnswered)] == [ANNA]
    script.far_end_hangs_up(client)
    script.gone(client)
    script.gone(anna)
    seen.hear()
    ended = seen.of(CallEnded)[0]
    assert (ended.outcome, ended.by) == (Outcome.ANSWERED, "client")


def test_an_agent_calls_an_agent(seen: Watched) -> None:
    script = seen.script
    script.member("sales", ANNA)
    anna = script.channel(ANNA, "1001", "1002", "Ring")
    boris = script.rings(anna, BORIS)
    script.picks_up(anna, boris)
    seen.hear()
    assert seen.floor.calls[anna.linkedid].direction is Direction.INTERNAL
    assert seen.rings() == [(BORIS, "answered")]


def test_an_agents_phone_named_by_the_app_is_no_client_before_its_first_queue() -> None:
    seen = Watched()
    seen.floor.know_phones([ANNA])
    anna = seen.script.channel(ANNA, "1001", "1002", "Ring")
    seen.hear()
    assert seen.floor.calls[anna.linkedid].direction is Direction.INTERNAL


def test_a_linkedid_that_changes_unannounced_moves_the_leg(seen: Watched) -> None:
    script = seen.script
    caller = script.arrives()
    script.member("sales", ANNA)
    anna = script.channel(ANNA, "1001", "*8", "Ring")  # picks up somebody else's call
    seen.hear()
    assert len(seen.floor.calls) == 2
    own = anna.linkedid
    anna.linkedid = caller.linkedid
    script.enters(anna, "b")
    script.enters(caller, "b")
    seen.hear()
    assert seen.floor.calls[own].merged_into == caller.linkedid
    assert set(seen.floor.calls[caller.linkedid].talking) == {ANNA}


def test_agents_are_independent_facts_side_by_side(seen: Watched) -> None:
    script = seen.script
    script.say("DeviceStateChange", {"Device": ANNA, "State": "NOT_INUSE"})
    script.member("sales", ANNA, "Anna")
    script.member("support", ANNA, "Anna")
    contact = {"URI": "sip:1001@127.0.0.1:6001", "AOR": "1001", "EndpointName": "1001"}
    script.say("ContactStatus", {**contact, "ContactStatus": "NonQualified"})
    seen.hear()
    anna = seen.floor.agents[ANNA]
    assert (anna.name, anna.device, anna.registered, anna.paused) == ("Anna", DeviceState.IDLE, True, False)
    assert list(seen.floor.queues["sales"].members) == [ANNA]
    script.pauses("sales", ANNA, True, "lunch")
    seen.hear()
    assert (anna.pauses, anna.paused) == ({"lunch"}, False)
    script.pauses("support", ANNA, True, "training")
    script.say("DeviceStateChange", {"Device": ANNA, "State": "INUSE"})
    seen.hear()
    assert (anna.pauses, anna.paused, anna.device) == ({"lunch", "training"}, True, DeviceState.IN_USE)
    told = len(seen.of(AgentChanged))
    script.say("DeviceStateChange", {"Device": ANNA, "State": "INUSE"})
    script.pauses("support", ANNA, True, "training")
    seen.hear()
    assert len(seen.of(AgentChanged)) == told, "what repeats itself is not told again"
    script.say("QueueMemberRemoved", {"Queue": "sales", "Interface": ANNA, "MemberName": "Anna"})
    script.say("ContactStatus", {**contact, "ContactStatus": "Removed"})
    script.say("DeviceStateChange", {"Device": ANNA, "State": "UNAVAILABLE"})
    seen.hear()
    assert (set(anna.memberships), anna.registered) == ({"support"}, False)
    assert {change.queue for change in seen.of(QueueChanged)} == {"sales", "support"}


def test_a_call_seen_from_its_middle_is_a_stub_that_says_so(seen: Watched) -> None:
    script = seen.script
    caller = script.arrives("79161112233")
    script.joins(caller, "sales")
    script.blocks.clear()
    anna = script.rings(caller, ANNA, "sales")
    script.picks_up(caller, anna, "sales")
    seen.hear()
    call = seen.floor.calls[caller.linkedid]
    assert (call.ani, call.direction, set(call.talking)) == ("79161112233", Direction.INBOUND, {ANNA})
    assert call.doubtful
    assert [change.queue for change in seen.of(LineJoined)] == ["sales"]


def test_a_switch_without_timestamps_still_has_calls(seen: Watched) -> None:
    script = seen.script
    caller = script.arrives()
    script.joins(caller, "sales")
    script.blocks = [
        b"\r\n".join(line for line in block.split(b"\r\n") if not line.startswith(b"Timestamp"))
        for block in script.blocks
    ]
    seen.hear()
    assert seen.floor.calls[caller.linkedid].stage is Stage.WAITING


def test_a_clock_set_back_by_an_hour_does_not_keep_the_dead(seen: Watched) -> None:
    script = seen.script
    caller = script.arrives()
    script.gone(caller)
    script.wait(-3600)
    other = script.arrives()
    seen.hear()
    assert set(seen.floor.calls) == {other.linkedid}


def test_half_a_letter_in_a_name_can_still_be_shown(seen: Watched) -> None:
    caller = seen.script.channel("PJSIP/trunk", "79160000001", "4951234567", "Ring")
    seen.script.blocks[-1] = seen.script.blocks[-1].replace(
        b"CallerIDName: <unknown>", b"CallerIDName: \xd0\x9f\xd1"
    )
    seen.hear()
    name = seen.floor.calls[caller.linkedid].ani_name
    assert name is not None
    assert name.encode() == "П\N{REPLACEMENT CHARACTER}".encode()


def test_who_is_parked_hears_nobody_else_who_is_parked(seen: Watched) -> None:
    """A parking place is one bridge for all: music for each, no talk."""
    script = seen.script
    client, other = script.arrives("79160000001"), script.arrives("79160000002")
    script.member("sales", ANNA)
    leg = script.rings(other, ANNA)
    script.up(leg)
    script.dial_ends(other, leg, "ANSWER")
    for parked in (client, leg):
        where = {"BridgeUniqueid": "lot", "BridgeTechnology": "holding_bridge"}
        script.say("BridgeEnter", {**where, **parked.headers()})
    seen.hear()
    assert not seen.floor.agents[ANNA].talking
    assert len(seen.floor.calls) == 2
    script.enters(leg, "talk")
    script.enters(other, "talk")
    seen.hear()
    assert seen.floor.agents[ANNA].talking == {other.linkedid}


def test_a_call_that_the_phone_left_without_a_word_comes_back_when_the_other_one_is_over(
    seen: Watched,
) -> None:
    script = seen.script
    script.member("sales", ANNA)
    first, second = script.arrives("79160000001"), script.arrives("79160000002")
    one = script.rings(first, ANNA)
    script.picks_up(first, one)
    two = script.rings(second, ANNA)
    script.picks_up(second, two)
    seen.hear()
    floor = seen.floor
    assert floor.calls[first.linkedid].stage is Stage.HELD
    assert floor.calls[first.linkedid].doubtful == "the agent took another call"
    assert floor.calls[second.linkedid].stage is Stage.TALKING
    script.gone(two)
    seen.hear()
    assert floor.calls[first.linkedid].stage is Stage.TALKING
    assert floor.agents[ANNA].talking == {first.linkedid}
