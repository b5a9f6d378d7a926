"""Commands about waiting callers and talks on a real switch, proven by what follows: an event, or the floor."""

import pytest

from telephony.changes import CallHeld, CallResumed, RingResult
from telephony.commands import (
    BlindTransfer,
    ChangePriority,
    Conference,
    Consult,
    ConsultCancel,
    ConsultComplete,
    ConsultSwap,
    HangUp,
    Hold,
    Park,
    PauseMember,
    Redirect,
    RingAgent,
    ToAgent,
    ToLine,
    ToNumber,
    Unhold,
    Unpark,
    WithdrawCaller,
)
from telephony.ids import ChannelId, Interface, QueueName
from tests.asterisk.orders import Orders
from tests.fakes.routing_webhook import straight

pytestmark = pytest.mark.pbx

ANNA = Interface("PJSIP/1001")
BORIS = Interface("PJSIP/1002")
SUPPORT = QueueName("support")
SALES = QueueName("sales")
OUTSIDE = ToNumber("+79161234567")


# Waiting callers


async def test_a_waiting_caller_is_rung_through_to_one_agent(desk: Orders) -> None:
    await desk.on.phone("1002")
    client = await desk.wait()
    await desk.done(RingAgent(client, BORIS))
    await desk.on.talking("1002")
    assert [ring.result for ring in desk.call_of(client).rings] == [RingResult.ANSWERED]


async def test_who_is_not_answered_returns_to_his_line_with_his_age_and_priority(desk: Orders) -> None:
    desk.on.webhook.answer = lambda _: straight("support", priority=7)
    await desk.on.phone("1002", ring_s=30)
    client = await desk.wait()
    joined = await desk.variable(client, "TIERLINE_JOINED")
    await desk.done(RingAgent(client, BORIS, ring_s=1))
    missed = await desk.on.ears.wait_for("UserEvent", UserEvent="TierlineUnanswered", Uniqueid=client)
    assert (missed["Agent"], missed["Status"]) == ("PJSIP/1002", "NOANSWER")
    await desk.on.ears.wait_for("QueueCallerJoin", Uniqueid=client, count=2)
    (entry,) = await desk.on.ears.waiting("support")
    assert (entry["Uniqueid"], entry["Priority"]) == (client, "7")
    assert await desk.variable(client, "TIERLINE_JOINED") == joined
    assert [ring.result for ring in desk.call_of(client).rings] == [RingResult.NO_ANSWER]


async def test_a_phone_that_is_not_there_sends_the_caller_back_at_once(desk: Orders) -> None:
    client = await desk.wait()
    await desk.done(RingAgent(client, Interface("PJSIP/1009")))
    missed = await desk.on.ears.wait_for("UserEvent", UserEvent="TierlineUnanswered", Uniqueid=client)
    assert missed["Status"] == "CHANUNAVAIL"
    await desk.on.ears.wait_for("QueueCallerJoin", Uniqueid=client, count=2)


async def test_a_phone_can_be_asked_to_answer_by_itself(desk: Orders) -> None:
    await desk.phone_that_wants("1002", "Call-Info", "answer-after=0")
    client = await desk.wait()
    await desk.done(RingAgent(client, BORIS, auto_answer=True))
    await desk.on.talking("1002")


async def test_a_raised_caller_is_first_at_the_switch_and_on_the_floor(desk: Orders) -> None:
    first, second, third = [await desk.wait(number) for number in (1, 2, 3)]
    await desk.done(ChangePriority(SUPPORT, third, desk.name(third), 10))
    await desk.on.watcher.until(lambda: desk.waiting() == [third, first, second])
    await desk.done(ChangePriority(SUPPORT, second, desk.name(second), 10))
    await desk.on.watcher.until(lambda: desk.waiting() == [third, second, first])
    entries = await desk.on.ears.waiting("support")
    assert [ChannelId(entry["Uniqueid"]) for entry in entries] == desk.waiting()
    assert [place.priority for place in desk.on.floor.queues[SUPPORT].waiting] == [10, 10, None]
    assert not desk.on.floor.unknown


async def test_a_withdrawn_caller_leaves_the_line_without_a_new_one(desk: Orders) -> None:
    client = await desk.wait()
    await desk.done(WithdrawCaller(SUPPORT, client, desk.name(client), "callback promised"))
    await desk.on.ears.wait_for("QueueCallerLeave", Uniqueid=client)
    assert await desk.variable(client, "QUEUE_WITHDRAW_INFO") == "callback promised"
    await desk.on.ears.wait_for("Hangup", Uniqueid=client, Cause="16")
    assert desk.waiting() == []


