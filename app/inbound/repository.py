"""Looks callers up. Those of the same moment share one query: starting it costs the database more than a caller in it."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import NamedTuple

from app.clients.card import Cards, cards_by_phones
from app.infra.db import Database

GIVE_UP_SECONDS = 5.0
"""A late look-up goes on this long: its card may still be in time for the agent, who is rung later."""

_MOMENT_SECONDS = 0.001
"""Callers who come within it share a query. Less than a thousandth of what the dialplan waits."""

_SLOW_SECONDS = 0.1
"""A query that takes longer no longer holds up those who come after it."""


class Waiting(NamedTuple):
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
        self._waiting: dict[int, deque[Waiting]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._quick: set[asyncio.Task[None]] = set()
        self._gathering = False

    def find(self, project_id: int, phone: int) -> asyncio.Future[Cards]:
        """All clients who have the number. The future fails with what `infra.db.AWAY` names."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Cards] = loop.create_future()
        self._waiting.setdefault(project_id, deque()).append(Waiting(phone, answer))
        if not self._gathering:
            self._gathering = True
            loop.call_later(_MOMENT_SECONDS, self._gathered)
        return answer

    def _gathered(self) -> None:
        self._gathering = False
        self._start()

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and len(self._quick) < self._parallel:
            task = loop.create_task(self._answer(*self._next()))
            self._running.add(task)
            self._quick.add(task)
            task.add_done_callback(partial(self._ended, loop.call_later(_SLOW_SECONDS, self._free, task)))

    def _ended(self, slow: asyncio.TimerHandle, task: asyncio.Task[None]) -> None:
        slow.cancel()
        self._running.discard(task)
        self._free(task)

    def _free(self, task: asyncio.Task[None]) -> None:
        self._quick.discard(task)
        if not self._gathering:
            self._start()

    def _next(self) -> tuple[int, list[Waiting]]:
        """The longest waiting of one project; what is left of it comes after the others."""
        project_id = next(iter(self._waiting))
        waiting = self._waiting.pop(project_id)
        batch = [waiting.popleft() for _ in range(min(self._batch, len(waiting)))]
        if waiting:
            self._waiting[project_id] = waiting
        return project_id, batch

    async def _answer(self, project_id: int, batch: list[Waiting]) -> None:
        """Whatever goes wrong is told to those who wait."""
        phones = list({one.phone for one in batch})
        try:
            async with asyncio.timeout(GIVE_UP_SECONDS), self._database.connection() as connection:
                found = await cards_by_phones(connection, project_id, phones, self._today())
        except Exception as error:
            for one in batch:
                if not one.answer.done():
                    one.answer.set_exception(error)
        else:
            for one in batch:
                if not one.answer.done():
                    one.answer.set_result(found[one.phone])
