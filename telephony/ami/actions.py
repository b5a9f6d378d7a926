"""Command -> AMI actions. Pure.

Contexts, feature codes and variables named here are those of `asterisk-config/`; what each command needs there is
told in docs/reference/commands.md.
"""

from collections.abc import Callable
from typing import Any

from telephony import commands as order
from telephony.ami.values import (
    HEADERS_LIMIT,
    LINE_LIMIT,
    NAME_LIMIT,
    PRIORITY_LIMIT,
    UnsafeAction,
    cell,
    checked,
    device,
    file_name,
    name,
    number,
    one_channel,
    plain_id,
    queue_extension,
    whole,
)
from telephony.commands import Command, SpyMode, Target, ToAgent, ToLine, ToNumber
from telephony.ids import ChannelId, Interface, QueueName

__all__ = ["HEADERS_LIMIT", "LINE_LIMIT", "NAME_LIMIT", "UnsafeAction", "checked", "to_actions"]

Action = dict[str, str]

CODES = {"record": "A", "hold": "B", "swap": "C", "complete": "DC", "conference": "DD"}
"""features.conf. Letters, because no keypad has them: a person cannot press one by mistake."""

SPY_KEYS = {SpyMode.LISTEN: "4", SpyMode.WHISPER: "5", SpyMode.BARGE: "6"}
"""ChanSpy's own, with its option d."""

TO_ROOM = "room"
"""Why he is withdrawn: the dialplan leads him into the room."""

RING_LIMIT_S = 300
BY_AGENT = "TIERLINE_BY_AGENT=yes"
AUTO_ANSWER = "PJSIP_HEADER(add,Call-Info)=<sip:tierline>;answer-after=0"


def to_actions(command: Command) -> list[Action]:
    """What to send, in this order, each when the one before succeeded. Raises `UnsafeAction`.

    Only a call of ours has an ActionID, its own id: by it `OriginateAnswered` is known, also when nothing came of it.
    """
    return [
        checked({header: value for header, value in action.items() if value})
        for action in _ACTIONS[type(command)](command)
    ]


# Queues


def _add_member(command: order.AddMember) -> list[Action]:
    return [
        {
            "Action": "QueueAdd",
            "Queue": name("Queue", command.queue),
            "Interface": name("Interface", command.interface),
            "MemberName": name("MemberName", command.name),
            "Penalty": "0",
            "Paused": _boolean(command.paused),
            "Reason": name("Reason", command.reason, may_be_empty=True),
        }
    ]


def _remove_member(command: order.RemoveMember) -> list[Action]:
    return [
        {
            "Action": "QueueRemove",
            "Queue": name("Queue", command.queue),
            "Interface": name("Interface", command.interface),
        }
    ]


def _pause_member(command: order.PauseMember) -> list[Action]:
    return [
        {
            "Action": "QueuePause",
            "Interface": name("Interface", command.interface),
            "Paused": _boolean(command.paused),
            "Reason": name("Reason", command.reason, may_be_empty=True),
            "Queue": name("Queue", command.queue or "", may_be_empty=True),
        }
    ]


def _change_priority(command: order.ChangePriority) -> list[Action]:
    return [
        {
            "Action": "QueueChangePriorityCaller",
            "Queue": name("Queue", command.queue),
            "Caller": one_channel(command.channel_name, "Caller"),
            "Priority": whole("Priority", command.priority, 0, PRIORITY_LIMIT),
            "Immediate": "yes",
        }
    ]


def _withdraw(command: order.WithdrawCaller) -> list[Action]:
    why = name("WithdrawInfo", command.why, may_be_empty=True)
    if why == TO_ROOM:
        raise UnsafeAction(f"{why!r} is no reason: it would lead him into the room")
    return [_withdrawn(command.queue, command.channel_name, why)]


def _withdrawn(queue: QueueName, channel_name: str, why: str) -> Action:
    return {
        "Action": "QueueWithdrawCaller",
        "Queue": name("Queue", queue),
        "Caller": one_channel(channel_name, "Caller"),
        "WithdrawInfo": why,
    }


# Our own room


def _beat(command: order.Beat) -> list[Action]:
    return [_set_global("TIERLINE_BEAT", whole("Beat", command.value, 1, 10**18))]


def _line_executor(command: order.LineExecutor) -> list[Action]:
    variable = f"TIERLINE_DIRECTED_{queue_extension(command.queue)}"
    return [_set_global(variable, "yes" if command.directed else "")]


