"""A `sleep` that tests own: pauses last until they are ended, and are remembered."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


class Pauses:
    def __init__(self) -> None:
        self.asked: list[float] = []
        self._changed = asyncio.Condition()
        self._ended = 0

    async def __call__(self, seconds: float) -> None:
        """Stands in for `asyncio.sleep`."""
        async with self._changed:
            self.asked.append(seconds)
            mine = len(self.asked)
            self._changed.notify_all()
            await self._changed.wait_for(lambda: self._ended >= mine)

    async def begun(self, times: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.asked) >= times)

    async def end(self) -> None:
        """End the pause that is going on (or the next one)."""
        async with self._changed:
            self._ended += 1
            self._changed.notify_all()


async def no_pause(seconds: float) -> None:
    """At once, but not without letting others run."""
    await asyncio.sleep(0)


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator["asyncio.Task[None]"]:
    """Run something endless for the time of a block; its failure is the test's."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error
