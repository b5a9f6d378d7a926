"""A consumer of the event connection that remembers what it was told, and lets tests wait for it."""

import asyncio
from collections.abc import Callable
from typing import Any

from telephony.ami.connection import LinkState
from telephony.ami.resync import Snapshot
from telephony.events import Event


class Recorder:
    """`calls`: (kind, what) in order; a batch of events is as many calls, because where a batch ends is of
    no meaning. `received`: the stamp of each batch of events."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.received: list[float] = []
        self._told = asyncio.Event()

    def stale(self, why: str) -> None:
        self._tell("stale", why)

    def snapshot(self, snapshot: Snapshot, received: float) -> None:
        self._tell("snapshot", snapshot)

    def events(self, events: list[Event], received: float) -> None:
        assert events, "an empty batch is no batch"
        self.received.append(received)
        for event in events:
            self._tell("event", event)

    def link_state(self, state: LinkState) -> None:
        self._tell("state", state)

    def all(self, kind: str) -> list[Any]:
        return [what for told, what in self.calls if told == kind]

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.calls]

    async def until(self, happened: Callable[[], bool]) -> None:
        while not happened():
            self._told.clear()
            await self._told.wait()

    async def heard(self, kind: str, times: int = 1) -> Any:
        """Wait until something was told so often; returns the latest."""
        await self.until(lambda: len(self.all(kind)) >= times)
        return self.all(kind)[-1]

    def _tell(self, kind: str, what: Any) -> None:
        self.calls.append((kind, what))
        self._told.set()