def _announce(command: order.Announce) -> list[Action]:
    if command.position is None and command.minutes is None:
        raise UnsafeAction("nothing to announce: give a position, minutes or both")
    position = "0" if command.position is None else whole("position", command.position, 1, 9999)
    minutes = "0" if command.minutes is None else whole("minutes", command.minutes, 1, 999)
    return [_set(command.channel, "TIERLINE_ANNOUNCE", f"{position}-{minutes}")]


def _to_room(command: order.ToRoom) -> list[Action]:
    return [_withdrawn(command.queue, command.channel_name, TO_ROOM)]


def _leave_room(command: order.LeaveRoom) -> list[Action]:
    return [_redirect_to(command.channel, "tierline-released", "s")]


def _offer_callback(command: order.OfferCallback) -> list[Action]:
    return [_redirect_to(command.channel, "tierline-callback", "waiting")]


# Calls


def _hang_up(command: order.HangUp) -> list[Action]:
    """By its unique id: a name may belong to somebody else by now."""
    return [
        {
            "Action": "Hangup",
            "Channel": one_channel(command.channel or command.channel_name),
            "Cause": whole("Cause (Q.850)", command.cause, 1, 127),
        }
    ]


def _ring_agent(command: order.RingAgent) -> list[Action]:
    seconds = whole("ring_s", command.ring_s, 1, RING_LIMIT_S)
    by_itself = "auto" if command.auto_answer else "hand"
    exten = f"{device(command.interface)}*{seconds}*{by_itself}"
    return [_redirect_to(command.channel, "tierline-connect", exten)]


def _redirect(command: order.Redirect) -> list[Action]:
    return [_redirect_to(command.channel, *_extension(command.to))]


def _redirect_to(channel: ChannelId, context: str, exten: str) -> Action:
    return {
        "Action": "Redirect",
        "Channel": one_channel(channel),
        "Context": context,
        "Exten": exten,
        "Priority": "1",
    }


def _originate(command: order.Originate) -> list[Action]:
    context, exten = _extension(command.to)
    action = _call_agent(command.id, command.interface, command.ring_s, context, exten)
    if command.shows is not None:
        action["CallerID"] = number(command.shows)
    if command.auto_answer:
        action["Variable"] = f"{BY_AGENT},{AUTO_ANSWER}"
    return [action]


def _call_agent(channel: ChannelId, interface: Interface, ring_s: int, context: str, exten: str) -> Action:
    """`ChannelId` is what makes a second execution impossible: the switch refuses an id that lives. The variable
    lets the one who calls consult: it is never on a client's leg."""
    return {
        "Action": "Originate",
        "ActionID": plain_id("ActionID", channel),
        "Channel": f"PJSIP/{device(interface)}",
        "Context": context,
        "Exten": exten,
        "Priority": "1",
        "Timeout": whole("ring_s", ring_s, 1, RING_LIMIT_S) + "000",
        "ChannelId": plain_id("ChannelId", channel),
        "OtherChannelId": plain_id("OtherChannelId", f"{channel}-other"),
        "Variable": BY_AGENT,
    }


def _hold(command: order.Hold) -> list[Action]:
    other = plain_id("other", command.other)
    return [_set(command.channel, "TIERLINE_HOLD", other), *_code(command.channel, "hold")]


def _unhold(command: order.Unhold) -> list[Action]:
    return [_set(command.channel, "TIERLINE_HOLD", "")]


def _blind_transfer(command: order.BlindTransfer) -> list[Action]:
    context, exten = _extension(command.to)
    channel = one_channel(command.channel)
    return [{"Action": "BlindTransfer", "Channel": channel, "Context": context, "Exten": exten}]


def _consult(command: order.Consult) -> list[Action]:
    context, exten = _extension(command.to)
    channel = one_channel(command.channel)
    return [{"Action": "Atxfer", "Channel": channel, "Context": context, "Exten": exten}]


def _consult_cancel(command: order.ConsultCancel) -> list[Action]:
    return [{"Action": "CancelAtxfer", "Channel": one_channel(command.channel)}]


def _park(command: order.Park) -> list[Action]:
    return [
        {
            "Action": "Park",
            "Channel": one_channel(command.channel),
            "TimeoutChannel": f"PJSIP/{device(command.by)}",
            "Timeout": whole("wait_s", command.wait_s, 1, 86_400) + "000",
            "Parkinglot": "tierline",
        }
    ]


def _unpark(command: order.Unpark) -> list[Action]:
    place = whole("place", command.place, 1, 999_999)
    return [_call_agent(command.id, command.interface, command.ring_s, "tierline-unpark", place)]


