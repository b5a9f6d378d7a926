"""What we ask a switch to do: imperative. `telephony.ami.actions` turns each into an AMI action.

A command has exactly one outcome; a lost link never repeats it by itself.
"""

import msgspec

from telephony.ids import ChannelId, Interface, QueueName


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


class HangUp(msgspec.Struct, frozen=True):
    channel: ChannelId
    channel_name: str
    cause: int = 16


Command = AddMember | RemoveMember | PauseMember | HangUp


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
