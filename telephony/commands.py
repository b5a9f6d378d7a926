"""What we ask a switch to do: imperative. `telephony.ami.actions` turns each into AMI actions.

A command has exactly one outcome; a lost link never repeats it by itself. `Done` says that the switch took it;
what proves that it happened is an event (docs/reference/commands.md names it for each).

A leg is named by its `ChannelId`. Where a command has `channel_name` too, the switch knows the leg by that alone.
"""

from enum import StrEnum

import msgspec

from telephony.ids import ChannelId, Interface, QueueName

# Where a leg can be sent


class ToAgent(msgspec.Struct, frozen=True, tag=True):
    """An agent's device. Nobody takes it: back to who sent him, then to his line."""

    interface: Interface


class ToLine(msgspec.Struct, frozen=True, tag=True):
    """He waits there; an unknown queue becomes the default one."""

    queue: QueueName


class ToNumber(msgspec.Struct, frozen=True, tag=True):
    """Outside: digits, a plus before them at most."""

    number: str


Target = ToAgent | ToLine | ToNumber


# Queues


class AddMember(msgspec.Struct, frozen=True):
    """Make an agent a member of a queue. `paused`: he joins without being rung."""

    queue: QueueName
    interface: Interface
    name: str
    paused: bool = False
    reason: str = ""


class RemoveMember(msgspec.Struct, frozen=True):
    queue: QueueName
    interface: Interface


class PauseMember(msgspec.Struct, frozen=True):
    """Pause (or not) an agent; in all his queues when `queue` is None."""

    interface: Interface
    paused: bool
    reason: str = ""
    queue: QueueName | None = None


class ChangePriority(msgspec.Struct, frozen=True):
    """A waiting caller moves at once to where `priority` puts him: behind all who have as much or more."""

    queue: QueueName
    channel: ChannelId
    channel_name: str
    priority: int


class WithdrawCaller(msgspec.Struct, frozen=True):
    """Out of the queue, within 1 s. With a reason (`callback promised`) he hears goodbye and the call ends; without
    one he goes on to the default line, as from a queue that failed."""

    queue: QueueName
    channel: ChannelId
    channel_name: str
    why: str = ""


# Waiting in our own room


class Beat(msgspec.Struct, frozen=True):
    """Tierline lives, once a second. `value`: another one each time, after a restart of ours too (the time does). When it stands
    still some seconds, whoever waits in the room is served by app_queue, and whoever comes as well, until it moves on."""

    value: int


class LineExecutor(msgspec.Struct, frozen=True):
    """Where callers wait whom somebody sends to this line (a transfer, say): in our room (`directed`) or in app_queue. Those who
    arrive are told apart by the webhook's answer. The switch forgets it when it is started again."""

    queue: QueueName
    directed: bool


class Announce(msgspec.Struct, frozen=True):
    """A caller in the room hears, within seconds, which he is (from 1) and how many minutes he may expect to wait; None
    for what shall not be told. In his language."""

    channel: ChannelId
    position: int | None = None
    minutes: int | None = None


class ToRoom(msgspec.Struct, frozen=True):
    """Out of app_queue into the room, with his age, within a second or when the ring that app_queue has begun is over. Who
    is answered meanwhile stays with the agent."""

    queue: QueueName
    channel: ChannelId
    channel_name: str


class LeaveRoom(msgspec.Struct, frozen=True):
    """A caller in the room hears goodbye and the call ends: a callback is promised, say."""

    channel: ChannelId


class OfferCallback(msgspec.Struct, frozen=True):
    """A caller in the room is asked whether he wants to be called back. His wait goes on meanwhile, and after a no."""

    channel: ChannelId


# Calls


class HangUp(msgspec.Struct, frozen=True):
    channel: ChannelId
    channel_name: str
    cause: int = 16


class RingAgent(msgspec.Struct, frozen=True):
    """Take a caller from where he waits and ring this agent for him; his wait goes on. Not answered in `ring_s`: he is
    back on his line with his priority and age. `auto_answer`: the phone is asked to answer by itself. Out of app_queue
    it would tear a talk that begins at that moment: `ToRoom` first."""

    channel: ChannelId
    interface: Interface
    ring_s: int = 15
    auto_answer: bool = False


class Redirect(msgspec.Struct, frozen=True):
    """Send a leg elsewhere; who talks with it is hung up."""

    channel: ChannelId
    to: Target


class Originate(msgspec.Struct, frozen=True):
    """Ring an agent and, when he answers, call `to`. `id` becomes the id of his leg: while that lives, the
    same command again is refused by the switch. `shows`: the number that both see, None for the switch's own."""

    id: ChannelId
    interface: Interface
    to: Target
    ring_s: int = 20
    shows: str | None = None
    auto_answer: bool = False


