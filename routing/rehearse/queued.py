"""The same day where Asterisk distributes: a queue for the highest tiers and one for all, and the reserve as pauses.

What app_queue does, as far as it matters: a caller is tried when he comes, and then every second; the queue with the
weight goes first; callers in the order of `QUEUE_PRIO`; of the members who are not paused there the one idle longest.
Skills and personal agents it does not know.
"""

from collections.abc import Sequence
from heapq import heappush

from routing.places import VIP, Key
from routing.policy import Policy
from routing.queued import Reservation
from routing.rehearse.calls import Kind, Traffic
from routing.rehearse.simulate import Stretch

CHECK_S = 1.0
ORDER_S = 0.05
"""From our order to the switch's having done it."""

CHECK, DONE = 3, 4


class QueuedStretch(Stretch):
    """`actions`: orders given to the switch."""

    def __init__(
        self,
        traffic: Traffic,
        kinds: Sequence[Kind],
        policy: Policy,
        ring_s: float,
        order_s: float = ORDER_S,
    ) -> None:
        super().__init__(traffic, kinds, policy, ring_s)
        self.actions = 0
        self._order_s = order_s
        self._reservation = Reservation()
        self._paused: set[str] = set()
        self._tries = self._checks = False

    def _happen(self, what: int, number: int, now: float) -> None:
        if what == CHECK:
            self._tries, self._checks = True, False
        elif what == DONE:
            agent = str(number)
            self._paused.symmetric_difference_update({agent})
            self._reservation.answered(agent, True, now)
            self._seen(agent)
        else:
            super()._happen(what, number, now)

    def _arrive(self, number: int, now: float) -> None:
        super()._arrive(number, now)
        self._reservation.came()
        self._tries = True

    def _start(self, now: float) -> None:
        """Called after everything that happens; somebody who becomes idle is found at the next check only."""
        if self._tries:
            self._tries = False
            while chosen := self._next():
                key, agent = chosen
                self._room.leave(key[3])
                self._room.busy(agent)
                self._seen(agent)
                self._give(int(key[3]), agent, now)
        if self._room.places and not self._checks:
            self._checks = True
            heappush(self._events, (now + CHECK_S, CHECK, 0))
        for agent in (order for orders in self._reservation.due(now) for order in orders):
            self.actions += 1
            heappush(self._events, (now + self._order_s, DONE, int(agent)))

    def _next(self) -> tuple[Key, str] | None:
        heads = sorted((group.queue[0], group.band) for group in self._room.groups.values() if group.queue)
        for key, band in heads:
            if agent := self._longest_idle(set() if band == VIP else self._paused):
                return key, agent
        return None

    def _longest_idle(self, paused: set[str]) -> str | None:
        free = (
            (since, agent)
            for _, profile in self._room.staff.everybody.profiles
            for agent, since in profile.idle.items()
            if agent not in paused
        )
        found = min(free, default=None)
        return found[1] if found else None

    def _end(self, agent: str, now: float) -> None:
        super()._end(agent, now)
        self._seen(agent)

    def _shift(self, number: int, now: float) -> None:
        super()._shift(number, now)
        for agent, _ in self._room.staff.on_duty():
            self._seen(agent)
        for agent in self._reservation.on_duty - {agent for agent, _ in self._room.staff.on_duty()}:
            self._seen(agent)

    def _tick(self, now: float) -> None:
        super()._tick(now)
        self._reservation.want(self._reserve.mid, now)

    def _seen(self, agent: str) -> None:
        """The switch's events reach us at once."""
        staff = self._room.staff
        if agent in staff:
            self._reservation.member(agent, True, staff.profile(agent).idle.get(agent), agent in self._paused)
        else:
            self._paused.discard(agent)
            self._reservation.gone(agent)
