"""What happened on a switch, in our words: frozen, past tense, one struct for each thing the floor must know.

`at`: seconds since the epoch by the switch's clock; None when the switch did not say (items of lists, a
switch without `timestampevents`): the floor then takes the last moment it knows. `call` on a channel's event
is its Linkedid *at that moment*, which the switch changes without saying so elsewhere.
"""

from enum import StrEnum

import msgspec

from telephony.changes import RingResult
from telephony.ids import BridgeId, CallId, ChannelId, Interface, QueueName


class LegState(StrEnum):
    DOWN = "down"
    CALLING = "calling"  # the far end calls us: this leg came in
    RINGING = "ringing"  # we ring the far end
    UP = "up"
    OTHER = "other"


class DeviceState(StrEnum):
    UNKNOWN = "unknown"
    IDLE = "idle"
    IN_USE = "in_use"
    BUSY = "busy"
    RINGING = "ringing"
    RINGING_IN_USE = "ringing_in_use"
    ON_HOLD = "on_hold"
    UNAVAILABLE = "unavailable"


class _Event(msgspec.Struct, frozen=True, gc=False):
    at: float | None


class _OfChannel(_Event, frozen=True, gc=False):
    channel: ChannelId
    call: CallId
    name: str


class ChannelCreated(_OfChannel, frozen=True, gc=False):
    """`number`, `number_name`: who it is as the switch says; `dialled`: the extension it was created for."""

    state: LegState
    number: str | None
    number_name: str | None
    dialled: str | None


class ChannelStateChanged(_OfChannel, frozen=True, gc=False):
    state: LegState


class HangupAsked(_OfChannel, frozen=True, gc=False):
    """The *far end* of this leg hung up or refused. `cause`: Q.850, 0 when not said."""

    cause: int


class ChannelHungUp(_OfChannel, frozen=True, gc=False):
    cause: int


class ChannelRenamed(_Event, frozen=True, gc=False):
    channel: ChannelId
    name: str


class DialBegan(_OfChannel, frozen=True, gc=False):
    """This leg is being dialled. `source`: on whose behalf, None when the switch itself originates.
    `dial`: the string given to Dial or Queue. `source_dialled`: the extension the source is in;
    `source_number`, `source_number_name`: whose call it is, for one that we did not see arrive."""

    dial: str
    source: ChannelId | None
    source_call: CallId | None
    source_name: str | None
    source_dialled: str | None
    source_number: str | None
    source_number_name: str | None


class DialEnded(_OfChannel, frozen=True, gc=False):
    result: RingResult


class BridgeEntered(_OfChannel, frozen=True, gc=False):
    """`alone`: he is parked or waits there, hears music and nobody else."""

    bridge: BridgeId
    alone: bool = False


class BridgeLeft(_OfChannel, frozen=True, gc=False):
    bridge: BridgeId


class LocalBridged(_Event, frozen=True, gc=False):
    """Two ends of one internal leg."""

    call: CallId
    one: ChannelId
    one_name: str
    two: ChannelId
    two_call: CallId
    two_name: str


class OptimisationBegan(_Event, frozen=True, gc=False):
    """The switch begins to take an internal leg out between two talkers, whom it joins without it."""

    one: ChannelId
    two: ChannelId


class OptimisationEnded(_Event, frozen=True, gc=False):
    """Done, or given up."""

    one: ChannelId
    two: ChannelId


class HoldStarted(_OfChannel, frozen=True, gc=False):
    """The person on this leg pressed hold."""


class HoldEnded(_OfChannel, frozen=True, gc=False):
    pass


class RecorderStarted(_OfChannel, frozen=True, gc=False):
    """What this leg says and hears is recorded from now on."""


class RecorderMuted(_OfChannel, frozen=True, gc=False):
    """Silence is recorded instead (`muted`), or no longer."""

    muted: bool


class RecorderStopped(_OfChannel, frozen=True, gc=False):
    """Not told of a leg that is hung up."""


class QueueJoined(_OfChannel, frozen=True, gc=False):
    """`position` counts from 1. `number`, `number_name`, `dialled`: for a call we did not see arrive."""

    queue: QueueName
    position: int
    number: str | None
    number_name: str | None
    dialled: str | None


class QueueLeft(_OfChannel, frozen=True, gc=False):
    queue: QueueName
    position: int


class QueueAbandoned(_OfChannel, frozen=True, gc=False):
    """The switch's word for leaving a queue unserved: hang-up, but time-out and redirect too."""

    queue: QueueName


