"""The room of a directed line on a real switch: what a caller hears there, which door leads where, and that no order of
ours can tear a talk."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from telephony.changes import LineJoined, LineLeft, RingResult
from telephony.commands import (
    Announce,
    BlindTransfer,
    ChangePriority,
    HangUp,
    LeaveRoom,
    LineExecutor,
    Redirect,
    RingAgent,
    ToAgent,
    ToLine,
    ToRoom,
    WithdrawCaller,
)
from telephony.ids import ChannelId, Interface, QueueName
from telephony.queues import Place
from tests.asterisk.orders import Orders
from tests.asterisk.stories.directed import directed, heart, waits
from tests.fakes.routing_webhook import straight

pytestmark = pytest.mark.pbx

ANNA, BORIS = Interface("PJSIP/1001"), Interface("PJSIP/1002")
SUPPORT, SALES = QueueName("support"), QueueName("sales")


@pytest.fixture
async def room(desk: Orders) -> AsyncIterator[Orders]:
    """Callers of support wait with us."""
    async with directed(desk.on):
        yield desk


async def comes(room: Orders) -> Place:
    await room.on.call()
    return await waits(room.on)


def lines(desk: Orders) -> list[str]:
    """`joined support`, `left support moved`."""
    return [
        f"joined {change.queue}" if isinstance(change, LineJoined) else f"left {change.queue} {change.reason}"
        for change in desk.on.watcher.changes
        if isinstance(change, LineJoined | LineLeft)
    ]


async def does(desk: Orders, channel: ChannelId, application: str) -> None:
    """Until the dialplan is there with him."""
    async with asyncio.timeout(15):
        while not (await desk.application(channel)).startswith(application):
            await desk.link.ask({"Action": "Ping"})


def music(room: Orders, place: Place) -> list[str]:
    """What was told of it on his channel, in order."""
    heard = [one["Event"] for one in room.on.ears.heard if one.get("Uniqueid") == place.channel]
    return [name for name in heard if name.startswith("MusicOnHold")]


# What he hears


async def test_he_hears_which_he_is_and_how_long_it_takes_and_waits_on(room: Orders) -> None:
    place = await comes(room)
    await room.done(Announce(place.channel, position=2, minutes=1))
    for prompt in ("queue-thereare", "queue-callswaiting", "queue-holdtime", "queue-minute"):
        await does(room, place.channel, f"BackGround({prompt},n)")
    await does(room, place.channel, "WaitExten(")
    assert await room.variable(place.channel, "TIERLINE_ANNOUNCE") == ""
    assert lines(room) == ["joined support"]


async def test_an_announcement_does_not_keep_him_from_an_agent(room: Orders) -> None:
    await room.on.phone("1001")
    place = await comes(room)
    await room.done(Announce(place.channel, position=1))
    await does(room, place.channel, "BackGround(queue-youarenext,n)")
    await room.done(RingAgent(place.channel, ANNA))
    await room.on.talking("1001")


async def test_with_music_he_hears_it_all_the_time_and_no_more_in_a_talk(room: Orders) -> None:
    await room.on.ask("Setvar", Variable="TIERLINE_QUEUE_OPTIONS", Value="")
    try:
        await room.on.phone("1001", ring_s=30)
        await room.on.phone("1002")
        place = await comes(room)
        await room.on.ears.wait_for("MusicOnHoldStart", Uniqueid=place.channel)
        await room.done(RingAgent(place.channel, ANNA, ring_s=1))
        await room.on.ears.wait_for("UserEvent", UserEvent="TierlineWaiting", count=2)
        await room.done(RingAgent(place.channel, BORIS))
        await room.on.talking("1002")
        await room.on.ears.until(lambda: music(room, place)[-1] == "MusicOnHoldStop")
    finally:
        await room.on.ask("Setvar", Variable="TIERLINE_QUEUE_OPTIONS", Value="r")


async def test_a_key_that_means_nothing_changes_nothing(room: Orders) -> None:
    place = await comes(room)
    for _ in range(3):
        await room.on.ask("PlayDTMF", Channel=place.channel, Digit="7", Receive="true")
    await room.on.ears.wait_for("DTMFEnd", Uniqueid=place.channel, Digit="7", count=3)
    await does(room, place.channel, "WaitExten(")
    assert lines(room) == ["joined support"]


async def test_who_leaves_the_room_hears_goodbye(room: Orders) -> None:
    place = await comes(room)
    await room.done(LeaveRoom(place.channel))
    await does(room, place.channel, "Playback(goodbye,noanswer)")
    assert lines(room) == ["joined support", "left support moved"]
    await room.on.over()


# Which door leads where


async def test_commands_for_the_queue_are_refused_in_the_room(room: Orders) -> None:
    place = await comes(room)
    name = room.name(place.channel)
    assert "No such caller" in await room.refused(ChangePriority(SUPPORT, place.channel, name, 9))
    assert "No such caller" in await room.refused(WithdrawCaller(SUPPORT, place.channel, name))
    assert "No such caller" in await room.refused(ToRoom(SUPPORT, place.channel, name))


async def test_who_talks_already_is_not_fetched_into_the_room(room: Orders) -> None:
    """app_queue gave him to an agent a moment before we asked for him."""
    client, _agent = await talk_by_queue(room)
    assert "No such caller" in await room.refused(ToRoom(SUPPORT, client, room.name(client)))
    await room.on.talking("1001")


async def talk_by_queue(room: Orders) -> tuple[ChannelId, ChannelId]:
    room.on.line("support")
    return await room.talk()


async def test_an_agent_whom_app_queue_rings_may_still_answer_him(room: Orders) -> None:
    room.on.line("support")
    await room.on.phone("1001", ring_s=1.5)
    await room.on.ears.staff("support", "1001")
    await room.on.call()
    await room.on.ringing("1001")
    (place,) = room.on.floor.queues[SUPPORT].waiting
    await room.done(ToRoom(SUPPORT, place.channel, room.name(place.channel)))
    await room.on.talking("1001")
    assert lines(room) == ["joined support", "left support answered"]


async def test_a_transfer_into_a_directed_line_waits_in_the_room(room: Orders) -> None:
    await room.done(LineExecutor(SALES, True))
    _client, agent = await talk_by_queue(room)
    await room.done(BlindTransfer(agent, ToLine(SALES)))
    assert (await waits(room.on, SALES)).room
    await room.done(LineExecutor(SALES, False))


async def test_a_consultation_waits_in_app_queue(room: Orders) -> None:
    """Behind its Local channel is an agent, whom nobody takes out of his talk."""
    await room.done(LineExecutor(SALES, True))
    await room.on.ask(
        "Originate", Channel="Local/sales@tierline-to-line", Application="Wait", Data="9", Async="true"
    )
    joined = await room.on.ears.wait_for("QueueCallerJoin", Queue="sales")
    assert joined["Channel"].startswith("Local/")
    await room.done(LineExecutor(SALES, False))
    await room.on.ask("Hangup", Channel=joined["Channel"])
    await room.on.ears.wait_for("QueueCallerLeave", Queue="sales")


async def test_who_is_sent_to_an_agent_waits_no_more(room: Orders) -> None:
    await room.on.phone("1001")
    place = await comes(room)
    before = lines(room)
    await room.done(Redirect(place.channel, ToAgent(ANNA)))
    await room.on.talking("1001")
    assert lines(room) == [*before, "left support moved"]


async def test_a_hang_up_of_ours_is_no_abandon(room: Orders) -> None:
    place = await comes(room)
    await room.done(HangUp(place.channel, ""))
    await room.on.over()
    assert lines(room) == ["joined support", "left support timed_out"]


# Without us


async def test_a_switch_that_never_heard_us_keeps_callers_in_app_queue(desk: Orders) -> None:
    for name in ("TIERLINE_BEAT", "TIERLINE_LOST"):
        await desk.on.ask("Setvar", Variable=name, Value="")
    desk.on.webhook.answer = lambda _: straight("support", executor="directed")
    await desk.on.call()
    assert not (await waits(desk.on, room=False)).room


async def test_orphans_are_served_in_the_order_of_their_priority(desk: Orders) -> None:
    """The one who matters more came later."""
    async with directed(desk.on):
        await desk.on.call(1)
        await waits(desk.on)
        answer = desk.on.webhook.answer
        desk.on.webhook.answer = lambda question: {**answer(question), "priority": 90}
        await desk.on.call(2)
        await desk.on.watcher.until(lambda: len(desk.waiting()) == 2)
    await desk.on.ears.wait_for("QueueCallerJoin", count=2)
    entries = await desk.on.ears.waiting("support")
    assert [entry["CallerIDNum"] for entry in entries] == ["79000000002", "79000000001"]
    assert [ChannelId(entry["Uniqueid"]) for entry in entries] == desk.waiting()
    await desk.on.phone("1001")
    await desk.on.ears.staff("support", "1001")
    await desk.on.talking("1001")
    (call,) = [call for call in desk.on.floor.calls.values() if call.talking]
    assert call.ani == "79000000002"


async def test_a_ring_of_ours_that_nobody_answers_leads_to_app_queue_when_we_are_gone(desk: Orders) -> None:
    await desk.on.phone("1001", ring_s=30)
    async with directed(desk.on):
        await desk.on.call()
        place = await waits(desk.on)
        await desk.done(RingAgent(place.channel, ANNA, ring_s=2))
        await desk.on.ringing("1001")
    assert await waits(desk.on, room=False) is place
    assert [ring.result for ring in desk.call_of(place.channel).rings] == [RingResult.NO_ANSWER]
    assert lines(desk) == ["joined support"]


async def test_a_beat_that_comes_back_leads_the_next_caller_into_the_room(desk: Orders) -> None:
    async with directed(desk.on):
        await desk.on.call(1)
        await waits(desk.on)
    await waits(desk.on, room=False)
    async with heart(desk.on):
        await desk.on.call(2)
        await desk.on.ears.wait_for("UserEvent", UserEvent="TierlineWaiting", count=2)
