"""Callers in our own room: the floor tells of them what it would tell of a queue's, and a wait is one."""

import pytest

from telephony.ami.translate import TranslateError
from telephony.changes import (
    CallAnswered,
    Change,
    LineJoined,
    LineLeft,
    QueueChanged,
    RingEnded,
    RingResult,
    RingStarted,
)
from telephony.ids import QueueName
from telephony.queues import Place
from tests.fakes.ami_script import AmiScript, Channel
from tests.telephony.floors import Watched, events_of
from tests.telephony.invariants import check, later

pytestmark = pytest.mark.unit

ANNA, BORIS = "PJSIP/1001", "PJSIP/1002"
SUPPORT, SALES = QueueName("support"), QueueName("sales")
LINES = (LineJoined, LineLeft)


@pytest.fixture
def seen() -> Watched:
    return Watched()


@pytest.fixture
def caller(seen: Watched) -> Channel:
    """He waits in the room of support, and nobody told it yet."""
    caller = seen.script.arrives()
    seen.script.stays(caller, "support", 5)
    return caller


def told(seen: Watched, *kinds: type[Change]) -> list[Change]:
    seen.hear()
    check(seen.floor, seen.changes)
    return [change for change in seen.changes if isinstance(change, kinds)]


def lines(seen: Watched) -> list[tuple[str, str]]:
    """`joined support 1`, `left support moved`."""
    return [
        ("joined", f"{change.queue} {change.position}")
        if isinstance(change, LineJoined)
        else ("left", f"{change.queue} {change.reason}")
        for change in told(seen, *LINES)
        if isinstance(change, LineJoined | LineLeft)
    ]


def place(seen: Watched) -> Place:
    (call,) = seen.floor.calls.values()
    assert call.place is not None
    return call.place


def test_he_waits_on_his_line(seen: Watched, caller: Channel) -> None:
    assert lines(seen) == [("joined", "support 1")]
    assert (place(seen).room, place(seen).priority, place(seen).channel) == (True, 5, caller.uniqueid)
    assert seen.floor.queues[SUPPORT].waiting == [place(seen)]
    assert not seen.floor.unknown


def test_an_agent_is_rung_for_his_line_and_answers(seen: Watched, caller: Channel) -> None:
    script = seen.script
    joined = script.now
    script.wait(4)
    anna = script.rings_for(caller, ANNA, "support", 5, joined)
    script.wait(2)
    script.picks_up(caller, anna)
    (rung,) = told(seen, RingStarted)
    assert isinstance(rung, RingStarted)
    assert (rung.interface, rung.queue) == (ANNA, "support")
    (ended,) = told(seen, RingEnded)
    assert isinstance(ended, RingEnded)
    assert ended.result is RingResult.ANSWERED
    (answer,) = told(seen, CallAnswered)
    assert isinstance(answer, CallAnswered)
    assert (answer.interface, answer.queue) == (ANNA, "support")
    assert answer.waited == pytest.approx(6, abs=0.05)
    assert lines(seen) == [("joined", "support 1"), ("left", "support answered")]
    assert not seen.floor.unknown


def test_whom_nobody_answers_goes_on_with_the_same_wait(seen: Watched, caller: Channel) -> None:
    script = seen.script
    joined = script.now
    anna = script.rings_for(caller, ANNA, "support", 5, joined)
    script.wait(3)
    script.dial_ends(caller, anna, "NOANSWER")
    script.unanswered(caller, ANNA)
    script.stays(caller, "support", 5, joined)
    script.gone(anna)
    first = place_after(seen)
    boris = script.rings_for(caller, BORIS, "support", 5, joined)
    script.picks_up(caller, boris)
    assert lines(seen) == [("joined", "support 1"), ("left", "support answered")]
    assert seen.rings() == [(ANNA, "no_answer"), (BORIS, "answered")]
    (call,) = seen.floor.calls.values()
    assert call.lines == [first]


def place_after(seen: Watched) -> Place:
    seen.hear()
    return place(seen)


def test_a_phone_that_cannot_be_dialled_is_told_as_rung_and_failed(seen: Watched, caller: Channel) -> None:
    """Or whoever ordered it would wait for a ring that never comes."""
    seen.script.tries(caller, ANNA, "support", 5)
    seen.script.unanswered(caller, ANNA, "CHANUNAVAIL")
    seen.script.stays(caller, "support", 5)
    rings = told(seen, RingStarted, RingEnded)
    assert [type(change).__name__ for change in rings] == ["RingStarted", "RingEnded"]
    assert seen.rings() == [(ANNA, "failed")]
    assert not seen.floor.agents[ANNA].ringing  # type: ignore[index]
    assert lines(seen) == [("joined", "support 1")]


