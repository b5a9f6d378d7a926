"""What to ask the switch for after (re)connecting, and its answers -> `Snapshot`."""

from telephony.ami.wire import Message

SNAPSHOT_ACTIONS: tuple[tuple[str, dict[str, str], bytes], ...] = (
    ("CoreShowChannels", {}, b"CoreShowChannelsComplete"),
    ("Status", {}, b"StatusComplete"),
    ("QueueStatus", {}, b"QueueStatusComplete"),
    ("DeviceStateList", {}, b"DeviceStateListComplete"),
    ("PJSIPShowContacts", {}, b"ContactListComplete"),
)


class SnapshotBuilder:
    """Collects the answers to `SNAPSHOT_ACTIONS`, in order."""

    def add(self, message: Message) -> None: ...
