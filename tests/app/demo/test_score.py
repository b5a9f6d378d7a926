"""The score says what the switch's events say."""

import pytest

from app.demo.score import Score, percentile
from telephony.changes import RingResult
from telephony.events import (
    AgentConnected,
    AgentRung,
    ChannelHungUp,
    DeviceState,
    DeviceStateChanged,
    DialBegan,
    DialEnded,
    MemberAdded,
    QueueAbandoned,
    QueueJoined,
    QueueLeft,
    RoomEntered,
    RoomRinging,
    RoomUnanswered,
)
from telephony.ids import CallId, ChannelId, Interface, QueueName

pytestmark = pytest.mark.unit

SUPPORT = QueueName("support")
AGENT = Interface("PJSIP/1001")


def of(channel: str) -> dict[str, object]:
    return {"channel": ChannelId(channel), "call": CallId(channel), "name": f"PJSIP/trunk-{channel}"}


def joined(channel: str, at: float) -> QueueJoined:
    return QueueJoined(
        at=at, queue=SUPPORT, position=1, number=None, number_name=None, dialled=None, **of(channel)
    )


def rung(leg: str, caller: str, at: float) -> AgentRung:
    return AgentRung(
        at=at,
        caller=ChannelId(caller),
        caller_call=CallId(caller),
        caller_name=f"PJSIP/trunk-{caller}",
        caller_number=None,
        caller_number_name=None,
        queue=SUPPORT,
        interface=AGENT,
        member="",
        **of(leg),
    )


def free(agent: str, at: float) -> list[object]:
    """He serves the line and his phone has been on the hook since then."""
    interface = Interface(f"PJSIP/{agent}")
    return [
        MemberAdded(at=0.0, queue=SUPPORT, interface=interface, name="", paused=False, reason=""),
        DeviceStateChanged(at=at, device=interface, state=DeviceState.IDLE),
    ]


def connected(leg: str, caller: str, at: float) -> AgentConnected:
    return AgentConnected(at=at, caller=ChannelId(caller), queue=SUPPORT, interface=AGENT, **of(leg))


def scored(*events: object) -> Score:
    score = Score(lambda channel: channel.partition("-")[0])
    for event in events:
        score.apply(event)  # type: ignore[arg-type]
    return score


def test_a_vip_who_waited_too_long_while_another_was_served_is_a_violation() -> None:
    score = scored(
        joined("standard-1", 0.0),
        joined("vip-1", 1.0),
        rung("leg-1", "standard-1", 3.0),
        connected("leg-1", "standard-1", 3.5),
    )
    assert score.order_violations == 1


@pytest.mark.parametrize(
    "events",
    [
        (joined("vip-1", 1.0), rung("leg-0", "vip-1", 2.0)),  # somebody rings for him
        (joined("vip-1", 2.0),),  # not yet the time in which app_queue must look again
        (joined("vip-1", 0.5), rung("leg-0", "vip-1", 1.0), connected("leg-0", "vip-1", 1.2)),
    ],
    ids=["rung", "just-come", "answered"],
)
def test_a_vip_who_is_being_served_was_not_overtaken(events: tuple[object, ...]) -> None:
    score = scored(
        joined("standard-1", 0.0),
        *events,
        rung("leg-1", "standard-1", 3.0),
        connected("leg-1", "standard-1", 3.5),
    )
    assert score.order_violations == 0


@pytest.mark.parametrize(
    ("others", "violations"),
    [([("1002", 2.9)], 0), ([("1002", 0.0)], 1), ([], 1)],
    ids=["another-for-the-vip", "free-long-enough-for-the-vip", "the-only-one"],
)
def test_a_lower_caller_may_look_first_when_an_agent_is_free_for_both(
    others: list[tuple[str, float]], violations: int
) -> None:
    score = scored(
        *free("1001", 2.8),
        *[event for agent, since in others for event in free(agent, since)],
        joined("standard-1", 0.0),
        joined("vip-1", 0.5),
        rung("leg-1", "standard-1", 3.0),
        connected("leg-1", "standard-1", 3.5),
    )
    assert score.order_violations == violations


