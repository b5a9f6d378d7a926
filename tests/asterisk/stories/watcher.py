"""The product's own reader on a real switch, its floor, and every story the floor tells."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from app.infra.asterisk import LocalAsterisk
from telephony.ami.capture import Capture
from telephony.ami.connection import Endpoint, LinkState
from telephony.ami.reader import Reader
from telephony.ami.resync import Snapshot
from telephony.calls import Call
from telephony.changes import CallArrived, Change
from telephony.events import Event
from telephony.floor import Floor
from telephony.ids import PbxId
from telephony.stories import Story, story

DEADLINE_S = 45.0


class Watcher:
    """A consumer of `telephony.ami.reader`. `connect` and `disconnect` as often as the story needs."""

    def __init__(self, pbx: LocalAsterisk, file: Path) -> None:
        self.floor = Floor(PbxId(pbx.name))
        self.changes: list[Change] = []
        self.calls: list[Call] = []
        self._file = file
        self._endpoint = Endpoint(PbxId(pbx.name), pbx.host, pbx.ami_port, pbx.ami_username, pbx.ami_secret)
        self._capture = Capture(file)
        self._running: asyncio.Task[None] | None = None
        self._snapshots: list[Snapshot] = []
        self._awaited: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    async def connect(self) -> None:
        """Back when the snapshot is in the floor."""
        before = len(self._snapshots)
        reader = Reader(self._endpoint, self, capture=self._capture)
        self._running = asyncio.create_task(reader.run())
        await self.until(lambda: len(self._snapshots) > before)

    async def disconnect(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None

    def forget(self) -> None:
        """As a fresh start of the product: nothing is known, nothing was recorded."""
        self.floor = Floor(self.floor.pbx)
        self.changes.clear()
        self.calls.clear()
        self._capture.close()
        self._file.unlink()
        self._capture = Capture(self._file)

    async def close(self) -> None:
        await self.disconnect()
        self._capture.close()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until the floor is so. Looked at after every event, so that nothing is missed because it was short."""
        if true():
            return
        so: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited.append((true, so))
        try:
            async with asyncio.timeout(DEADLINE_S):
                await so
        except TimeoutError:
            raise AssertionError(f"the floor never came to it; it tells {self.stories()}") from None
        finally:
            self._awaited.remove((true, so))

    def stories(self) -> list[Story]:
        return [story(call) for call in self.calls if call.merged_into is None]

    def snapshot(self, snapshot: Snapshot, received: float) -> None:
        self._snapshots.append(snapshot)
        self._told(self.floor.rebuild(snapshot, time.time()))

    def events(self, events: list[Event], received: float) -> None:
        for event in events:
            self._told(self.floor.apply(event))

    def stale(self, why: str) -> None:
        self.floor.mark_stale()

    def link_state(self, state: LinkState) -> None:
        """Nothing to show it on."""

    def _told(self, changes: list[Change]) -> None:
        self.changes += changes
        for change in changes:
            if isinstance(change, CallArrived):
                call = self.floor.calls[change.call]
                if call not in self.calls:
                    self.calls.append(call)
        for true, so in self._awaited:
            if not so.done() and true():
                so.set_result(None)