async def test_a_caller_withdrawn_without_a_reason_waits_on(desk: Orders) -> None:
    client = await desk.wait()
    await desk.done(WithdrawCaller(SUPPORT, client, desk.name(client)))
    await desk.on.watcher.until(lambda: desk.waiting("default") == [client])


async def test_an_agent_pauses_in_one_queue_with_a_reason(desk: Orders) -> None:
    await desk.on.ears.staff("support", "1001")
    await desk.on.ears.staff("sales", "1001")
    await desk.done(PauseMember(ANNA, True, "Обед", SALES))
    told = await desk.on.ears.wait_for("QueueMemberPause", Queue="sales", Interface="PJSIP/1001")
    assert (told["Paused"], told["PausedReason"]) == ("1", "Обед")
    member = desk.on.floor.agents[ANNA].memberships
    await desk.on.watcher.until(lambda: member[SALES].paused)
    assert not member[SUPPORT].paused


async def test_a_waiting_caller_is_sent_to_another_line(desk: Orders) -> None:
    client = await desk.wait()
    await desk.done(Redirect(client, ToLine(SALES)))
    await desk.on.watcher.until(lambda: desk.waiting("sales") == [client])
    assert desk.waiting() == []


async def test_an_unknown_line_is_the_default_one(desk: Orders) -> None:
    client = await desk.wait()
    await desk.done(Redirect(client, ToLine(QueueName("no-such-line"))))
    await desk.on.watcher.until(lambda: desk.waiting("default") == [client])


# Talks


async def test_a_held_client_hears_music_until_he_is_taken_back(desk: Orders) -> None:
    client, agent = await desk.talk()
    await desk.done(Hold(agent, client))
    await desk.changed(CallHeld)
    await desk.on.ears.wait_for("MusicOnHoldStart", Uniqueid=client)
    await desk.done(Unhold(agent))
    await desk.changed(CallResumed)
    await desk.on.ears.wait_for("MusicOnHoldStop", Uniqueid=client)
    await desk.on.talking("1001")


async def test_a_client_who_hangs_up_on_hold_frees_the_agent(desk: Orders) -> None:
    client, agent = await desk.talk()
    await desk.done(Hold(agent, client))
    await desk.changed(CallHeld)
    await desk.done(HangUp(client, ""))
    await desk.on.ears.wait_for("Hangup", Uniqueid=agent)
    await desk.on.over()


async def test_an_agent_is_hung_up(desk: Orders) -> None:
    _client, agent = await desk.talk()
    await desk.done(HangUp(agent, ""))
    await desk.on.ears.wait_for("Hangup", Uniqueid=agent)
    await desk.on.over()


async def test_a_blind_transfer_leads_to_another_agent(desk: Orders) -> None:
    _client, agent = await desk.talk()
    await desk.on.phone("1002")
    await desk.done(BlindTransfer(agent, ToAgent(BORIS)))
    await desk.on.ears.wait_for("BlindTransfer", Result="Success", Extension="1002")
    await desk.on.talking("1002")


async def test_a_blind_transfer_that_nobody_takes_returns_to_the_first_agent(desk: Orders) -> None:
    _client, agent = await desk.talk()
    await desk.on.phone("1002", ring_s=30)
    await desk.done(BlindTransfer(agent, ToAgent(BORIS)))
    await desk.on.ringing("1002")
    await desk.on.talking("1001")
    assert await desk.leg("PJSIP/1001") != agent


async def test_when_the_first_agent_does_not_take_him_back_he_waits_on_his_line(desk: Orders) -> None:
    client, agent = await desk.talk()
    await desk.on.ask("QueueRemove", Queue="support", Interface=ANNA)
    await desk.on.phone("1001", "1002", ring_s=30)
    await desk.done(BlindTransfer(agent, ToAgent(BORIS)))
    await desk.on.ears.wait_for("QueueCallerJoin", Uniqueid=client, Queue="support", count=2)


async def test_a_blind_transfer_leads_to_a_line(desk: Orders) -> None:
    client, agent = await desk.talk()
    await desk.done(BlindTransfer(agent, ToLine(SALES)))
    await desk.on.watcher.until(lambda: desk.waiting("sales") == [client])


async def test_a_blind_transfer_leads_to_a_number(desk: Orders) -> None:
    client, agent = await desk.talk()
    await desk.outside()
    await desk.done(BlindTransfer(agent, OUTSIDE))
    await desk.on.ears.wait_for("BridgeEnter", Uniqueid=client, count=2)
    far = await desk.leg("PJSIP/trunk")
    assert far != client
    assert await desk.bridge(far) == await desk.bridge(client) != ""


async def test_nobody_can_be_called_outside_while_the_site_has_not_said_how(desk: Orders) -> None:
    _client, agent = await desk.talk()
    await desk.done(BlindTransfer(agent, OUTSIDE))
    await desk.on.ears.wait_for("DialEnd", DialStatus="ANSWER", count=2)
    await desk.on.talking("1001")
    assert await desk.leg("PJSIP/1001") != agent


