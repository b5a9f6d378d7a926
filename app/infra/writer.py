"""What must be stored and nobody waits for: kept in order, written in batches, each row once."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import islice, takewhile
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from app.infra.db import AWAY, Database

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]

log = structlog.get_logger(__name__)

WAITING = Gauge("tierline_unstored_rows", "Rows waiting to be stored", ["what"])
LOST = Counter("tierline_lost_rows", "Rows that could not be stored", ["what", "why"])

_STORE_SECONDS = 10.0
_RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
_PAUSE_SECONDS = 0.05
"""Between two writes: what comes in these moments shares one transaction."""


class Writer:
    """While the database is away rows wait in memory, `most` at the most; what comes then is lost and counted.

    `store(connection, rows)` writes JSON rows inside a transaction that has set the project; storing a row
    again must do nothing, because an answer may be lost. `what` names them in metrics and logs.
    """

    def __init__(
        self,
        what: str,
        database: Database,
        store: Callable[["Connection", list[bytes]], Awaitable[None]],
        *,
        most: int = 50_000,
        batch: int = 500,
    ) -> None:
        self._what = what
        self._database = database
        self._store = store
        self._most = most
        self._batch = batch
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._some = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()

    def put(self, project_id: int, row: bytes) -> None:
        """Never waits."""
        if len(self._waiting) >= self._most:
            LOST.labels(self._what, "full").inc()
            return
        self._waiting.append((project_id, row))
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
            project_id, rows = self._head(size)
            try:
                async with asyncio.timeout(_STORE_SECONDS), self._database.raw(project_id) as connection:
                    await self._store(connection, rows)
            except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
                if len(rows) > 1:
                    size = 1
                    continue
                LOST.labels(self._what, "refused").inc()
                log.error("row_refused_by_database", what=self._what, error=str(error), row=rows[0])
            except AWAY as error:
                if failures == 0:
                    log.warning(
                        "rows_wait_for_database", what=self._what, error=str(error), rows=len(self._waiting)
                    )
                await asyncio.sleep(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
                failures += 1
                continue
            failures, size = 0, self._batch
            self._forget(len(rows))
            await asyncio.sleep(_PAUSE_SECONDS)

    def _head(self, size: int) -> tuple[int, list[bytes]]:
        """The oldest, as far as they are of one project."""
        project_id = self._waiting[0][0]
        of_project = takewhile(lambda one: one[0] == project_id, islice(self._waiting, size))
        return project_id, [row for _, row in of_project]

    def _forget(self, count: int) -> None:
        for _ in range(count):
            self._waiting.popleft()
        WAITING.labels(self._what).set(len(self._waiting))
        if not self._waiting:
            self._some.clear()
            self._none.set()