def test_a_phone_that_refused_is_not_told_twice(seen: Watched, caller: Channel) -> None:
    anna = seen.script.rings_for(caller, ANNA, "support", 5)
    seen.script.far_end_hangs_up(anna, 21)
    seen.script.dial_ends(caller, anna, "BUSY")
    seen.script.unanswered(caller, ANNA, "BUSY")
    seen.hear()
    assert seen.rings() == [(ANNA, "rejected")]


def test_a_phone_that_forwards_the_call_serves_him_all_the_same(seen: Watched, caller: Channel) -> None:
    script = seen.script
    anna = script.rings_for(caller, ANNA, "support", 5)
    one, two = script.local_pair("1002", caller)
    script.dials(caller, one, "Local/1002@agents")
    script.far_end_hangs_up(anna, 23)
    script.dial_ends(caller, anna, "CANCEL")
    boris = script.rings(two, BORIS)
    script.picks_up(two, boris, bridge="b1")
    script.enters(one, "b2")
    script.enters(caller, "b2")
    assert lines(seen) == [("joined", "support 1"), ("left", "support answered")]
    assert seen.rings() == [(ANNA, "elsewhere"), (BORIS, "answered")]


@pytest.mark.parametrize("rung", [False, True])
def test_the_caller_gives_up(seen: Watched, caller: Channel, rung: bool) -> None:
    if rung:
        seen.script.rings_for(caller, ANNA, "support", 5)
    seen.script.far_end_hangs_up(caller)
    seen.script.gone(caller)
    assert lines(seen) == [("joined", "support 1"), ("left", "support abandoned")]


def test_he_waited_too_long(seen: Watched, caller: Channel) -> None:
    seen.script.leaves_room(caller, "support", "timed_out")
    seen.script.gone(caller, 19)
    assert lines(seen) == [("joined", "support 1"), ("left", "support timed_out")]
    assert not seen.floor.unknown


def test_he_is_promised_a_callback(seen: Watched, caller: Channel) -> None:
    seen.script.leaves_room(caller, "support")
    seen.script.gone(caller)
    assert lines(seen) == [("joined", "support 1"), ("left", "support moved")]


def test_he_is_passed_to_an_agent_who_is_no_answer_to_his_wait(seen: Watched, caller: Channel) -> None:
    """Redirect to an agent, not RingAgent: nobody rings for his line."""
    anna = seen.script.rings(caller, ANNA)
    seen.script.picks_up(caller, anna)
    assert lines(seen) == [("joined", "support 1"), ("left", "support moved")]
    (rung,) = told(seen, RingStarted)
    assert isinstance(rung, RingStarted)
    assert rung.queue is None


def test_he_is_sent_to_another_line(seen: Watched, caller: Channel) -> None:
    seen.script.wait(5)
    seen.script.stays(caller, "sales", 1)
    assert lines(seen) == [("joined", "support 1"), ("left", "support moved"), ("joined", "sales 1")]


def test_he_is_parked(seen: Watched, caller: Channel) -> None:
    seen.script.say(
        "BridgeEnter",
        {
            "BridgeUniqueid": "lot",
            "BridgeTechnology": "holding_bridge",
            "BridgeNumChannels": "1",
            **caller.headers(),
        },
    )
    assert lines(seen) == [("joined", "support 1"), ("left", "support moved")]


# Our heart stands still


def orphaned(script: AmiScript, caller: Channel) -> None:
    script.wait(5)
    script.joins(caller, "support")


def test_an_orphan_waits_on_in_the_queue_and_is_served_there(seen: Watched, caller: Channel) -> None:
    first = place_after(seen)
    orphaned(seen.script, caller)
    assert place_after(seen) is first
    assert not first.room
    assert told(seen, QueueChanged)[-1] == QueueChanged(seen.floor.now, SUPPORT)
    anna = seen.script.rings(caller, ANNA, "support")
    seen.script.picks_up(caller, anna, "support")
    assert lines(seen) == [("joined", "support 1"), ("left", "support answered")]
    (answer,) = told(seen, CallAnswered)
    assert isinstance(answer, CallAnswered)
    assert answer.waited == pytest.approx(5, abs=0.05)


def test_an_orphan_is_taken_back_with_his_age(seen: Watched, caller: Channel) -> None:
    first = place_after(seen)
    joined_at = first.joined_at
    orphaned(seen.script, caller)
    seen.script.wait(3)
    seen.script.leaves(caller, "support", unserved=True)
    seen.script.stays(caller, "support", 5, joined_at)
    assert place_after(seen) is first
    assert (first.room, first.joined_at, first.left_at) == (True, joined_at, None)
    seen.changes += later(seen.floor, 5)
    assert lines(seen) == [("joined", "support 1")]
    assert seen.floor.queues[SUPPORT].waiting == [first]
    assert not seen.floor.unknown


