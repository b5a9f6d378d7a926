"""Every command has exactly one outcome: done, refused in the switch's words, timed out, or the link lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from telephony import commands as order
from telephony.ami.actions import to_actions
from telephony.ami.connection import Up
from telephony.ami.link import Link
from telephony.ami.translate import translate
from telephony.ami.wire import Framer
from telephony.commands import Command, Done, LinkLost, Refused, SpyMode, TimedOut, ToAgent, ToLine, ToNumber
from telephony.events import PriorityChanged
from telephony.ids import ChannelId, Interface, QueueName
from tests.fakes.switch import FakeQueue, FakeSwitch, channel
from tests.fakes.switch_faults import hang_up, later, never, refuse

pytestmark = pytest.mark.unit

ANNA, BORIS = Interface("PJSIP/1001"), Interface("PJSIP/1002")
SALES = QueueName("sales")
CLIENT, AGENT, OURS = ChannelId("main-1.1"), ChannelId("main-1.2"), ChannelId("ours-1")
CLIENT_NAME = "PJSIP/trunk-00000001"

COMMANDS: tuple[Command, ...] = (
    order.AddMember(SALES, ANNA, "Анна"),
    order.RemoveMember(SALES, ANNA),
    order.PauseMember(ANNA, True, "Обед", SALES),
    order.ChangePriority(SALES, CLIENT, CLIENT_NAME, 5),
    order.WithdrawCaller(SALES, CLIENT, CLIENT_NAME),
    order.Beat(7),
    order.LineExecutor(SALES, True),
    order.Announce(CLIENT, 2, 5),
    order.ToRoom(SALES, CLIENT, CLIENT_NAME),
    order.LeaveRoom(CLIENT),
    order.OfferCallback(CLIENT),
    order.HangUp(CLIENT, ""),
    order.RingAgent(CLIENT, ANNA),
    order.Redirect(CLIENT, ToLine(SALES)),
    order.Originate(OURS, ANNA, ToNumber("+79161234567")),
    order.Hold(AGENT, CLIENT),
    order.Unhold(AGENT),
    order.BlindTransfer(AGENT, ToAgent(BORIS)),
    order.Consult(AGENT, ToAgent(BORIS)),
    order.ConsultComplete(AGENT),
    order.ConsultCancel(AGENT),
    order.ConsultSwap(AGENT),
    order.Conference(AGENT),
    order.Park(CLIENT, ANNA),
    order.Unpark(OURS, ANNA, 1),
    order.RecordStart(CLIENT, "main-1"),
    order.RecordPause(CLIENT),
    order.RecordResume(CLIENT),
    order.RecordStop(CLIENT),
    order.WriteQueueLog(SALES, CLIENT, "Anna", "CONNECT", ("5", "", "2")),
    order.Spy(OURS, AGENT, BORIS, SpyMode.LISTEN),
    order.SpyAs(AGENT, SpyMode.BARGE),
)

each = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)


def last_action(command: Command) -> str:
    return to_actions(command)[-1]["Action"]


@pytest.fixture
async def switch() -> AsyncIterator[FakeSwitch]:
    """One client waits on a line; one agent's leg is up."""
    async with FakeSwitch() as switch:
        switch.state.channels[CLIENT] = channel(CLIENT, CLIENT_NAME)
        switch.state.channels[AGENT] = channel(AGENT, "PJSIP/1001-00000002")
        switch.state.queues[SALES] = FakeQueue(waiting=[CLIENT])
        yield switch


def test_every_command_is_tried_here() -> None:
    assert {type(command) for command in COMMANDS} == set(order.Command.__args__)  # type: ignore[attr-defined]


@each
async def test_refused_in_the_switchs_words(command: Command, link: Link, switch: FakeSwitch) -> None:
    switch.rules[last_action(command)] = refuse("Because I say so")
    assert await link.execute(command) == Refused("Because I say so")
    assert link.in_flight == 0


@each
async def test_timed_out_and_not_sent_again(command: Command, link: Link, switch: FakeSwitch) -> None:
    action = last_action(command)
    switch.rules[action] = never()
    assert await link.execute(command, deadline_s=0.02) == TimedOut(0.02)
    assert link.in_flight == 0
    assert switch.count(action) == 1


@each
async def test_the_link_broke_before_the_answer(command: Command, link: Link, switch: FakeSwitch) -> None:
    action = last_action(command)
    switch.rules[action] = hang_up(switch)
    assert await link.execute(command) == LinkLost(sent=True)
    await switch.asked("Login", 2)
    assert isinstance(await link.settled(), Up)
    assert switch.count(action) == 1
    assert link.in_flight == 0


