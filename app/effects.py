"""What follows from the floor's changes besides pictures: rows to store, and things to put right."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Protocol

import msgspec
import structlog

from app.calls.recording import Identity, Recorder
from app.infra.db import AWAY
from app.infra.writer import Writer
from telephony.calls import Call, Direction
from telephony.changes import Change, LineJoined, RingStarted
from telephony.floor import Floor
from telephony.ids import CallId, PbxId

log = structlog.get_logger(__name__)

Recognise = Callable[[Call], Awaitable[None]]
RestorePresence = Callable[[PbxId], Awaitable[object]]


class Follower(Protocol):
    """A use case that acts on what happens on the floor."""

    def batch(self, floor: Floor, changes: list[Change]) -> None: ...

    def rebuilt(self, floor: Floor) -> None: ...


class Effects:
    """Called by the core loop, so it only hands on. `spawn` runs what must wait, beside the loop.

    `identity`: what the app knows of a call, None when it never heard of it. `recognise`: find out.
    `restore_presence`: give a switch that came back the members it lost.
    """

    def __init__(
        self,
        project_id: int,
        recorder: Recorder,
        calls: Writer,
        events: Writer,
        identity: Callable[[PbxId, CallId], Identity | None],
        recognise: Recognise,
        restore_presence: RestorePresence,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        followers: Sequence[Follower] = (),
    ) -> None:
        self._project_id = project_id
        self._recorder = recorder
        self._calls = calls
        self._events = events
        self._identity = identity
        self._recognise = recognise
        self._restore_presence = restore_presence
        self._spawn = spawn
        self._followers = followers
        self._recognising: set[tuple[PbxId, CallId]] = set()

    def batch(self, floor: Floor, changes: list[Change]) -> None:
        for change in changes:
            if isinstance(change, LineJoined | RingStarted):
                self._know(floor.calls.get(change.call))
        for row in self._recorder.events(floor.pbx, changes):
            self._events.put(self._project_id, msgspec.json.encode(row))
        for row in self._recorder.calls(floor, changes, lambda *call: self._identity(*call) or Identity()):
            self._calls.put(self._project_id, msgspec.json.encode(row))
        for follower in self._followers:
            follower.batch(floor, changes)

    def rebuilt(self, floor: Floor) -> None:
        """Calls that were already there have told the webhook who they are, but maybe not this process."""
        for call in floor.calls.values():
            if call.ended is None:
                self._know(call)
        self._spawn(self._quietly(self._restore_presence(floor.pbx), "presence_not_restored"))
        for follower in self._followers:
            follower.rebuilt(floor)

    def _know(self, call: Call | None) -> None:
        """A call the webhook was not asked about (it was down, or the dialplan is not ours) has a caller too."""
        if call is None or call.direction is not Direction.INBOUND:
            return
        key = (call.pbx, call.id)
        if key not in self._recognising and self._identity(*key) is None:
            self._recognising.add(key)
            self._spawn(self._recognised(call))

    async def _recognised(self, call: Call) -> None:
        try:
            await self._quietly(self._recognise(call), "call_not_recognised")
        finally:
            self._recognising.discard((call.pbx, call.id))

    async def _quietly(self, what: Awaitable[object], event: str) -> None:
        """A database that is away now must not end the program: calls go on."""
        try:
            await what
        except AWAY as error:
            log.warning(event, error=str(error))
