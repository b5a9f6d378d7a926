"""A consumer that cannot keep up: the link goes on being read, and the floor is right again when the storm is over."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from telephony.ami.connection import Endpoint
from telephony.ami.reader import Reader
from telephony.ami.resync import CHANNEL_LIST
from telephony.events import Event
from telephony.floor import Floor
from telephony.ids import CallId, PbxId
from telephony.rebuild import Snapshot
from tests.fakes.busy_switch import NOW, busy
from tests.fakes.pauses import running
from tests.fakes.recorder import Recorder
from tests.fakes.switch import FakeSwitch, block, channel

pytestmark = pytest.mark.unit

STORM = 50_000_000
PATIENCE_S = 10.0
CALLS = 40
LAST = CallId(f"storm-{NOW}.last")


class Stalling(Recorder):
    """Keeps a floor; while it stalls every batch costs it 20 ms more, ten times what a switch needs to say it."""

    def __init__(self) -> None:
        super().__init__()
        self.floor = Floor(PbxId("main"))
        self.stalls = False

    def stale(self, why: str) -> None:
        self.floor.mark_stale()
        super().stale(why)

    def snapshot(self, snapshot: Snapshot, received: float) -> None:
        self.floor.rebuild(snapshot, float(NOW))
        super().snapshot(snapshot, received)

    def events(self, events: list[Event], received: float) -> None:
        for event in events:
            self.floor.apply(event)
        if self.stalls:
            time.sleep(0.02)
        super().events(events[:1], received)


class Storm:
    """A switch in a thread of its own, because it does not wait for us; like Asterisk it hangs up on who does not read."""

    def __init__(self) -> None:
        self.switch = FakeSwitch()
        self.switch.state = busy(CALLS)
        self.cut_off = False
        self.loop = asyncio.new_event_loop()

    def endpoint(self) -> Endpoint:
        return self.switch.endpoint()

    def blow(self) -> "asyncio.Future[None]":
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._blow(), self.loop))

    async def _blow(self) -> None:
        """Calls that come and go at once, and at last one that stays."""
        (session,) = self.switch.sessions
        sent, number = 0, 0
        while sent < STORM and not self.cut_off:
            data = b"".join(_call(f"storm-{NOW}.{one}") for one in range(number, number + 1000))
            session.send(data)
            sent, number = sent + len(data), number + 1000
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await session.writer.drain()
            except TimeoutError:
                self.cut_off = True
                session.writer.transport.abort()
        self.switch.state.channels[LAST] = channel(LAST, "PJSIP/trunk-last")
        self.switch.emit("Newchannel", self.switch.state.channels[LAST])


def _call(uniqueid: str) -> bytes:
    opening = {"Privilege": "call,all", "Timestamp": f"{NOW}.5"}
    leg = channel(uniqueid, f"PJSIP/trunk-{uniqueid}")
    return block({"Event": "Newchannel"}, opening, leg) + block({"Event": "Hangup"}, opening, leg, Cause="16")


@contextmanager
def a_storm() -> Iterator[Storm]:
    storm = Storm()
    thread = threading.Thread(target=storm.loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(storm.switch.start(), storm.loop).result(PATIENCE_S)
        yield storm
    finally:
        asyncio.run_coroutine_threadsafe(storm.switch.stop(), storm.loop).result(PATIENCE_S)
        storm.loop.call_soon_threadsafe(storm.loop.stop)
        thread.join()
        storm.loop.close()


async def test_fifty_megabytes_at_a_stalled_consumer_cost_no_link_and_leave_the_floor_right() -> None:
    keeper = Stalling()
    with a_storm() as storm:
        reader = Reader(storm.endpoint(), keeper)
        async with running(reader.run()):
            await keeper.heard("snapshot")
            keeper.stalls = True
            await storm.blow()
            keeper.stalls = False
            await keeper.heard("stale")
            await keeper.until(lambda: LAST in keeper.floor.calls and not keeper.floor.stale)
            while not reader.believed:  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(0)  # what was held back is still being told
            differing = await reader.look(CHANNEL_LIST, keeper.floor.differences)
            living = {call.id for call in keeper.floor.calls.values() if call.ended is None}
        assert not storm.cut_off
        assert storm.switch.count("Login") == 1, "reading went on: the link was never given up"
        assert reader.counters.bytes > STORM
        assert reader.counters.overflows >= 1
        assert differing == []
        assert len(living) == CALLS + 1