@each
async def test_without_a_link_it_was_surely_not_sent(command: Command, switch: FakeSwitch) -> None:
    assert await Link(switch.endpoint()).execute(command) == LinkLost(sent=False)
    assert switch.received == []


async def test_the_first_action_that_is_refused_ends_the_command(link: Link, switch: FakeSwitch) -> None:
    gone = ChannelId("main-9.9")
    assert await link.execute(order.Hold(gone, CLIENT)) == Refused("No such channel")
    assert switch.count("PlayDTMF") == 0
    assert await link.execute(order.Hold(AGENT, CLIENT)) == Done("DTMF successfully queued")


async def test_the_deadline_is_for_the_whole_command(link: Link, switch: FakeSwitch) -> None:
    switch.rules["Setvar"] = never()
    assert await link.execute(order.Hold(AGENT, CLIENT), deadline_s=0.02) == TimedOut(0.02)
    assert switch.count("PlayDTMF") == 0


async def test_a_call_with_a_living_id_is_not_made(link: Link, switch: FakeSwitch) -> None:
    call = order.Originate(OURS, ANNA, ToNumber("+79161234567"))
    assert await link.execute(call) == Done("Originate successfully queued")
    assert (await switch.asked("Originate"))["ActionID"] == OURS
    switch.state.channels[OURS] = channel(OURS, "PJSIP/1001-00000003")
    assert await link.execute(call) == Refused("not sent: a call with the id ours-1 is there already")
    assert switch.count("Originate") == 1


async def test_a_call_that_is_being_made_is_not_made_again(link: Link, switch: FakeSwitch) -> None:
    gate = asyncio.Event()
    switch.rules["Originate"] = later(switch, gate)
    call = order.Originate(OURS, ANNA, ToNumber("+79161234567"))
    first = asyncio.create_task(link.execute(call))
    await switch.asked("Originate")
    assert await link.execute(call) == Refused("not sent: the order with the id ours-1 is under way already")
    gate.set()
    assert await first == Done("Originate successfully queued")
    assert switch.count("Originate") == 1


async def told_on(switch: FakeSwitch) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that hears events."""
    reader, writer = await asyncio.open_connection("127.0.0.1", switch.port)
    writer.write(f"Action: Login\r\nUsername: {switch.username}\r\nSecret: {switch.secret}\r\n\r\n".encode())
    await reader.readuntil(b"FullyBooted")
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def test_a_changed_priority_is_told_to_all_who_listen(link: Link, switch: FakeSwitch) -> None:
    other = ChannelId("main-1.3")
    switch.state.channels[other] = channel(other, "PJSIP/trunk-00000003")
    switch.state.queues[SALES].waiting.append(other)
    reader, writer = await told_on(switch)
    told = []
    for command in (
        order.ChangePriority(SALES, other, "PJSIP/trunk-00000003", 5),
        order.ChangePriority(SALES, CLIENT, CLIENT_NAME, 5),
    ):
        assert await link.execute(command) == Done("Priority change for caller on queue")
        framer = Framer(None)
        framer.feed(switch.banner)
        (message,) = framer.feed(await reader.readuntil(b"\r\n\r\n"))
        event = translate(message)
        assert isinstance(event, PriorityChanged)
        told.append((event.channel, event.queue, event.priority, event.position, event.behind))
    assert told == [(other, SALES, 5, 1, None), (CLIENT, SALES, 5, 2, other)]
    writer.close()


async def test_a_caller_who_was_served_meanwhile_is_not_told(link: Link, switch: FakeSwitch) -> None:
    async def serve(session: object, action: dict[str, str]) -> bytes:
        answer = switch.answer(switch.sessions[0], action)
        switch.state.queues[SALES].waiting.clear()
        return answer

    switch.rules["QueueChangePriorityCaller"] = serve
    assert isinstance(await link.execute(order.ChangePriority(SALES, CLIENT, CLIENT_NAME, 5)), Done)
    assert switch.count("UserEvent") == 0


async def test_what_cannot_be_told_does_not_undo_what_was_done(link: Link, switch: FakeSwitch) -> None:
    switch.rules["QueueStatus"] = never()
    change = order.ChangePriority(SALES, CLIENT, CLIENT_NAME, 5)
    assert await link.execute(change, deadline_s=0.02) == Done("Priority change for caller on queue")
