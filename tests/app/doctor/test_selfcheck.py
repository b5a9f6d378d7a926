"""The self-check of a floor against a switch that behaves: what counts, what does not, what follows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from prometheus_client import REGISTRY

from app.doctor.selfcheck import MEND_AGAIN_S, FloorReport, SelfCheck
from telephony.ami.reader import Reader
from telephony.differences import DifferenceKind
from telephony.events import Event
from telephony.floor import Floor
from telephony.ids import PbxId
from telephony.rebuild import Snapshot
from tests.fakes.pauses import Pauses, running
from tests.fakes.recorder import Recorder
from tests.fakes.switch import FakeMember, FakeQueue, FakeSwitch, channel
from tests.fakes.switch_faults import refuse

pytestmark = pytest.mark.unit

ANNA = "PJSIP/1001"
NOW = 1795331467.0


class Keeper(Recorder):
    """Keeps a floor, as the core loop does."""

    def __init__(self) -> None:
        super().__init__()
        self.floor = Floor(PbxId("main"))

    def stale(self, why: str) -> None:
        self.floor.mark_stale()
        super().stale(why)

    def snapshot(self, snapshot: Snapshot, received: float) -> None:
        self.floor.rebuild(snapshot, NOW)
        super().snapshot(snapshot, received)

    def events(self, events: list[Event], received: float) -> None:
        for event in events:
            self.floor.apply(event)
        super().events(events, received)


class Checked:
    """A switch, its floor, and the self-check with a clock and pauses of the test's own."""

    def __init__(self, switch: FakeSwitch) -> None:
        self.switch = switch
        self.keeper = Keeper()
        self.now = 0.0
        self.pauses = Pauses()
        self.reader = Reader(switch.endpoint(), self.keeper, sleep=Pauses())
        self.check = SelfCheck(self.reader, self.keeper.floor, clock=lambda: self.now, sleep=self.pauses)

    async def report(self, *, second_look: bool = False) -> FloorReport:
        """A whole comparison; with differences, the pause before the second look is ended."""
        before = len(self.pauses.asked)
        asked = asyncio.create_task(self.check.now())
        if second_look:
            await self.pauses.begun(before + 1)
            await self.pauses.end()
        return await asked

    def lose(self, uniqueid: str) -> None:
        """The switch has this channel no longer, and its word about that was lost."""
        del self.switch.state.channels[uniqueid]


@asynccontextmanager
async def a_busy_switch() -> AsyncIterator[Checked]:
    async with FakeSwitch() as switch:
        for number in (1, 2):
            uniqueid = f"m-{NOW:.0f}.{number}"
            switch.state.channels[uniqueid] = channel(uniqueid, f"PJSIP/trunk-{number}", number="79161234567")
        switch.state.queues["sales"] = FakeQueue(
            members={ANNA: FakeMember(ANNA, "Anna")}, waiting=[f"m-{NOW:.0f}.2"]
        )
        switch.state.devices = {ANNA: "NOT_INUSE"}
        checked = Checked(switch)
        async with running(checked.reader.run()):
            await checked.keeper.heard("snapshot")
            yield checked


def counted(kind: str) -> float:
    return REGISTRY.get_sample_value("tierline_floor_differences_total", {"pbx": "main", "kind": kind}) or 0.0


async def test_a_floor_that_is_right_is_told_so_and_costs_no_full_queue_list() -> None:
    async with a_busy_switch() as checked:
        report = await checked.report()
        assert (report.state, report.differences, report.why) == ("same", [], "")
        assert (report.channels, report.devices, report.queues) == (2, 1, 1)
        asked = [action for action in checked.switch.received if action["Action"] == "QueueStatus"][1:]
        assert [action.get("Queue") for action in asked] == ["sales"]
        assert checked.switch.count("UserEvent") == 0


async def test_what_differs_is_counted_told_and_mended() -> None:
    async with a_busy_switch() as checked:
        before = counted("ghost_call")
        checked.lose(f"m-{NOW:.0f}.1")
        report = await checked.report(second_look=True)
        assert report.state == "different"
        assert [(one.kind, one.about, one.switch) for one in report.differences] == [
            (DifferenceKind.GHOST_CALL, f"m-{NOW:.0f}.1", "nothing")
        ]
        assert counted("ghost_call") == before + 1
        assert report.mending
        await checked.keeper.heard("snapshot", 2)
        assert "ghost_call" in checked.keeper.all("stale")[0]
        assert (await checked.report()).state == "same"
        assert checked.switch.count("Login") == 1


