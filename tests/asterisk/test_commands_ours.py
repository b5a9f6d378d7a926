"""Commands that record, call, listen, and those that the switch refuses, on a real switch: proven by what follows."""

import asyncio

import pytest

from telephony.changes import CallHeld
from telephony.commands import (
    BlindTransfer,
    ChangePriority,
    Command,
    Conference,
    Consult,
    ConsultCancel,
    ConsultComplete,
    HangUp,
    Hold,
    Originate,
    Park,
    PauseMember,
    RecordPause,
    RecordResume,
    RecordStart,
    RecordStop,
    Redirect,
    RingAgent,
    Spy,
    SpyAs,
    SpyMode,
    ToAgent,
    ToLine,
    ToNumber,
    Unhold,
    WithdrawCaller,
)
from telephony.ids import ChannelId, Interface, QueueName
from tests.asterisk.orders import Orders

pytestmark = pytest.mark.pbx

ANNA = Interface("PJSIP/1001")
BORIS = Interface("PJSIP/1002")
CLARA = Interface("PJSIP/1003")
SUPPORT = QueueName("support")
SALES = QueueName("sales")
GONE = ChannelId("orders-1.1")
OUTSIDE = ToNumber("+79161234567")
HALF_A_SECOND = 2 * 2 * 8000 // 2
"""Bytes: two channels of 16-bit samples, 8,000 a second."""


# Recording


async def test_a_talk_is_recorded_with_a_pause(desk: Orders) -> None:
    client, _agent = await desk.talk(sound=True)
    await desk.done(RecordStart(client, "orders-1_1"))
    await desk.on.ears.wait_for("MixMonitorStart", Uniqueid=client)
    await desk.done(RecordPause(client))
    await desk.on.ears.wait_for("MixMonitorMute", Uniqueid=client, State="1")
    await desk.done(RecordResume(client))
    await desk.on.ears.wait_for("MixMonitorMute", Uniqueid=client, State="0")
    (file,) = (desk.on.pbx.run_dir / "spool" / "monitor").rglob("orders-1_1*")
    async with asyncio.timeout(10):
        while file.stat().st_size < HALF_A_SECOND:
            await desk.link.ask({"Action": "Ping"})
    await desk.done(RecordStop(client))
    await desk.on.ears.wait_for("MixMonitorStop", Uniqueid=client)


async def test_a_leg_is_recorded_once_however_often_it_is_ordered(desk: Orders) -> None:
    """The first order seemed lost, say. After a stop it may be recorded anew."""
    _client, agent = await desk.talk()
    await desk.done(RecordStart(agent, "first"))
    await desk.on.ears.wait_for("MixMonitorStart", Uniqueid=agent)
    await desk.done(RecordStart(agent, "second"))
    await desk.taken(agent, "TIERLINE_RECORD_FILE")
    assert await desk.variable(agent, "TIERLINE_RECORDING") == "first"
    await desk.done(RecordStop(agent))
    await desk.on.ears.wait_for("MixMonitorStop", Uniqueid=agent)
    await desk.done(RecordStart(agent, "third"))
    await desk.on.ears.wait_for("MixMonitorStart", Uniqueid=agent, count=2)
    signals = [one for one in desk.on.ears.heard if one["Event"] == "UserEvent"]
    assert [one["File"] for one in signals if one["UserEvent"] == "TierlineRecording"] == ["first", "third"]
    written = (desk.on.pbx.run_dir / "spool" / "monitor" / "tierline").glob("*.raw")
    assert {file.stem for file in written} & {"first", "second", "third"} == {"first", "third"}


async def test_a_client_whose_phone_has_letters_can_order_nothing(desk: Orders) -> None:
    """The codes of record, hold and consult, sent by the client himself."""
    client, _agent = await desk.talk()
    for code in "ABDA":
        await desk.on.ask("PlayDTMF", Channel=client, Digit=code, Receive="true")
    await desk.on.ears.wait_for("DTMFEnd", Uniqueid=client, Digit="A", count=2)
    await desk.done(RecordStart(client, "ordered"))
    await desk.on.ears.wait_for("MixMonitorStart", Uniqueid=client)
    names = [one["Event"] for one in desk.on.ears.heard]
    assert names.count("MixMonitorStart") == 1
    assert names.count("MusicOnHoldStart") == names.count("MusicOnHoldStop")
    assert "LocalBridge" not in names
    assert not any(isinstance(change, CallHeld) for change in desk.on.watcher.changes)


# Calls of ours


async def test_an_agent_is_rung_and_then_the_number_he_wants(desk: Orders) -> None:
    await desk.on.phone("1001")
    await desk.outside()
    await desk.done(Originate(ChannelId("ours-1"), ANNA, OUTSIDE, shows="74951234567"))
    await desk.on.ears.wait_for("OriginateResponse", Uniqueid="ours-1", Response="Success")
    await desk.on.talking("1001")
    call = desk.call_of(ChannelId("ours-1"))
    assert (call.id, call.direction) == ("ours-1", "outbound")


async def test_the_same_call_is_not_made_twice(desk: Orders) -> None:
    await desk.on.phone("1001", "1002", ring_s=30)
    order = Originate(ChannelId("ours-2"), ANNA, ToAgent(BORIS))
    await desk.done(order)
    await desk.on.ears.wait_for("Newchannel", Uniqueid="ours-2")
    assert await desk.refused(order) == "not sent: a call with the id ours-2 is there already"
    past_us = await desk.on.ears.ask(
        "Originate", Channel="PJSIP/1002", ChannelId="ours-2", Async="true", Application="Wait", Data="9"
    )
    await desk.on.ears.wait_for("OriginateResponse", ActionID=past_us["ActionID"], Response="Failure")
    assert (
        sum(one.get("Uniqueid") == "ours-2" and one["Event"] == "Newchannel" for one in desk.on.ears.heard)
        == 1
    )


