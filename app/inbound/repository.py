"""Looks callers up. Those who call while a query runs share the next one: a rush costs the database less per call."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import date
from functools import partial
from itertools import islice, takewhile
from typing import NamedTuple

from app.clients.card import Cards, cards_by_phones
from app.infra.db import Database

GIVE_UP_SECONDS = 5.0
"""A late look-up goes on this long: its card may still be in time for the agent, who is rung later."""

_SLOW_SECONDS = 0.1
"""A query that takes longer no longer holds up those who come after it."""


class Waiting(NamedTuple):
    project_id: int
    phone: int
    answer: asyncio.Future[Cards]


class LookUps:
    """At most `parallel` quick queries at once, each for at most `batch` callers of one project."""

    def __init__(
        self, database: Database, today: Callable[[], date], *, parallel: int = 2, batch: int = 32
    ) -> None:
        self._database = database
        self._today = today
        self._parallel = parallel
        self._batch = batch
        self._waiting: deque[Waiting] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._quick: set[asyncio.Task[None]] = set()

    def find(self, project_id: int, phone: int) -> asyncio.Future[Cards]:
        """All clients who have the number. The future fails with what `infra.db.AWAY` names."""
        answer: asyncio.Future[Cards] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(project_id, phone, answer))
        self._start()
        return answer

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and len(self._quick) < self._parallel:
            task = loop.create_task(self._answer(self._next()))
            self._running.add(task)
            self._quick.add(task)
            task.add_done_callback(partial(self._ended, loop.call_later(_SLOW_SECONDS, self._free, task)))

    def _ended(self, slow: asyncio.TimerHandle, task: asyncio.Task[None]) -> None:
        slow.cancel()
        self._running.discard(task)
        self._free(task)

    def _free(self, task: asyncio.Task[None]) -> None:
        self._quick.discard(task)
        self._start()

    def _next(self) -> list[Waiting]:
        """The longest waiting, as far as they are of one project."""
        project_id = self._waiting[0].project_id
        batch = list(takewhile(lambda one: one.project_id == project_id, islice(self._waiting, self._batch)))
        for _ in batch:
            self._waiting.popleft()
        return batch

    async def _answer(self, batch: list[Waiting]) -> None:
        """Whatever goes wrong is told to those who wait."""
        phones = list({one.phone for one in batch})
        try:
            async with asyncio.timeout(GIVE_UP_SECONDS), self._database.connection() as connection:
                found = await cards_by_phones(connection, batch[0].project_id, phones, self._today())
        except Exception as error:
            for one in batch:
                if not one.answer.done():
                    one.answer.set_exception(error)
        else:
            for one in batch:
                if not one.answer.done():
                    one.answer.set_result(found[one.phone])
