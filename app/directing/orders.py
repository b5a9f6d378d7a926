"""What a dispatcher wants done outside."""

from typing import Literal, NamedTuple

from app.calls.matches import StoredMatch
from app.directing.attempts import Attempt
from telephony.ids import CallId, ChannelId, Interface, QueueName

StuckBecause = Literal["nobody_on_duty", "too_long"]


class Ring(NamedTuple):
    """Take this caller to this agent."""

    attempt: Attempt


class TakeBack(NamedTuple):
    """He waits in app_queue though we live: into our waiting room."""

    call: CallId
    queue: QueueName
    channel: ChannelId
    channel_name: str


class SetAside(NamedTuple):
    """This agent missed a call: pause him until he says that he is there."""

    agent: Interface
    call: CallId


class CallBack(NamedTuple):
    """It is this promised call's turn."""

    id: str
    agent: Interface


class Ended(NamedTuple):
    """An attempt is over: to be stored."""

    match: StoredMatch


class Stuck(NamedTuple):
    """Somebody must help him: nobody on duty may take him, or he has waited longer than the line allows."""

    call: CallId
    why: StuckBecause


Order = Ring | TakeBack | SetAside | CallBack | Ended | Stuck