# Recording: the switch lets nobody start one by AMI without the right to run programs, so the dialplan starts it


def _record_start(command: order.RecordStart) -> list[Action]:
    file = file_name(command.file)
    return [_set(command.channel, "TIERLINE_RECORD_FILE", file), *_code(command.channel, "record")]


def _record_pause(command: order.RecordPause) -> list[Action]:
    return [_mute(command.channel, "1"), _set(command.channel, "TIERLINE_RECORDING_PAUSED", "1")]


def _record_resume(command: order.RecordResume) -> list[Action]:
    return [_mute(command.channel, "0"), _set(command.channel, "TIERLINE_RECORDING_PAUSED", "")]


def _record_stop(command: order.RecordStop) -> list[Action]:
    channel = command.channel
    return [
        {"Action": "StopMixMonitor", "Channel": one_channel(channel)},
        _set(channel, "TIERLINE_RECORDING", ""),
        _set(channel, "TIERLINE_RECORDING_PAUSED", ""),
    ]


def _mute(channel: ChannelId, state: str) -> Action:
    return {
        "Action": "MixMonitorMute",
        "Channel": one_channel(channel),
        "Direction": "both",
        "State": state,
    }


def _write_queue_log(command: order.WriteQueueLog) -> list[Action]:
    return [
        {
            "Action": "QueueLog",
            "Queue": cell("Queue", name("Queue", command.queue)),
            "Event": plain_id("Event", command.word),
            "Uniqueid": plain_id("Uniqueid", command.call),
            "Interface": cell("Interface", name("Interface", command.agent)),
            "Message": "|".join(cell("Message", one) for one in command.data),
        }
    ]


# Supervisors


def _spy(command: order.Spy) -> list[Action]:
    action = _call_agent(command.id, command.supervisor, command.ring_s, "tierline-spy", command.mode.value)
    return [{**action, "Variable": f"TIERLINE_SPY={plain_id('Channel', command.channel)}"}]


def _spy_as(command: order.SpyAs) -> list[Action]:
    return [_press(command.channel, SPY_KEYS[command.mode])]


# What they are made of


def _extension(to: Target) -> tuple[str, str]:
    match to:
        case ToAgent():
            return "tierline-to-agent", device(to.interface)
        case ToLine():
            return "tierline-to-line", queue_extension(to.queue)
        case ToNumber():
            return "tierline-to-number", number(to.number)


def _set(channel: ChannelId, variable: str, value: str) -> Action:
    return {"Action": "Setvar", "Channel": one_channel(channel), "Variable": variable, "Value": value}


def _set_global(variable: str, value: str) -> Action:
    return {"Action": "Setvar", "Variable": variable, "Value": value}


def _press(channel: ChannelId, key: str) -> Action:
    """As if the person on this leg had pressed it."""
    return {"Action": "PlayDTMF", "Channel": one_channel(channel), "Digit": key, "Receive": "true"}


def _code(channel: ChannelId, what: str) -> list[Action]:
    return [_press(channel, key) for key in CODES[what]]


def _boolean(value: bool) -> str:
    return "true" if value else "false"


_ACTIONS: dict[type, Callable[[Any], list[Action]]] = {
    order.AddMember: _add_member,
    order.RemoveMember: _remove_member,
    order.PauseMember: _pause_member,
    order.ChangePriority: _change_priority,
    order.WithdrawCaller: _withdraw,
    order.Beat: _beat,
    order.LineExecutor: _line_executor,
    order.Announce: _announce,
    order.ToRoom: _to_room,
    order.LeaveRoom: _leave_room,
    order.OfferCallback: _offer_callback,
    order.HangUp: _hang_up,
    order.RingAgent: _ring_agent,
    order.Redirect: _redirect,
    order.Originate: _originate,
    order.Hold: _hold,
    order.Unhold: _unhold,
    order.BlindTransfer: _blind_transfer,
    order.Consult: _consult,
    order.ConsultComplete: lambda command: _code(command.channel, "complete"),
    order.ConsultCancel: _consult_cancel,
    order.ConsultSwap: lambda command: _code(command.channel, "swap"),
    order.Conference: lambda command: _code(command.channel, "conference"),
    order.Park: _park,
    order.Unpark: _unpark,
    order.RecordStart: _record_start,
    order.RecordPause: _record_pause,
    order.RecordResume: _record_resume,
    order.RecordStop: _record_stop,
    order.WriteQueueLog: _write_queue_log,
    order.Spy: _spy,
    order.SpyAs: _spy_as,
}
