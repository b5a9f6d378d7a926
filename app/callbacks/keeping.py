"""Which promises are due, for whom; what the floor tells of those who were promised something; what people want at once."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import structlog

from app.callbacks.rules import Promise, State
from app.callbacks.trying import Switches, Tries
from app.errors import Conflict, Unavailable
from app.infra.auth import SignedIn
from app.infra.db import Database
from routing.places import Caller
from routing.policy import Policy
from routing.skills import steps_on_line
from telephony.calls import Direction
from telephony.changes import CallAnswered, CallArrived, CallEnded, Change, LineJoined
from telephony.commands import OfferCallback
from telephony.floor import Floor
from telephony.ids import CallId, Interface, PbxId, QueueName

log = structlog.get_logger(__name__)


class Callbacks:
    """A follower of the floors. `due` and `promised` are plain look-ups in memory.

    `phone(raw)`: E.164 digits of a number as heard, None when it is none. `client_of(pbx, call)`: who it is, as far as
    known. `line_of(pbx, queue)`. `is_open(line, now)`: whether clients of this line may be called now. `prepare`, `spawn`:
    see `Tries`.
    """

    def __init__(
        self,
        database: Database,
        project_id: int,
        switches: Switches,
        policy: Callable[[], Policy],
        phone: Callable[[str | None], int | None],
        client_of: Callable[[PbxId, CallId], int | None],
        line_of: Callable[[PbxId, QueueName], str | None],
        prepare: Callable[[PbxId, CallId, Promise, Interface], Awaitable[None]],
        is_open: Callable[[str, float], bool],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.tries = Tries(database, project_id, switches, policy, prepare, spawn, clock)
        self.book = self.tries.book
        self._switches = switches
        self._policy = policy
        self._phone = phone
        self._client_of = client_of
        self._line_of = line_of
        self._is_open = is_open
        self._spawn = spawn
        self._clock = clock

    # For whoever gives agents

    def due(self, pbx: PbxId, now: float) -> list[Caller]:
        """Callbacks that could start on this switch's directed lines, each in its old place. `client`: one in flight for
        each; minus the number of somebody nobody knows."""
        return [
            self._caller(one)
            for one in self.startable(now)
            if (line := self.book.lines[one.line]).directed and line.pbx == pbx
        ]

    def startable(self, now: float) -> list[Promise]:
        """Due, of a line that is there and open, whose client is neither being called nor on the telephone."""
        flying = self.book.flying()
        opened = {line: self._is_open(line, now) for line in self.book.lines}
        return [
            one
            for one in self.book
            if one.due(now) and opened.get(one.line) and one.client not in flying and not self.book.busy(one)
        ]

    def start(self, caller: str, agent: Interface) -> None:
        """`caller`: the id of one of `due`. Never waits; whatever comes of it, `on_over` listeners hear of its end. Who was
        due may call us meanwhile, or have chosen another time: then nobody is rung."""
        callback, now = int(caller.removeprefix("callback-")), self._clock()
        promise = self.book.get(callback)
        if promise is not None and (served := self.book.lines.get(promise.line)) is not None:
            if promise.due(now) and not self.book.busy(promise) and self._is_open(promise.line, now):
                self.tries.begin(promise, agent)
            else:
                self._spawn(self.tries.never_mind(served.pbx, promise.client))
        elif callback in self.book.gone:
            line, client = self.book.gone[callback]
            if line in self.book.lines:
                self._spawn(self.tries.never_mind(self.book.lines[line].pbx, client))

    def offer(self, pbx: PbxId, call_id: CallId, tier: str | None) -> None:
        """He has waited too long in the room: asks him whether he wants to be called back. Not whoever was promised it,
        nor a tier that is always first."""
        floor = self._switches.floor(pbx)
        call = floor.calls.get(call_id) if floor is not None else None
        if call is None or call.place is None or not call.place.room:
            return
        client = self._client_of(pbx, call_id)
        first = {one.name for one in self._policy().rules.tiers if one.always_first}
        if tier in first or self.promised([] if client is None else [client], self._phone(call.ani)):
            return
        self._spawn(self._offer(pbx, OfferCallback(call.place.channel)))

    async def _offer(self, pbx: PbxId, order: OfferCallback) -> None:
        outcome = await self._switches.execute(pbx, order)
        log.info("callback_offered", pbx=pbx, channel=order.channel, outcome=type(outcome).__name__)

    def on_over(self, listener: Callable[[PbxId, int], None]) -> None:
        """`listener(pbx, client)`: nothing is in flight for this client any more."""
        self.tries.over.append(listener)

    def promised(self, clients: Iterable[int], phone: int | None, line: str | None = None) -> Promise | None:
        """The callback that a caller is waiting for, if there is one: the oldest."""
        return next(iter(self.book.of(clients, phone, line)), None)

    # For people

    def changed(self, callback: int, promise: Promise | None) -> None:
        """`service` has made, changed or ended one."""
        if promise is None:
            self.book.drop(callback)
        elif self.book.flight_of(callback) is None:
            self.book.put(promise)
        self.tries.news()

    async def call_now(self, callback: int, user: SignedIn) -> None:
        """Raises `Conflict`, `Unavailable`."""
        promise = self.book.get(callback)
        if promise is None:
            raise Conflict("This callback is over.")
        line = self.book.lines.get(promise.line)
        if line is None or line.pbx != user.pbx or user.interface is None:
            raise Conflict("Your device is on another PBX than this line.")
        if promise.state is not State.WAITING or promise.client in self.book.flying():
            raise Conflict("He is being called right now.")
        if self.book.busy(promise):
            raise Conflict("He is on the telephone with us right now.")
        floor = self._switches.floor(line.pbx)
        if floor is None or floor.stale:
            raise Unavailable(f"PBX {line.pbx} is not reachable now: try again.")
        self.tries.begin(promise, Interface(user.interface))

    # What the floor tells

    def batch(self, floor: Floor, changes: list[Change]) -> None:
        for change in changes:
            match change:
                case CallArrived() | LineJoined():
                    self._appears(floor, change.call)
                case CallAnswered():
                    if flight := self.book.flights.get((floor.pbx, change.call)):
                        self.tries.reached(flight)
                    else:
                        self._came_himself(floor, change)
                case CallEnded(call=call):
                    self.book.goes(floor.pbx, call)
                    if flight := self.book.flights.get((floor.pbx, call)):
                        self.tries.ended(flight, floor.calls.get(call))
                case _:
                    continue
            self.tries.news()

    def rebuilt(self, floor: Floor) -> None:
        self.book.forget(floor.pbx)
        for call in floor.calls.values():
            if call.ended is None:
                self._appears(floor, call.id)
        if not floor.channels_seen:
            return
        for flight in [one for one in self.book.flights.values() if one.pbx == floor.pbx and one.seen]:
            self.tries.look(flight, floor)
        self._spawn(self.tries.restore(floor))

    def _appears(self, floor: Floor, call_id: CallId) -> None:
        if flight := self.book.flights.get((floor.pbx, call_id)):
            flight.seen = True
            return
        call = floor.calls.get(call_id)
        if call is None or call.ended is not None or call.direction is not Direction.INBOUND:
            return
        phone = self._phone(call.ani)
        self.book.comes(floor.pbx, call_id, None if phone is None else -phone)
        self.book.comes(floor.pbx, call_id, self._client_of(floor.pbx, call_id))

    def _came_himself(self, floor: Floor, change: CallAnswered) -> None:
        """He was answered on the line that promised him a call: it is kept."""
        call = floor.calls.get(change.call)
        queue = change.queue or (call.lines[-1].queue if call is not None and call.lines else None)
        line = self._line_of(floor.pbx, queue) if queue is not None else None
        if call is None or line is None or call.direction is not Direction.INBOUND:
            return
        client = self._client_of(floor.pbx, call.id)
        for promise in self.book.of([] if client is None else [client], self._phone(call.ani), line):
            self.tries.serve(promise)

    def _caller(self, promise: Promise) -> Caller:
        policy = self._policy()
        tiers = {tier.name for tier in policy.rules.tiers}
        return Caller(
            id=f"callback-{promise.id}",
            tier=promise.tier if promise.tier in tiers else policy.rules.unknown_tier,
            joined=promise.joined_at,
            steps=steps_on_line(policy.rules.skills, promise.line, promise.topic, promise.language),
            line=promise.line,
            callback=True,
            client=promise.client,
        )
