"""AMI message -> event in our words: the only file that knows the names of AMI events.

A header that is always there and is missing now is a `TranslateError`, never an empty word that wanders on.
"""

from collections.abc import Callable

from telephony.ami.headers import Headers, TranslateError, dialled, moment_of, shown
from telephony.ami.signals import DIAL_RESULTS, signal
from telephony.ami.wire import Message, headers_of
from telephony.changes import RingResult
from telephony.events import (
    AgentConnected,
    AgentFinished,
    AgentRung,
    AttendedTransferred,
    BlindTransferred,
    BridgeEntered,
    BridgeLeft,
    ChannelCreated,
    ChannelHungUp,
    ChannelRenamed,
    ChannelStateChanged,
    ContactChanged,
    DeviceState,
    DeviceStateChanged,
    DialBegan,
    DialEnded,
    Event,
    HangupAsked,
    HoldEnded,
    HoldStarted,
    LegState,
    LocalBridged,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    OptimisationBegan,
    OptimisationEnded,
    OriginateAnswered,
    QueueAbandoned,
    QueueJoined,
    QueueLeft,
    RecorderMuted,
    RecorderStarted,
    RecorderStopped,
)
from telephony.ids import BridgeId, CallId, ChannelId, Interface, QueueName

__all__ = ["DEVICE_STATES", "LEG_STATES", "NO_DEVICES", "WANTED", "TranslateError", "translate"]

LEG_STATES = {"0": LegState.DOWN, "4": LegState.CALLING, "5": LegState.RINGING, "6": LegState.UP}

DEVICE_STATES = {
    "UNKNOWN": DeviceState.UNKNOWN,
    "NOT_INUSE": DeviceState.IDLE,
    "INUSE": DeviceState.IN_USE,
    "BUSY": DeviceState.BUSY,
    "INVALID": DeviceState.UNAVAILABLE,
    "UNAVAILABLE": DeviceState.UNAVAILABLE,
    "RINGING": DeviceState.RINGING,
    "RINGINUSE": DeviceState.RINGING_IN_USE,
    "ONHOLD": DeviceState.ON_HOLD,
}

NO_DEVICES = ("Queue:", "Local/", "Custom:", "confbridge:", "MWI:", "Stasis:", "park:")
"""States that the switch computes of other things: no phone stands behind them."""

GONE_CONTACTS = frozenset({"Removed", "Unreachable"})


CHANNEL = ("Timestamp?", "Uniqueid", "Linkedid", "Channel")
DEST = ("Timestamp?", "DestUniqueid", "DestLinkedid", "DestChannel")
"""The same of the channel that is dialled."""

Build = Callable[..., Event | None]
_KINDS: dict[bytes, tuple[Headers, Build]] = {}


def _of(kind: str, *headers: str, whole: bool = False) -> Callable[[Build], Build]:
    """What follows makes an event of the values of these headers."""

    def keep(build: Build) -> Build:
        _KINDS[kind.encode()] = (Headers(*headers, whole=whole), build)
        return build

    return keep