def test_a_ring_that_was_not_answered_is_no_violation_and_frees_the_caller_again() -> None:
    score = scored(
        joined("standard-1", 0.0),
        joined("vip-1", 0.5),
        rung("leg-1", "vip-1", 1.0),
        ChannelHungUp(at=2.0, cause=19, **of("leg-1")),
        rung("leg-2", "standard-1", 3.0),
        connected("leg-2", "standard-1", 3.5),
    )
    assert score.order_violations == 1


def test_waits_run_from_joining_to_the_answer_and_abandoning_counts_once() -> None:
    score = scored(
        joined("vip-1", 10.0),
        rung("leg-1", "vip-1", 10.5),
        connected("leg-1", "vip-1", 11.25),
        joined("standard-2", 10.0),
        QueueAbandoned(at=20.0, queue=SUPPORT, **of("standard-2")),
        QueueLeft(at=20.0, queue=SUPPORT, position=1, **of("standard-2")),
        ChannelHungUp(at=20.0, cause=16, **of("standard-2")),
    )
    summary = score.summary(calls_placed=2, recognised=2)
    assert summary["answered"] == 1
    assert summary["abandoned"] == 1
    assert summary["answer_wait_s"]["vip"] == {"p50": 1.25, "p95": 1.25}
    assert summary["answer_wait_s"]["standard"] == {"p50": None, "p95": None}


def test_percentiles_are_values_that_were_seen() -> None:
    assert percentile([3, 1, 2, 4], 50) == 2
    assert percentile(range(1, 101), 99) == 99
    assert percentile([], 50) is None


# Callers who wait in the dialplan's own room


def in_room(channel: str, at: float) -> RoomEntered:
    return RoomEntered(
        at=at, queue=SUPPORT, priority=0, joined_at=at, number=None, number_name=None, **of(channel)
    )


def tried(channel: str, at: float) -> list[object]:
    """Ordered, and the phone rings."""
    ordered = RoomRinging(
        at=at,
        queue=SUPPORT,
        priority=0,
        joined_at=None,
        number=None,
        number_name=None,
        interface=AGENT,
        **of(channel),
    )
    rings = DialBegan(
        at=at + 0.01,
        channel=ChannelId(f"leg-of-{channel}"),
        call=CallId(channel),
        name="PJSIP/1001-00000001",
        dial="1001",
        source=ChannelId(channel),
        source_call=CallId(channel),
        source_name=f"PJSIP/trunk-{channel}",
        source_dialled=None,
        source_number=None,
        source_number_name=None,
    )
    return [ordered, rings]


def dial_ended(channel: str, at: float, result: RingResult) -> list[object]:
    leg = ChannelId(f"leg-of-{channel}")
    ended = DialEnded(at=at, channel=leg, call=CallId(channel), name="PJSIP/1001-00000001", result=result)
    if result is RingResult.ANSWERED:
        return [ended]
    return [ended, RoomUnanswered(at=at, interface=AGENT, result=result, **of(channel)), in_room(channel, at)]


def test_one_wait_goes_on_through_a_ring_that_nobody_answered() -> None:
    score = scored(
        in_room("vip-1", 0.0),
        *tried("vip-1", 1.0),
        *dial_ended("vip-1", 4.0, RingResult.NO_ANSWER),
        *tried("vip-1", 4.1),
        *dial_ended("vip-1", 5.0, RingResult.ANSWERED),
    )
    assert (score.joined, score.answered, score.abandoned) == (1, 1, 0)
    assert score.waits["vip"] == [5.0]
    assert score.order_violations == 0


def test_a_vip_in_the_room_who_is_passed_over_is_a_violation() -> None:
    score = scored(
        in_room("standard-1", 0.0),
        in_room("vip-1", 1.0),
        *tried("standard-1", 3.0),
        *dial_ended("standard-1", 3.5, RingResult.ANSWERED),
    )
    assert score.order_violations == 1


def test_who_hangs_up_in_the_room_gave_up() -> None:
    score = scored(in_room("vip-1", 0.0), ChannelHungUp(at=9.0, cause=16, **of("vip-1")))
    assert (score.joined, score.answered, score.abandoned) == (1, 0, 1)