class PriorityChanged(_Event, frozen=True, gc=False):
    """A waiting caller has another priority by our order. The switch keeps that to itself: `telephony.ami.link`
    asks where he stands and says so. `position` counts from 1; `behind`: who stands right before him, if any."""

    channel: ChannelId
    queue: QueueName
    priority: int
    position: int
    behind: ChannelId | None


class _OfRoom(_OfChannel, frozen=True, gc=False):
    """`joined_at`: when his wait began, by the switch's clock."""

    queue: QueueName
    priority: int | None
    joined_at: float | None
    number: str | None
    number_name: str | None


class RoomEntered(_OfRoom, frozen=True, gc=False):
    """He waits in our dialplan's own room: comes, comes back unserved, or was fetched out of the queue."""


class RoomRinging(_OfRoom, frozen=True, gc=False):
    """By our order this agent is rung for him at once; until somebody answers he goes on waiting."""

    interface: Interface


class RoomUnanswered(_OfChannel, frozen=True, gc=False):
    """The ring of `RoomRinging` came to nothing, maybe before there was one."""

    interface: Interface
    result: RingResult


class RoomLeft(_OfChannel, frozen=True, gc=False):
    """He does not wait any more and nobody answered: too long, or he goes elsewhere."""

    queue: QueueName
    timed_out: bool


class AgentRung(_OfChannel, frozen=True, gc=False):
    """A queue rings a member: this leg is his device."""

    caller: ChannelId
    caller_call: CallId
    caller_name: str
    caller_number: str | None
    caller_number_name: str | None
    queue: QueueName
    interface: Interface
    member: str


class AgentConnected(_OfChannel, frozen=True, gc=False):
    """A queue has joined a member (this leg) and the caller: talk begins."""

    caller: ChannelId
    queue: QueueName
    interface: Interface


class AgentFinished(_Event, frozen=True, gc=False):
    """A queue's view that a member's talk is over. Late, wrong or without channels at times."""

    channel: ChannelId | None
    queue: QueueName
    interface: Interface


class MemberAdded(_Event, frozen=True, gc=False):
    queue: QueueName
    interface: Interface
    name: str
    paused: bool
    reason: str


class MemberRemoved(_Event, frozen=True, gc=False):
    queue: QueueName
    interface: Interface


class MemberPaused(_Event, frozen=True, gc=False):
    """Paused or not any more, in one queue."""

    queue: QueueName
    interface: Interface
    name: str
    paused: bool
    reason: str


class DeviceStateChanged(_Event, frozen=True, gc=False):
    device: Interface
    state: DeviceState


class ContactChanged(_Event, frozen=True, gc=False):
    """A phone registered from an address, or is no longer there."""

    interface: Interface
    uri: str
    there: bool


class BlindTransferred(_OfChannel, frozen=True, gc=False):
    """The person on this leg sent the other party to `to`."""

    to: str


class AttendedTransferred(_OfChannel, frozen=True, gc=False):
    """The person on this leg joined the other party with the one he consulted on `second` (the same leg when
    he used the switch's own feature). `threeway`: he stays in the talk."""

    second: ChannelId
    second_call: CallId
    second_name: str
    to: str
    threeway: bool


class OriginateAnswered(_Event, frozen=True, gc=False):
    """The end of an originate: match it by `action`; `channel` is None when nothing was created."""

    action: str | None
    channel: ChannelId | None
    succeeded: bool


class UserSignalled(_Event, frozen=True, gc=False):
    """Something our own dialplan says. `fields`: every header of it."""

    name: str
    channel: ChannelId | None
    call: CallId | None
    fields: dict[str, str]


Event = (
    ChannelCreated
    | ChannelStateChanged
    | HangupAsked
    | ChannelHungUp
    | ChannelRenamed
    | DialBegan
    | DialEnded
    | BridgeEntered
    | BridgeLeft
    | LocalBridged
    | OptimisationBegan
    | OptimisationEnded
    | HoldStarted
    | HoldEnded
    | RecorderStarted
    | RecorderMuted
    | RecorderStopped
    | QueueJoined
    | QueueLeft
    | QueueAbandoned
    | PriorityChanged
    | RoomEntered
    | RoomRinging
    | RoomUnanswered
    | RoomLeft
    | AgentRung
    | AgentConnected
    | AgentFinished
    | MemberAdded
    | MemberRemoved
    | MemberPaused
    | DeviceStateChanged
    | ContactChanged
    | BlindTransferred
    | AttendedTransferred
    | OriginateAnswered
    | UserSignalled
)
