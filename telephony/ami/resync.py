"""What to ask the switch after (re)connecting, and its answers -> `Snapshot`.

The answers come one list after another on one connection, never mixed with events. A list that is refused or
not whole is left out of the snapshot: what the floor believes of it stays, and `missing` says so.
"""

from collections.abc import Callable

from telephony.ami.headers import find
from telephony.ami.translate import DEVICE_STATES, LEG_STATES, NO_DEVICES
from telephony.ami.wire import Message
from telephony.events import DeviceState, LegState
from telephony.ids import BridgeId, CallId, ChannelId, Interface, QueueName
from telephony.rebuild import SeenChannel, SeenMember, SeenWaiter, Snapshot

__all__ = ["SNAPSHOT_ACTIONS", "Snapshot", "SnapshotBuilder"]

CHANNELS, STATUS, QUEUES, DEVICES = "CoreShowChannels", "Status", "QueueStatus", "DeviceStateList"

DNIS_VARIABLE, JOINED_VARIABLE = "TIERLINE_DNIS", "TIERLINE_JOINED"
"""Put on the caller's channel by our dialplan (asterisk-config/extensions.conf); absent on a foreign one."""

SNAPSHOT_ACTIONS: tuple[tuple[str, dict[str, str], bytes], ...] = (
    (CHANNELS, {}, b"CoreShowChannelsComplete"),
    (STATUS, {"Variables": f"{DNIS_VARIABLE},{JOINED_VARIABLE}"}, b"StatusComplete"),
    (QUEUES, {}, b"QueueStatusComplete"),
    (DEVICES, {}, b"DeviceStateListComplete"),
)
"""Action, its headers, the event that completes its list. To be sent in this order on one connection. Contacts are
not asked for: that needs the write class `system`, which we never have; the state of a device tells as much."""


class SnapshotBuilder:
    """Collects every message that answers `SNAPSHOT_ACTIONS`, responses and completing events too, in order."""

    def __init__(self) -> None:
        self._list = 0
        self._items = 0
        self._whole: set[str] = set()
        self._missing: list[str] = []
        self._channels: dict[str, Message] = {}
        self._ages: dict[str, Message] = {}
        self._queues: list[QueueName] = []
        self._waiters: list[SeenWaiter] = []
        self._members: list[SeenMember] = []
        self._devices: dict[Interface, DeviceState] = {}
        self._take: dict[bytes, Callable[[Message], None]] = {
            b"CoreShowChannel": lambda message: self._by_uniqueid(message, self._channels),
            b"Status": lambda message: self._by_uniqueid(message, self._ages),
            b"QueueParams": self._queue,
            b"QueueMember": self._member,
            b"QueueEntry": self._waiter,
            b"DeviceStateChange": self._device,
        }

    def add(self, message: Message) -> None:
        if self._list >= len(SNAPSHOT_ACTIONS):
            return
        action, _, completing = SNAPSHOT_ACTIONS[self._list]
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
        return self._list >= len(SNAPSHOT_ACTIONS)

    def done(self) -> Snapshot:
        """What was answered up to now; lists not yet complete are missing."""
        open_lists = [f"{action}: not answered" for action, _, _ in SNAPSHOT_ACTIONS[self._list :]]
        known = self._whole
        return Snapshot(
            channels=self._seen_channels() if CHANNELS in known else None,
            queues=self._queues if QUEUES in known else None,
            waiters=self._waiters,
            members=self._members,
            devices=self._devices if DEVICES in known else None,
            missing=(*self._missing, *open_lists),
        )

    def _next(self) -> None:
        self._list += 1
        self._items = 0

    def _by_uniqueid(self, message: Message, rows: dict[str, Message]) -> None:
        uniqueid = message.get(b"Uniqueid")
        if uniqueid:
            rows[uniqueid] = message

    def _seen_channels(self) -> list[SeenChannel]:
        return [self._seen(uniqueid, row) for uniqueid, row in self._channels.items()]

    def _seen(self, uniqueid: str, row: Message) -> SeenChannel:
        status = self._ages.get(uniqueid)
        seconds = status.get(b"Seconds") if status is not None else None
        variables = dict(_pair(variable) for variable in (status or row).all(b"Variable"))
        return SeenChannel(
            channel=ChannelId(uniqueid),
            call=CallId(row.get(b"Linkedid") or uniqueid),
            name=row.get(b"Channel") or "",
            state=LEG_STATES.get(row.get(b"ChannelState") or "", LegState.OTHER),
            number=_said(row, b"CallerIDNum"),
            number_name=_said(row, b"CallerIDName"),
            dialled=variables.get(DNIS_VARIABLE) or _said(row, b"Exten"),
            bridge=BridgeId(row.get(b"BridgeId") or "") or None,
            dialled_out=row.get(b"ApplicationData") == "(Outgoing Line)",
            age_s=_number(seconds) if seconds else _duration(row.get(b"Duration") or ""),
            joined_at=_number(variables.get(JOINED_VARIABLE)) or None,
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


def _number(text: str | None) -> float:
    try:
        number = float(text or "")
    except ValueError:
        return 0.0
    return number if 0.0 <= number < 1e9 else 0.0


def _duration(text: str) -> float:
    """`HH:MM:SS` in seconds."""
    seconds = 0.0
    for part in text.split(":"):
        seconds = seconds * 60 + _number(part)
    return seconds


def _pair(variable: str) -> tuple[str, str]:
    name, _, value = variable.partition("=")
    return name, value