class Hold(msgspec.Struct, frozen=True):
    """The client (`other`, who talks with the agent's leg `channel`) hears music, the agent nothing."""

    channel: ChannelId
    other: ChannelId


class Unhold(msgspec.Struct, frozen=True):
    """Ends a `Hold` (not one made by the phone itself, which only the phone can end)."""

    channel: ChannelId


class BlindTransfer(msgspec.Struct, frozen=True):
    """Whom this agent's leg talks with is sent to `to`; the agent is out of it."""

    channel: ChannelId
    to: Target


class Consult(msgspec.Struct, frozen=True):
    """The client hears music while this agent's leg talks with `to`. The agent hangs up: client and `to` are
    joined. `to` hangs up or does not answer: the agent is back with the client."""

    channel: ChannelId
    to: Target


class ConsultComplete(msgspec.Struct, frozen=True):
    """Client and consulted are joined, the agent is out; `channel` is the agent's."""

    channel: ChannelId


class ConsultCancel(msgspec.Struct, frozen=True):
    """The consulted one is let go, the agent is back with the client."""

    channel: ChannelId


class ConsultSwap(msgspec.Struct, frozen=True):
    """The agent talks with the other of the two."""

    channel: ChannelId


class Conference(msgspec.Struct, frozen=True):
    """Agent, client and consulted all hear each other; any of the three may leave."""

    channel: ChannelId


class Park(msgspec.Struct, frozen=True):
    """Into a parking place, told by the switch's `ParkedCall`. After `wait_s` he goes to `by`, then to his line."""

    channel: ChannelId
    by: Interface
    wait_s: int = 120


class Unpark(msgspec.Struct, frozen=True):
    """Ring an agent and, when he answers, give him whoever is in this parking place. `id`: as in `Originate`."""

    id: ChannelId
    interface: Interface
    place: int
    ring_s: int = 20


# Recording


class RecordStart(msgspec.Struct, frozen=True):
    """Record a leg that talks. `file`: name without folder and suffix, letters, digits, `_`, `.`, `-`."""

    channel: ChannelId
    file: str


class RecordPause(msgspec.Struct, frozen=True):
    """Silence is recorded from now on."""

    channel: ChannelId


class RecordResume(msgspec.Struct, frozen=True):
    channel: ChannelId


class RecordStop(msgspec.Struct, frozen=True):
    channel: ChannelId


class WriteQueueLog(msgspec.Struct, frozen=True):
    """Add a row to the switch's `queue_log`, for what app_queue did not do itself: see `telephony.queue_log`. The switch
    puts the time. `call`: Uniqueid of the caller's channel."""

    queue: QueueName
    call: ChannelId
    agent: str
    word: str
    data: tuple[str, ...] = ()


# Supervisors


class SpyMode(StrEnum):
    LISTEN = "listen"
    WHISPER = "whisper"  # the agent hears the supervisor, the client does not
    BARGE = "barge"  # all hear each other


class Spy(msgspec.Struct, frozen=True):
    """Ring a supervisor and let him hear the talk of `channel` (an agent's leg). `id`: as in `Originate`."""

    id: ChannelId
    channel: ChannelId
    supervisor: Interface
    mode: SpyMode
    ring_s: int = 20


class SpyAs(msgspec.Struct, frozen=True):
    """Another mode for a supervisor who listens already; `channel` is his own leg."""

    channel: ChannelId
    mode: SpyMode


Command = (
    AddMember
    | RemoveMember
    | PauseMember
    | ChangePriority
    | WithdrawCaller
    | Beat
    | LineExecutor
    | Announce
    | ToRoom
    | LeaveRoom
    | OfferCallback
    | HangUp
    | RingAgent
    | Redirect
    | Originate
    | Hold
    | Unhold
    | BlindTransfer
    | Consult
    | ConsultComplete
    | ConsultCancel
    | ConsultSwap
    | Conference
    | Park
    | Unpark
    | RecordStart
    | RecordPause
    | RecordResume
    | RecordStop
    | WriteQueueLog
    | Spy
    | SpyAs
)


# What became of it


class Done(msgspec.Struct, frozen=True):
    """The switch did it."""

    message: str


class Refused(msgspec.Struct, frozen=True):
    """The switch said no, in its own words."""

    message: str


class TimedOut(msgspec.Struct, frozen=True):
    """No answer within the deadline: whether it happened is unknown."""

    after_s: float


class LinkLost(msgspec.Struct, frozen=True):
    """The link was down or broke before the answer: whether it happened is unknown when `sent`."""

    sent: bool


CommandOutcome = Done | Refused | TimedOut | LinkLost
