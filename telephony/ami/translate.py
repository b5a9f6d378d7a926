"""AMI message -> event in our words: the only file that knows the names of AMI events.

A header that is always there and is missing now is a `TranslateError`, never an empty word that wanders on.
"""

from collections.abc import Callable

from telephony.ami.headers import (
    TranslateError,
    cause,
    channel,
    dest,
    dialled,
    find,
    moment,
    number,
    number_of,
    read,
)
from telephony.ami.wire import Message
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
    OriginateAnswered,
    QueueAbandoned,
    QueueJoined,
    QueueLeft,
    UserSignalled,
)
from telephony.ids import BridgeId, CallId, ChannelId, Interface, QueueName

__all__ = ["DEVICE_STATES", "LEG_STATES", "NO_DEVICES", "WANTED", "TranslateError", "translate"]

LEG_STATES = {"0": LegState.DOWN, "4": LegState.CALLING, "5": LegState.RINGING, "6": LegState.UP}

DIAL_RESULTS = {
    "ANSWER": RingResult.ANSWERED,
    "NOANSWER": RingResult.NO_ANSWER,
    "BUSY": RingResult.BUSY,
    "CANCEL": RingResult.CANCELLED,
    "DONTCALL": RingResult.REJECTED,
    "TORTURE": RingResult.REJECTED,
    "CONTINUE": RingResult.CANCELLED,
    "GOTO": RingResult.CANCELLED,
    "ABORT": RingResult.CANCELLED,
}
"""CONGESTION, CHANUNAVAIL and anything new: the device could not be reached."""

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

NO_DEVICES = (
    b"\r\nDevice: Queue:",
    b"\r\nDevice: Local/",
    b"\r\nDevice: Custom:",
    b"\r\nDevice: confbridge:",
    b"\r\nDevice: MWI:",
    b"\r\nDevice: Stasis:",
    b"\r\nDevice: park:",
)
"""States that the switch computes of other things: no phone stands behind them."""

GONE_CONTACTS = frozenset({"Removed", "Unreachable"})


def _state(raw: bytes) -> LegState:
    return LEG_STATES.get(read(raw, b"\r\nChannelState: "), LegState.OTHER)


def _created(raw: bytes) -> Event:
    return ChannelCreated(
        moment(raw),
        *channel(raw),
        _state(raw),
        *number_of(raw),
        dialled(raw, b"\r\nExten: "),
    )


def _state_changed(raw: bytes) -> Event:
    return ChannelStateChanged(moment(raw), *channel(raw), _state(raw))


def _hangup_asked(raw: bytes) -> Event:
    return HangupAsked(moment(raw), *channel(raw), cause(raw))


def _hung_up(raw: bytes) -> Event:
    return ChannelHungUp(moment(raw), *channel(raw), cause(raw))


def _renamed(raw: bytes) -> Event:
    return ChannelRenamed(moment(raw), ChannelId(read(raw, b"\r\nUniqueid: ")), read(raw, b"\r\nNewname: "))


def _dial_began(raw: bytes) -> Event:
    dial = find(raw, b"\r\nDialString: ") or ""
    source = find(raw, b"\r\nUniqueid: ")
    if source is None:
        return DialBegan(moment(raw), *dest(raw), dial, None, None, None, None, None, None)
    source_leg = channel(raw)
    return DialBegan(
        moment(raw), *dest(raw), dial, *source_leg, dialled(raw, b"\r\nExten: "), *number_of(raw)
    )


def _dial_ended(raw: bytes) -> Event:
    result = DIAL_RESULTS.get(read(raw, b"\r\nDialStatus: "), RingResult.FAILED)
    return DialEnded(moment(raw), *dest(raw), result)


def _bridge_entered(raw: bytes) -> Event:
    return BridgeEntered(moment(raw), *channel(raw), BridgeId(read(raw, b"\r\nBridgeUniqueid: ")))


