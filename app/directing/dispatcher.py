"""Who is given to whom on one switch: a `Room` kept in step with the floor, and the attempts that are open.

Synchronous, without a clock and without I/O: it is told what happened and leaves `orders` for whoever carries them out.
What stands on the floor decides; an event only says where to look. So the same questions answer a change, an outcome of a
command, a time-out and a floor that was built anew.
"""

from collections.abc import Callable, Iterable, Mapping

from app.calls.matches import StoredMatch
from app.directing.attempts import Attempt
from app.directing.orders import CallBack, Ended, Order, Ring, SetAside, Stuck, StuckBecause, TakeBack
from app.directing.ports import Floor
from app.directing.rules import (
    UNDECIDED,
    Decided,
    caller_of,
    tier_of,
    waits_at,
)
from app.directing.shift import Shift
from app.directing.tries import MISSED, Tries
from routing.match import Assignment, match, may_rest
from routing.places import Caller
from routing.policy import Policy
from routing.reserve import NO_RESERVE, Reserve
from routing.room import Room
from routing.why import Hindrance, hindrance
from telephony.calls import Call, Part
from telephony.changes import Change, QueueChanged, RingEnded, RingResult
from telephony.commands import CommandOutcome, LinkLost, Refused
from telephony.ids import CallId, Interface, QueueName
from telephony.queues import Place

ASIDE_S = 10.0
"""How long an agent who missed a call is left alone until his pause shows; after it the pause did not come."""

UNREACHABLE_S = 10.0
"""The same for a device that the switch could not reach, or whose ring never began."""

REFUSED_TWICE_S = 3.0
"""It may be this agent's fault that the switch refuses: let another one try."""

TAKE_BACK_EVERY_S = 5.0
EVERYTHING_S = 60.0
STRANDED_S = 20.0
STRANGER_S = 1.0
"""How long somebody stands aside of whom nobody has decided anything (we were away when he came): his line needs a skill,
perhaps, and the database knows it."""


