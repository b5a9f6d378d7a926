"""Keeps as many idle agents free for the highest tiers as the pulse of a line wants: paused in the line's queue for all
and not in its queue for them. What is kept is read from the switch, so a new run goes on where another was cut off."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, Protocol

import structlog
from prometheus_client import Counter, Gauge

from routing.duty import duty
from routing.pulse import LineLoad
from routing.queued import Reservation
from telephony.agents import RESERVED, Agent
from telephony.changes import Change, LineJoined
from telephony.commands import Command, CommandOutcome, Done, LinkLost, PauseMember
from telephony.floor import Floor
from telephony.ids import Interface, PbxId, QueueName

log = structlog.get_logger(__name__)

TICK_S = 5.0
LIFT_WITHIN_S = 3.0
"""At the end of the service: how long the switch has to lift all of it."""

KEPT = Gauge("tierline_reserve_kept", "Agents paused for the reserve", ["pbx", "line"])
ORDERS = Counter(
    "tierline_reserve_orders", "Pauses for the reserve made and lifted", ["pbx", "line", "outcome"]
)

Key = tuple[PbxId, str]


class Queues(Protocol):
    """Of one line. `first`: of the tiers that are always first, None when all wait in one queue."""

    @property
    def all(self) -> QueueName: ...

    @property
    def first(self) -> QueueName | None: ...


class Lines(Protocol):
    """The directory as this use case needs it."""

    def line_of(self, pbx: PbxId, queue: QueueName) -> str | None: ...

    def queued(self, pbx: PbxId) -> Mapping[str, Queues]:
        """The lines whose callers app_queue distributes."""


class Switches(Protocol):
    async def execute(self, pbx: PbxId, command: Command) -> CommandOutcome: ...

    async def reachable(self, pbx: PbxId) -> None:
        """Returns when commands can be sent."""


class Reserving:
    """`load`: the pulse of a line. `spawn`: runs an order beside the core loop."""

    def __init__(
        self,
        switches: Switches,
        lines: Lines,
        load: Callable[[PbxId, str], LineLoad],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._switches = switches
        self._lines = lines
        self._load = load
        self._spawn = spawn
        self._clock = clock
        self._floors: dict[PbxId, Floor] = {}
        self._reservations: dict[Key, Reservation] = {}
        self._lifting = False

    def spare(self, pbx: PbxId, line: str) -> list[Interface]:
        """Idle agents whom a deferred callback may have now, the longest idle first."""
        floor = self._floors.get(pbx)
        if floor is None or floor.stale:
            return []
        kept_low = self._load(pbx, line).reserve.low
        return [Interface(one) for one in self._of(pbx, line).spare(kept_low)]

    def may_rest(self, pbx: PbxId, interface: Interface) -> bool:
        """False for one of the last idle agents of a line that keeps a reserve."""
        return all(
            self._of(pbx, line).may_rest(interface, self._load(pbx, line).reserve.low)
            for line, queues in self._lines.queued(pbx).items()
            if queues.first is not None
        )

    # the floor

    def batch(self, floor: Floor, changes: list[Change]) -> None:
        pbx = floor.pbx
        self._floors[pbx] = floor
        for change in changes:
            if isinstance(change, LineJoined) and (line := self._lines.line_of(pbx, change.queue)):
                self._of(pbx, line).came()
        touched = (getattr(change, "interface", None) for change in changes)
        moved = False
        for interface in dict.fromkeys(one for one in touched if one is not None):
            self._agent(floor, interface)
            moved = True
        if moved:
            self._order_all(floor)

    def rebuilt(self, floor: Floor) -> None:
        self._floors[floor.pbx] = floor
        self._keep(floor)

    def _everybody(self, floor: Floor) -> None:
        for line in self._lines.queued(floor.pbx):
            reservation = self._of(floor.pbx, line)
            for gone in (reservation.on_duty | reservation.kept) - floor.agents.keys():
                reservation.gone(gone)
        for interface in floor.agents:
            self._agent(floor, interface)

    def _agent(self, floor: Floor, interface: Interface) -> None:
        """Only who serves both queues of a line can be kept: others would be taken from everybody."""
        pbx, agent = floor.pbx, floor.agents.get(interface)
        serves = {} if agent is None else duty(agent, lambda queue: self._lines.line_of(pbx, queue))
        for line, queues in self._lines.queued(pbx).items():
            reservation = self._of(pbx, line)
            membership = None if agent is None else agent.memberships.get(queues.all)
            if agent is None or membership is None:
                reservation.gone(interface)
                continue
            able = serves.get(line) and (queues.first is None or queues.first in agent.memberships)
            since = agent.since if able else None
            reservation.member(interface, line in serves, since, membership.reserved)

    # time

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.tick()
            await asyncio.sleep(TICK_S)

    def tick(self) -> None:
        for floor in self._floors.values():
            self._keep(floor)

    def _keep(self, floor: Floor) -> None:
        if floor.stale or self._lifting:
            return
        pbx = floor.pbx
        self._everybody(floor)
        for line, queues in self._lines.queued(pbx).items():
            reservation = self._of(pbx, line)
            if queues.first is None:
                reservation.drop()
            else:
                reservation.want(self._load(pbx, line).reserve.mid, self._clock())
            KEPT.labels(pbx, line).set(len(reservation.kept))
        self._order_all(floor)
        self._let_go_elsewhere(floor)

    async def lift(self) -> None:
        """The service ends in order: nobody stays kept. What is not done in time remains, and the next run finds it."""
        self._lifting = True
        orders = [
            self._switches.execute(pbx, _free(floor, interface, queues.all, queues.first))
            for pbx, floor in self._floors.items()
            if not floor.stale
            for line, queues in self._lines.queued(pbx).items()
            for interface in map(Interface, sorted(self._of(pbx, line).holding))
        ]
        with suppress(TimeoutError):
            async with asyncio.timeout(LIFT_WITHIN_S):
                await asyncio.gather(*orders)

    # orders

    def _order_all(self, floor: Floor) -> None:
        if floor.stale or self._lifting:
            return
        for line, queues in self._lines.queued(floor.pbx).items():
            reservation = self._of(floor.pbx, line)
            free, keep = reservation.due(self._clock())
            for interface in map(Interface, free):
                command = _free(floor, interface, queues.all, queues.first)
                self._spawn(self._order(floor.pbx, line, command))
            for interface in map(Interface, keep):
                command = PauseMember(interface, True, RESERVED, queues.all)
                self._spawn(self._order(floor.pbx, line, command))

    async def _order(self, pbx: PbxId, line: str, command: PauseMember) -> None:
        outcome = await self._switches.execute(pbx, command)
        if outcome == LinkLost(
            sent=False
        ):  # events and commands have a connection each; one may come up later
            await self._switches.reachable(pbx)
            self._of(pbx, line).not_sent(command.interface)
            self._order_all(self._floors[pbx])
            return
        done = isinstance(outcome, Done)
        ORDERS.labels(pbx, line, type(outcome).__name__).inc()
        if not done:
            log.info("reserve_not_changed", pbx=pbx, line=line, command=str(command), outcome=str(outcome))
        self._of(pbx, line).answered(command.interface, done, self._clock())

    def _let_go_elsewhere(self, floor: Floor) -> None:
        """Pauses of ours in queues that have no reserve any more: the line is ours now, or is gone."""
        own = {queues.all for queues in self._lines.queued(floor.pbx).values()}
        for interface, agent in floor.agents.items():
            for queue, membership in agent.memberships.items():
                if membership.reserved and queue not in own:
                    self._spawn(self._lift_one(floor.pbx, PauseMember(interface, False, "", queue)))

    async def _lift_one(self, pbx: PbxId, command: PauseMember) -> None:
        outcome = await self._switches.execute(pbx, command)
        log.info("reserve_let_go", pbx=pbx, command=str(command), outcome=str(outcome))

    def _of(self, pbx: PbxId, line: str) -> Reservation:
        return self._reservations.setdefault((pbx, line), Reservation())


def _free(floor: Floor, interface: Interface, queue: QueueName, first: QueueName | None) -> PauseMember:
    """Who went on a break at the same moment stays on it: the pause gets his own reason again."""
    agent: Agent | None = floor.agents.get(interface)
    other = agent.memberships.get(first) if agent is not None and first is not None else None
    if other is not None and other.paused and not other.reserved:
        return PauseMember(interface, True, other.reason, queue)
    return PauseMember(interface, False, "", queue)
