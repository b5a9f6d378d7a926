"""Everybody who waits and everybody who could answer, kept so that the next step need not look at all of them.

Callers stand in *groups*: one for each (band, need). Inside a group the order never changes while people wait (see
`priority`), so only its head matters. A change costs as much as there are groups, needs and skill sets, whatever the
number of callers and agents.
"""

from collections.abc import Iterable
from heapq import heappop, heappush

from routing.places import DEFERRED, LOW, Caller, Group, Key, Moved, Place, standings
from routing.policy import DEFAULT_POLICY, Policy
from routing.skills import Skills
from routing.staff import Agent, Pool, Staff


class Room:
    """Not thread-safe, no clock. Whoever drives it says what happened, then asks `match`.

    `called`: personal agent -> callers held for him; `ready`: those of these agents who are idle.
    `stranded`: callers whom nobody on duty may take at any step: they are never matched, somebody must help them.
    """

    def __init__(self, policy: Policy = DEFAULT_POLICY) -> None:
        self.policy = policy
        self.staff = Staff()
        self.places: dict[str, Place] = {}
        self.groups: dict[tuple[int, Skills], Group] = {}
        self.called: dict[str, dict[str, Key]] = {}
        self.ready: set[str] = set()
        self.stranded: dict[str, Caller] = {}
        self._behind: dict[int, list[Caller]] = {}
        self._in_flight: dict[int, str] = {}
        self._due: list[tuple[float, str]] = []
        self._standing = dict(standings(policy))

    def __len__(self) -> int:
        return len(self.places)

    def under(self, policy: Policy, now: float) -> "Room":
        """The same people under another policy. Raises `KeyError` when somebody's tier is not in it: decide again first."""
        room = Room(policy)
        for agent, profile in self.staff.on_duty():
            room.staff.sign_on(Agent(agent, profile.skills))
            if (since := profile.idle.get(agent)) is not None:
                room.idle(agent, since)
        room._in_flight = dict(self._in_flight)
        for (
            client,
            behind,
        ) in self._behind.items():  # who has no tier any more is told again by whoever promised
            if ranked := [one for one in behind if one.tier in room._standing]:
                room._behind[client] = ranked
        for caller in [*(place.caller for place in self.places.values()), *self.stranded.values()]:
            room.join(caller, now)
        return room

    def waiting(self, band: int) -> int:
        """How many wait in this band; nobody is looked at."""
        return sum(len(group) for group in self.groups.values() if group.band == band)

    # agents

    def sign_on(self, agent: Agent, now: float) -> None:
        """On duty and busy until `idle`. Who is here already, with other skills perhaps, signs off first."""
        if agent.id in self.staff:
            self.sign_off(agent.id, now)
        self.staff.sign_on(agent)
        for caller in sorted(self.stranded):
            self.join(self.stranded[caller], now)

    def sign_off(self, agent: str, now: float) -> None:
        """Whoever waited for him alone goes on to his next step at once, or is `stranded`."""
        self.ready.discard(agent)
        empty = {pool.need for pool in self.staff.sign_off(agent)}
        left = [caller for group in self.groups.values() if group.pool.need in empty for caller in group]
        for caller in sorted({*left, *self.called.get(agent, ())}):
            self._settle(self.places[caller], now)

    def idle(self, agent: str, since: float) -> None:
        """May be given a caller from now on. Raises `KeyError` for somebody who is not on duty."""
        self.staff.idle(agent, since)
        if agent in self.called:
            self.ready.add(agent)

    def busy(self, agent: str) -> None:
        """In a call, in wrap-up, paused, ringing: on duty, but not to be given anybody."""
        self.staff.busy(agent)
        self.ready.discard(agent)

    # callers

    def join(self, caller: Caller, now: float) -> None:
        """Or join again, after nobody answered: with the same `joined` he gets his old place."""
        if caller.id in self.places or caller.id in self.stranded or caller.callback:
            self.leave(caller.id)
        if caller.callback and caller.client is not None and not self._first_of(caller.client, caller.id):
            self._behind.setdefault(caller.client, []).append(caller)
            return
        standing = self._standing[caller.tier]
        band, place = standing.band, standing.place
        if caller.callback and band == LOW:
            band, place = DEFERRED, len(self._standing)
        turn = caller.joined if caller.promised is None else min(caller.joined, caller.promised)
        key = (place, turn - standing.head_start_s, caller.joined, caller.id)
        pool = self.staff.everybody
        here = self.places[caller.id] = Place(caller, band, key, self._group(band, pool))
        here.limit = None if caller.callback else self._limit(caller)
        self._settle(here, now)

    def leave(self, caller: str) -> Caller | None:
        """Hung up, or taken by an agent. None: he does not wait here."""
        if place := self.places.pop(caller, None):
            self._lift(place)
            return place.caller
        if gone := self.stranded.pop(caller, None):
            return gone
        return self._called_off(caller)

    def callback_ended(self, client: int, now: float) -> None:
        """Nothing in flight any more for this client: his oldest other one, if any, joins."""
        self._in_flight.pop(client, None)
        if behind := self._behind.get(client):
            oldest = min(behind, key=lambda one: (one.joined, one.id))
            self._called_off(oldest.id)
            self.join(oldest, now)

    def relax(self, now: float) -> list[Moved]:
        """Everything that fell due up to `now`, in order of time. Call it before `match`, at `next_due` at the latest."""
        moved: list[Moved] = []
        while self._due and self._due[0][0] <= now:
            at, caller = heappop(self._due)
            place = self.places.get(caller)
            if place is None or place.due != at:
                continue
            step, held = place.step, place.held
            if too_long := place.limit is not None and place.limit <= at:
                place.limit = None
            self._settle(place, at)
            if place.step != step:
                moved.append(Moved(place.caller, "relaxed"))
            if held and not place.held:
                moved.append(Moved(place.caller, "anyone"))
            if too_long:
                moved.append(Moved(place.caller, "too_long"))
        return moved

    def next_due(self) -> float | None:
        return self._due[0][0] if self._due else None

    # inside

    def _settle(self, place: Place, now: float) -> None:
        """Puts him where he belongs now, or among the stranded when nobody on duty could ever take him."""
        self._lift(place)
        caller = place.caller
        steps = caller.steps
        last = len(steps) - 1
        while place.step < last and caller.joined + steps[place.step + 1].after_s <= now:
            place.step += 1
        while (pool := self.staff.pool(steps[place.step].need)).on_duty == 0:
            if place.step == last:
                del self.places[caller.id]
                self.stranded[caller.id] = caller
                return
            place.step += 1
        place.group = self._group(place.band, pool)
        due = [] if place.limit is None else [place.limit]
        if place.step < last:
            due.append(caller.joined + steps[place.step + 1].after_s)
        until = caller.joined + self._standing[caller.tier].personal_wait_s
        if caller.personal and until > now and (known := self._personal(caller, pool)):
            place.held = known
            due.append(until)
            for agent in known:
                self.called.setdefault(agent, {})[caller.id] = place.key
                if agent in self.staff.profile(agent).idle:
                    self.ready.add(agent)
        else:
            place.group.add(place.key)
        place.due = min(due, default=None)
        if place.due is not None:
            heappush(self._due, (place.due, caller.id))

    def _lift(self, place: Place) -> None:
        place.group.drop(place.caller.id)
        for agent in place.held:
            self.called[agent].pop(place.caller.id)
            if not self.called[agent]:
                del self.called[agent]
                self.ready.discard(agent)
        place.held = ()

    def _personal(self, caller: Caller, pool: Pool) -> tuple[str, ...]:
        """Those on duty who may take him at all: topic and skill go before acquaintance."""
        staff = self.staff
        known: Iterable[str] = dict.fromkeys(caller.personal)
        return tuple(one for one in known if one in staff and pool in staff.profile(one).pools)

    def _first_of(self, client: int, callback: str) -> bool:
        return self._in_flight.setdefault(client, callback) == callback

    def _called_off(self, callback: str) -> Caller | None:
        """One that stands behind another of the same client."""
        for client, behind in self._behind.items():
            for place, one in enumerate(behind):
                if one.id == callback:
                    del behind[place]
                    if not behind:
                        del self._behind[client]
                    return one
        return None

    def _group(self, band: int, pool: Pool) -> Group:
        key = (band, pool.need)
        if (group := self.groups.get(key)) is None:
            group = self.groups[key] = Group(band, pool)
        return group

    def _limit(self, caller: Caller) -> float:
        return caller.joined + self.policy.rules.waiting.limit_of(caller.line)
