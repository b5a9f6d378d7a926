"""What to ask the switch after (re)connecting, and its answers -> `Snapshot`.

The answers come one list after another on one connection, never mixed with events. A list that is refused or
not whole is left out of the snapshot: what the floor believes of it stays, and `missing` says so.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from telephony.ami.headers import find
from telephony.ami.translate import DEVICE_STATES, LEG_STATES, NO_DEVICES
from telephony.ami.wire import Message
from telephony.events import DeviceState, LegState
from telephony.ids import BridgeId, CallId, ChannelId, Interface, QueueName
from telephony.rebuild import SeenChannel, SeenMember, SeenWaiter, Snapshot

__all__ = [
    "CHANNEL_LIST",
    "DEVICE_LIST",
    "FENCE",
    "SNAPSHOT_ACTIONS",
    "Asked",
    "Snapshot",
    "SnapshotBuilder",
    "queue_list",
]

CHANNELS, STATUS, QUEUES, DEVICES = "CoreShowChannels", "Status", "QueueStatus", "DeviceStateList"

DNIS_VARIABLE, JOINED_VARIABLE, QUEUE_VARIABLE = "TIERLINE_DNIS", "TIERLINE_JOINED", "TIERLINE_QUEUE"
PRIORITY_VARIABLE, EXECUTOR_VARIABLE = "TIERLINE_PRIO", "TIERLINE_EXECUTOR"
"""Put on the caller's channel by our dialplan (asterisk-config/extensions.conf); absent on a foreign one."""

RECORDING_VARIABLE, PAUSED_VARIABLE = "TIERLINE_RECORDING", "TIERLINE_RECORDING_PAUSED"
"""On a leg that we record, by the dialplan and by our commands (`telephony.ami.actions`)."""

VARIABLES = (
    *(DNIS_VARIABLE, JOINED_VARIABLE, QUEUE_VARIABLE, PRIORITY_VARIABLE, EXECUTOR_VARIABLE),
    *(RECORDING_VARIABLE, PAUSED_VARIABLE),
)

WAIT_CONTEXT, CONNECT_CONTEXT, ASK_CONTEXT = "tierline-wait", "tierline-connect", "tierline-callback"
"""Where our dialplan has who waits in our room, for whom it rings an agent (`<phone>*<seconds>*<how>`), and whom it asks."""


class Asked(NamedTuple):
    """An action, its headers, and the event that completes its list."""

    action: str
    headers: dict[str, str]
    completing: bytes


CHANNEL_LIST = Asked(CHANNELS, {}, b"CoreShowChannelsComplete")
DEVICE_LIST = Asked(DEVICES, {}, b"DeviceStateListComplete")

SNAPSHOT_ACTIONS: tuple[Asked, ...] = (
    CHANNEL_LIST,
    Asked(STATUS, {"Variables": ",".join(VARIABLES)}, b"StatusComplete"),
    Asked(QUEUES, {}, b"QueueStatusComplete"),
    DEVICE_LIST,
)
"""To be sent in this order on one connection. Contacts are not asked for: that needs the write class `system`, which
we never have; the state of a device tells as much."""

FENCE = Asked("UserEvent", {"UserEvent": "TierlineFence"}, b"UserEvent")
"""Our own event stands behind all that the switch had to tell when it was asked for: a list of nothing."""


def queue_list(queue: QueueName) -> Asked:
    return Asked(QUEUES, {"Queue": queue}, b"QueueStatusComplete")


class _Age(NamedTuple):
    """What `Status` says of a channel besides. `seconds` is "" when it does not say."""

    seconds: str
    variables: dict[str, str]


