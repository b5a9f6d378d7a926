"""What runs beside: the book is read again, what happened is stored in order, what is due on queued lines is started."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import asyncpg
import structlog

from app.callbacks import repository as stored
from app.callbacks.keeping import Callbacks
from app.callbacks.rules import Promise, State, Step, assigned, idle_members
from app.callbacks.trying import Switches
from app.infra.db import AWAY, Database
from routing.places import VIP, Standing, standings
from routing.policy import Policy
from telephony.floor import Floor
from telephony.ids import Interface, PbxId

log = structlog.get_logger(__name__)

READ_EVERY_S = 5.0
LOOK_EVERY_S = 1.0
AWAY_S = 1.0
UNSEEN_S = 5.0
"""An ordered call that the switch does not show by then was never made."""

Spare = Callable[[PbxId, str], Sequence[Interface]]


class CallbackTasks:
    """`spare(pbx, line)`: agents who are idle beyond every reserve. Without it: all who are idle while nobody waits."""

    def __init__(
        self,
        callbacks: Callbacks,
        database: Database,
        project_id: int,
        switches: Switches,
        policy: Callable[[], Policy],
        spare: Spare | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._callbacks = callbacks
        self._database = database
        self._project_id = project_id
        self._switches = switches
        self._policy = policy
        self._spare = spare
        self._clock = clock
        self._woken = asyncio.Event()
        callbacks.tries.news = self._woken.set

    async def run(self) -> None:
        """Until cancelled."""
        read = 0.0
        while True:
            self._woken.clear()
            try:
                await self.store()
                if time.monotonic() - read >= READ_EVERY_S:
                    await self.read()
                    read = time.monotonic()
            except AWAY as error:
                log.warning(
                    "callbacks_wait_for_database", error=str(error), moves=len(self._callbacks.tries.moves)
                )
                await asyncio.sleep(AWAY_S)
                continue
            self.look()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._woken.wait()

    async def store(self) -> None:
        """What happened, oldest first. Raises what `AWAY` names; what is not stored stays."""
        moves = self._callbacks.tries.moves
        while moves:
            callback, move = moves[0]
            try:
                async with self._database.raw(self._project_id) as connection:
                    await move(connection)
            except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
                log.error("callback_not_stored", callback=callback, error=str(error))
            moves.pop(0)

    async def read(self) -> None:
        """The book as the database has it, except for what is not stored there yet or is being tried."""
        async with self._database.raw(self._project_id) as connection:
            lines = await stored.served_lines(connection)
            promises = await stored.open_ones(connection)
        book = self._callbacks.book
        book.lines = lines
        known = {one.id for one in promises}
        for promise in promises:
            if not self._ours(promise.id):
                book.put(promise)
        for old in book:
            if old.id not in known and not self._ours(old.id):
                book.drop(old.id)
        await self._take_up()

    async def _take_up(self) -> None:
        """Tries that nobody follows: their beginning was stored and we never heard so, or the database was away when the floor
        was rebuilt."""
        book = self._callbacks.book
        astray = [one for one in book if one.state is not State.WAITING and not self._ours(one.id)]
        for pbx in sorted({book.lines[one.line].pbx for one in astray if one.line in book.lines}):
            floor = self._switches.floor(pbx)
            if floor is not None and floor.channels_seen and not floor.stale:
                await self._callbacks.tries.restore(floor)

    def look(self) -> None:
        """Ends what is past its time, gives up what the switch never did, starts what may start."""
        now = self._clock()
        tries, book = self._callbacks.tries, self._callbacks.book
        for flight in list(book.flights.values()):
            floor = self._switches.floor(flight.pbx)
            if floor is None or floor.stale:
                continue
            tries.look(flight, floor)
            if not flight.seen and flight.ordered is not None and now - flight.ordered > UNSEEN_S:
                tries.give_up(flight)
        for promise in book:
            if promise.state is State.WAITING and promise.deadline <= now:
                tries.close(promise, Step.EXPIRED, "not kept in time")
                log.warning("callback_expired", callback=promise.id, line=promise.line)
        self._start_queued(now)

    def _start_queued(self, now: float) -> None:
        book = self._callbacks.book
        order = dict(standings(self._policy()))
        first = {tier for tier, standing in order.items() if standing.band == VIP}
        by_pbx: dict[PbxId, list[Promise]] = {}
        for one in self._callbacks.startable(now):
            if not book.lines[one.line].directed:
                by_pbx.setdefault(book.lines[one.line].pbx, []).append(one)
        for pbx, promises in by_pbx.items():
            floor = self._switches.floor(pbx)
            if floor is None or floor.stale:
                continue
            queues = {one.line: book.lines[one.line].queue for one in promises}
            idle = {line: idle_members(floor, queue) for line, queue in queues.items()}
            spare = {line: self._spared(floor, line, idle[line]) for line in queues}
            promises.sort(key=lambda one: _key(one, order))
            taken = book.taken(pbx)
            for promise, agent in assigned(promises, spare, idle, taken, book.flying(), now, first):
                self._callbacks.tries.begin(promise, agent)

    def _spared(self, floor: Floor, line: str, idle: Sequence[Interface]) -> Sequence[Interface]:
        if self._spare is not None:
            return self._spare(floor.pbx, line)
        queue = floor.queues.get(self._callbacks.book.lines[line].queue)
        return () if queue is not None and queue.waiting else idle

    def _ours(self, callback: int) -> bool:
        return self._callbacks.book.flight_of(callback) is not None or self._callbacks.tries.pending(callback)


def _key(promise: Promise, order: Mapping[str, Standing]) -> tuple[int, float, int]:
    """A tier that this policy does not know comes last."""
    standing = order.get(promise.tier)
    if standing is None:
        return len(order) + 1, promise.joined_at, promise.id
    return standing.place, promise.joined_at - standing.head_start_s, promise.id
