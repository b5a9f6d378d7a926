"""One stretch of time through the engine: a virtual clock, and the `decide`, `Room`, `match` and `Controller` that
serve real callers."""

from collections.abc import Sequence
from heapq import heappop, heappush
from math import inf

import msgspec

from routing.decide import decide
from routing.facts import Facts, LineFacts
from routing.match import match
from routing.places import LOW, MID, Caller
from routing.policy import Policy
from routing.rehearse.calls import Interval, Kind, Traffic
from routing.rehearse.tally import Tally
from routing.reserve import NO_RESERVE, Controller, Seen
from routing.room import Room
from routing.skills import Step, steps_for
from routing.staff import Agent

TICK_S = 10.0
"""The reserve is looked at so often, as in production."""

SHIFT, END, GIVE_UP = range(3)


class Stretch:
    """Agents are counted up to the end of the traffic; whoever waits then is still served. `ring_s`: from alerting an
    agent to his answer, which is what production measures for the reserve."""

    def __init__(self, traffic: Traffic, kinds: Sequence[Kind], policy: Policy, ring_s: float) -> None:
        self._calls, intervals, self._until, self._counted_from = traffic
        self._intervals = intervals
        self._ring_s = ring_s
        self._room = Room(policy)
        self._decided = [_decided(kind, policy) for kind in kinds]
        self._vip = [policy.tier(tier).always_first for tier, _ in self._decided]
        self._names = [kind.name for kind in kinds]
        self._tally = Tally(self._names)
        self._answered = [outcomes.answered for outcomes in self._tally.kinds.values()]
        self._abandoned = [outcomes.abandoned for outcomes in self._tally.kinds.values()]
        self._aht_s = _aht(kinds)
        goal = msgspec.structs.replace(policy.rules.goal, answer_s=ring_s)
        self._controller = Controller(goal, _vip_rate(kinds, intervals, self._vip))
        self._reserve = NO_RESERVE
        self._next_tick = 0.0 if policy.rules.waiting.order == "res-hs" else inf
        self._vip_came = self._vip_kept = self._vip_ended = 0
        self._wanted = self._signed_on = 0
        self._events: list[tuple[float, int, int]] = [
            (interval.start, SHIFT, number) for number, interval in enumerate(intervals)
        ]

    def run(self) -> Tally:
        calls, events, room = self._calls, self._events, self._room
        following, last = 0, len(calls)
        while following < last or events:
            if following < last and (not events or calls[following].at < events[0][0]):
                now = calls[following].at
                self._arrive(following, now)
                following += 1
            else:
                now, what, number = heappop(events)
                if what == GIVE_UP:
                    if room.leave(str(number)) is not None:
                        self._gave_up(number, now)
                    continue
                self._happen(what, number, now)
            if now >= self._next_tick:
                self._tick(now)
            due = room.next_due()
            if due is not None and due <= now:
                room.relax(now)
            self._start(now)
        return self._tally

    def _happen(self, what: int, number: int, now: float) -> None:
        if what == END:
            self._end(str(number), now)
        else:
            self._shift(number, now)

    def _arrive(self, number: int, now: float) -> None:
        call = self._calls[number]
        tier, steps = self._decided[call.kind]
        self._vip_came += self._vip[call.kind]
        self._room.join(Caller(str(number), tier, now, steps), now)
        heappush(self._events, (now + call.patience_s, GIVE_UP, number))

    def _start(self, now: float) -> None:
        for one in match(self._room, self._reserve, now, explain=False):
            self._give(int(one.caller.id), one.agent, now)

    def _give(self, number: int, agent: str, now: float) -> None:
        call = self._calls[number]
        answered = now + self._ring_s
        ended = answered + call.service_s
        heappush(self._events, (ended, END, int(agent)))
        wait = answered - call.at
        if call.at >= self._counted_from:
            self._answered[call.kind].append(wait)
        self._tally.busy_s += max(0.0, min(ended, self._until) - max(now, self._counted_from))
        if self._vip[call.kind]:
            self._vip_ended += 1
            self._vip_kept += wait <= self._controller.goal.within_s

    def _gave_up(self, number: int, now: float) -> None:
        call = self._calls[number]
        self._vip_ended += self._vip[call.kind]
        if call.at >= self._counted_from:
            self._abandoned[call.kind].append(now - call.at)

    def _end(self, agent: str, now: float) -> None:
        if self._signed_on > self._wanted:
            self._signed_on -= 1
            self._room.sign_off(agent, now)
        else:
            self._room.idle(agent, now)

    def _shift(self, number: int, now: float) -> None:
        """More sign on at once; of too many the idle go now, the others after their call."""
        interval, room = self._intervals[number], self._room
        self._wanted = interval.agents
        end = self._intervals[number + 1].start if number + 1 < len(self._intervals) else self._until
        counted = max(0.0, min(end, self._until) - max(now, self._counted_from))
        self._tally.staffed_s += interval.agents * counted
        fresh = (str(one) for one in range(self._wanted + self._signed_on) if str(one) not in room.staff)
        while self._signed_on < self._wanted:
            agent = next(fresh)
            room.sign_on(Agent(agent), now)
            room.idle(agent, now)
            self._signed_on += 1
        while self._signed_on > self._wanted and (idle := room.staff.everybody.best()):
            room.sign_off(idle, now)
            self._signed_on -= 1

    def _tick(self, now: float) -> None:
        room = self._room
        seen = Seen(
            room.staff.everybody.on_duty,
            self._aht_s + self._ring_s,
            room.waiting(MID) > 0,
            room.waiting(LOW) > 0,
            self._vip_came,
            self._vip_kept,
            self._vip_ended,
        )
        self._vip_came = self._vip_kept = self._vip_ended = 0
        self._reserve = self._controller.tick(now, seen)
        self._next_tick = now + TICK_S


def _decided(kind: Kind, policy: Policy) -> tuple[str, tuple[Step, ...]]:
    """Asked once for each kind: nothing that `decide` says of tier and topic depends on the hour of the call."""
    facts = Facts(
        "rehearsal",
        "1",
        None,
        "unknown",
        None,
        LineFacts(kind.line, kind.line),
        (kind.client,),
        topic=kind.topic,
    )
    decision = decide(facts, policy, 0.0)
    return decision.tier, steps_for(policy.rules.skills, decision.line, decision.topic, decision.language)


def _aht(kinds: Sequence[Kind]) -> float:
    return sum(kind.share * kind.aht_s for kind in kinds) / sum(kind.share for kind in kinds)


def _vip_rate(kinds: Sequence[Kind], intervals: Sequence[Interval], vip: Sequence[bool]) -> float:
    share = sum(kind.share for kind, is_vip in zip(kinds, vip, strict=True) if is_vip)
    first = next((one.calls_per_s for one in intervals if one.calls_per_s), 0.0)
    return first * share / sum(kind.share for kind in kinds)
