"""Who may see and hear a call's recordings: supervisors, and the agent who took part. Every listening is noted first."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

import asyncpg
import msgspec

from app.errors import BadInput, NotFound, Unavailable
from app.infra.auth import SignedIn
from app.infra.db import Database
from app.infra.places import PLACE_AWAY, Place
from app.recorder.rules import takes_part
from app.recorder.schemas import Pause, RecordingView
from app.recordings import repository
from telephony.floor import Floor
from telephony.ids import CallId, Interface, PbxId

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class NotThatPart(BadInput):
    status = 416
    code = "range"


class Part(NamedTuple):
    """Bytes `first` to `last` (both counted) of `whole`; `partial`: they were asked for."""

    first: int
    last: int
    whole: int
    partial: bool

    @property
    def size(self) -> int:
        return self.last - self.first + 1


class Sound(NamedTuple):
    name: str
    sha256: str
    part: Part
    body: AsyncIterator[bytes]


class ListeningService:
    """`floor(pbx)`: None for an unknown switch."""

    def __init__(self, database: Database, place: Place, floor: Callable[[PbxId], Floor | None]) -> None:
        self._database = database
        self._place = place
        self._floor = floor

    async def of_call(self, user: SignedIn, pbx: str, call_id: str) -> list[RecordingView]:
        """Raises `NotFound` for a call that is not his."""
        async with self._database.raw(user.project_id) as connection:
            await self._check(connection, user, pbx, call_id)
            return [_view(row) for row in await repository.of_call(connection, pbx, call_id)]

    async def sound(
        self, user: SignedIn, recording_id: int, wanted: str | None, address: str | None
    ) -> Sound:
        """`wanted`: the header Range. Raises `NotFound`, `NotThatPart`, `Unavailable`."""
        async with self._database.raw(user.project_id) as connection:
            row = await repository.one(connection, recording_id)
            if row is None:
                raise NotFound("There is no such recording.")
            await self._check(connection, user, row["pbx"], row["call_id"])
            if row["state"] != "stored":
                raise NotFound("This recording is not stored yet, or it has no sound.")
            part = part_of(wanted, row["size"])
            await repository.listened(connection, recording_id, user.user_id, address, part.first)
        body = self._place.read(row["place"], part.first, part.size)
        try:
            beginning = await anext(body, b"")
        except PLACE_AWAY as error:
            raise Unavailable(f"The place of recordings does not answer: {error}") from error
        return Sound(f"{row['file']}.wav", row["sha256"].hex(), part, _after(beginning, body))

    async def _check(self, connection: Any, user: SignedIn, pbx: str, call_id: str) -> None:
        if user.role != "agent":
            return
        if user.pbx == pbx and user.interface is not None:
            floor = self._floor(PbxId(pbx))  # a talk that has just begun is not stored yet
            if floor is not None and takes_part(floor, CallId(call_id), Interface(user.interface)):
                return
            if await repository.took_part(connection, pbx, call_id, user.interface):
                return
        raise NotFound("There is no such call, or you took no part in it.")


def part_of(wanted: str | None, whole: int) -> Part:
    """One range (RFC 9110, 14.2); a header that is none, or names several, is ignored as the standard allows. Raises
    `NotThatPart`."""
    found = _RANGE.fullmatch(wanted.strip()) if wanted else None
    if found is None or found.group(0) == "bytes=-":
        return Part(0, whole - 1, whole, False)
    begin, end = found.groups()
    if not begin:
        first, last = max(0, whole - int(end)), whole - 1
    else:
        first, last = int(begin), min(int(end), whole - 1) if end else whole - 1
    if first > last:
        raise NotThatPart(f"The recording has {whole} bytes.")
    return Part(first, last, whole, True)


async def _after(beginning: bytes, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield beginning
    async for part in body:
        yield part


def _view(row: asyncpg.Record) -> RecordingView:
    started, length = row["started_at"], row["length_s"]
    marks = msgspec.json.decode(row["pauses"])
    end = started + length if length is not None else row["ended_at"]
    pauses = [
        Pause(
            from_s=round(max(0.0, one["from"] - started), 3),
            to_s=None if (to := one.get("to", end)) is None else round(max(0.0, to - started), 3),
        )
        for one in marks
    ]
    paused = row["state"] == "recording" and bool(marks) and "to" not in marks[-1]
    return RecordingView.model_validate(
        {
            **{name: row[name] for name in ("id", "agent", "interface", "started_at", "ended_at", "because")},
            **{name: row[name] for name in ("length_s", "channels", "size")},
            "state": "paused" if paused else row["state"],
            "pauses": pauses,
            "sha256": row["sha256"].hex() if row["sha256"] is not None else None,
        }
    )
