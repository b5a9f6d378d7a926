"""The self-check on a real switch: it finds nothing where nothing is wrong, however much happens, and what is wrong it mends."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.doctor.selfcheck import FloorReport, SelfCheck
from telephony.ami.connection import Endpoint
from telephony.ami.reader import Reader
from telephony.differences import DifferenceKind
from telephony.events import DeviceState
from telephony.ids import Interface, PbxId, QueueName
from telephony.rebuild import Snapshot
from tests.app.doctor.test_selfcheck import Keeper
from tests.asterisk.stories.catalogue import TALES
from tests.asterisk.stories.stage import Stage, stage, switch
from tests.fakes.pauses import running

pytestmark = pytest.mark.pbx

EVENTFUL = (
    "ringall",
    "rona",
    "hold",
    "parked-and-retrieved",
    "local-member-that-optimises-itself-away",
    "attended-transfer-by-refer",
    "blonde-transfer-by-ami",
    "three-way",
)


SUPPORT = QueueName("support")


class LiveKeeper(Keeper):
    """By the real clock."""

    def snapshot(self, snapshot: Snapshot, received: float) -> None:
        self.floor.rebuild(snapshot, time.time())
        self.calls.append(("snapshot", snapshot))
        self._told.set()


@pytest.fixture(scope="module")
async def stages(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator["Stages"]:
    async with switch() as (pbx, webhook):
        yield Stages(pbx, webhook, tmp_path_factory.mktemp("selfcheck"))


class Stages:
    def __init__(self, pbx, webhook, folder: Path) -> None:  # type: ignore[no-untyped-def]
        self._pbx = pbx
        self._webhook = webhook
        self._folder = folder

    @asynccontextmanager
    async def checked(self, name: str) -> AsyncIterator[tuple[Stage, LiveKeeper, SelfCheck]]:
        """A stage, and beside it a floor with a self-check of its own."""
        pbx, keeper = self._pbx, LiveKeeper()
        endpoint = Endpoint(PbxId(pbx.name), pbx.host, pbx.ami_port, pbx.ami_username, pbx.ami_secret)
        reader = Reader(endpoint, keeper)
        async with stage(pbx, self._webhook, self._folder / f"{name}.ami") as on, running(reader.run()):
            await keeper.heard("snapshot")
            yield on, keeper, SelfCheck(reader, keeper.floor)


@pytest.mark.parametrize("name", EVENTFUL)
async def test_while_a_story_is_told_nothing_ever_differs(name: str, stages: Stages) -> None:
    reports: list[FloorReport] = []

    async def look(check: SelfCheck) -> None:
        while True:
            reports.append(await check.now())

    async with stages.checked(name) as (on, keeper, check), running(look(check)):
        await TALES[name].play(on)
    assert reports
    assert [one.differences for one in reports if one.state != "same"] == []
    assert keeper.all("stale")[:-1] == []


async def test_a_wrong_floor_is_found_and_mended(stages: Stages) -> None:
    async with stages.checked("mended") as (on, keeper, check):
        on.line("support")
        await on.call()
        await on.ears.wait_for("QueueCallerJoin")
        async with asyncio.timeout(10):
            await keeper.until(lambda: bool(keeper.floor.queues[SUPPORT].waiting))
        (place,) = keeper.floor.queues[SUPPORT].waiting
        keeper.floor.queues[SUPPORT].waiting.clear()
        keeper.floor._board.agent(Interface("PJSIP/1001")).device = DeviceState.BUSY
        report = await check.now()
        assert {one.kind for one in report.differences} == {
            DifferenceKind.MISSING_WAITER,
            DifferenceKind.WRONG_DEVICE,
        }
        await keeper.heard("snapshot", 2)
        assert (await check.now()).state == "same"
        assert [one.channel for one in keeper.floor.queues[SUPPORT].waiting] == [place.channel]
