"""One attempt to ring one agent for one waiting caller: its life cycle, and how long each stage may take.

While an attempt is open its caller stands in no room, and its agent is given nobody else until `frees_agent`. It is
over when the floor has said what became of both, or when it has said nothing for too long; what the floor says *then*
decides whether the caller waits on.
"""

from enum import StrEnum

from app.calls.matches import StoredMatch
from routing.places import Caller
from telephony.ids import CallId, ChannelId, Interface


class AttemptStage(StrEnum):
    ORDERED = "ordered"  # the switch was told, it has not answered
    ACCEPTED = "accepted"  # it took the order; nothing rings yet
    DOUBTFUL = "doubtful"  # whether it took the order is not known
    RINGING = "ringing"
    TAKEN = "taken"  # the agent answered; the caller is about to leave the line
    RELEASED = "released"  # nothing rings any more, the agent is free; the caller's fate is told next
    OVER = "over"


class AttemptStep(StrEnum):
    ACCEPTED = "accepted"
    UNSURE = "unsure"  # no answer in time, or the link broke after it was sent
    REFUSED = "refused"  # by the switch, or never sent
    RANG = "rang"
    ANSWERED = "answered"
    STOPPED = "stopped"  # neither taken nor missed: the caller hung up, somebody moved or took him
    MISSED = "missed"  # not answered, busy, declined, not reachable: the caller waits on
    LEFT = "left"  # the caller does not wait any more
    EXPIRED = "expired"


_EARLY = (AttemptStage.ORDERED, AttemptStage.ACCEPTED, AttemptStage.DOUBTFUL)
_OPEN = (*_EARLY, AttemptStage.RINGING, AttemptStage.TAKEN, AttemptStage.RELEASED)

ATTEMPT_LIFE: dict[tuple[AttemptStage, AttemptStep], AttemptStage] = {
    (AttemptStage.ORDERED, AttemptStep.ACCEPTED): AttemptStage.ACCEPTED,
    (AttemptStage.ORDERED, AttemptStep.UNSURE): AttemptStage.DOUBTFUL,
    (AttemptStage.ORDERED, AttemptStep.REFUSED): AttemptStage.RELEASED,
    # The event may be faster than the answer.
    (AttemptStage.RINGING, AttemptStep.ACCEPTED): AttemptStage.RINGING,
    (AttemptStage.RINGING, AttemptStep.UNSURE): AttemptStage.RINGING,
    (AttemptStage.RINGING, AttemptStep.REFUSED): AttemptStage.RINGING,
    (AttemptStage.TAKEN, AttemptStep.ACCEPTED): AttemptStage.TAKEN,
    (AttemptStage.TAKEN, AttemptStep.UNSURE): AttemptStage.TAKEN,
    (AttemptStage.TAKEN, AttemptStep.REFUSED): AttemptStage.TAKEN,
    (AttemptStage.RELEASED, AttemptStep.ACCEPTED): AttemptStage.RELEASED,
    (AttemptStage.RELEASED, AttemptStep.UNSURE): AttemptStage.RELEASED,
    (AttemptStage.RELEASED, AttemptStep.REFUSED): AttemptStage.RELEASED,
    **{(stage, AttemptStep.RANG): AttemptStage.RINGING for stage in (*_EARLY, AttemptStage.RINGING)},
    **{(stage, AttemptStep.ANSWERED): AttemptStage.TAKEN for stage in _OPEN},
    **{(stage, AttemptStep.STOPPED): AttemptStage.RELEASED for stage in _OPEN},
    **{(stage, AttemptStep.MISSED): AttemptStage.OVER for stage in _OPEN},
    **{(stage, AttemptStep.LEFT): AttemptStage.OVER for stage in _OPEN},
    **{(stage, AttemptStep.EXPIRED): AttemptStage.OVER for stage in _OPEN},
}

ORDER_S, RING_BEGINS_S, DOUBT_S = 8.0, 2.0, 4.0
"""Until the switch's answer (a command has a deadline of its own, 5 s); from it to the ring; the same in doubt."""

RING_ENDS_S, LEAVES_S, FATE_S = 3.0, 3.0, 0.5
"""After the ring's own limit; from the answer to the talk; from the end of a ring to what became of the caller."""


class Attempt:
    """`until`: when it has been silent for too long, in our time. `missed`: how often orders for this caller were refused
    in a row, which makes the next one wait."""

    __slots__ = (
        "agent",
        "at",
        "auto_answer",
        "call",
        "caller",
        "channel",
        "match",
        "ring_s",
        "stage",
        "until",
    )

    def __init__(
        self,
        caller: Caller,
        channel: ChannelId,
        agent: Interface,
        at: float,
        match: StoredMatch,
        *,
        ring_s: int,
        auto_answer: bool,
    ) -> None:
        self.caller = caller
        self.call = CallId(caller.id)
        self.channel = channel
        self.agent = agent
        self.at = at
        self.match = match
        self.ring_s = ring_s
        self.auto_answer = auto_answer
        self.stage = AttemptStage.ORDERED
        self.until = at + ORDER_S

    @property
    def frees_agent(self) -> bool:
        """Nothing of it can ring him any more."""
        return self.stage in (AttemptStage.RELEASED, AttemptStage.OVER)

    def take(self, step: AttemptStep, now: float) -> bool:
        """False when it makes no difference here."""
        stage = ATTEMPT_LIFE.get((self.stage, step))
        if stage is None or stage is self.stage:
            return False
        self.stage = stage
        self.until = now + self._allowed_s()
        return True

    def _allowed_s(self) -> float:
        return {
            AttemptStage.ORDERED: ORDER_S,
            AttemptStage.ACCEPTED: RING_BEGINS_S,
            AttemptStage.DOUBTFUL: DOUBT_S,
            AttemptStage.RINGING: self.ring_s + RING_ENDS_S,
            AttemptStage.TAKEN: LEAVES_S,
            AttemptStage.RELEASED: FATE_S,
            AttemptStage.OVER: 0.0,
        }[self.stage]
