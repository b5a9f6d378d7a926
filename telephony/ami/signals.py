"""UserEvents -> events in our words: what our own dialplan (asterisk-config/dialplan) and our link say on the switch's stream."""

from collections.abc import Callable
from typing import NamedTuple

from telephony.ami.headers import TranslateError, moment_of, shown
from telephony.changes import RingResult
from telephony.events import (
    Event,
    PriorityChanged,
    RoomEntered,
    RoomLeft,
    RoomRinging,
    RoomUnanswered,
    UserSignalled,
)
from telephony.ids import CallId, ChannelId, Interface, QueueName

PRIORITY_CHANGED = "TierlinePriority"
"""`link` sends it after it changed a priority."""

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


Fields = dict[str, str]


def signal(
    name: str, at: float | None, channel: ChannelId | None, call: CallId | None, fields: Fields
) -> Event:
    """`fields`: every header of it. Raises `TranslateError` when one of ours lacks something."""
    read = _OURS.get(name)
    try:
        told = read(at, fields) if read is not None else None
    except KeyError as error:
        raise TranslateError(f"event {name} without header {error.args[0]}") from None
    return told or UserSignalled(at, name, channel, call, fields)


def _priority_changed(at: float | None, fields: Fields) -> Event:
    return PriorityChanged(
        at,
        ChannelId(fields["Caller"]),
        QueueName(fields["Queue"]),
        _whole("Priority", fields["Priority"]),
        _whole("Position", fields["Position"]),
        ChannelId(fields["Behind"]) if fields.get("Behind") else None,
    )


class _Caller(NamedTuple):
    channel: ChannelId
    call: CallId
    name: str


def _caller(fields: Fields) -> _Caller:
    return _Caller(ChannelId(fields["Uniqueid"]), CallId(fields["Linkedid"]), fields["Channel"])


class _Wait(NamedTuple):
    queue: QueueName
    priority: int | None
    joined_at: float | None
    number: str | None
    number_name: str | None


def _wait(fields: Fields) -> _Wait:
    """Its priority is not called so: the place in the dialplan is, in every event of a channel."""
    priority = fields["QueuePriority"]
    return _Wait(
        QueueName(fields["Queue"]),
        _whole("QueuePriority", priority) if priority else None,
        moment_of(fields["Joined"]),
        shown(fields.get("CallerIDNum", "")),
        shown(fields.get("CallerIDName", "")),
    )


def _room_entered(at: float | None, fields: Fields) -> Event:
    channel, call, name = _caller(fields)
    return RoomEntered(at, channel, call, name, *_wait(fields))


def _room_ringing(at: float | None, fields: Fields) -> Event | None:
    """Of a caller who never was on a line it is a plain call to an agent."""
    if not fields["Queue"]:
        return None
    channel, call, name = _caller(fields)
    queue, priority, joined_at, number, who = _wait(fields)
    agent = Interface(fields["Agent"])
    return RoomRinging(at, channel, call, name, queue, priority, joined_at, number, who, agent)


def _room_unanswered(at: float | None, fields: Fields) -> Event:
    channel, call, name = _caller(fields)
    result = DIAL_RESULTS.get(fields["Status"], RingResult.FAILED)
    return RoomUnanswered(at, channel, call, name, Interface(fields["Agent"]), result)


def _room_left(at: float | None, fields: Fields) -> Event:
    channel, call, name = _caller(fields)
    return RoomLeft(at, channel, call, name, QueueName(fields["Queue"]), fields["Reason"] == "timed_out")


def _whole(header: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise TranslateError(f"header {header} is no number: {value!r}") from None


_OURS: dict[str, Callable[[float | None, Fields], Event | None]] = {
    PRIORITY_CHANGED: _priority_changed,
    "TierlineWaiting": _room_entered,
    "TierlineRinging": _room_ringing,
    "TierlineUnanswered": _room_unanswered,
    "TierlineLeft": _room_left,
}
