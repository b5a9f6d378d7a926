"""What `floor.apply()` reports: the call's life in our words, ready for storing and showing.

Every change has `at`: seconds since the epoch **by the floor's clock**: the switch's (AMI `Timestamp`), moved by what
`Floor.set_clock` said.
Changes carry ids and what is new; everything else stands in the floor (`floor.calls[call]`).
"""

from enum import StrEnum

import msgspec

from telephony.ids import CallId, ChannelId, Interface, QueueName


class Outcome(StrEnum):
    """How a whole call ended."""

    ANSWERED = "answered"  # a person spoke with the client
    ABANDONED = "abandoned"  # the client hung up while waiting on a line or while it rang
    UNANSWERED = "unanswered"  # rang or waited, nobody took it, and it was not the client who gave up
    REJECTED = "rejected"  # refused: busy, declined or hung up by us before anybody was rung
    FAILED = "failed"  # congestion, no route, switch trouble


class RingResult(StrEnum):
    """How one attempt to ring one agent ended. The first final word of the switch wins."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"  # RONA
    BUSY = "busy"
    REJECTED = "rejected"
    CANCELLED = "cancelled"  # we or the caller stopped it
    ELSEWHERE = "elsewhere"  # another agent took the call (ringall)
    FAILED = "failed"  # device not reachable


class LineLeaving(StrEnum):
    """Why a caller is no longer waiting on a line."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    TIMED_OUT = "timed_out"
    MOVED = "moved"  # sent elsewhere: another line, callback, voicemail, our own redirect


class _Change(msgspec.Struct, frozen=True, gc=False):
    at: float


class CallArrived(_Change, frozen=True, gc=False, tag=True):
    """A call begins. `ani`, `dnis`: as the switch says them, not yet normalised; None when withheld or absent."""

    call: CallId
    channel: ChannelId
    ani: str | None
    ani_name: str | None
    dnis: str | None


class LineJoined(_Change, frozen=True, gc=False, tag=True):
    """The call waits on a line. `position` counts from 1."""

    call: CallId
    queue: QueueName
    position: int


class LineLeft(_Change, frozen=True, gc=False, tag=True):
    call: CallId
    queue: QueueName
    reason: LineLeaving


class RingStarted(_Change, frozen=True, gc=False, tag=True):
    """An agent's device is being rung. `queue` is None for a call dialled straight to him."""

    call: CallId
    interface: Interface
    queue: QueueName | None


class RingEnded(_Change, frozen=True, gc=False, tag=True):
    call: CallId
    interface: Interface
    result: RingResult


class CallAnswered(_Change, frozen=True, gc=False, tag=True):
    """Agent and client hear each other. `waited`: seconds from joining the line to now (from arrival when it
    never waited on a line)."""

    call: CallId
    interface: Interface
    queue: QueueName | None
    waited: float


class TalkEnded(_Change, frozen=True, gc=False, tag=True):
    """This agent's part is over; the call itself may go on."""

    call: CallId
    interface: Interface
    talked: float


class CallHeld(_Change, frozen=True, gc=False, tag=True):
    call: CallId
    interface: Interface


class CallResumed(_Change, frozen=True, gc=False, tag=True):
    call: CallId
    interface: Interface


class CallTransferred(_Change, frozen=True, gc=False, tag=True):
    """`kind`: blind or attended. `by`: who gave it away, None when the switch does not say. `to`: as dialled."""

    call: CallId
    kind: str
    by: Interface | None
    to: str


class CallEnded(_Change, frozen=True, gc=False, tag=True):
    """The last leg is gone. `by`: client, agent or switch, None when it cannot be told."""

    call: CallId
    outcome: Outcome
    by: str | None


class CallDoubtful(_Change, frozen=True, gc=False, tag=True):
    """After a broken link: what the switch says now does not tell the whole story of this call."""

    call: CallId
    why: str


class _OfRecording(_Change, frozen=True, gc=False):
    """`channel`: the leg that is recorded; `interface`: whose, None when it is no agent's. `file`: its name without
    folder and suffix, None for a recording that is not ours. `since`: when it began, as far as we saw it."""

    call: CallId
    channel: ChannelId
    interface: Interface | None
    file: str | None
    since: float


class RecordingStarted(_OfRecording, frozen=True, gc=False, tag=True):
    pass


class RecordingPaused(_OfRecording, frozen=True, gc=False, tag=True):
    """From now on silence is recorded."""


class RecordingResumed(_OfRecording, frozen=True, gc=False, tag=True):
    pass


class RecordingStopped(_OfRecording, frozen=True, gc=False, tag=True):
    """Told by the switch, or the leg is gone."""


class AgentChanged(_Change, frozen=True, gc=False, tag=True):
    """Device, membership or pauses of an agent changed: look him up in `floor.agents`."""

    interface: Interface


class QueueChanged(_Change, frozen=True, gc=False, tag=True):
    """A queue appeared or its settings changed: look it up in `floor.queues`."""

    queue: QueueName


Change = (
    CallArrived
    | LineJoined
    | LineLeft
    | RingStarted
    | RingEnded
    | CallAnswered
    | TalkEnded
    | CallHeld
    | CallResumed
    | CallTransferred
    | CallEnded
    | CallDoubtful
    | RecordingStarted
    | RecordingPaused
    | RecordingResumed
    | RecordingStopped
    | AgentChanged
    | QueueChanged
)
