"""The attempts that are open on one switch: which caller is being taken to which agent, and what became of it.

A caller has one at most, and so has an agent until it `frees_agent`.
"""

from collections.abc import Callable

from app.calls.matches import StoredMatch
from app.directing.attempts import FATE_S, Attempt, AttemptStage, AttemptStep
from telephony.calls import Call
from telephony.changes import RingResult
from telephony.commands import CommandOutcome, Done, LinkLost, Refused
from telephony.ids import CallId, Interface
from telephony.queues import Place

MISSED = frozenset({RingResult.NO_ANSWER, RingResult.BUSY, RingResult.REJECTED})
"""RONA: he could have taken it."""

REFUSED_S, REFUSED_MOST_S = 0.5, 30.0
"""Before the next order for a caller after one was refused; doubled each time."""


class Tries:
    """`ended(match)`: told of each attempt's end, once. `open`: by caller."""

    def __init__(self, ended: Callable[[StoredMatch], None]) -> None:
        self.open: dict[CallId, Attempt] = {}
        self._ended = ended
        self._by_agent: dict[Interface, Attempt] = {}
        self._refusals: dict[CallId, int] = {}

    def begin(self, attempt: Attempt) -> None:
        self.open[attempt.call] = self._by_agent[attempt.agent] = attempt

    def has(self, agent: Interface) -> bool:
        """May his phone ring any moment by our order?"""
        attempt = self._by_agent.get(agent)
        return attempt is not None and not attempt.frees_agent

    def due(self, now: float) -> list[Attempt]:
        return [one for one in self.open.values() if one.until <= now]

    def answered_by_switch(self, attempt: Attempt, outcome: CommandOutcome, now: float) -> None:
        """What it said to the order to ring."""
        match outcome:
            case Done():
                attempt.take(AttemptStep.ACCEPTED, now)
            case Refused() | LinkLost(sent=False):
                if attempt.take(AttemptStep.REFUSED, now):
                    self._refused(attempt, now, again_at_once=isinstance(outcome, LinkLost))
            case _:
                attempt.take(AttemptStep.UNSURE, now)

    def ring_ended(self, call: CallId, agent: Interface, result: RingResult, now: float) -> None:
        attempt = self.open.get(call)
        if attempt is None or attempt.agent != agent:
            return
        if result is RingResult.ANSWERED:
            attempt.take(AttemptStep.ANSWERED, now)
        elif result in MISSED or result is RingResult.FAILED:
            self._over(attempt, AttemptStep.MISSED, result, now)
        else:
            self._note(attempt, result, now)
            attempt.take(AttemptStep.STOPPED, now)

    def goes_on(self, call_id: CallId, call: Call | None, place: Place | None, now: float) -> bool:
        """What the floor says of it; False when there is none, or none any more."""
        attempt = self.open.get(call_id)
        if attempt is None:
            return False
        if call is None or place is None:
            spoke = call is not None and _spoke(call, attempt)
            result = RingResult.ANSWERED if spoke else RingResult.CANCELLED
            self._over(attempt, AttemptStep.LEFT, result, now)
            return False
        if attempt.agent in call.talking:
            attempt.take(AttemptStep.ANSWERED, now)
        elif attempt.agent in call.ringing:
            attempt.take(AttemptStep.RANG, now)
        return True

    def expire(self, attempt: Attempt, call: Call | None, now: float) -> bool:
        """It has been silent for too long. Where the floor still shows the ring, it goes on: False."""
        if attempt.stage is AttemptStage.RINGING and call is not None and attempt.agent in call.ringing:
            attempt.until = now + FATE_S
            return False
        self._over(attempt, AttemptStep.EXPIRED, RingResult.FAILED, now)
        return True

    def refusals(self, call: CallId) -> int:
        """How often orders for this caller were refused in a row."""
        return self._refusals.get(call, 0)

    def forget(self, call: CallId) -> None:
        self._refusals.pop(call, None)

    def _refused(self, attempt: Attempt, now: float, *, again_at_once: bool) -> None:
        """The caller keeps his place; he may be gone, of which the floor hears any moment. When he is not, the same
        order would be refused again and again: each time a little later."""
        self._note(attempt, RingResult.FAILED, now)
        refusals = 0 if again_at_once else self._refusals.get(attempt.call, 0) + 1
        self._refusals[attempt.call] = refusals
        wait_s = min(REFUSED_MOST_S, REFUSED_S * 2 ** (refusals - 1)) if refusals else FATE_S
        attempt.until = now + wait_s

    def _over(self, attempt: Attempt, step: AttemptStep, result: RingResult, now: float) -> None:
        self._note(attempt, result, now)
        attempt.take(step, now)
        if self.open.get(attempt.call) is attempt:
            del self.open[attempt.call]
        if self._by_agent.get(attempt.agent) is attempt:
            del self._by_agent[attempt.agent]
        if step is not AttemptStep.EXPIRED:
            self._refusals.pop(attempt.call, None)

    def _note(self, attempt: Attempt, result: RingResult, now: float) -> None:
        """Its first end is the one that is kept."""
        if attempt.match.outcome == "offered":
            attempt.match = attempt.match.ended(result, now)
            self._ended(attempt.match)


def _spoke(call: Call, attempt: Attempt) -> bool:
    return attempt.agent in call.talking or any(
        ring.interface == attempt.agent and ring.answered_at is not None and ring.answered_at >= attempt.at
        for ring in call.rings
    )