async def consulting(desk: Orders) -> tuple[ChannelId, ChannelId, ChannelId]:
    client, agent = await desk.talk()
    await desk.on.phone("1002")
    await desk.done(Consult(agent, ToAgent(BORIS)))
    await desk.on.joined("PJSIP/1002")
    return client, agent, await desk.leg("PJSIP/1002")


async def test_a_consultation_is_completed(desk: Orders) -> None:
    _client, agent, _second = await consulting(desk)
    await desk.done(ConsultComplete(agent))
    await desk.on.ears.wait_for("AttendedTransfer", Result="Success", DestType="Bridge")
    await desk.on.talking("1002")
    await desk.on.ears.wait_for("Hangup", Uniqueid=agent)


async def test_a_consultation_is_given_up(desk: Orders) -> None:
    client, agent, second = await consulting(desk)
    await desk.done(ConsultCancel(agent))
    await desk.on.ears.wait_for("Hangup", Uniqueid=second)
    await desk.on.talking("1001")
    assert await desk.bridge(agent) == await desk.bridge(client) != ""


async def test_a_consulting_agent_talks_with_the_one_and_the_other(desk: Orders) -> None:
    client, agent, _second = await consulting(desk)
    with_second = await desk.bridge(agent)
    await desk.done(ConsultSwap(agent))
    await desk.on.ears.wait_for("BridgeEnter", Uniqueid=agent, count=3)
    with_client = await desk.bridge(agent)
    assert with_client == await desk.bridge(client) != with_second
    await desk.done(ConsultSwap(agent))
    await desk.on.ears.wait_for("BridgeEnter", Uniqueid=agent, count=4)
    assert await desk.bridge(agent) == with_second


async def test_three_hear_each_other_and_one_may_leave(desk: Orders) -> None:
    client, agent, _second = await consulting(desk)
    await desk.done(Conference(agent))
    await desk.on.ears.wait_for("AttendedTransfer", Result="Success", DestType="Threeway")
    await desk.on.talking("1001", "1002")
    assert {"PJSIP/trunk", "PJSIP/1001", "PJSIP/1002"} <= desk.parties(desk.call_of(client))
    await desk.done(HangUp(agent, ""))
    await desk.on.talking("1002")


async def test_a_consultation_that_nobody_takes_leaves_the_agent_with_his_client(desk: Orders) -> None:
    client, agent = await desk.talk()
    await desk.on.phone("1002", ring_s=30)
    await desk.done(Consult(agent, ToAgent(BORIS)))
    await desk.on.ears.wait_for("Hangup", Uniqueid=await desk.leg("PJSIP/1002"))
    await desk.on.ears.wait_for("MusicOnHoldStop", Uniqueid=client)
    assert await desk.bridge(agent) == await desk.bridge(client) != ""


async def test_a_number_outside_is_consulted(desk: Orders) -> None:
    _client, agent = await desk.talk()
    await desk.outside()
    await desk.done(Consult(agent, OUTSIDE))
    await desk.on.ears.wait_for("DialEnd", DialStatus="ANSWER", DestExten="")
    await desk.done(ConsultCancel(agent))
    await desk.on.talking("1001")


async def test_a_parked_client_is_fetched_by_another_agent(desk: Orders) -> None:
    client, _agent = await desk.talk()
    await desk.on.phone("1002")
    await desk.done(Park(client, by=ANNA))
    parked = await desk.on.ears.wait_for("ParkedCall", ParkeeUniqueid=client)
    await desk.on.talking()
    await desk.done(Unpark(ChannelId("fetched-1"), BORIS, int(parked["ParkingSpace"])))
    await desk.on.ears.wait_for("UnParkedCall", ParkeeUniqueid=client)
    await desk.on.talking("1002")


async def test_a_forgotten_parked_client_returns_to_who_parked_him(desk: Orders) -> None:
    client, agent = await desk.talk()
    await desk.done(Park(client, by=ANNA, wait_s=1))
    await desk.on.ears.wait_for("ParkedCallTimeOut", ParkeeUniqueid=client)
    await desk.on.talking("1001")
    assert await desk.leg("PJSIP/1001") != agent


async def test_a_parked_client_whom_nobody_wants_waits_on_his_line(desk: Orders) -> None:
    client, _agent = await desk.talk()
    await desk.on.ask("QueueRemove", Queue="support", Interface=ANNA)
    await desk.on.phone("1001", ring_s=30)
    await desk.done(Park(client, by=ANNA, wait_s=1))
    await desk.on.ears.wait_for("QueueCallerJoin", Uniqueid=client, Queue="support", count=2)
