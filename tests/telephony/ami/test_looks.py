"""Comparing on a live link: the point in the stream is exact, whatever comes before, between and after the lists."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from telephony.ami.consumer import Limits
from telephony.ami.looks import NotBelieved
from telephony.ami.reader import Reader
from telephony.ami.resync import CHANNEL_LIST, DEVICE_LIST, FENCE, Snapshot, queue_list
from telephony.events import ChannelCreated, DeviceStateChanged
from telephony.ids import QueueName
from tests.fakes.pauses import Pauses, no_pause, running
from tests.fakes.recorder import Recorder
from tests.fakes.switch import FakeMember, FakeQueue, FakeSwitch, Session, channel
from tests.fakes.switch_faults import later, never, refuse
from tests.fakes.switch_state import Headers

pytestmark = pytest.mark.unit


@pytest.fixture
async def switch() -> AsyncIterator[FakeSwitch]:
    async with FakeSwitch() as switch:
        switch.state.channels["a.1"] = channel("a.1", "PJSIP/trunk-1")
        switch.state.devices = {"PJSIP/1001": "INUSE"}
        for line in ("sales", "support"):
            switch.state.queues[line] = FakeQueue(members={"PJSIP/1001": FakeMember("PJSIP/1001", "Anna")})
        yield switch


@pytest.fixture
def told() -> Recorder:
    return Recorder()


def new_call(switch: FakeSwitch, uniqueid: str) -> None:
    switch.state.channels[uniqueid] = channel(uniqueid, f"PJSIP/trunk-{uniqueid}", state=4)
    switch.emit("Newchannel", switch.state.channels[uniqueid])


def heard_of(told: Recorder) -> set[str]:
    return {event.channel for event in told.all("event") if isinstance(event, ChannelCreated)} | {"a.1"}


async def test_the_comparison_stands_between_what_came_before_the_list_and_what_came_after(
    switch: FakeSwitch, told: Recorder
) -> None:
    async def in_the_midst(session: Session, action: Headers) -> bytes:
        new_call(switch, "before")
        session.send(switch.answer(session, action))
        new_call(switch, "after")
        return b""

    def compare(seen: Snapshot) -> tuple[set[str], set[str]]:
        return {row.channel for row in seen.channels or ()}, heard_of(told)

    reader = Reader(switch.endpoint(), told)
    async with running(reader.run()):
        await told.heard("snapshot")
        switch.rules["CoreShowChannels"] = in_the_midst
        said, believed = await reader.look(CHANNEL_LIST, compare)
        assert said == believed == {"a.1", "before"}
        await told.until(lambda: "after" in heard_of(told))


async def test_items_of_a_list_are_no_events(switch: FakeSwitch, told: Recorder) -> None:
    reader = Reader(switch.endpoint(), told)
    async with running(reader.run()):
        await told.heard("snapshot")
        assert (await reader.look(DEVICE_LIST, lambda seen: seen)).devices == {"PJSIP/1001": "in_use"}
        switch.emit("DeviceStateChange", Device="PJSIP/1001", State="NOT_INUSE")
        await told.heard("event")
    (only,) = told.all("event")
    assert isinstance(only, DeviceStateChanged)
    assert only.state == "idle"


async def test_one_queue_is_asked_for_alone(switch: FakeSwitch, told: Recorder) -> None:
    reader = Reader(switch.endpoint(), told)
    async with running(reader.run()):
        await told.heard("snapshot")
        seen = await reader.look(queue_list(QueueName("sales")), lambda seen: seen)
        assert seen.queues == ["sales"]
        assert [(one.queue, one.interface) for one in seen.members] == [("sales", "PJSIP/1001")]
        assert (seen.channels, seen.devices, seen.missing) == (None, None, ())


async def test_the_fence_stands_behind_all_that_was_on_its_way(switch: FakeSwitch, told: Recorder) -> None:
    reader = Reader(switch.endpoint(), told)
    async with running(reader.run()):
        await told.heard("snapshot")
        new_call(switch, "a.2")
        assert await reader.look(FENCE, lambda _: heard_of(told)) == {"a.1", "a.2"}


async def test_a_refused_list_says_so(switch: FakeSwitch, told: Recorder) -> None:
    reader = Reader(switch.endpoint(), told)
    async with running(reader.run()):
        await told.heard("snapshot")
        switch.rules["DeviceStateList"] = refuse("Permission denied")
        seen = await reader.look(DEVICE_LIST, lambda seen: seen)
    assert (seen.devices, seen.missing) == (None, ("DeviceStateList: Permission denied",))


async def test_nothing_is_compared_while_the_floor_is_not_believed(
    switch: FakeSwitch, told: Recorder
) -> None:
    reader = Reader(switch.endpoint(), told, sleep=Pauses())
    with pytest.raises(NotBelieved, match="not connected yet"):
        await reader.look(CHANNEL_LIST, lambda seen: seen)
    async with running(reader.run()):
        await told.heard("snapshot")
        switch.rules["CoreShowChannels"] = never()
        looking = asyncio.create_task(reader.look(CHANNEL_LIST, lambda seen: seen))
        await switch.asked("CoreShowChannels", 2)
        switch.drop()
        with pytest.raises(NotBelieved, match="connection"):
            await looking
        with pytest.raises(NotBelieved, match="rebuilt"):
            await reader.look(CHANNEL_LIST, lambda seen: seen)


async def test_an_answer_that_comes_too_late_disturbs_nothing(switch: FakeSwitch, told: Recorder) -> None:
    gate = asyncio.Event()
    reader = Reader(switch.endpoint(), told, limits=Limits(snapshot_s=0.05))
    async with running(reader.run()):
        await told.heard("snapshot")
        switch.rules["DeviceStateList"] = later(switch, gate)
        with pytest.raises(NotBelieved, match=r"no answer to DeviceStateList within 0\.05 s"):
            await reader.look(DEVICE_LIST, lambda seen: seen)
        gate.set()
        new_call(switch, "a.2")
        await told.heard("event")
        await switch.asked("DeviceStateList", 2)
        new_call(switch, "a.3")
        await told.until(lambda: "a.3" in heard_of(told))
    assert {type(event) for event in told.all("event")} == {ChannelCreated}


async def test_a_rebuild_asks_for_everything_on_the_same_link(switch: FakeSwitch, told: Recorder) -> None:
    reader = Reader(switch.endpoint(), told, sleep=no_pause)
    async with running(reader.run()):
        await told.heard("snapshot")
        gate = asyncio.Event()
        switch.rules["CoreShowChannels"] = later(switch, gate)
        reader.rebuild("two calls are missing")
        reader.rebuild("once is enough")
        await switch.asked("CoreShowChannels", 2)
        assert not reader.believed
        new_call(switch, "a.2")
        gate.set()
        await told.heard("snapshot", 2)
        await told.heard("event")
    assert told.kinds[2:] == ["snapshot", "stale", "snapshot", "event", "stale"]
    assert told.all("stale")[0] == "two calls are missing"
    assert switch.count("Login") == 1