async def test_what_the_second_look_no_longer_shows_is_no_difference() -> None:
    async with a_busy_switch() as checked:
        before = counted("wrong_device")
        checked.switch.state.devices[ANNA] = "INUSE"
        asked = asyncio.create_task(checked.check.now())
        await checked.pauses.begun(1)
        checked.switch.emit("DeviceStateChange", Device=ANNA, State="INUSE")
        await checked.pauses.end()
        report = await asked
        assert (report.state, report.differences) == ("same", [])
        assert counted("wrong_device") == before
        assert checked.keeper.all("stale") == []


async def test_words_on_their_way_are_heard_before_the_second_look() -> None:
    """A switch that lags: its list is ahead of its events, which come with the fence."""
    async with a_busy_switch() as checked:
        switch, gone = checked.switch, checked.switch.state.channels[f"m-{NOW:.0f}.1"]
        checked.lose(f"m-{NOW:.0f}.1")

        async def late(session: object, action: dict[str, str]) -> bytes:
            switch.emit("Hangup", gone, {"Cause": "16", "Cause-txt": "Normal Clearing"})
            return switch.answer(session, action)  # type: ignore[arg-type]

        switch.rules["UserEvent"] = late
        assert (await checked.report(second_look=True)).state == "same"


async def test_a_difference_that_no_rebuild_cures_is_mended_ever_more_seldom() -> None:
    async with a_busy_switch() as checked:
        ghost = f"m-{NOW:.0f}.1"
        mended = []
        for waited in (0.0, 30.0, 31.0, 61.0, 61.0):
            checked.now += waited
            await checked.keeper.until(lambda: checked.reader.believed)
            checked.switch.state.channels.pop(ghost, None)
            report = await checked.report(second_look=True)
            assert report.state == "different"
            mended.append(report.mending)
            checked.switch.state.channels[ghost] = channel(ghost, "PJSIP/trunk-1")
            if report.mending:
                await checked.keeper.heard("snapshot", 1 + sum(mended))
        assert MEND_AGAIN_S[0] == 60
        assert mended == [True, False, True, False, True]


async def test_what_cannot_be_compared_is_said() -> None:
    async with a_busy_switch() as checked:
        checked.switch.rules["DeviceStateList"] = refuse("Permission denied")
        report = await checked.report()
        assert (report.state, report.why) == ("not_compared", "DeviceStateList: Permission denied")
        checked.switch.drop()
        await checked.keeper.heard("stale")
        report = await checked.report()
        assert report.state == "not_compared"
        assert "rebuilt" in report.why


async def test_a_round_takes_a_minute_however_many_queues_there_are() -> None:
    async with a_busy_switch() as checked:
        for number in range(8):
            checked.switch.state.queues[f"line{number}"] = FakeQueue()
        checked.reader.rebuild("for the test")
        await checked.keeper.heard("snapshot", 2)
        checked.now = 100.0
        async with running(checked.check.run()):
            for turn in range(1, 12):
                await checked.pauses.begun(turn)
                await checked.pauses.end()
            await checked.pauses.begun(12)
        assert sum(checked.pauses.asked[:11]) == pytest.approx(60.0)
        queues = [
            action.get("Queue") for action in checked.switch.received if action["Action"] == "QueueStatus"
        ]
        assert queues[2:] == [*(f"line{number}" for number in range(8)), "sales"]
        age = REGISTRY.get_sample_value("tierline_floor_check_age_seconds", {"pbx": "main"})
        assert age == 0.0


async def test_whoever_asks_twice_at_once_does_not_ask_the_switch_at_once() -> None:
    async with a_busy_switch() as checked:
        one, other = await asyncio.gather(checked.check.now(), checked.check.now())
        assert one.state == other.state == "same"
        looks = [
            action["ActionID"] for action in checked.switch.received if action["ActionID"].startswith("look-")
        ]
        assert looks == [f"look-{number}" for number in range(1, 7)]
