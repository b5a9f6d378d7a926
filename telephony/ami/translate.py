"""AMI message -> event in our words: the only file that knows the names of AMI events.

The hot path reads the few headers it needs straight from the bytes; a header that is always there and is
missing now is a `TranslateError`, never an empty word that wanders on.
"""

from collections.abc import Callable

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


class TranslateError(Exception):
    """A wanted event lacks a header it always has, or says a number that is none."""


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


def _missing(raw: bytes, header: bytes) -> TranslateError:
    name = raw[7 : raw.find(b"\r\n")].decode("ascii", "replace")
    return TranslateError(f"event {name} without header {header.strip(b': ').decode()}")


def _read(raw: bytes, header: bytes, start: int = 0) -> str:
    """Value of a header given as it stands in the block: `b"\\r\\nQueue: "`."""
    begin = raw.find(header, start)
    if begin < 0:
        raise _missing(raw, header)
    begin += len(header)
    end = raw.find(b"\r\n", begin)
    return (raw[begin:end] if end >= 0 else raw[begin:]).decode("utf-8", "surrogateescape")


def _find(raw: bytes, header: bytes) -> str | None:
    """The same for a header that may be absent, empty or `<unknown>`: None then."""
    begin = raw.find(header)
    if begin < 0:
        return None
    begin += len(header)
    end = raw.find(b"\r\n", begin)
    value = (raw[begin:end] if end >= 0 else raw[begin:]).decode("utf-8", "surrogateescape")
    return None if value in ("", "<unknown>") else value


def _at(raw: bytes) -> float | None:
    begin = raw.find(b"\r\nTimestamp: ", 0, 160)
    if begin < 0:
        return None
    end = raw.find(b"\r\n", begin + 13)
    try:
        at = float(raw[begin + 13 : end] if end >= 0 else raw[begin + 13 :])
    except ValueError:
        raise TranslateError("event with a Timestamp that is no number") from None
    return at if 0.0 <= at < 1e11 else None


def _number(raw: bytes, header: bytes) -> int:
    text = _read(raw, header)
    try:
        return int(text)
    except ValueError:
        raise TranslateError(f"header {header.strip().decode()} is no number: {text!r}") from None


def _cause(raw: bytes) -> int:
    text = _find(raw, b"\r\nCause: ")
    return int(text) if text is not None and text.isdecimal() and len(text) < 6 else 0


def _channel(raw: bytes) -> tuple[ChannelId, CallId, str]:
    return (
        ChannelId(_read(raw, b"\r\nUniqueid: ")),
        CallId(_read(raw, b"\r\nLinkedid: ")),
        _read(raw, b"\r\nChannel: "),
    )


def _dest(raw: bytes) -> tuple[ChannelId, CallId, str]:
    return (
        ChannelId(_read(raw, b"\r\nDestUniqueid: ")),
        CallId(_read(raw, b"\r\nDestLinkedid: ")),
        _read(raw, b"\r\nDestChannel: "),
    )


def _state(raw: bytes) -> LegState:
    return LEG_STATES.get(_read(raw, b"\r\nChannelState: "), LegState.OTHER)


def _created(raw: bytes) -> Event:
    return ChannelCreated(
        _at(raw),
        *_channel(raw),
        _state(raw),
        *_number_of(raw),
        _dialled(raw, b"\r\nExten: "),
    )


def _number_of(raw: bytes) -> tuple[str | None, str | None]:
    return _find(raw, b"\r\nCallerIDNum: "), _find(raw, b"\r\nCallerIDName: ")


def _dialled(raw: bytes, header: bytes) -> str | None:
    """`s` and its like are places in the dialplan, not numbers somebody dialled."""
    exten = _find(raw, header)
    return None if exten in ("s", "h", "t", "i", "failed") else exten


def _state_changed(raw: bytes) -> Event:
    return ChannelStateChanged(_at(raw), *_channel(raw), _state(raw))


def _hangup_asked(raw: bytes) -> Event:
    return HangupAsked(_at(raw), *_channel(raw), _cause(raw))


def _hung_up(raw: bytes) -> Event:
    return ChannelHungUp(_at(raw), *_channel(raw), _cause(raw))


def _renamed(raw: bytes) -> Event:
    return ChannelRenamed(_at(raw), ChannelId(_read(raw, b"\r\nUniqueid: ")), _read(raw, b"\r\nNewname: "))


def _dial_began(raw: bytes) -> Event:
    dial = _find(raw, b"\r\nDialString: ") or ""
    source = _find(raw, b"\r\nUniqueid: ")
    if source is None:
        return DialBegan(_at(raw), *_dest(raw), dial, None, None, None, None, None, None)
    channel, call, name = _channel(raw)
    return DialBegan(
        _at(raw), *_dest(raw), dial, channel, call, name, _dialled(raw, b"\r\nExten: "), *_number_of(raw)
    )


def _dial_ended(raw: bytes) -> Event:
    result = DIAL_RESULTS.get(_read(raw, b"\r\nDialStatus: "), RingResult.FAILED)
    return DialEnded(_at(raw), *_dest(raw), result)


def _bridge_entered(raw: bytes) -> Event:
    return BridgeEntered(_at(raw), *_channel(raw), BridgeId(_read(raw, b"\r\nBridgeUniqueid: ")))


def _bridge_left(raw: bytes) -> Event:
    return BridgeLeft(_at(raw), *_channel(raw), BridgeId(_read(raw, b"\r\nBridgeUniqueid: ")))