class Dispatcher:
    """`lines()`: {queue: line code} of the switch's directed lines; `line_of(queue)`: of any. `decided(call)`: what is
    known of a caller. `learnt(agent)`: his skills in the records. `reserve`: to be set by whoever controls it.

    `blocked`: commands cannot be sent; nobody is given to anybody until that is over. All `now`: seconds since 1970.
    """

    def __init__(
        self,
        floor: Floor,
        policy: Policy,
        lines: Callable[[], Mapping[QueueName, str]],
        line_of: Callable[[QueueName], str | None],
        decided: Callable[[CallId], Decided | None],
        learnt: Callable[[Interface], Mapping[str, int]],
    ) -> None:
        self.floor = floor
        self.room = Room(policy)
        self.reserve: Reserve = NO_RESERVE
        self.orders: list[Order] = []
        self.blocked = False
        self._lines_now = lines
        self._line_of = line_of
        self._lines: dict[QueueName, str] = dict(lines())
        self._decided = decided
        self._tries = Tries(lambda match: self.orders.append(Ended(match)))
        self._shift = Shift(floor, learnt, self._tries.has)
        self._learnt = learnt
        self._callbacks: dict[Interface, float] = {}
        self._aside: dict[Interface, float] = {}
        self._asked_back: dict[CallId, float] = {}
        self._stranded: dict[str, float] = {}
        self._strangers: dict[CallId, float] = {}
        self._looked_at = 0.0
        self._told: set[tuple[CallId, str]] = set()

    @property
    def policy(self) -> Policy:
        return self.room.policy

    @property
    def attempts(self) -> Mapping[CallId, Attempt]:
        """The open ones."""
        return self._tries.open

    @property
    def serving(self) -> bool:
        """Is there anything to do for us on this switch?"""
        return bool(self._lines) or bool(self.attempts) or bool(self.room)

    # What happened

    def heard(self, changes: Iterable[Change], now: float) -> None:
        """After the floor has applied them."""
        calls: dict[CallId, None] = {}
        agents: dict[Interface, None] = {}
        for change in changes:
            if isinstance(change, RingEnded):
                self._ring_ended(change, now)
            if isinstance(change, QueueChanged):  # from the room to app_queue or back, among others
                calls |= dict.fromkeys(self._turned_over(change.queue))
            if (call := getattr(change, "call", None)) is not None:
                calls[call] = None
            if (interface := getattr(change, "interface", None)) is not None:
                agents[interface] = None
        for call in calls:
            self._see_call(call, now)
        for interface in agents:
            self._see_agent(interface, now)
        self.step(now)

    def rebuilt(self, now: float) -> None:
        """The floor was built anew from the switch: what we believed counts no more. An open attempt lives on only where
        the floor shows its ring, or still may."""
        callbacks = [place.caller for place in self.room.places.values() if place.caller.callback]
        self.room = Room(self.policy)
        self._lines = dict(self._lines_now())
        for interface, agent in self.floor.agents.items():
            self._see_agent(interface, agent.since)
        for call in {*self.floor.calls, *self.attempts}:
            self._see_call(call, now)
        for caller in callbacks:
            self.room.join(caller, now)
        self.step(now)

    def outcome(self, attempt: Attempt, outcome: CommandOutcome, now: float) -> None:
        """What the switch said to the order to ring."""
        self._tries.answered_by_switch(attempt, outcome, now)
        if isinstance(outcome, Refused) and self._tries.refusals(attempt.call) > 1:
            self._shift.spare(attempt.agent, now + REFUSED_TWICE_S)
        if isinstance(outcome, LinkLost):
            self.blocked = True
        self._see_call(attempt.call, now)
        self._see_agent(attempt.agent, now)
        self.step(now)

    def known(self, call: CallId, now: float) -> None:
        """More was found out about a caller."""
        self._see_call(call, now)
        self.step(now)

    def refresh(self, policy: Policy, now: float) -> None:
        """Lines, skills or policy may have changed. From time to time everything is looked at, whatever was told."""
        lines = {**self._lines_in_use(), **self._lines_now()}
        changed = lines != self._lines or policy != self.policy or now - self._looked_at >= EVERYTHING_S
        self._lines = lines
        if policy != self.policy:
            self._under(policy, now)
        for interface in list(self.floor.agents):
            if changed or self._shift.learnt_else(interface):
                self._see_agent(interface, now)
        if changed:
            self._looked_at = now
            for call in [one for one in self.floor.calls if one not in self.attempts]:
                self._see_call(call, now)
        self.step(now)

    def callbacks(self, due: Iterable[Caller], now: float) -> None:
        """All promised calls whose time has come."""
        wanted = {caller.id: caller for caller in due if caller.line in self._lines.values()}
        here = {caller.id for caller in self._waiting() if caller.callback}
        for gone in sorted(here - wanted.keys()):
            if (caller := self.room.leave(gone)) is not None and caller.client is not None:
                self.room.callback_ended(caller.client, now)
        for caller in wanted.values():
            if caller.id not in here:
                self.room.join(self._of_this_policy(caller), now)
        self.step(now)

    def callback_over(self, client: int, now: float) -> None:
        self.room.callback_ended(client, now)
        self.step(now)

    def tick(self, now: float) -> None:
        """At `next_due` at the latest."""
        if not self.floor.stale:
            for attempt in self._tries.due(now):
                self._expired(attempt, now)
            for call in [call for call, at in self._asked_back.items() if at + TAKE_BACK_EVERY_S <= now]:
                del self._asked_back[call]
                self._see_call(call, now)
            for call in [one for one, until in self._strangers.items() if 0 < until <= now]:
                self._strangers[call] = 0.0
                self._see_call(call, now)
            for interface in self._shift.back(now):
                self._see_agent(interface, now)
            self._tell_stranded(now)
        self.step(now)

    def next_due(self) -> float | None:
        """When `tick` must be called although nothing happens; None: there is no hurry."""
        if self.floor.stale or self.blocked:
            return None
        due = [one.until for one in self.attempts.values()]
        due += self._shift.due()
        due += [until for until in self._strangers.values() if until]
        due += [at + TAKE_BACK_EVERY_S for at in self._asked_back.values()]
        if (relaxes := self.room.next_due()) is not None:
            due.append(relaxes)
        return min(due, default=None)

    # Questions

    def hindrance(self, call: CallId) -> Hindrance | None:
        """Why he still waits; None when he does not wait with us, or is being taken to somebody."""
        if call not in self.room.places and call not in self.room.stranded:
            return None
        return hindrance(self.room, self.reserve, call)

    def left_alone(self, agent: Interface) -> bool:
        """He may be idle, and is given nobody: he missed a call, or is about to be rung."""
        return self._shift.left_alone(agent)

    def may_rest(self, agent: Interface) -> bool:
        return agent not in self.room.staff or may_rest(self.room, self.reserve, agent)

    # The step

    def step(self, now: float) -> None:
        """Everything that can start now, starts."""
        if self.floor.stale or self.blocked:
            return
        for moved in self.room.relax(now):
            if moved.what == "too_long":
                self._stuck(moved.caller, "too_long")
        for assignment in match(self.room, self.reserve, now):
            self._begin(assignment, now)

    def _tell_stranded(self, now: float) -> None:
        """Once they have been so for a while: an agent who only changes his shift or his phone is back soon."""
        stranded = self.room.stranded
        self._stranded = {caller: self._stranded.get(caller, now) for caller in stranded}
        for caller, since in self._stranded.items():
            if now - since >= STRANDED_S:
                self._stuck(stranded[caller], "nobody_on_duty")

    def _begin(self, assignment: Assignment, now: float) -> None:
        caller, agent = assignment.caller, Interface(assignment.agent)
        if caller.callback:
            self._shift.calls_back(agent, now + UNREACHABLE_S)
            self.orders.append(CallBack(caller.id, agent))
            return
        place = waits_at(self.floor.calls.get(CallId(caller.id)))
        if place is None:  # he has just left, and we are about to hear of it
            self._forget(CallId(caller.id))
            self._see_agent(agent, now)
            return
        tier = self.policy.tier(caller.tier)
        row = StoredMatch.of(assignment, self.floor.pbx, caller.id, now, self.policy.version)
        attempt = Attempt(
            caller, place.channel, agent, now, row, ring_s=tier.ring_s, auto_answer=tier.auto_answer
        )
        self._tries.begin(attempt)
        self.orders.append(Ring(attempt))

    def _stuck(self, caller: Caller, why: StuckBecause) -> None:
        """Told once for each wait."""
        call = CallId(caller.id)
        if not caller.callback and (call, why) not in self._told:
            self._told.add((call, why))
            self.orders.append(Stuck(call, why))

    # Attempts

    def _ring_ended(self, change: RingEnded, now: float) -> None:
        """Whoever's order it was: a caller in the room was missed."""
        place = waits_at(self.floor.calls.get(change.call))
        if change.result in MISSED and place is not None and place.room:
            self._shift.spare(change.interface, now + ASIDE_S)
            self.orders.append(SetAside(change.interface, change.call))
        elif change.result is RingResult.FAILED and change.call in self.attempts:
            self._shift.spare(change.interface, now + UNREACHABLE_S)
        self._tries.ring_ended(change.call, change.interface, change.result, now)

    def _expired(self, attempt: Attempt, now: float) -> None:
        silent = not attempt.frees_agent
        if self._tries.expire(attempt, self.floor.calls.get(attempt.call), now):
            if silent:
                self._shift.spare(attempt.agent, now + UNREACHABLE_S)
            self._see_call(attempt.call, now)
            self._see_agent(attempt.agent, now)

    # Looking at the floor

    def _see_call(self, call_id: CallId, now: float) -> None:
        call = self.floor.calls.get(call_id)
        place = waits_at(call)
        attempt = self.attempts.get(call_id)
        if self._tries.goes_on(call_id, call, place, now):
            return
        if attempt is not None:
            self._see_agent(attempt.agent, now)
        if call is None or place is None:
            self._forget(call_id)
            return
        if place.room and place.queue not in self._lines:
            self._lines[place.queue] = self._line_of(place.queue) or place.queue
            for interface in list(self.floor.agents):
                self._see_agent(interface, now)
        line = self._lines.get(place.queue)
        if line is None or not place.room:
            self.room.leave(call_id)
            if line is not None:
                self._take_back(call, place, now)
            return
        self._asked_back.pop(call_id, None)
        if call.ringing or call.talking or place.calling is not None:
            self.room.leave(call_id)  # somebody else's ring, or one from before our start
            return
        decided = self._decided(call_id)
        if decided is None and now < self._strangers.setdefault(call_id, now + STRANGER_S):
            self.room.leave(call_id)  # who he is may be found out any moment
            return
        caller = caller_of(call, place, line, decided or UNDECIDED, self.policy)
        if self._waits(call_id) != caller:
            self.room.join(caller, now)

    def _take_back(self, call: Call, place: Place, now: float) -> None:
        """A consultation (a Local channel) stays in app_queue: the room takes clients only."""
        leg = call.legs.get(place.channel)
        if leg is not None and leg.part is not Part.INNER and call.id not in self._asked_back:
            self._asked_back[call.id] = now
            self.orders.append(TakeBack(call.id, place.queue, place.channel, leg.name))

    def _see_agent(self, interface: Interface, now: float) -> None:
        self._shift.see(interface, self.room, self._lines, now)

    # Inside

    def _turned_over(self, name: QueueName) -> list[CallId]:
        """Who of this queue is in the room and not with us, or the other way round."""
        queue = self.floor.queues.get(name)
        ours = (self.room.places, self.room.stranded, self.attempts)
        return [
            place.call
            for place in (queue.waiting if queue is not None else ())
            if place.room != any(place.call in known for known in ours)
        ]

    def _forget(self, call: CallId) -> None:
        self.room.leave(call)
        self._tries.forget(call)
        self._strangers.pop(call, None)
        self._asked_back.pop(call, None)
        self._told -= {(call, "nobody_on_duty"), (call, "too_long")}

    def _waits(self, call: CallId) -> Caller | None:
        place = self.room.places.get(call)
        return place.caller if place is not None else self.room.stranded.get(call)

    def _waiting(self) -> list[Caller]:
        return [*(place.caller for place in self.room.places.values()), *self.room.stranded.values()]

    def _lines_in_use(self) -> dict[QueueName, str]:
        """Whoever is in the room is served, also when his line is directed no more, or not yet as far as we know."""
        places = (waits_at(call) for call in self.floor.calls.values())
        used = {place.queue for place in places if place is not None and place.room}
        return {queue: self._line_of(queue) or queue for queue in used}

    def _of_this_policy(self, caller: Caller) -> Caller:
        return caller._replace(tier=tier_of(Decided(caller.tier), self.policy).name)

    def _under(self, policy: Policy, now: float) -> None:
        """Everybody moves with his place; a tier that is no more becomes the lowest."""
        names = {tier.name for tier in policy.rules.tiers}
        homeless = [caller for caller in self._waiting() if caller.tier not in names]
        for caller in homeless:
            self.room.leave(caller.id)
        self.room = self.room.under(policy, now)
        for caller in homeless:
            self.room.join(self._of_this_policy(caller), now)
