"""What runs beside the calls: decisions are stored, rules are read again."""

import asyncio
from collections import deque
from itertools import islice, takewhile

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from app.calls import repository
from app.inbound.rules import AWAY, KnownRules
from app.infra.db import Database

log = structlog.get_logger(__name__)

WAITING = Gauge("tierline_decisions_waiting", "Decisions not yet stored")
LOST = Counter("tierline_decisions_lost", "Decisions that could not be stored", ["why"])

_STORE_SECONDS = 10.0
_RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
_PAUSE_SECONDS = 0.02
"""Between two writes: calls of these moments share one transaction."""


class DecisionWriter:
    """Stores decisions in order, each once, without a call waiting for it.

    While the database is away they wait in memory, `most` at the most; what comes then is lost and counted.
    """

    def __init__(self, database: Database, *, most: int = 50_000, batch: int = 500) -> None:
        self._database = database
        self._most = most
        self._batch = batch
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._some = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()

    def put(self, project_id: int, decision: bytes) -> None:
        """`decision`: JSON as `calls.repository.store_decisions` takes it. Never waits."""
        if len(self._waiting) >= self._most:
            LOST.labels("full").inc()
            return
        self._waiting.append((project_id, decision))
        self._some.set()
        self._none.clear()

    async def stored(self) -> None:
        """Returns when everything put so far is in the database; with a time-out around it, at the end of the app."""
        await self._none.wait()

    async def run(self) -> None:
        """Until cancelled."""
        failures, size = 0, self._batch
        while True:
            await self._some.wait()
            project_id, decisions = self._head(size)
            try:
                await self._store(project_id, decisions)
            except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
                if len(decisions) > 1:
                    size = 1
                    continue
                LOST.labels("refused").inc()
                log.error("decision_refused_by_database", error=str(error), decision=decisions[0])
            except AWAY as error:
                if failures == 0:
                    log.warning("decisions_wait_for_database", error=str(error), waiting=len(self._waiting))
                await asyncio.sleep(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
                failures += 1
                continue
            failures, size = 0, self._batch
            self._forget(len(decisions))
            await asyncio.sleep(_PAUSE_SECONDS)

    def _head(self, size: int) -> tuple[int, list[bytes]]:
        """The oldest, as far as they are of one project."""
        project_id = self._waiting[0][0]
        of_project = takewhile(lambda one: one[0] == project_id, islice(self._waiting, size))
        return project_id, [decision for _, decision in of_project]

    async def _store(self, project_id: int, decisions: list[bytes]) -> None:
        async with asyncio.timeout(_STORE_SECONDS), self._database.raw(project_id) as connection:
            await repository.store_decisions(connection, decisions)

    def _forget(self, count: int) -> None:
        for _ in range(count):
            self._waiting.popleft()
        WAITING.set(len(self._waiting))
        if not self._waiting:
            self._some.clear()
            self._none.set()


async def keep_rules_fresh(rules: KnownRules, every_s: float = 5.0) -> None:
    """Until cancelled: a change of lines or policy counts within `every_s`, also one made by another process."""
    while True:
        try:
            await rules.refresh_all()
        except AWAY as error:
            log.warning("rules_not_refreshed", error=str(error))
        await asyncio.sleep(every_s)
