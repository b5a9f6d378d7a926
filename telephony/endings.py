"""The end of legs and calls, and how long the dead are remembered."""

from collections import deque

from telephony.board import Board
from telephony.calls import Call, Leg, Stage, Step
from telephony.changes import CallEnded, RingResult
from telephony.legs import Legs
from telephony.outcomes import call_outcome, ended_by, hung_up_by_caller, ring_result_of_hangup
from telephony.talks import Talks
from telephony.waits import Waits

GRACE_S = 10.0
"""Seconds of the switch's clock an ended call stays known: words about it may come late."""


class Endings:
    def __init__(self, board: Board, legs: Legs, talks: Talks, waits: Waits) -> None:
        self._board = board
        self._legs = legs
        self._talks = talks
        self._waits = waits
        self._gone_legs: deque[tuple[float, Leg]] = deque()
        self._legless: deque[tuple[float, float, Call]] = deque()

    def end_leg(self, leg: Leg, cause: int, at: float) -> None:
        call, ring = leg.call, leg.ring
        self._waits.hang_up(leg, hung_up_by_caller(leg, cause), at)
        if leg is call.client:
            call.client_end = (hung_up_by_caller(leg, cause), leg.cause or cause)
        self._legs.remove(leg)
        self._gone_legs.append((self._board.now, leg))
        if ring is not None and all(device.gone for device in ring.legs):
            self._talks.end_ring(call, ring, ring_result_of_hangup(leg, cause), at)
        self._talks.end_talk(leg, at)
        if leg is call.client or (call.client is None and leg.id == call.origin):
            self._legs.without_client(call, at)
        if call.stage is Stage.ENDED:
            return
        self._board.settle(call)
        if not call.legs:
            call.client_end = call.client_end or (hung_up_by_caller(leg, cause), cause)
            if call.origin is None:  # its first leg was never heard of and may well live
                self._legless.append((self._board.now, at, call))
            else:
                self._end_call(call, at)

    def _end_call(self, call: Call, at: float) -> None:
        self._talks.end_all_rings(call, RingResult.CANCELLED, at)
        gave_up, cause = call.client_end or (False, 0)
        call.outcome = call_outcome(call, gave_up, cause)
        call.ended = max(at, call.started)
        self._board.advance(call, Step.LAST_LEG_GONE)
        self._board.gone_calls.append((self._board.now, call))
        if call.announced:
            self._board.report(CallEnded(call.ended, call.id, call.outcome, ended_by(call)))

    def tick(self, now: float) -> None:
        """Forgets whose grace is over."""
        while self._gone_legs and not 0 <= now - self._gone_legs[0][0] <= GRACE_S:
            self._legs.forget_leg(self._gone_legs.popleft()[1])
        while self._legless and not 0 <= now - self._legless[0][0] <= GRACE_S:
            _, at, call = self._legless.popleft()
            if not call.legs and call.stage is not Stage.ENDED:
                self._end_call(call, at)
        gone_calls = self._board.gone_calls
        while gone_calls and not 0 <= now - gone_calls[0][0] <= GRACE_S:
            self._legs.forget_call(gone_calls.popleft()[1])
