"""On a real switch: the floor that events built, and the one a snapshot builds, are the same."""

import asyncio

import pytest

from app.infra.asterisk import LocalAsterisk
from app.infra.sipp import Caller, Sipp, Turn
from telephony.ami.resync import SNAPSHOT_ACTIONS, Snapshot, SnapshotBuilder
from telephony.ami.translate import WANTED, translate
from telephony.ami.wire import Framer, Message
from telephony.calls import Stage
from telephony.events import DeviceState
from telephony.floor import Floor
from telephony.ids import PbxId
from tests.asterisk.ami import Ears
from tests.fakes.routing_webhook import FakeWebhook, straight
from tests.telephony.test_rebuild import picture

pytestmark = pytest.mark.pbx

DEADLINE_S = 20.0


class Watcher:
    """One AMI connection, a floor fed from it, and snapshots on demand: no reader of ours in between."""

    def __init__(self, pbx: LocalAsterisk) -> None:
        self.floor = Floor(PbxId(pbx.name))
        self._pbx = pbx
        self._framer = Framer(WANTED)
        self._news = asyncio.Condition()
        self._answers: list[Message] = []
        self._writer: asyncio.StreamWriter
        self._reading: asyncio.Task[None]

    async def __aenter__(self) -> "Watcher":
        reader, self._writer = await asyncio.open_connection(self._pbx.host, self._pbx.ami_port)
        self._reading = asyncio.create_task(self._read(reader))
        self._ask("Login", {"Username": self._pbx.ami_username, "Secret": self._pbx.ami_secret})
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)

    async def until(self, stages: list[Stage]) -> None:
        """Wait until the live calls are in these stages."""

        def now() -> list[Stage]:
            return sorted(c.stage for c in self.floor.calls.values() if c.stage is not Stage.ENDED)

        async with asyncio.timeout(DEADLINE_S), self._news:
            await self._news.wait_for(lambda: now() == sorted(stages))

    async def snapshot(self) -> Snapshot:
        self._answers.clear()
        for name, headers, _ in SNAPSHOT_ACTIONS:
            self._ask(name, headers)
        builder = SnapshotBuilder()
        async with asyncio.timeout(DEADLINE_S), self._news:
            while any("not answered" in missing for missing in builder.done().missing):
                await self._news.wait_for(lambda: bool(self._answers))
                while self._answers:
                    builder.add(self._answers.pop(0))
        return builder.done()

    def _ask(self, action: str, headers: dict[str, str]) -> None:
        lines = {"Action": action, "ActionID": "watcher", **headers}
        text = "".join(f"{header}: {value}\r\n" for header, value in lines.items())
        self._writer.write(f"{text}\r\n".encode())

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65536):
            async with self._news:
                for message in self._framer.feed(data):
                    if message.get(b"ActionID") == "watcher":
                        self._answers.append(message)
                    elif message.name and (event := translate(message)) is not None:
                        self.floor.apply(event)
                self._news.notify_all()


async def test_a_snapshot_of_the_switch_is_what_its_events_had_told(
    webhook: FakeWebhook, ears: Ears, sipp: Sipp, asterisk: LocalAsterisk
) -> None:
    webhook.answer = lambda _: straight("support", priority=7)
    async with Watcher(asterisk) as watcher:
        await sipp.phones(["1001"], [Turn(ring_s=0.1)])
        await sipp.phones(["1002"], [Turn(ring_s=60)])
        await ears.staff("support", "1001")
        await sipp.place([Caller("79161230001", dnis="74951234567")])
        await watcher.until([Stage.TALKING])
        await ears.staff("support", "1002")
        await sipp.place([Caller("79161230002")])
        await watcher.until([Stage.TALKING, Stage.RINGING])
        await sipp.place([Caller("79161230003")])
        await watcher.until([Stage.TALKING, Stage.RINGING, Stage.WAITING])

        snapshot = await watcher.snapshot()
        assert snapshot.missing == ()
        fresh = Floor(PbxId(asterisk.name))
        fresh.rebuild(snapshot, watcher.floor.now)

        assert _shared(fresh, watcher.floor) == _shared(watcher.floor, fresh)
        assert not watcher.floor.unknown
        assert fresh.agents["PJSIP/1001"].device is DeviceState.IN_USE
        assert fresh.agents["PJSIP/1001"].registered
        for place in fresh.queues["support"].waiting:
            known = watcher.floor.calls[place.call]
            assert place.priority == 7
            assert place.joined_at == pytest.approx(known.joined_at, abs=1.1)
            assert fresh.calls[place.call].dnis == known.dnis == "74951234567"


def _shared(floor: Floor, other: Floor) -> dict[str, object]:
    """A snapshot also names queues that no event has mentioned yet."""
    told = picture(floor)
    queues = told["queues"]
    assert isinstance(queues, dict)
    return {**told, "queues": {name: queue for name, queue in queues.items() if name in other.queues}}
