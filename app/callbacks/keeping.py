"""Keeps promises: tells which are due, has an agent rung and then the client, and follows on the floor what comes of it.

What is true stands in the database before the switch is asked for anything, and the try's call has a name from the start:
so a process that died in the middle leaves nothing half done. What the floor tells is stored in order by `tasks`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec
import structlog
from prometheus_client import Counter

from app.callbacks import repository as stored
from app.callbacks.book import Book, Flight
from app.callbacks.rules import (
    AGAIN_S,
    Promise,
    Result,
    State,
    Step,
    callback_step,
    missed,
    next_try,
    result_of,
)
from app.errors import Conflict, Unavailable
from app.infra.auth import SignedIn
from app.infra.db import AWAY, Database
from routing.places import Caller
from routing.policy import Policy
from routing.skills import steps_on_line
from telephony.calls import Call, Direction
from telephony.changes import CallAnswered, CallArrived, CallEnded, Change, LineJoined
from telephony.commands import Command, CommandOutcome, LinkLost, OfferCallback, Originate, Refused, ToNumber
from telephony.events import LegState
from telephony.floor import Floor
from telephony.ids import CallId, ChannelId, Interface, PbxId, QueueName

if TYPE_CHECKING:
    from app.callbacks.repository import Connection

    Move: TypeAlias = Callable[[Connection], Awaitable[object]]

log = structlog.get_logger(__name__)

TRIES = Counter("tierline_callback_tries", "Attempts to keep a callback, by how they ended", ["result"])
ENDED = Counter("tierline_callbacks_ended", "Callbacks that are over, by how", ["state"])

CARD_S = 1.0
"""The agent's card may take so long; then he is rung without it."""


class Switches(Protocol):
    async def execute(self, pbx: PbxId, command: Command) -> CommandOutcome: ...

    def floor(self, pbx: PbxId) -> Floor | None: ...


