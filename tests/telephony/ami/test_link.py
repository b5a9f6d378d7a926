"""The action connection against a switch that behaves: each row of what panoramisk alone gets wrong."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvloop

from telephony.ami.connection import Backoff, Down, Endpoint, LinkState, Refused, Up
from telephony.ami.link import Declined, Link, NoAnswer
from telephony.commands import AddMember, Done, HangUp, LinkLost, PauseMember, RemoveMember, TimedOut
from telephony.commands import Refused as CommandRefused
from telephony.ids import ChannelId, Interface, PbxId, QueueName
from tests.fakes.pauses import Pauses, no_pause, running
from tests.fakes.switch import FakeQueue, FakeSwitch, block, channel
from tests.fakes.switch_faults import hang_up, later, never, refuse

pytestmark = pytest.mark.unit

SALES = QueueName("sales")
ANNA = Interface("PJSIP/1001")
ADD_ANNA = AddMember(SALES, ANNA, "Иванова Анна")


@pytest.fixture
async def switch() -> AsyncIterator[FakeSwitch]:
    async with FakeSwitch() as switch:
        switch.state.queues["sales"] = FakeQueue()
        yield switch


async def up_again(link: Link, switch: FakeSwitch, logins: int) -> None:
    await switch.asked("Login", logins)
    assert isinstance(await link.settled(), Up)


async def test_commands_are_carried_out_and_refusals_come_in_the_switchs_words(
    link: Link, switch: FakeSwitch
) -> None:
    assert await link.execute(ADD_ANNA) == Done("Added interface to queue")
    assert switch.state.queues["sales"].members[ANNA].name == "Иванова Анна"
    assert await link.execute(ADD_ANNA) == CommandRefused("Unable to add interface: Already there")
    assert await link.execute(PauseMember(ANNA, True, "Обед")) == Done("Interface paused successfully")
    assert switch.state.queues["sales"].members[ANNA].reason == "Обед"
    assert await link.execute(RemoveMember(SALES, ANNA)) == Done("Removed interface from queue")
    assert await link.execute(HangUp(ChannelId("a.1"), "")) == CommandRefused("No such channel")
    assert link.in_flight == 0


async def test_it_wants_no_events(link: Link, switch: FakeSwitch) -> None:
    assert (await switch.asked("Login"))["Events"] == "off"


async def test_many_commands_may_be_on_their_way_at_once(link: Link, switch: FakeSwitch) -> None:
    gate = asyncio.Event()
    switch.rules["QueueAdd"] = later(switch, gate)
    agents = [Interface(f"PJSIP/{number}") for number in range(1000, 1050)]
    commands = [AddMember(SALES, agent, agent) for agent in [*agents, agents[0]]]
    outcomes = asyncio.gather(*(link.execute(command) for command in commands))
    await switch.asked("QueueAdd")
    assert link.in_flight == 51
    gate.set()
    assert await outcomes == [
        *[Done("Added interface to queue")] * 50,
        CommandRefused("Unable to add interface: Already there"),
    ]
    assert link.in_flight == 0


async def test_an_unanswered_command_times_out_and_leaves_no_trace(link: Link, switch: FakeSwitch) -> None:
    switch.rules["QueueAdd"] = never()
    assert await link.execute(ADD_ANNA, deadline_s=0.01) == TimedOut(0.01)
    assert link.in_flight == 0


async def test_an_answer_after_the_deadline_decides_nothing_any_more(link: Link, switch: FakeSwitch) -> None:
    gate = asyncio.Event()
    switch.rules["QueueAdd"] = later(switch, gate)
    assert await link.execute(ADD_ANNA, deadline_s=0.01) == TimedOut(0.01)
    gate.set()
    assert await link.execute(RemoveMember(SALES, ANNA)) == Done("Removed interface from queue")
    assert link.in_flight == 0


async def test_nothing_is_sent_twice_after_a_reconnect(link: Link, switch: FakeSwitch) -> None:
    switch.rules["QueueAdd"] = never()
    outcome = asyncio.create_task(link.execute(ADD_ANNA))
    await switch.asked("QueueAdd")
    switch.drop()
    assert await outcome == LinkLost(sent=True)
    await up_again(link, switch, logins=2)
    assert await link.execute(RemoveMember(SALES, ANNA)) == CommandRefused(
        "Unable to remove interface: Not there"
    )
    assert switch.count("QueueAdd") == 1


async def test_an_originate_is_asynchronous_and_runs_once(link: Link, switch: FakeSwitch) -> None:
    answer = await link.ask({"Action": "Originate", "Channel": "PJSIP/1001", "Async": "false"})
    assert answer["Message"] == "Originate successfully queued"
    assert (await switch.asked("Originate"))["Async"] == "true"
    switch.rules["Originate"] = hang_up(switch)
    with pytest.raises(NoAnswer, match="broke before the answer"):
        await link.ask({"Action": "Originate", "Channel": "PJSIP/1001"})
    await up_again(link, switch, logins=2)
    assert switch.count("Originate") == 2


async def test_without_a_link_a_command_was_surely_not_sent(switch: FakeSwitch) -> None:
    link = Link(switch.endpoint())
    assert await link.execute(ADD_ANNA) == LinkLost(sent=False)
    with pytest.raises(NoAnswer, match="not connected"):
        await link.ask({"Action": "CoreSettings"})


async def test_a_command_that_would_become_another_one_is_not_sent(link: Link, switch: FakeSwitch) -> None:
    outcome = await link.execute(PauseMember(ANNA, True, "x\r\nAction: Originate"))
    assert isinstance(outcome, CommandRefused)
    assert "carriage return" in outcome.message
    await link.ask({"Action": "CoreSettings"})
    assert [action["Action"] for action in switch.received] == ["Login", "CoreSettings"]


async def test_a_question_has_an_answer_of_one_shape(link: Link, switch: FakeSwitch) -> None:
    switch.state.globals["BEAT"] = "42"
    assert (await link.ask({"Action": "Getvar", "Variable": "BEAT"}))["Value"] == "42"
    assert (await link.ask({"Action": "Nonsense"}))["Message"] == "Invalid/unknown command"

    async def odd(session: object, action: dict[str, str]) -> bytes:
        return block(
            Response="Success", ActionID=action["ActionID"], Output="first\nsecond", Name="Ёж", Challenge=""
        )

    switch.rules["Command"] = odd
    answer = await link.ask({"Action": "Command", "Command": "core show uptime"})
    assert answer["Output"] == "first\nsecond"
    assert answer["Challenge"] == ""
    assert answer["Name"] == "Ёж"


async def test_letters_cut_between_reads_stay_whole(link: Link, switch: FakeSwitch) -> None:
    async def byte_by_byte(session: object, action: dict[str, str]) -> bytes | None:
        for byte in block(Response="Success", ActionID=action["ActionID"], Message="Привет, Ёжик", Last=""):
            switch.sessions[0].send(bytes([byte]))
            await switch.sessions[0].writer.drain()
            await asyncio.sleep(0)
        return None

    switch.rules["QueueAdd"] = byte_by_byte
    assert await link.execute(ADD_ANNA) == Done("Привет, Ёжик")


async def test_a_list_is_its_items(link: Link, switch: FakeSwitch) -> None:
    switch.state.channels["a.1"] = channel("a.1", "PJSIP/trunk-1")
    switch.state.channels["a.2"] = channel("a.2", "PJSIP/1001-1", linkedid="a.1")
    rows = await link.ask_list({"Action": "CoreShowChannels"})
    assert [row["Uniqueid"] for row in rows] == ["a.1", "a.2"]
    assert await link.ask_list({"Action": "DeviceStateList"}) == []
    with pytest.raises(Declined, match="No Contacts found"):
        await link.ask_list({"Action": "PJSIPShowContacts"})
    assert link.in_flight == 0


async def test_a_list_cut_in_the_middle_does_not_hang(link: Link, switch: FakeSwitch) -> None:
    switch.state.channels["a.1"] = channel("a.1", "PJSIP/trunk-1")
    switch.rules["CoreShowChannels"] = hang_up(switch, after=300)
    with pytest.raises(NoAnswer, match="broke before the answer"):
        await link.ask_list({"Action": "CoreShowChannels"})
    await up_again(link, switch, logins=2)


async def test_a_list_that_never_ends_times_out_and_leaves_no_trace(link: Link, switch: FakeSwitch) -> None:
    async def endless(session: object, action: dict[str, str]) -> bytes:
        return switch.answer(switch.sessions[0], action)[:-60]

    switch.rules["CoreShowChannels"] = endless
    with pytest.raises(NoAnswer, match=r"no answer within 0\.01 s"):
        await link.ask_list({"Action": "CoreShowChannels"}, deadline_s=0.01)
    assert link.in_flight == 0


async def test_a_refused_login_is_told_readably_and_tried_again_slowly(switch: FakeSwitch) -> None:
    told: list[LinkState] = []
    pauses = Pauses()
    link = Link(
        switch.endpoint(secret="wrong"), on_state=told.append, backoff=Backoff(jitter=0), sleep=pauses
    )
    async with running(link.run()):
        state = await link.settled()
        assert state == Refused(
            "PBX main refused the login of user 'tierline': Authentication failed — "
            "check secret= and permit= of [tierline] in manager.conf",
            60.0,
        )
        await pauses.begun(1)
        assert switch.count("Login") == 1
        await pauses.end()
        await switch.asked("Login", 2)
        await pauses.begun(2)
        assert pauses.asked == [60.0, 60.0]
    assert not [state for state in told if isinstance(state, Up)]


async def test_waits_between_attempts_grow_up_to_a_bound(switch: FakeSwitch) -> None:
    await switch.stop()
    pauses = Pauses()
    link = Link(switch.endpoint(), backoff=Backoff(first_s=1, ceiling_s=5, jitter=0), sleep=pauses)
    async with running(link.run()):
        for times in range(1, 6):
            await pauses.begun(times)
            await pauses.end()
        await pauses.begun(6)
        assert pauses.asked == [1, 2, 4, 5, 5, 5]
        assert isinstance(link.state, Down)
        assert "cannot be reached" in link.state.words
        await switch.start()
        await pauses.end()
        await up_again(link, switch, logins=1)


async def test_a_silent_switch_is_noticed_by_an_unanswered_ping(switch: FakeSwitch) -> None:
    pauses = Pauses()
    link = Link(switch.endpoint(), ping_every_s=0.01, ping_deadline_s=0.02, sleep=pauses)
    async with running(link.run()):
        await link.settled()
        await switch.asked("Ping", 2)
        switch.go_silent()
        await pauses.begun(1)
        assert isinstance(link.state, Down)
        assert link.state.words == "PBX main: no answer to a Ping within 0.02 s"
        assert await link.execute(ADD_ANNA) == LinkLost(sent=False)


async def test_somebody_who_is_no_manager_never_sees_the_secret() -> None:
    async with FakeSwitch(banner=b"SSH-2.0-OpenSSH_9.2\r\n") as stranger:
        pauses = Pauses()
        link = Link(stranger.endpoint(connect_timeout_s=0.05), sleep=pauses)
        async with running(link.run()):
            await pauses.begun(1)
        assert stranger.received == []
        assert isinstance(link.state, Down)
        assert "nobody introduced himself as an Asterisk manager" in link.state.words


async def test_closing_closes(switch: FakeSwitch) -> None:
    link = Link(switch.endpoint(), sleep=no_pause, backoff=Backoff(first_s=0))
    switch.rules["QueueAdd"] = never()
    async with running(link.run()):
        await link.settled()
        pending = asyncio.create_task(link.execute(ADD_ANNA))
        await switch.asked("QueueAdd")
    assert await pending == LinkLost(sent=True)
    assert await link.execute(ADD_ANNA) == LinkLost(sent=False)
    await switch.gone()
    assert switch.count("Login") == 1
    timers = [h for h in asyncio.get_running_loop()._scheduled if not h.cancelled()]  # type: ignore[attr-defined]
    assert not [timer for timer in timers if "_OneConnection" in repr(timer)]


def test_it_acts_on_the_loop_of_the_service_too() -> None:
    async def act() -> None:
        async with FakeSwitch() as switch:
            switch.state.queues["sales"] = FakeQueue()
            link = Link(switch.endpoint())
            async with running(link.run()):
                await link.settled()
                assert await link.execute(ADD_ANNA) == Done("Added interface to queue")
                switch.rules["QueueRemove"] = hang_up(switch)
                assert await link.execute(RemoveMember(SALES, ANNA)) == LinkLost(sent=True)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(act())


async def test_an_event_that_slips_through_harms_nothing(link: Link, switch: FakeSwitch) -> None:
    switch.sessions[0].send(block(Event="FullyBooted", Privilege="system,all") + b"garbage\r\n\r\n")
    switch.sessions[0].send(block(Response="Success", ActionID="somebody else's", Message="x"))
    assert await link.execute(ADD_ANNA) == Done("Added interface to queue")


async def test_a_switch_that_shuts_down_says_so_and_is_left(link: Link, switch: FakeSwitch) -> None:
    switch.rules["QueueAdd"] = never()
    outcome = asyncio.create_task(link.execute(ADD_ANNA))
    await switch.asked("QueueAdd")
    switch.sessions[0].send(block(Event="Shutdown", Privilege="system,all", Shutdown="Cleanly"))
    assert await outcome == LinkLost(sent=True)
    await up_again(link, switch, logins=2)


async def test_refusals_of_the_switch_for_missing_rights_are_outcomes(link: Link, switch: FakeSwitch) -> None:
    switch.rules["QueueAdd"] = refuse("Permission denied")
    assert await link.execute(ADD_ANNA) == CommandRefused("Permission denied")


async def test_the_secret_is_in_no_representation(
    switch: FakeSwitch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    endpoint = switch.endpoint()
    link = Link(endpoint, sleep=no_pause, backoff=Backoff(first_s=0))
    async with running(link.run()):
        await link.settled()
        switch.drop()
        await switch.asked("Login", 2)
    assert endpoint.secret not in repr(endpoint)
    assert not [record for record in caplog.records if "panoramisk" in record.name]
    assert endpoint.secret not in caplog.text


@pytest.mark.parametrize("secret", ["", "a\r\nAction: Originate", "\udcff"])
def test_a_secret_that_cannot_be_sent_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(
        ValueError, match="the AMI secret of PBX main is empty or holds an unprintable"
    ) as refused:
        Endpoint(PbxId("main"), "127.0.0.1", 5038, "tierline", secret)
    assert not secret or secret not in str(refused.value)
