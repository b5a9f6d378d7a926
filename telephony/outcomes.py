"""How rings and calls end, from the words of the switch. Causes are Q.850's; alone they decide little."""

from telephony.calls import Call, Direction, Leg, Part
from telephony.changes import Outcome, RingResult
from telephony.events import LegState

BUSY_CAUSE = 17
REJECTED_CAUSE = 21
FORWARDED_CAUSE = 23
ELSEWHERE_CAUSE = 26
UNREACHABLE_CAUSES = frozenset({1, 2, 3, 20, 27, 34, 38, 41, 42, 44, 58})


def ring_result(leg: Leg, said: RingResult) -> RingResult:
    """Of an attempt that the switch reports as over. app_queue says "no answer" for busy and declined too, but
    the device's own cause came before; a cancelled one lost the race when another phone is up already."""
    if said is RingResult.ANSWERED:
        return said
    if leg.cause == REJECTED_CAUSE:
        return RingResult.REJECTED
    if leg.cause == BUSY_CAUSE:
        return RingResult.BUSY
    if leg.cause == FORWARDED_CAUSE or (
        said is RingResult.CANCELLED and (_taken_by_other(leg) or _forwarded(leg))
    ):
        return RingResult.ELSEWHERE
    if said is RingResult.NO_ANSWER and leg.state is LegState.UP and leg.cause is not None:
        return RingResult.REJECTED  # he took the phone and put it down before he was joined with the client
    return said


def ring_result_of_hangup(leg: Leg, cause: int) -> RingResult:
    """Of an attempt whose end nobody announced: the device just hung up, or a colleague picked the call up."""
    cause = leg.cause or cause
    if cause == REJECTED_CAUSE:
        return RingResult.REJECTED
    if cause == BUSY_CAUSE:
        return RingResult.BUSY
    if cause in UNREACHABLE_CAUSES:
        return RingResult.FAILED
    if cause in (FORWARDED_CAUSE, ELSEWHERE_CAUSE):
        return RingResult.ELSEWHERE
    return RingResult.CANCELLED


def _taken_by_other(leg: Leg) -> bool:
    """Somebody else's phone of the same call is up, and was not yet when this one began to ring."""
    rang_at = leg.ring.rang_at if leg.ring is not None else None
    return any(
        other is not leg
        and other.part is Part.PHONE
        and other.state is LegState.UP
        and other.ring is not None
        and (rang_at is None or other.ring.answered_at is None or other.ring.answered_at >= rang_at)
        for other in leg.call.legs.values()
    )


def _forwarded(leg: Leg) -> bool:
    """Its cause may come late, but the Local channel that now rings in its place is there before the end is told:
    younger than this leg, and no member of a queue, which would have a ring of its own."""
    younger = list(leg.call.legs.values())
    younger = younger[younger.index(leg) + 1 :] if leg in younger else []
    return any(
        other.part is Part.INNER and other.pair is not None and other.ring is None for other in younger
    )


def hung_up_by_caller(leg: Leg, cause: int) -> bool:
    """His far end asked for it; or the leg was torn without any cause, which no dialplan does: a hang-up
    of the dialplan carries one."""
    return leg.cause is not None or cause == 0


def call_outcome(call: Call, client_gave_up: bool, cause: int) -> Outcome:
    """Of a call whose last leg is gone. `client_gave_up`: the client's own end hung up; `cause`: of his leg."""
    if call.spoken:
        return Outcome.ANSWERED
    if call.direction is not Direction.INBOUND and call.far_result is not None:
        return _of_result(call.far_result)
    if client_gave_up and call.direction is not Direction.INTERNAL:
        return Outcome.ABANDONED
    if call.lines:
        return Outcome.UNANSWERED
    results = {ring.result for ring in call.rings}
    if len(results) == 1:
        return _of_result(results.pop() or RingResult.CANCELLED)
    if results:
        return Outcome.UNANSWERED
    if cause in UNREACHABLE_CAUSES:
        return Outcome.FAILED
    return Outcome.REJECTED if call.direction is Direction.INBOUND else Outcome.UNANSWERED


def _of_result(result: RingResult) -> Outcome:
    if result in (RingResult.BUSY, RingResult.REJECTED):
        return Outcome.REJECTED
    return Outcome.FAILED if result is RingResult.FAILED else Outcome.UNANSWERED


def ended_by(call: Call) -> str | None:
    if call.last_asked is None:
        return "switch"
    return {Part.OUTSIDE: "client", Part.PHONE: "agent"}.get(call.last_asked)
