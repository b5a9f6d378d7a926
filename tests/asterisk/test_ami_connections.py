"""Both AMI connections against a real switch: what the fake one cannot prove."""

from collections.abc import AsyncIterator

import pytest

from app.infra.asterisk import LocalAsterisk
from telephony.ami.connection import Backoff, Endpoint, Up
from telephony.ami.link import Link
from telephony.ami.reader import Reader
from telephony.commands import AddMember, Done, HangUp, PauseMember, Refused, RemoveMember
from telephony.events import ChannelCreated, ChannelHungUp, MemberAdded, MemberPaused, MemberRemoved
from telephony.ids import ChannelId, Interface, PbxId, QueueName
from tests.fakes.pauses import running
from tests.fakes.recorder import Recorder
from tests.fakes.routing_webhook import FakeWebhook

pytestmark = pytest.mark.pbx

ANNA = Interface("PJSIP/1001")


@pytest.fixture
def endpoint(asterisk: LocalAsterisk) -> Endpoint:
    return Endpoint(
        PbxId("main"), asterisk.host, asterisk.ami_port, asterisk.ami_username, asterisk.ami_secret
    )


@pytest.fixture
async def link(endpoint: Endpoint) -> AsyncIterator[Link]:
    link = Link(endpoint)
    async with running(link.run()):
        assert isinstance(await link.settled(), Up)
        yield link


async def a_queue(link: Link) -> QueueName:
    params = await link.ask_list({"Action": "QueueStatus"})
    return QueueName(next(row["Queue"] for row in params if row["Event"] == "QueueParams"))


async def test_commands_are_done_and_their_events_come_on_the_other_connection(
    endpoint: Endpoint, link: Link
) -> None:
    queue = await a_queue(link)
    told = Recorder()
    reader = Reader(endpoint, told)
    async with running(reader.run()):
        snapshot = await told.heard("snapshot")
        assert snapshot.missing == ()
        assert queue in snapshot.queues
        assert await link.execute(AddMember(queue, ANNA, "Иванова Анна")) == Done("Added interface to queue")
        assert isinstance(await link.execute(AddMember(queue, ANNA, "Иванова Анна")), Refused)
        assert isinstance(await link.execute(PauseMember(ANNA, True, "Обед")), Done)
        assert isinstance(await link.execute(RemoveMember(queue, ANNA)), Done)
        kinds = (MemberAdded, MemberPaused, MemberRemoved)

        def told_of_anna() -> list[object]:
            return [
                event for event in told.all("event") if isinstance(event, kinds) and event.interface == ANNA
            ]

        await told.until(lambda: len(told_of_anna()) >= 3)
        assert [type(event) for event in told_of_anna()] == list(kinds)
    assert reader.counters.untranslatable == {}


async def test_one_channel_is_hung_up_by_its_unique_id(
    endpoint: Endpoint, link: Link, webhook: FakeWebhook
) -> None:
    told = Recorder()
    leg = ChannelId("hung-up-by-id")
    async with running(Reader(endpoint, told).run()):
        await told.heard("snapshot")
        call = {"Channel": "Local/4951234567@inbound", "Application": "Wait", "Data": "30"}
        await link.ask({"Action": "Originate", "ChannelId": leg, "OtherChannelId": f"{leg}-2", **call})

        def happened(kind: type[ChannelCreated] | type[ChannelHungUp]) -> bool:
            return any(isinstance(event, kind) and event.channel == leg for event in told.all("event"))

        await told.until(lambda: happened(ChannelCreated))
        assert not happened(ChannelHungUp)
        assert await link.execute(HangUp(leg, "")) == Done("Channel Hungup")
        await told.until(lambda: happened(ChannelHungUp))
        assert await link.execute(HangUp(leg, "")) == Refused("No such channel")


async def test_both_connections_survive_a_killed_switch(asterisk: LocalAsterisk, endpoint: Endpoint) -> None:
    told = Recorder()
    states = Recorder()
    link = Link(endpoint, on_state=states.link_state, backoff=Backoff(first_s=0.05, ceiling_s=0.2))
    reader = Reader(endpoint, told, backoff=Backoff(first_s=0.05, ceiling_s=0.2))
    async with running(link.run()), running(reader.run()):
        await told.heard("snapshot")
        await link.settled()
        await asterisk.kill()
        await asterisk.restart()
        assert "PBX main" in await told.heard("stale")
        await told.heard("snapshot", 2)
        await states.until(lambda: isinstance(link.state, Up))
        assert (await link.ask({"Action": "Ping"}))["Ping"] == "Pong"