def _number(header: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise TranslateError(f"header {header} is no number: {value!r}") from None


def _cause(value: str) -> int:
    """Q.850, 0 when not said."""
    return int(value) if value.isdecimal() and len(value) < 6 else 0


# Channels


@_of("Newchannel", *CHANNEL, "ChannelState", "CallerIDNum?", "CallerIDName?", "Exten?")
def _created(
    at: str, channel: ChannelId, call: CallId, name: str, state: str, number: str, who: str, exten: str
) -> Event:
    state_of_leg = LEG_STATES.get(state, LegState.OTHER)
    return ChannelCreated(
        moment_of(at), channel, call, name, state_of_leg, shown(number), shown(who), dialled(exten)
    )


@_of("Newstate", *CHANNEL, "ChannelState")
def _state_changed(at: str, channel: ChannelId, call: CallId, name: str, state: str) -> Event:
    return ChannelStateChanged(moment_of(at), channel, call, name, LEG_STATES.get(state, LegState.OTHER))


@_of("HangupRequest", *CHANNEL, "Cause?")
def _hangup_asked(at: str, channel: ChannelId, call: CallId, name: str, cause: str) -> Event:
    return HangupAsked(moment_of(at), channel, call, name, _cause(cause))


@_of("Hangup", *CHANNEL, "Cause?")
def _hung_up(at: str, channel: ChannelId, call: CallId, name: str, cause: str) -> Event:
    return ChannelHungUp(moment_of(at), channel, call, name, _cause(cause))


@_of("Rename", "Timestamp?", "Uniqueid", "Newname")
def _renamed(at: str, channel: ChannelId, name: str) -> Event:
    return ChannelRenamed(moment_of(at), channel, name)


# Dials, bridges, holds


@_of(
    "DialBegin", *DEST, "DialString?", "Uniqueid?", "Linkedid?", "Channel?",
    "Exten?", "CallerIDNum?", "CallerIDName?",
)  # fmt: skip
def _dial_began(
    at: str, channel: ChannelId, call: CallId, name: str, dial: str,
    source: ChannelId, source_call: CallId, source_name: str, exten: str, number: str, who: str,
) -> Event:  # fmt: skip
    moment, dial = moment_of(at), shown(dial) or ""
    if not source:
        return DialBegan(moment, channel, call, name, dial, None, None, None, None, None, None)
    if not source_call or not source_name:
        missing = "Channel" if source_call else "Linkedid"
        raise TranslateError(f"event DialBegin without header {missing}")
    return DialBegan(
        moment, channel, call, name, dial,
        source, source_call, source_name, dialled(exten), shown(number), shown(who),
    )  # fmt: skip


@_of("DialEnd", *DEST, "DialStatus")
def _dial_ended(at: str, channel: ChannelId, call: CallId, name: str, status: str) -> Event:
    return DialEnded(moment_of(at), channel, call, name, DIAL_RESULTS.get(status, RingResult.FAILED))


@_of("BridgeEnter", *CHANNEL, "BridgeUniqueid", "BridgeTechnology?")
def _bridge_entered(
    at: str, channel: ChannelId, call: CallId, name: str, bridge: BridgeId, technology: str
) -> Event:
    return BridgeEntered(moment_of(at), channel, call, name, bridge, technology == "holding_bridge")


@_of("BridgeLeave", *CHANNEL, "BridgeUniqueid")
def _bridge_left(at: str, channel: ChannelId, call: CallId, name: str, bridge: BridgeId) -> Event:
    return BridgeLeft(moment_of(at), channel, call, name, bridge)


@_of(
    "LocalBridge", "Timestamp?", "LocalOneLinkedid", "LocalOneUniqueid", "LocalOneChannel",
    "LocalTwoUniqueid", "LocalTwoLinkedid", "LocalTwoChannel",
)  # fmt: skip
def _local_bridged(
    at: str, call: CallId, one: ChannelId, one_name: str, two: ChannelId, two_call: CallId, two_name: str
) -> Event:
    return LocalBridged(moment_of(at), call, one, one_name, two, two_call, two_name)


OPTIMISATION = ("Timestamp?", "LocalOneUniqueid", "LocalTwoUniqueid")


@_of("LocalOptimizationBegin", *OPTIMISATION)
def _optimisation_began(at: str, one: ChannelId, two: ChannelId) -> Event:
    return OptimisationBegan(moment_of(at), one, two)


@_of("LocalOptimizationEnd", *OPTIMISATION)
def _optimisation_ended(at: str, one: ChannelId, two: ChannelId) -> Event:
    return OptimisationEnded(moment_of(at), one, two)


@_of("Hold", *CHANNEL)
def _hold_started(at: str, channel: ChannelId, call: CallId, name: str) -> Event:
    return HoldStarted(moment_of(at), channel, call, name)


@_of("Unhold", *CHANNEL)
def _hold_ended(at: str, channel: ChannelId, call: CallId, name: str) -> Event:
    return HoldEnded(moment_of(at), channel, call, name)


@_of("MixMonitorStart", *CHANNEL)
def _recorder_started(at: str, channel: ChannelId, call: CallId, name: str) -> Event:
    return RecorderStarted(moment_of(at), channel, call, name)


@_of("MixMonitorMute", *CHANNEL, "Direction", "State")
def _recorder_muted(
    at: str, channel: ChannelId, call: CallId, name: str, direction: str, state: str
) -> Event | None:
    """One direction alone is nobody's pause."""
    return RecorderMuted(moment_of(at), channel, call, name, state == "1") if direction == "both" else None


@_of("MixMonitorStop", *CHANNEL)
def _recorder_stopped(at: str, channel: ChannelId, call: CallId, name: str) -> Event:
    return RecorderStopped(moment_of(at), channel, call, name)


# Queues


@_of("QueueCallerJoin", *CHANNEL, "Queue", "Position", "CallerIDNum?", "CallerIDName?", "Exten?")
def _queue_joined(
    at: str, channel: ChannelId, call: CallId, name: str,
    queue: QueueName, position: str, number: str, who: str, exten: str,
) -> Event:  # fmt: skip
    place = _number("Position", position)
    return QueueJoined(
        moment_of(at), channel, call, name, queue, place, shown(number), shown(who), dialled(exten)
    )


@_of("QueueCallerLeave", *CHANNEL, "Queue", "Position")
def _queue_left(
    at: str, channel: ChannelId, call: CallId, name: str, queue: QueueName, position: str
) -> Event:
    return QueueLeft(moment_of(at), channel, call, name, queue, _number("Position", position))


@_of("QueueCallerAbandon", *CHANNEL, "Queue")
def _queue_abandoned(at: str, channel: ChannelId, call: CallId, name: str, queue: QueueName) -> Event:
    return QueueAbandoned(moment_of(at), channel, call, name, queue)


@_of(
    "AgentCalled", *DEST, "Uniqueid", "Linkedid", "Channel", "CallerIDNum?", "CallerIDName?",
    "Queue", "Interface", "MemberName?",
)  # fmt: skip
def _agent_rung(
    at: str, channel: ChannelId, call: CallId, name: str, caller: ChannelId, caller_call: CallId,
    caller_name: str, number: str, who: str, queue: QueueName, interface: Interface, member: str,
) -> Event:  # fmt: skip
    return AgentRung(
        moment_of(at), channel, call, name, caller, caller_call, caller_name,
        shown(number), shown(who), queue, interface, shown(member) or "",
    )  # fmt: skip


@_of("AgentConnect", *DEST, "Uniqueid", "Queue", "Interface")
def _agent_connected(
    at: str, channel: ChannelId, call: CallId, name: str,
    caller: ChannelId, queue: QueueName, interface: Interface,
) -> Event:  # fmt: skip
    return AgentConnected(moment_of(at), channel, call, name, caller, queue, interface)


@_of("AgentComplete", "Timestamp?", "DestUniqueid?", "Queue", "Interface")
def _agent_finished(at: str, channel: ChannelId, queue: QueueName, interface: Interface) -> Event:
    return AgentFinished(moment_of(at), channel or None, queue, interface)


MEMBER = ("Timestamp?", "Queue", "Interface", "MemberName?", "Paused", "PausedReason?")


@_of("QueueMemberAdded", *MEMBER)
def _member_added(
    at: str, queue: QueueName, interface: Interface, member: str, paused: str, why: str
) -> Event:
    return MemberAdded(moment_of(at), queue, interface, shown(member) or "", paused == "1", shown(why) or "")


@_of("QueueMemberPause", *MEMBER)
def _member_paused(
    at: str, queue: QueueName, interface: Interface, member: str, paused: str, why: str
) -> Event:
    return MemberPaused(moment_of(at), queue, interface, shown(member) or "", paused == "1", shown(why) or "")


@_of("QueueMemberRemoved", "Timestamp?", "Queue", "Interface")
def _member_removed(at: str, queue: QueueName, interface: Interface) -> Event:
    return MemberRemoved(moment_of(at), queue, interface)


# Devices


@_of("DeviceStateChange", "Timestamp?", "Device", "State")
def _device_state_changed(at: str, device: Interface, state: str) -> Event | None:
    if device.startswith(NO_DEVICES):
        return None
    return DeviceStateChanged(moment_of(at), device, DEVICE_STATES.get(state, DeviceState.UNKNOWN))


@_of("ContactStatus", "Timestamp?", "EndpointName", "URI", "ContactStatus")
def _contact_changed(at: str, endpoint: str, uri: str, status: str) -> Event:
    return ContactChanged(moment_of(at), Interface(f"PJSIP/{endpoint}"), uri, status not in GONE_CONTACTS)


# Transfers


@_of(
    "BlindTransfer", "Timestamp?", "Result", "TransfererUniqueid", "TransfererLinkedid",
    "TransfererChannel", "Extension",
)  # fmt: skip
def _blind_transferred(
    at: str, result: str, channel: ChannelId, call: CallId, name: str, to: str
) -> Event | None:
    return BlindTransferred(moment_of(at), channel, call, name, to) if result == "Success" else None


@_of(
    "AttendedTransfer", "Timestamp?", "Result",
    "OrigTransfererUniqueid", "OrigTransfererLinkedid", "OrigTransfererChannel",
    "SecondTransfererUniqueid", "SecondTransfererLinkedid", "SecondTransfererChannel",
    "TransferTargetExten?", "SecondTransfererExten?", "TransferTargetCallerIDNum?",
    "SecondTransfererConnectedLineNum?", "DestType?",
)  # fmt: skip
def _attended_transferred(
    at: str, result: str,
    first: ChannelId, first_call: CallId, first_name: str,
    second: ChannelId, second_call: CallId, second_name: str,
    target_exten: str, second_exten: str, target_number: str, connected_number: str, dest_type: str,
) -> Event | None:  # fmt: skip
    if result != "Success":
        return None
    to = (
        dialled(target_exten)
        or (dialled(second_exten) if first != second else None)
        or shown(target_number)
        or shown(connected_number)
        or ""
    )
    return AttendedTransferred(
        moment_of(at), first, first_call, first_name, second, second_call, second_name,
        to, dest_type == "Threeway",
    )  # fmt: skip


# What our own side asked for or says


@_of("OriginateResponse", "Timestamp?", "ActionID?", "Uniqueid?", "Response")
def _originate_answered(at: str, action: str, channel: str, response: str) -> Event:
    leg = shown(channel)
    return OriginateAnswered(
        moment_of(at), shown(action), ChannelId(leg) if leg else None, response == "Success"
    )


@_of("UserEvent", "Timestamp?", "UserEvent", "Uniqueid?", "Linkedid?", whole=True)
def _user_signalled(at: str, name: str, channel: ChannelId, call: CallId, text: str) -> Event:
    return signal(name, moment_of(at), channel or None, call or None, headers_of(text))


WANTED: frozenset[bytes] = frozenset(_KINDS) | {b"Status"}
"""`Status` is an item of a list, yet carries a `Privilege` like an event: let it through for the snapshot."""


def translate(message: Message) -> Event | None:
    """None: not ours. Raises `TranslateError`."""
    kind = _KINDS.get(message.name)
    if kind is None:
        return None
    headers, build = kind
    return build(*headers.read(message.raw))
