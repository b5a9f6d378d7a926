"""Calls that ended while no process of ours was there to hear it: their rows are closed, and say that they are doubtful."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import structlog

from app.calls.repository import close_lost
from app.infra.db import AWAY, Database
from telephony.changes import Change
from telephony.floor import Floor
from telephony.ids import CallId, PbxId

log = structlog.get_logger(__name__)

TRY_AGAIN_S = 10.0


class LostCalls:
    """Follows the floor. Only calls from before `since` are looked at: later ones this process has heard of itself."""

    def __init__(
        self,
        database: Database,
        project_id: int,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        since: datetime | None = None,
    ) -> None:
        self._database = database
        self._project_id = project_id
        self._spawn = spawn
        self._since = since or datetime.now(UTC)
        self._looked: set[PbxId] = set()

    def batch(self, floor: Floor, changes: list[Change]) -> None:
        """What this process hears of is stored as it happens."""

    def rebuilt(self, floor: Floor) -> None:
        """Once for each switch, when it has said what is there."""
        if floor.channels_seen and floor.pbx not in self._looked:
            self._looked.add(floor.pbx)
            known = [linked for call in floor.calls.values() for linked in call.linkedids]
            self._spawn(self._close(floor.pbx, known))

    async def _close(self, pbx: PbxId, known: list[CallId]) -> None:
        while True:
            try:
                async with self._database.raw(self._project_id) as connection:
                    closed = await close_lost(connection, pbx, self._since, known)
            except AWAY as error:
                log.warning("lost_calls_not_closed", pbx=pbx, error=str(error))
                await asyncio.sleep(TRY_AGAIN_S)
            else:
                if closed:
                    log.warning("calls_ended_unheard", pbx=pbx, calls=closed)
                return