def _local_bridged(raw: bytes) -> Event:
    return LocalBridged(
        _at(raw),
        CallId(_read(raw, b"\r\nLocalOneLinkedid: ")),
        ChannelId(_read(raw, b"\r\nLocalOneUniqueid: ")),
        _read(raw, b"\r\nLocalOneChannel: "),
        ChannelId(_read(raw, b"\r\nLocalTwoUniqueid: ")),
        CallId(_read(raw, b"\r\nLocalTwoLinkedid: ")),
        _read(raw, b"\r\nLocalTwoChannel: "),
    )


def _hold_started(raw: bytes) -> Event:
    return HoldStarted(_at(raw), *_channel(raw))


def _hold_ended(raw: bytes) -> Event:
    return HoldEnded(_at(raw), *_channel(raw))


def _queue_joined(raw: bytes) -> Event:
    return QueueJoined(
        _at(raw),
        *_channel(raw),
        _queue(raw),
        _number(raw, b"\r\nPosition: "),
        *_number_of(raw),
        _dialled(raw, b"\r\nExten: "),
    )


def _queue_left(raw: bytes) -> Event:
    return QueueLeft(_at(raw), *_channel(raw), _queue(raw), _number(raw, b"\r\nPosition: "))


def _queue_abandoned(raw: bytes) -> Event:
    return QueueAbandoned(_at(raw), *_channel(raw), _queue(raw))


def _queue(raw: bytes) -> QueueName:
    return QueueName(_read(raw, b"\r\nQueue: "))


def _interface(raw: bytes) -> Interface:
    return Interface(_read(raw, b"\r\nInterface: "))


def _agent_rung(raw: bytes) -> Event:
    return AgentRung(
        _at(raw),
        *_dest(raw),
        *_channel(raw),
        *_number_of(raw),
        _queue(raw),
        _interface(raw),
        _find(raw, b"\r\nMemberName: ") or "",
    )


def _agent_connected(raw: bytes) -> Event:
    caller = ChannelId(_read(raw, b"\r\nUniqueid: "))
    return AgentConnected(_at(raw), *_dest(raw), caller, _queue(raw), _interface(raw))


def _agent_finished(raw: bytes) -> Event:
    channel = _find(raw, b"\r\nDestUniqueid: ")
    return AgentFinished(_at(raw), ChannelId(channel) if channel else None, _queue(raw), _interface(raw))


def _member_added(raw: bytes) -> Event:
    return MemberAdded(_at(raw), _queue(raw), _interface(raw), *_pause(raw))


def _member_removed(raw: bytes) -> Event:
    return MemberRemoved(_at(raw), _queue(raw), _interface(raw))


def _member_paused(raw: bytes) -> Event:
    return MemberPaused(_at(raw), _queue(raw), _interface(raw), *_pause(raw))


def _pause(raw: bytes) -> tuple[str, bool, str]:
    return (
        _find(raw, b"\r\nMemberName: ") or "",
        _read(raw, b"\r\nPaused: ") == "1",
        _find(raw, b"\r\nPausedReason: ") or "",
    )


def _device_state_changed(raw: bytes) -> Event | None:
    if any(raw.find(no_device) >= 0 for no_device in NO_DEVICES):
        return None
    state = DEVICE_STATES.get(_read(raw, b"\r\nState: "), DeviceState.UNKNOWN)
    return DeviceStateChanged(_at(raw), Interface(_read(raw, b"\r\nDevice: ")), state)


def _contact_changed(raw: bytes) -> Event:
    return ContactChanged(
        _at(raw),
        Interface("PJSIP/" + _read(raw, b"\r\nEndpointName: ")),
        _read(raw, b"\r\nURI: "),
        _read(raw, b"\r\nContactStatus: ") not in GONE_CONTACTS,
    )


def _blind_transferred(raw: bytes) -> Event | None:
    if _read(raw, b"\r\nResult: ") != "Success":
        return None
    return BlindTransferred(
        _at(raw),
        ChannelId(_read(raw, b"\r\nTransfererUniqueid: ")),
        CallId(_read(raw, b"\r\nTransfererLinkedid: ")),
        _read(raw, b"\r\nTransfererChannel: "),
        _read(raw, b"\r\nExtension: "),
    )


def _attended_transferred(raw: bytes) -> Event | None:
    if _read(raw, b"\r\nResult: ") != "Success":
        return None
    first = ChannelId(_read(raw, b"\r\nOrigTransfererUniqueid: "))
    second = ChannelId(_read(raw, b"\r\nSecondTransfererUniqueid: "))
    dialled = None if first == second else _dialled(raw, b"\r\nSecondTransfererExten: ")
    to = (
        _dialled(raw, b"\r\nTransferTargetExten: ")
        or dialled
        or _find(raw, b"\r\nTransferTargetCallerIDNum: ")
        or _find(raw, b"\r\nSecondTransfererConnectedLineNum: ")
        or ""
    )
    return AttendedTransferred(
        _at(raw),
        first,
        CallId(_read(raw, b"\r\nOrigTransfererLinkedid: ")),
        _read(raw, b"\r\nOrigTransfererChannel: "),
        second,
        CallId(_read(raw, b"\r\nSecondTransfererLinkedid: ")),
        _read(raw, b"\r\nSecondTransfererChannel: "),
        to,
        _find(raw, b"\r\nDestType: ") == "Threeway",
    )


def _originate_answered(raw: bytes) -> Event:
    channel = _find(raw, b"\r\nUniqueid: ")
    return OriginateAnswered(
        _at(raw),
        _find(raw, b"\r\nActionID: "),
        ChannelId(channel) if channel else None,
        _read(raw, b"\r\nResponse: ") == "Success",
    )


def _user_signalled(raw: bytes) -> Event:
    channel, call = _find(raw, b"\r\nUniqueid: "), _find(raw, b"\r\nLinkedid: ")
    return UserSignalled(
        _at(raw),
        _read(raw, b"\r\nUserEvent: "),
        ChannelId(channel) if channel else None,
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
