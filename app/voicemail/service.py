"""Files what was recorded, tells whose it is as soon as that is known, and notes who answered it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from app.errors import Conflict, NotFound
from app.infra.auth import SignedIn
from app.infra.db import Database
from app.recordings.repository import Kept
from app.voicemail import repository
from app.voicemail.rules import SHORTEST_S, due, line_of
from app.voicemail.schemas import VoicemailView

if TYPE_CHECKING:
    from app.infra.db import Connection

log = structlog.get_logger(__name__)

REPLY_MINUTES = 240
"""On a line that is gone."""


class VoicemailService:
    """`reply_minutes(line)`: None for an unknown one. `opens(line, moment)`: when it is open from then on, by its hours."""

    def __init__(
        self,
        database: Database,
        project_id: int,
        reply_minutes: Callable[[str], int | None],
        opens: Callable[[str, float], float | None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._project_id = project_id
        self._reply_minutes = reply_minutes
        self._opens = opens
        self._clock = clock

    async def file(self, connection: "Connection", kept: Kept) -> None:
        """Called for every stored recording, in its transaction: both are there, or neither. Filing again does nothing."""
        line = line_of(kept.interface)
        if line is None or kept.length_s < SHORTEST_S:
            return
        recording = await repository.recording_of(connection, kept.pbx, kept.file)
        if recording is None:
            return
        caller = await repository.caller_of(connection, kept.pbx, kept.call_id)
        at = datetime.fromtimestamp(kept.started_at, UTC)
        due_at = await self._due(connection, line, caller.client_id, at)
        message = await repository.add(connection, recording, line, caller, at, due_at)
        if caller.client_id is not None:
            await repository.attach(connection, message, caller.client_id, _title(line), due_at)
        log.info("voicemail_filed", line=line, client=caller.client_id, due=due_at.isoformat())

    async def listed(self, *, handled: bool) -> list[VoicemailView]:
        async with self._database.raw(self._project_id) as connection:
            return [_view(row) for row in await repository.listed(connection, handled=handled)]

    async def link(self, voicemail_id: int, client_id: int) -> VoicemailView:
        """Whose it is: from now on a case of his. Raises `NotFound`, `Conflict`."""
        async with self._database.raw(self._project_id) as connection:
            row = await _there(connection, voicemail_id)
            if row["client_id"] is not None and row["client_id"] != client_id:
                raise Conflict(f"This message belongs to client {row['client_id']} already.")
            if not await repository.is_client(connection, client_id):
                raise NotFound(f"There is no client {client_id}.")
            if row["client_id"] is None:
                due_at = await self._due(connection, row["line"], client_id, row["at"])
                await repository.attach(connection, voicemail_id, client_id, _title(row["line"]), due_at)
            return _view(await _there(connection, voicemail_id))

    async def handled(self, user: SignedIn, voicemail_id: int) -> VoicemailView:
        """Answered: its case is closed. Once more changes nothing. Raises `NotFound`."""
        async with self._database.raw(self._project_id) as connection:
            row = await _there(connection, voicemail_id)
            if row["handled_at"] is None:
                now = datetime.fromtimestamp(self._clock(), UTC)
                await repository.handle(connection, voicemail_id, user.user_id, now)
            return _view(await _there(connection, voicemail_id))

    async def _due(
        self, connection: "Connection", line: str | None, client_id: int | None, at: datetime
    ) -> datetime:
        sla = None if client_id is None else await repository.sla_minutes(connection, client_id, at)
        reply = (self._reply_minutes(line) if line else None) or REPLY_MINUTES
        moment = due(at.timestamp(), sla, reply, lambda since: self._opens(line or "", since))
        return datetime.fromtimestamp(moment, UTC)


async def _there(connection: "Connection", voicemail_id: int) -> Any:
    row = await repository.one(connection, voicemail_id)
    if row is None:
        raise NotFound(f"There is no message {voicemail_id}.")
    return row


def _title(line: str | None) -> str:
    return f"Voicemail ({line})" if line else "Voicemail"


def _view(row: Any) -> VoicemailView:
    return VoicemailView.model_validate(dict(row))