def test_who_is_rung_out_of_the_queue_waits_on_too(seen: Watched) -> None:
    """RingAgent of a caller of app_queue: nobody answers, and he is in the queue again."""
    script = seen.script
    caller = script.arrives()
    script.joins(caller, "support")
    script.leaves(caller, "support", unserved=True)
    anna = script.rings_for(caller, ANNA, "support")
    script.dial_ends(caller, anna, "NOANSWER")
    script.unanswered(caller, ANNA)
    script.joins(caller, "support")
    assert lines(seen) == [("joined", "support 1")]
    assert not place(seen).room
    assert seen.rings() == [(ANNA, "no_answer")]


def test_a_late_word_of_the_queue_takes_nobody_out_of_the_room(seen: Watched, caller: Channel) -> None:
    orphaned(seen.script, caller)
    seen.script.stays(caller, "support", 5)
    seen.script.leaves(caller, "support", unserved=True)
    seen.hear()
    seen.changes += later(seen.floor, 5)
    assert lines(seen) == [("joined", "support 1")]
    assert place(seen).room


# Order and moments


def test_the_floor_has_them_in_the_order_in_which_app_queue_would(seen: Watched) -> None:
    """Priority first, then age: also of who comes back into the room."""
    script = seen.script
    low, high, old = [script.arrives(f"7916000000{number}") for number in range(3)]
    now = script.now
    script.stays(low, "support", 1)
    script.stays(high, "support", 9)
    script.stays(old, "support", 1, now - 60)
    seen.hear()
    waiting = seen.floor.queues[SUPPORT].waiting
    assert [place.channel for place in waiting] == [high.uniqueid, old.uniqueid, low.uniqueid]
    assert [name for _, name in lines(seen)] == ["support 1", "support 1", "support 2"]


def test_a_wait_whose_beginning_was_missed_is_as_old_as_the_dialplan_noted(seen: Watched) -> None:
    caller = seen.script.arrives()
    seen.hear()
    seen.floor.set_clock(100.0)
    seen.script.wait(60)
    seen.script.stays(caller, "support", 5, seen.script.now - 40)
    seen.hear()
    assert place(seen).joined_at == pytest.approx(seen.floor.now - 40, abs=0.01)


def test_a_second_wait_is_not_as_old_as_the_first(seen: Watched, caller: Channel) -> None:
    """Parked by the agent and fetched by nobody: the dialplan still holds the note of the first wait."""
    joined = seen.script.now
    anna = seen.script.rings_for(caller, ANNA, "support", 5, joined)
    seen.script.picks_up(caller, anna)
    seen.script.wait(300)
    seen.script.gone(anna)
    seen.script.leaves_bridge(caller)
    seen.script.stays(caller, "support", 5, joined)
    assert [what for what, _ in lines(seen)] == ["joined", "left", "joined"]
    assert place(seen).joined_at == seen.floor.now


def test_who_is_rung_for_a_caller_that_we_never_heard_of_rings_for_his_line(seen: Watched) -> None:
    caller = Channel("PJSIP/trunk-9", "pbx-1.9", "pbx-1.9", "79160000001", "1001*15*hand", "Up")
    anna = seen.script.rings_for(caller, ANNA, "support", 5, seen.script.now - 8)
    seen.script.picks_up(caller, anna)
    (answer,) = told(seen, CallAnswered)
    assert isinstance(answer, CallAnswered)
    assert (answer.queue, round(answer.waited)) == ("support", 8)
    assert next(iter(seen.floor.calls.values())).dnis is None


def test_a_client_taken_out_of_a_talk_waits_on_no_line(seen: Watched, caller: Channel) -> None:
    anna = seen.script.rings_for(caller, ANNA, "support", 5)
    seen.script.picks_up(caller, anna)
    seen.script.leaves_bridge(caller)
    seen.script.gone(anna)
    seen.script.rings_for(caller, BORIS, "support", 5)
    assert [what for what, _ in lines(seen)] == ["joined", "left"]


@pytest.mark.parametrize("lacking", ["Queue", "QueuePriority", "Joined"])
def test_a_word_of_the_room_that_lacks_something_is_refused(lacking: str) -> None:
    script = AmiScript()
    script.stays(script.arrives(), "support")
    damaged = script.bytes().replace(f"\r\n{lacking}: ".encode(), b"\r\nX: ")
    with pytest.raises(TranslateError, match=f"TierlineWaiting without header {lacking}"):
        events_of(damaged)