async def test_an_agent_who_does_not_answer_is_told_as_a_failure(desk: Orders) -> None:
    await desk.on.phone("1001", ring_s=30)
    await desk.done(Originate(ChannelId("ours-3"), ANNA, ToAgent(BORIS), ring_s=1))
    await desk.on.ears.wait_for("OriginateResponse", ActionID="ours-3", Response="Failure")
    await desk.on.ears.wait_for("Hangup", Uniqueid="ours-3")


async def test_the_calling_agents_phone_can_be_asked_to_answer_by_itself(desk: Orders) -> None:
    await desk.phone_that_wants("1001", "Call-Info", "answer-after=0")
    await desk.on.phone("1002")
    await desk.done(Originate(ChannelId("ours-4"), ANNA, ToAgent(BORIS), auto_answer=True))
    await desk.on.joined("PJSIP/1002")


async def test_an_agent_who_called_out_may_consult_too(desk: Orders) -> None:
    await desk.on.phone("1001", "1002")
    await desk.outside()
    await desk.done(Originate(ChannelId("ours-5"), ANNA, OUTSIDE))
    await desk.on.talking("1001")
    await desk.done(Consult(ChannelId("ours-5"), ToAgent(BORIS)))
    await desk.on.joined("PJSIP/1002")
    await desk.done(ConsultComplete(ChannelId("ours-5")))
    await desk.on.ears.wait_for("AttendedTransfer", Result="Success")


# Supervisors

HOW = {SpyMode.LISTEN: "quEd", SpyMode.WHISPER: "quEdw", SpyMode.BARGE: "quEdB"}


@pytest.mark.parametrize("mode", SpyMode)
async def test_a_supervisor_hears_a_talk_and_is_no_party_of_it(desk: Orders, mode: SpyMode) -> None:
    client, agent = await desk.talk(sound=True)
    await desk.on.phone("1003")
    spy = ChannelId(f"spy-{mode}")
    await desk.done(Spy(spy, agent, CLARA, mode))
    await desk.on.ears.wait_for("ChanSpyStart", SpyerUniqueid=spy, SpyeeUniqueid=agent)
    assert await desk.application(spy) == f"ChanSpy({agent},{HOW[mode]})"
    assert desk.parties(desk.call_of(client)) == {"PJSIP/trunk", "PJSIP/1001"}
    await desk.on.talking("1001")
    await desk.done(HangUp(spy, ""))
    await desk.on.ears.wait_for("ChanSpyStop", SpyerUniqueid=spy)
    await desk.on.talking("1001")


async def test_a_listening_supervisor_changes_his_mode(desk: Orders) -> None:
    client, agent = await desk.talk()
    await desk.on.phone("1003")
    await desk.done(Spy(ChannelId("spy-1"), agent, CLARA, SpyMode.LISTEN))
    await desk.on.ears.wait_for("ChanSpyStart", SpyerUniqueid="spy-1")
    await desk.done(SpyAs(ChannelId("spy-1"), SpyMode.WHISPER))
    await desk.on.ears.wait_for("DTMFEnd", Uniqueid="spy-1", Digit="5", Direction="Received")
    await desk.done(HangUp(client, ""))
    await desk.on.ears.wait_for("Hangup", Uniqueid="spy-1")


async def test_nobody_can_listen_to_a_leg_that_is_gone(desk: Orders) -> None:
    await desk.on.phone("1003")
    await desk.done(Spy(ChannelId("spy-2"), GONE, CLARA, SpyMode.LISTEN))
    await desk.on.ears.wait_for("Hangup", Uniqueid="spy-2")
    assert not [one for one in desk.on.ears.heard if one["Event"] == "ChanSpyStart"]


# Refusals, in the switch's words


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (HangUp(GONE, ""), "No such channel"),
        (RingAgent(GONE, BORIS), "Channel does not exist"),
        (Redirect(GONE, ToLine(SALES)), "Channel does not exist"),
        (BlindTransfer(GONE, ToAgent(BORIS)), "Channel specified does not exist"),
        (Consult(GONE, ToAgent(BORIS)), "Channel specified does not exist"),
        (ConsultCancel(GONE), "Channel specified does not exist"),
        (ConsultComplete(GONE), "Channel not found"),
        (Conference(GONE), "Channel not found"),
        (Hold(GONE, GONE), "No such channel"),
        (Unhold(GONE), "No such channel"),
        (Park(GONE, by=ANNA), "Channel does not exist"),
        (RecordStart(GONE, "x"), "No such channel"),
        (RecordPause(GONE), "No such channel"),
        (RecordStop(GONE), "No such channel"),
        (SpyAs(GONE, SpyMode.BARGE), "Channel not found"),
        (ChangePriority(SUPPORT, GONE, "PJSIP/trunk-1", 1), "No such caller"),
        (ChangePriority(QueueName("nowhere"), GONE, "PJSIP/trunk-1", 1), "No such queue"),
        (WithdrawCaller(SUPPORT, GONE, "PJSIP/trunk-1"), "No such caller"),
        (PauseMember(BORIS, True), "Interface not found"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
async def test_the_switch_says_why_not(desk: Orders, command: Command, words: str) -> None:
    assert words in await desk.refused(command)
