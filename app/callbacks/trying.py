"""How one try goes on: an agent is rung, then the client; what the floor shows of it becomes the callback's state.

What is true stands in the database before the switch is asked for anything, and the try's call has a name from the start:
so a process that died in the middle leaves nothing half done. What the floor tells is stored in order by `tasks`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
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
from app.infra.db import AWAY, Database
from routing.policy import Policy
from telephony.calls import Call, Direction
from telephony.commands import Command, CommandOutcome, LinkLost, Originate, Refused, ToNumber
from telephony.events import LegState
from telephony.floor import Floor
from telephony.ids import CallId, ChannelId, Interface, PbxId

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


class Tries:
    """`prepare(pbx, call, promise, agent)`: makes the agent's card, with why he calls, ready before his phone rings.
    `spawn` runs what must wait. `moves`: (callback, what is to be stored), oldest first; `news`: called when there is
    something to do; `over`: who hears that nothing is in flight for a client any more."""

    def __init__(
        self,
        database: Database,
        project_id: int,
        switches: Switches,
        policy: Callable[[], Policy],
        prepare: Callable[[PbxId, CallId, Promise, Interface], Awaitable[None]],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        clock: Callable[[], float],
    ) -> None:
        self.book = Book()
        self.moves: list[tuple[int, Move]] = []
        self.news: Callable[[], None] = lambda: None
        self.over: list[Callable[[PbxId, int], None]] = []
        self._database = database
        self._project_id = project_id
        self._switches = switches
        self._policy = policy
        self._prepare = prepare
        self._spawn = spawn
        self._clock = clock
        self._served: set[int] = set()

    def begin(self, promise: Promise, agent: Interface) -> None:
        line, now = self.book.lines[promise.line], self._clock()
        if promise.state is not State.WAITING or promise.client in self.book.flying():
            self._spawn(self.never_mind(line.pbx, promise.client))
            return
        call = CallId(f"callback-{promise.id}-{round(now * 1000)}")
        flight = Flight(promise, line.pbx, call, agent, now)
        self.book.flights[line.pbx, call] = flight
        self.book.put(msgspec.structs.replace(promise, state=callback_step(promise.state, Step.STARTED)))
        self._spawn(self._start(flight))

    async def never_mind(self, pbx: PbxId, client: int) -> None:
        if client not in self.book.flying():
            for listener in self.over:
                listener(pbx, client)

    def serve(self, promise: Promise) -> None:
        """He called himself and was answered: kept, at once or when the try that goes on is over."""
        if self.book.flight_of(promise.id) is None:
            self._serve(promise)
        else:
            self._served.add(promise.id)

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

    def reached(self, flight: Flight) -> None:
        self._picked_up(flight)
        if not flight.over:
            self._decide(flight, Step.CLIENT_ANSWERED, "answered")

    def ended(self, flight: Flight, call: Call | None) -> None:
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
                self.reached(flight)
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
        for listener in self.over:
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

    async def restore(self, floor: Floor) -> None:
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
                self.reached(flight)
            self.look(flight, floor)
            if key in self.book.flights:
                await self._card(flight)

    def pending(self, callback: int) -> bool:
        """Something of it is not stored yet: what the database says of it is older than what is known here."""
        return any(one == callback for one, _ in self.moves)

    def _put(self, callback: int, move: Move) -> None:
        self.moves.append((callback, move))
        self.news()

    def _shows(self, line: str) -> str | None:
        number = self.book.lines[line].number
        return number if number is not None and number.lstrip("+").isdigit() else None


def _agent_took_it(call: Call, flight: Flight) -> bool:
    leg = call.legs.get(ChannelId(flight.call))
    return call.direction is Direction.OUTBOUND or (leg is not None and leg.state is LegState.UP)