class Callbacks:
    """A follower of the floors. `due` and `promised` are plain look-ups in memory.

    `phone(raw)`: E.164 digits of a number as heard, None when it is none. `client_of(pbx, call)`: who it is, as far as
    known. `line_of(pbx, queue)`. `prepare(pbx, call, promise, agent)`: makes the agent's card, with why he calls, ready before his
    phone rings. `is_open(line, now)`: whether clients of this line may be called now. `put(callback, move)`: stores, in
    order; see `tasks`. `spawn` runs what must wait.
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
        self.book = Book()
        self.moves: list[tuple[int, Move]] = []
        self.news: Callable[[], None] = lambda: None
        self._database = database
        self._project_id = project_id
        self._switches = switches
        self._policy = policy
        self._phone = phone
        self._client_of = client_of
        self._line_of = line_of
        self._prepare = prepare
        self._is_open = is_open
        self._spawn = spawn
        self._clock = clock
        self._over: list[Callable[[PbxId, int], None]] = []
        self._served: set[int] = set()

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
        return [
            one
            for one in self.book
            if one.due(now)
            and one.line in self.book.lines
            and one.client not in flying
            and not self.book.busy(one)
            and self._is_open(one.line, now)
        ]

    def start(self, caller: str, agent: Interface) -> None:
        """`caller`: the id of one of `due`. Never waits; whatever comes of it, `on_over` listeners hear of its end."""
        callback = int(caller.removeprefix("callback-"))
        promise = self.book.get(callback)
        if promise is not None and promise.line in self.book.lines:
            self.begin(promise, agent)
        elif callback in self.book.gone:
            line, client = self.book.gone[callback]
            if line in self.book.lines:
                self._spawn(self._never_mind(self.book.lines[line].pbx, client))

    def begin(self, promise: Promise, agent: Interface) -> None:
        line, now = self.book.lines[promise.line], self._clock()
        if promise.state is not State.WAITING or promise.client in self.book.flying():
            self._spawn(self._never_mind(line.pbx, promise.client))
            return
        call = CallId(f"callback-{promise.id}-{round(now * 1000)}")
        flight = Flight(promise, line.pbx, call, agent, now)
        self.book.flights[line.pbx, call] = flight
        self.book.put(msgspec.structs.replace(promise, state=callback_step(promise.state, Step.STARTED)))
        self._spawn(self._start(flight))

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
        self._over.append(listener)

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
        self.news()

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
        self.begin(promise, Interface(user.interface))

    # What the floor tells

    def batch(self, floor: Floor, changes: list[Change]) -> None:
        for change in changes:
            match change:
                case CallArrived() | LineJoined():
                    self._appears(floor, change.call)
                case CallAnswered():
                    if flight := self.book.flights.get((floor.pbx, change.call)):
                        self._reached(flight)
                    else:
                        self._came_himself(floor, change)
                case CallEnded(call=call):
                    self.book.goes(floor.pbx, call)
                    if flight := self.book.flights.get((floor.pbx, call)):
                        self._ended(flight, floor.calls.get(call))
                case _:
                    continue
            self.news()

    def rebuilt(self, floor: Floor) -> None:
        self.book.forget(floor.pbx)
        for call in floor.calls.values():
            if call.ended is None:
                self._appears(floor, call.id)
        if not floor.channels_seen:
            return
        for flight in [one for one in self.book.flights.values() if one.pbx == floor.pbx and one.seen]:
            self.look(flight, floor)
        self._spawn(self._restore(floor))

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
            if self.book.flight_of(promise.id) is None:
                self._serve(promise)
            else:
                self._served.add(promise.id)

    # How a try goes on

    async def _start(self, flight: Flight) -> None:
        promise, policy = flight.promise, self._policy().rules.callbacks
        try:
            async with self._database.raw(self._project_id) as connection:
                claimed = await stored.claim(
                    connection, promise.id, flight.pbx, flight.call, flight.agent, flight.begun
                )
        except AWAY as error:
            log.warning("callback_not_started", callback=promise.id, error=str(error))
            self._lands(flight, msgspec.structs.replace(promise, not_before=flight.begun + AGAIN_S))
            return
        if not claimed:
            self._lands(flight, None)
            return
        await self._card(flight)
        order = Originate(
            ChannelId(flight.call),
            flight.agent,
            ToNumber(f"+{promise.phone}"),
            ring_s=policy.ring_s,
            shows=self._shows(promise.line),
        )
        outcome = await self._switches.execute(flight.pbx, order)
        flight.ordered = self._clock()
        if isinstance(outcome, Refused) or (isinstance(outcome, LinkLost) and not outcome.sent):
            log.warning("callback_not_started", callback=promise.id, why=str(outcome))
            self.give_up(flight)

    async def _card(self, flight: Flight) -> None:
        """It must not cost him his call."""
        try:
            async with asyncio.timeout(CARD_S):
                await self._prepare(flight.pbx, flight.call, flight.promise, flight.agent)
        except AWAY as error:
            log.warning("callback_without_card", callback=flight.promise.id, error=str(error))

    def give_up(self, flight: Flight) -> None:
        """The switch did not do it: no call of this try exists."""
        if (flight.pbx, flight.call) in self.book.flights:
            self._decide(flight, Step.AGENT_MISSED, "not_started")
            self._lands(flight, self.book.get(flight.promise.id))

    def _picked_up(self, flight: Flight) -> None:
        if flight.picked_up or flight.over:
            return
        flight.picked_up = True
        promise, at = flight.promise, self._clock()
        state = callback_step(State.RINGING_AGENT, Step.AGENT_ANSWERED)
        flight.promise = msgspec.structs.replace(promise, state=state, attempts=promise.attempts + 1)
        self.book.put(flight.promise)
        self._put(promise.id, lambda connection: stored.agent_answered(connection, promise.id, at))

    def _reached(self, flight: Flight) -> None:
        self._picked_up(flight)
        if not flight.over:
            self._decide(flight, Step.CLIENT_ANSWERED, "answered")

    def _ended(self, flight: Flight, call: Call | None) -> None:
        if call is not None and _agent_took_it(call, flight):
            self._picked_up(flight)
        if not flight.over and not flight.picked_up:
            self._decide(flight, Step.AGENT_MISSED, "agent_missed")
        elif not flight.over:
            far = call.far_result if call is not None else None
            dialled = call is not None and call.direction is Direction.OUTBOUND
            step = missed(flight.promise.attempts, self._policy().rules.callbacks)
            self._decide(flight, step, result_of(far, dialled))
        self._lands(flight, self.book.get(flight.promise.id))

    def look(self, flight: Flight, floor: Floor) -> None:
        """What the switch shows of this try now: it tells no ring of a call that we make, and what happened during a break is
        seen here too. A call that was there and is gone ended unheard."""
        call = floor.calls.get(flight.call)
        if call is not None and call.ended is None:
            flight.seen = True
            if call.talking or call.spoken:
                self._reached(flight)
            elif _agent_took_it(call, flight):
                self._picked_up(flight)
        elif flight.seen:
            if not flight.over:
                self._decide(flight, Step.LOST, "lost")
            self._lands(flight, self.book.get(flight.promise.id))

    def _decide(self, flight: Flight, step: Step, result: Result) -> None:
        """How this try ended; stored once."""
        flight.over = True
        promise, at = flight.promise, self._clock()
        before = State.RINGING_CLIENT if flight.picked_up else State.RINGING_AGENT
        state, again = callback_step(before, step), next_try(step, at, self._policy().rules.callbacks)
        TRIES.labels(result).inc()
        if state is State.WAITING:
            self.book.put(msgspec.structs.replace(promise, state=state, not_before=again))
        else:
            self.book.drop(promise.id)
            ENDED.labels(state).inc()
        self._put(
            promise.id,
            lambda connection: stored.attempt_over(
                connection, promise.id, flight.call, step, result, at, again
            ),
        )

    def _lands(self, flight: Flight, promise: Promise | None) -> None:
        """Nothing of it is live any more. `promise`: as it stands now, None when it is over."""
        self.book.flights.pop((flight.pbx, flight.call), None)
        if promise is None:
            self.book.drop(flight.promise.id)
        else:
            self.book.put(promise)
            if promise.id in self._served:
                self._serve(promise)
        self._served.discard(flight.promise.id)
        for listener in self._over:
            listener(flight.pbx, flight.promise.client)
        self.news()

    def _serve(self, promise: Promise) -> None:
        self.close(promise, Step.SERVED, "he called himself and was answered")

    def close(self, promise: Promise, step: Step, because: str) -> None:
        """Of one that waits."""
        ENDED.labels(callback_step(promise.state, step)).inc()
        self.book.drop(promise.id)
        at = self._clock()
        self._put(promise.id, lambda connection: stored.close(connection, promise.id, step, because, at))

    # After a restart

    async def _restore(self, floor: Floor) -> None:
        """Tries of a process that is gone: those whose call lives go on here, the others are over. Not those of this
        process: their flight is known before they are stored."""
        try:
            async with self._database.raw(self._project_id) as connection:
                rows = await stored.trying(connection, floor.pbx)
                open_now = {one.id: one for one in await stored.open_ones(connection)}
        except AWAY as error:
            log.warning("callbacks_not_restored", pbx=floor.pbx, error=str(error))
            return
        for row in rows:
            key = (floor.pbx, CallId(row["call_id"]))
            promise = open_now.get(row["id"])
            if key in self.book.flights or promise is None or self.pending(promise.id):
                continue
            flight = Flight(promise, floor.pbx, key[1], Interface(row["agent"]), row["at"])
            flight.picked_up, flight.seen = promise.state is State.RINGING_CLIENT, True
            self.book.flights[key] = flight
            self.book.put(promise)
            if row["talked"]:
                self._reached(flight)
            self.look(flight, floor)
            if key in self.book.flights:
                await self._card(flight)

    # Inside

    def pending(self, callback: int) -> bool:
        """Something of it is not stored yet: what the database says of it is older than what is known here."""
        return any(one == callback for one, _ in self.moves)

    def _put(self, callback: int, move: Move) -> None:
        self.moves.append((callback, move))
        self.news()

    async def _never_mind(self, pbx: PbxId, client: int) -> None:
        if client not in self.book.flying():
            for listener in self._over:
                listener(pbx, client)

    def _shows(self, line: str) -> str | None:
        number = self.book.lines[line].number
        return number if number is not None and number.lstrip("+").isdigit() else None

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


def _agent_took_it(call: Call, flight: Flight) -> bool:
    leg = call.legs.get(ChannelId(flight.call))
    return call.direction is Direction.OUTBOUND or (leg is not None and leg.state is LegState.UP)