class SnapshotBuilder:
    """Collects every message that answers these actions, responses and completing events too, in order. Rows are read as
    they come, so that the work is spread as they are."""

    def __init__(self, lists: tuple[Asked, ...] = SNAPSHOT_ACTIONS) -> None:
        self._lists = lists
        self._list = 0
        self._items = 0
        self._whole: set[str] = set()
        self._missing: list[str] = []
        self._channels: dict[ChannelId, SeenChannel] = {}
        self._ages: dict[ChannelId, _Age] = {}
        self._queues: list[QueueName] = []
        self._waiters: list[SeenWaiter] = []
        self._members: list[SeenMember] = []
        self._devices: dict[Interface, DeviceState] = {}
        self._take: dict[bytes, Callable[[Message], None]] = {
            b"CoreShowChannel": self._channel,
            b"Status": self._age,
            b"QueueParams": self._queue,
            b"QueueMember": self._member,
            b"QueueEntry": self._waiter,
            b"DeviceStateChange": self._device,
        }

    def add(self, message: Message) -> None:
        if self.complete:
            return
        action, _, completing = self._lists[self._list]
        if message.is_response:
            if message.get(b"Response") == "Error":
                self._missing.append(f"{action}: {message.get(b'Message') or 'no reason given'}")
                self._next()
        elif message.name == completing:
            told = message.get(b"ListItems") or message.get(b"Items")
            if told is None or told == str(self._items):
                self._whole.add(action)
            else:
                self._missing.append(f"{action}: {self._items} of {told} items came")
            self._next()
        elif message.name in self._take:
            self._items += 1
            self._take[message.name](message)

    @property
    def complete(self) -> bool:
        """Every list was answered or refused."""
        return self._list >= len(self._lists)

    def done(self) -> Snapshot:
        """What was answered up to now; lists not yet complete are missing."""
        open_lists = [f"{action}: not answered" for action, _, _ in self._lists[self._list :]]
        known = self._whole
        return Snapshot(
            channels=self._aged() if CHANNELS in known else None,
            queues=self._queues if QUEUES in known else None,
            waiters=self._waiters,
            members=self._members,
            devices=self._devices if DEVICES in known else None,
            missing=(*self._missing, *open_lists),
        )

    def _next(self) -> None:
        self._list += 1
        self._items = 0

    def _channel(self, row: Message) -> None:
        uniqueid = row.get(b"Uniqueid")
        if not uniqueid:
            return
        channel = ChannelId(uniqueid)
        self._channels[channel] = SeenChannel(
            channel=channel,
            call=CallId(row.get(b"Linkedid") or uniqueid),
            name=row.get(b"Channel") or "",
            state=LEG_STATES.get(row.get(b"ChannelState") or "", LegState.OTHER),
            number=_said(row, b"CallerIDNum"),
            number_name=_said(row, b"CallerIDName"),
            dialled=_said(row, b"Exten"),
            bridge=BridgeId(row.get(b"BridgeId") or "") or None,
            dialled_out=row.get(b"ApplicationData") == "(Outgoing Line)",
            age_s=_duration(row.get(b"Duration") or ""),
            joined_at=None,
            by_queue=row.get(b"Application") == "AppQueue",
            in_room=row.get(b"Context") in (WAIT_CONTEXT, CONNECT_CONTEXT),
            calling=_called(row),
            aside=row.get(b"Context") == ASK_CONTEXT,
        )

    def _age(self, row: Message) -> None:
        uniqueid = row.get(b"Uniqueid")
        if uniqueid:
            variables = dict(_pair(variable) for variable in row.all(b"Variable"))
            self._ages[ChannelId(uniqueid)] = _Age(row.get(b"Seconds") or "", variables)

    def _aged(self) -> list[SeenChannel]:
        return [self._with_age(row) for row in self._channels.values()]

    def _with_age(self, row: SeenChannel) -> SeenChannel:
        age = self._ages.get(row.channel)
        if age is None:
            return row
        priority = age.variables.get(PRIORITY_VARIABLE)
        return msgspec.structs.replace(
            row,
            dialled=age.variables.get(DNIS_VARIABLE) or row.dialled,
            age_s=_number(age.seconds) if age.seconds else row.age_s,
            joined_at=_number(age.variables.get(JOINED_VARIABLE)) or None,
            queue=QueueName(age.variables.get(QUEUE_VARIABLE) or "") or None,
            recording=age.variables.get(RECORDING_VARIABLE) or None,
            recording_paused=age.variables.get(PAUSED_VARIABLE) == "1",
            priority=int(_number(priority)) if priority else None,
            directed=age.variables.get(EXECUTOR_VARIABLE) == "directed",
        )

    def _queue(self, message: Message) -> None:
        name = message.get(b"Queue")
        if name:
            self._queues.append(QueueName(name))

    def _member(self, message: Message) -> None:
        queue, interface = message.get(b"Queue"), message.get(b"Location")
        if queue and interface:
            paused, reason = message.get(b"Paused") == "1", _said(message, b"PausedReason") or ""
            name = _said(message, b"Name") or ""
            self._members.append(SeenMember(QueueName(queue), Interface(interface), name, paused, reason))

    def _waiter(self, message: Message) -> None:
        queue, channel = message.get(b"Queue"), message.get(b"Uniqueid")
        if queue and channel:
            position, wait = _number(message.get(b"Position")), _number(message.get(b"Wait"))
            priority = message.get(b"Priority")
            self._waiters.append(
                SeenWaiter(
                    QueueName(queue),
                    int(position),
                    ChannelId(channel),
                    wait,
                    None if priority is None else int(_number(priority)),
                )
            )

    def _device(self, message: Message) -> None:
        device = message.get(b"Device")
        if device and not device.startswith(NO_DEVICES):
            state = DEVICE_STATES.get(message.get(b"State") or "", DeviceState.UNKNOWN)
            self._devices[Interface(device)] = state


def _said(row: Message, header: bytes) -> str | None:
    value = find(row.raw, b"\r\n" + header + b": ")
    return None if value == "s" else value


def _called(row: Message) -> Interface | None:
    phone = (row.get(b"Exten") or "").partition("*")[0]
    return Interface(f"PJSIP/{phone}") if row.get(b"Context") == CONNECT_CONTEXT and phone else None


def _number(text: str | None) -> float:
    try:
        number = float(text or "")
    except ValueError:
        return 0.0
    return number if 0.0 <= number < 1e11 else 0.0


def _duration(text: str) -> float:
    """`HH:MM:SS` in seconds."""
    seconds = 0.0
    for part in text.split(":"):
        seconds = seconds * 60 + _number(part)
    return seconds


def _pair(variable: str) -> tuple[str, str]:
    """The switch writes `(null)` for a variable that the channel has not."""
    name, _, value = variable.partition("=")
    return name, "" if value == "(null)" else value