def _bridge_left(raw: bytes) -> Event:
    return BridgeLeft(moment(raw), *channel(raw), BridgeId(read(raw, b"\r\nBridgeUniqueid: ")))


def _local_bridged(raw: bytes) -> Event:
    return LocalBridged(
        moment(raw),
        CallId(read(raw, b"\r\nLocalOneLinkedid: ")),
        ChannelId(read(raw, b"\r\nLocalOneUniqueid: ")),
        read(raw, b"\r\nLocalOneChannel: "),
        ChannelId(read(raw, b"\r\nLocalTwoUniqueid: ")),
        CallId(read(raw, b"\r\nLocalTwoLinkedid: ")),
        read(raw, b"\r\nLocalTwoChannel: "),
    )


def _hold_started(raw: bytes) -> Event:
    return HoldStarted(moment(raw), *channel(raw))


def _hold_ended(raw: bytes) -> Event:
    return HoldEnded(moment(raw), *channel(raw))


def _queue_joined(raw: bytes) -> Event:
    return QueueJoined(
        moment(raw),
        *channel(raw),
        _queue(raw),
        number(raw, b"\r\nPosition: "),
        *number_of(raw),
        dialled(raw, b"\r\nExten: "),
    )


def _queue_left(raw: bytes) -> Event:
    return QueueLeft(moment(raw), *channel(raw), _queue(raw), number(raw, b"\r\nPosition: "))


def _queue_abandoned(raw: bytes) -> Event:
    return QueueAbandoned(moment(raw), *channel(raw), _queue(raw))


def _queue(raw: bytes) -> QueueName:
    return QueueName(read(raw, b"\r\nQueue: "))


def _interface(raw: bytes) -> Interface:
    return Interface(read(raw, b"\r\nInterface: "))


def _agent_rung(raw: bytes) -> Event:
    return AgentRung(
        moment(raw),
        *dest(raw),
        *channel(raw),
        *number_of(raw),
        _queue(raw),
        _interface(raw),
        find(raw, b"\r\nMemberName: ") or "",
    )


def _agent_connected(raw: bytes) -> Event:
    caller = ChannelId(read(raw, b"\r\nUniqueid: "))
    return AgentConnected(moment(raw), *dest(raw), caller, _queue(raw), _interface(raw))


def _agent_finished(raw: bytes) -> Event:
    leg = find(raw, b"\r\nDestUniqueid: ")
    return AgentFinished(moment(raw), ChannelId(leg) if leg else None, _queue(raw), _interface(raw))


def _member_added(raw: bytes) -> Event:
    return MemberAdded(moment(raw), _queue(raw), _interface(raw), *_pause(raw))


def _member_removed(raw: bytes) -> Event:
    return MemberRemoved(moment(raw), _queue(raw), _interface(raw))


def _member_paused(raw: bytes) -> Event:
    return MemberPaused(moment(raw), _queue(raw), _interface(raw), *_pause(raw))


def _pause(raw: bytes) -> tuple[str, bool, str]:
    return (
        find(raw, b"\r\nMemberName: ") or "",
        read(raw, b"\r\nPaused: ") == "1",
        find(raw, b"\r\nPausedReason: ") or "",
    )


def _device_state_changed(raw: bytes) -> Event | None:
    if any(raw.find(no_device) >= 0 for no_device in NO_DEVICES):
        return None
    state = DEVICE_STATES.get(read(raw, b"\r\nState: "), DeviceState.UNKNOWN)
    return DeviceStateChanged(moment(raw), Interface(read(raw, b"\r\nDevice: ")), state)


def _contact_changed(raw: bytes) -> Event:
    return ContactChanged(
        moment(raw),
        Interface("PJSIP/" + read(raw, b"\r\nEndpointName: ")),
        read(raw, b"\r\nURI: "),
        read(raw, b"\r\nContactStatus: ") not in GONE_CONTACTS,
    )


