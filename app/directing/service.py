"""Carries out what the dispatchers want, for all switches, and keeps them told: of changes, of time, of the rules.

Everything from a change on the floor to the order for the switch happens in one turn of the loop.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from logging import INFO, WARNING
from typing import Any

import structlog
from prometheus_client import Counter, Gauge, Histogram

from app.directing.announcing import Announcer
from app.directing.attempts import Attempt
from app.directing.booking import Booking
from app.directing.dispatcher import Dispatcher
from app.directing.orders import CallBack, Ended, Order, Ring, SetAside, Stuck, StuckBecause, TakeBack
from app.directing.ports import Callbacks, Known, Pulse, Switches
from app.directing.rules import waits_at
from routing.reserve import Controller, Seen
from routing.why import Hindrance
from telephony.changes import Change
from telephony.commands import Announce, Beat, Command, Done, LineExecutor, RingAgent, ToRoom
from telephony.floor import Floor
from telephony.ids import CallId, Interface, PbxId, QueueName

log = structlog.get_logger(__name__)

TOOK = Histogram(
    "tierline_directing_seconds",
    "From the switch's event to the order to ring that followed from it",
    ["pbx"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0),
)
OUTCOMES = Counter(
    "tierline_directing_attempts", "Attempts to ring an agent that are over", ["pbx", "result"]
)
STUCK = Counter("tierline_directing_stuck", "Callers whom somebody must help", ["pbx", "why"])
WAITING = Gauge("tierline_directing_waiting", "Callers in the waiting room", ["pbx"])
STRANDED = Gauge("tierline_directing_stranded", "Callers whom nobody on duty may take", ["pbx"])
KEPT = Gauge("tierline_directing_reserve", "Idle agents kept for the tiers above", ["pbx", "band"])

BEAT_S = 1.0
REFRESH_S = 5.0
RESERVE_S = 5.0
ANNOUNCE_S = 5.0
CALL_BACK_S = 1.0
CALLBACKS_S = 1.0
AHT_S = 180.0
"""Where no line knows better."""

SHORTEST_S, LONGEST_S = 0.02, 0.5
"""Between two looks at the time."""


class _Side:
    """All that belongs to one switch."""

    def __init__(self, floor: Floor, known: Known, announcer: Announcer, since: float) -> None:
        pbx = floor.pbx
        self.dispatcher = Dispatcher(
            floor,
            known.policy(),
            lambda: known.directed_lines(pbx),
            lambda queue: known.line_of(pbx, queue),
            lambda call: known.decided(pbx, call),
            lambda interface: known.skills(pbx, interface),
        )
        self.controller = Controller(self.dispatcher.policy.rules.goal)
        self.announcer = announcer
        self.booking = Booking(floor, since)
        self.beat = 0
        self.beats = False
        self.declared: set[QueueName] = set()
        self.believed = False
        self.looked_at = 0.0
        self.kept_at = 0.0
        self.announced_at = 0.0
        self.called_back_at = 0.0
        self.called_at = 0.0


class Directing:
    """`put(row)`: stores a match. `set_aside(pbx, agent)`: pauses who missed a call. `stuck(pbx, call, why)`: somebody
    must help that caller. `spawn` runs what must wait, beside the loop."""

    def __init__(
        self,
        switches: Switches,
        known: Known,
        pulse: Pulse,
        put: Callable[[bytes], None],
        set_aside: Callable[[PbxId, Interface], Coroutine[Any, Any, None]],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        callbacks: Callbacks | None = None,
        stuck: Callable[[PbxId, CallId, StuckBecause], None] = lambda pbx, call, why: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._switches = switches
        self._known = known
        self._pulse = pulse
        self._put = put
        self._set_aside = set_aside
        self._spawn = spawn
        self._callbacks = callbacks
        self._stuck = stuck
        self._clock = clock
        self._sides: dict[PbxId, _Side] = {}
        self._hurry = asyncio.Event()

    # What the floor tells

    def batch(self, floor: Floor, changes: list[Change]) -> None:
        side = self._side(floor)
        side.dispatcher.heard(changes, self._clock())
        self._book(side, changes)
        self._carry_out(side, max(change.at for change in changes))

    def rebuilt(self, floor: Floor) -> None:
        side = self._side(floor)
        side.believed = True
        self._spawn(self._declare(floor.pbx, side))
        side.dispatcher.rebuilt(self._clock())
        self._carry_out(side)

    def known(self, pbx: PbxId, call: CallId) -> None:
        """More was found out about a caller."""
        if (side := self._sides.get(pbx)) is not None:
            side.dispatcher.known(call, self._clock())
            self._carry_out(side)

    def callback_over(self, pbx: PbxId, client: int) -> None:
        if (side := self._sides.get(pbx)) is not None:
            side.dispatcher.callback_over(client, self._clock())
            self._carry_out(side)

    def policy_changed(self) -> None:
        """Everybody stands under it at once, not only at the next look."""
        for side in self._sides.values():
            side.looked_at = 0.0
        self.look()

    # Questions

    def hindrance_now(self, pbx: PbxId, call: CallId) -> Hindrance | None:
        side = self._sides.get(pbx)
        return None if side is None else side.dispatcher.hindrance(call)

    def may_rest(self, pbx: PbxId, interface: Interface) -> bool:
        """False for one of the last idle agents kept for the tiers above."""
        side = self._sides.get(pbx)
        return side is None or side.dispatcher.may_rest(interface)

    # Time

    def look(self) -> None:
        """At the time, and at what has come due by it."""
        now = self._clock()
        for pbx, side in self._sides.items():
            self._pass_time(pbx, side, now)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.look()
            looked_at = self._clock()
            while (wait_s := self._until_due(looked_at)) > 0:
                self._hurry.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._hurry.wait()

    def _until_due(self, looked_at: float) -> float:
        """Seconds until it must be looked again; an order may have brought it nearer."""
        due = [at for side in self._sides.values() if (at := side.dispatcher.next_due()) is not None]
        at = min(looked_at + LONGEST_S, max(looked_at + SHORTEST_S, min(due, default=looked_at + LONGEST_S)))
        return at - self._clock()

    async def beat(self, pbx: PbxId) -> None:
        """Until cancelled: tells the waiting room each second that we live and see this switch. When that ends, because
        we are gone, blind or shutting down, app_queue serves who waits there."""
        while True:
            await self.beat_once(pbx)
            await asyncio.sleep(BEAT_S)

    async def beat_once(self, pbx: PbxId) -> None:
        """Not on a floor that is not believed: nobody is distributed there."""
        side = self._sides.get(pbx)
        if side is None or not side.believed or side.dispatcher.floor.stale or not side.dispatcher.serving:
            return
        outcome = await self._switches.execute(pbx, self._next_beat(side))
        beats = isinstance(outcome, Done)
        if beats != side.beats:
            log.log(INFO if beats else WARNING, "heart_beat", pbx=pbx, taken=beats, outcome=str(outcome))
        side.beats = beats

    def _pass_time(self, pbx: PbxId, side: _Side, now: float) -> None:
        dispatcher = side.dispatcher
        if now - side.looked_at >= REFRESH_S:
            side.looked_at = now
            side.controller.goal = self._known.policy().rules.goal
            dispatcher.refresh(self._known.policy(), now)
            if side.believed and side.declared != self._known.directed_lines(pbx).keys():
                self._spawn(self._declare(pbx, side))
        if now - side.kept_at >= RESERVE_S and dispatcher.serving and not dispatcher.floor.stale:
            side.kept_at = now
            dispatcher.reserve = reserve = side.controller.tick(now, self._seen(pbx, side))
            KEPT.labels(pbx, "mid").set(reserve.mid)
            KEPT.labels(pbx, "low").set(reserve.low)
        if (
            self._callbacks is not None
            and now - side.called_at >= CALLBACKS_S
            and dispatcher.serving
            and not dispatcher.floor.stale
        ):
            side.called_at = now
            dispatcher.callbacks(self._callbacks.due(pbx, now), now)
        if now - side.announced_at >= ANNOUNCE_S and not dispatcher.floor.stale:
            side.announced_at = now
            self._announce(pbx, side, now)
        dispatcher.tick(now)
        WAITING.labels(pbx).set(len(dispatcher.room))
        STRANDED.labels(pbx).set(len(dispatcher.room.stranded))
        self._carry_out(side)

    def _seen(self, pbx: PbxId, side: _Side) -> Seen:
        """All directed lines of the switch together: they share one room and its agents."""
        lines = sorted(set(self._known.directed_lines(pbx).values()))
        those = [self._pulse.seen(pbx, line, "directing") for line in lines]
        agents = sum(one.agents for one in those)
        mean = sum(one.agents * one.aht_s for one in those) / agents if agents else 0.0
        return Seen(
            side.dispatcher.room.staff.everybody.on_duty,
            mean or max((one.aht_s for one in those), default=AHT_S),
            any(one.mid_waits for one in those),
            any(one.low_waits for one in those),
            sum(one.vip_came for one in those),
            sum(one.vip_kept for one in those),
            sum(one.vip_ended for one in those),
        )

    # What follows

    def _side(self, floor: Floor) -> _Side:
        side = self._sides.get(floor.pbx)
        if side is None:
            side = self._sides[floor.pbx] = _Side(
                floor, self._known, self._announcer(floor.pbx), self._clock()
            )
        return side

    def _announcer(self, pbx: PbxId) -> Announcer:
        def wanted(call: CallId) -> tuple[str, ...]:
            decided = self._known.decided(pbx, call)
            return decided.announce if decided is not None else ()

        return Announcer(wanted, lambda caller, ahead: self._pulse.wait(pbx, caller.line, caller.tier, ahead))

    def _announce(self, pbx: PbxId, side: _Side, now: float) -> None:
        for told in side.announcer.due(side.dispatcher.room, now):
            if (place := waits_at(side.dispatcher.floor.calls.get(told.call))) is not None:
                self._spawn(self._tell(pbx, Announce(place.channel, told.position, told.minutes)))

    def _carry_out(self, side: _Side, because_at: float | None = None) -> None:
        pbx = side.dispatcher.floor.pbx
        orders, side.dispatcher.orders = side.dispatcher.orders, []
        for order in orders:
            self._do(pbx, side, order, because_at)
        if orders:
            self._hurry.set()

    def _do(self, pbx: PbxId, side: _Side, order: Order, because_at: float | None) -> None:
        match order:
            case Ring(attempt):
                self._put(attempt.match.row())
                self._spawn(self._ring(pbx, side, attempt, because_at))
            case Ended(match):
                OUTCOMES.labels(pbx, match.outcome).inc()
                self._put(match.row())
            case TakeBack():
                self._spawn(self._take_back(pbx, order))
            case SetAside(agent, call):
                log.info("call_missed", pbx=pbx, agent=agent, call=call)
                self._spawn(self._set_aside(pbx, agent))
            case CallBack(id, agent) if self._callbacks is not None:
                self._callbacks.start(id, agent)
            case Stuck(call, why):
                STUCK.labels(pbx, why).inc()
                log.warning("caller_stuck", pbx=pbx, call=call, why=why)
                self._stuck(pbx, call, why)

    async def _ring(self, pbx: PbxId, side: _Side, attempt: Attempt, because_at: float | None) -> None:
        if because_at is not None:
            TOOK.labels(pbx).observe(max(0.0, self._clock() - because_at))
        order = RingAgent(attempt.channel, attempt.agent, attempt.ring_s, attempt.auto_answer)
        outcome = await self._switches.execute(pbx, order)
        if not isinstance(outcome, Done):
            log.warning(
                "order_not_taken", pbx=pbx, call=attempt.call, agent=attempt.agent, outcome=str(outcome)
            )
        side.dispatcher.outcome(attempt, outcome, self._clock())
        if side.dispatcher.blocked:
            self._spawn(self._unblock(pbx, side))
        self._carry_out(side)

    async def _unblock(self, pbx: PbxId, side: _Side) -> None:
        await self._switches.reachable(pbx)
        if side.dispatcher.blocked:
            side.dispatcher.blocked = False
            side.dispatcher.step(self._clock())
            self._carry_out(side)

    async def _take_back(self, pbx: PbxId, order: TakeBack) -> None:
        """Refused is not a fault: he is out of the queue meanwhile, to an agent or gone."""
        await self._switches.reachable(pbx)
        outcome = await self._switches.execute(pbx, ToRoom(order.queue, order.channel, order.channel_name))
        log.info("caller_taken_back", pbx=pbx, call=order.call, outcome=str(outcome))

    async def _declare(self, pbx: PbxId, side: _Side) -> None:
        """That we live, and then which lines are ours: so the dialplan sends callers to the room whom no webhook sent."""
        lines = self._known.directed_lines(pbx)
        gone = side.declared - lines.keys()
        side.declared = set(lines)
        await self._switches.reachable(pbx)
        for command in (
            *((self._next_beat(side),) if lines else ()),
            *(LineExecutor(queue, directed=True) for queue in sorted(lines)),
            *(LineExecutor(queue, directed=False) for queue in sorted(gone)),
        ):
            outcome = await self._switches.execute(pbx, command)
            if not isinstance(outcome, Done):
                log.warning("line_not_declared", pbx=pbx, command=str(command), outcome=str(outcome))

    def _next_beat(self, side: _Side) -> Beat:
        """Another value each time, also after our restart."""
        side.beat = max(side.beat + 1, int(self._clock() * 1000))
        return Beat(side.beat)

    def _book(self, side: _Side, changes: list[Change]) -> None:
        for command in side.booking.commands(changes):
            self._spawn(self._tell(side.dispatcher.floor.pbx, command))

    async def _tell(self, pbx: PbxId, command: Command) -> None:
        outcome = await self._switches.execute(pbx, command)
        if not isinstance(outcome, Done):
            log.warning("order_not_taken", pbx=pbx, command=str(command), outcome=str(outcome))