def _blind_transferred(raw: bytes) -> Event | None:
    if read(raw, b"\r\nResult: ") != "Success":
        return None
    return BlindTransferred(
        moment(raw),
        ChannelId(read(raw, b"\r\nTransfererUniqueid: ")),
        CallId(read(raw, b"\r\nTransfererLinkedid: ")),
        read(raw, b"\r\nTransfererChannel: "),
        read(raw, b"\r\nExtension: "),
    )


def _attended_transferred(raw: bytes) -> Event | None:
    if read(raw, b"\r\nResult: ") != "Success":
        return None
    first = ChannelId(read(raw, b"\r\nOrigTransfererUniqueid: "))
    second = ChannelId(read(raw, b"\r\nSecondTransfererUniqueid: "))
    consulted = None if first == second else dialled(raw, b"\r\nSecondTransfererExten: ")
    to = (
        dialled(raw, b"\r\nTransferTargetExten: ")
        or consulted
        or find(raw, b"\r\nTransferTargetCallerIDNum: ")
        or find(raw, b"\r\nSecondTransfererConnectedLineNum: ")
        or ""
    )
    return AttendedTransferred(
        moment(raw),
        first,
        CallId(read(raw, b"\r\nOrigTransfererLinkedid: ")),
        read(raw, b"\r\nOrigTransfererChannel: "),
        second,
        CallId(read(raw, b"\r\nSecondTransfererLinkedid: ")),
        read(raw, b"\r\nSecondTransfererChannel: "),
        to,
        find(raw, b"\r\nDestType: ") == "Threeway",
    )


def _originate_answered(raw: bytes) -> Event:
    leg = find(raw, b"\r\nUniqueid: ")
    return OriginateAnswered(
        moment(raw),
        find(raw, b"\r\nActionID: "),
        ChannelId(leg) if leg else None,
        read(raw, b"\r\nResponse: ") == "Success",
    )


def _user_signalled(raw: bytes) -> Event:
    leg, call = find(raw, b"\r\nUniqueid: "), find(raw, b"\r\nLinkedid: ")
    return UserSignalled(
        moment(raw),
        read(raw, b"\r\nUserEvent: "),
        ChannelId(leg) if leg else None,
        CallId(call) if call else None,
        Message(raw, b"UserEvent").fields(),
    )


_TRANSLATE: dict[bytes, Callable[[bytes], Event | None]] = {
    b"Newchannel": _created,
    b"Newstate": _state_changed,
    b"HangupRequest": _hangup_asked,
    b"Hangup": _hung_up,
    b"Rename": _renamed,
    b"DialBegin": _dial_began,
    b"DialEnd": _dial_ended,
    b"BridgeEnter": _bridge_entered,
    b"BridgeLeave": _bridge_left,
    b"LocalBridge": _local_bridged,
    b"Hold": _hold_started,
    b"Unhold": _hold_ended,
    b"QueueCallerJoin": _queue_joined,
    b"QueueCallerLeave": _queue_left,
    b"QueueCallerAbandon": _queue_abandoned,
    b"AgentCalled": _agent_rung,
    b"AgentConnect": _agent_connected,
    b"AgentComplete": _agent_finished,
    b"QueueMemberAdded": _member_added,
    b"QueueMemberRemoved": _member_removed,
    b"QueueMemberPause": _member_paused,
    b"DeviceStateChange": _device_state_changed,
    b"ContactStatus": _contact_changed,
    b"BlindTransfer": _blind_transferred,
    b"AttendedTransfer": _attended_transferred,
    b"OriginateResponse": _originate_answered,
    b"UserEvent": _user_signalled,
}

WANTED: frozenset[bytes] = frozenset(_TRANSLATE) | {b"Status"}
"""`Status` is an item of a list, yet carries a `Privilege` like an event: let it through for the snapshot."""


def translate(message: Message) -> Event | None:
    """None: not ours. Raises `TranslateError`."""
    build = _TRANSLATE.get(message.name)
    return None if build is None else build(message.raw)
