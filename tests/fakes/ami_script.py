"""Writes what a real Asterisk says about a call, block by block, for stories that no capture holds yet.

The order of the events inside each verb is that of the captures in tests/fixtures/ami.
"""

from dataclasses import dataclass, field
from itertools import count

STATES = {"Down": "0", "Ring": "4", "Ringing": "5", "Up": "6"}


@dataclass
class Channel:
    name: str
    uniqueid: str
    linkedid: str
    number: str
    exten: str
    state: str = "Down"
    bridge: str | None = None

    def headers(self, prefix: str = "") -> dict[str, str]:
        return {
            f"{prefix}Channel": self.name,
            f"{prefix}ChannelState": STATES[self.state],
            f"{prefix}ChannelStateDesc": self.state,
            f"{prefix}CallerIDNum": self.number,
            f"{prefix}CallerIDName": "<unknown>",
            f"{prefix}ConnectedLineNum": "<unknown>",
            f"{prefix}ConnectedLineName": "<unknown>",
            f"{prefix}Language": "en",
            f"{prefix}AccountCode": "",
            f"{prefix}Context": "from-trunk",
            f"{prefix}Exten": self.exten,
            f"{prefix}Priority": "1",
            f"{prefix}Uniqueid": self.uniqueid,
            f"{prefix}Linkedid": self.linkedid,
        }


@dataclass
class AmiScript:
    """Each verb appends to `blocks` and moves the clock by a millisecond per event; `wait` moves it more."""

    now: float = 1_795_000_000.0
    blocks: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers = count(1)

    def number_from(self, first: int) -> None:
        """Channels of this script get ids of their own, beside those of other scripts."""
        self._numbers = count(first)

    def bytes(self) -> bytes:
        return b"".join(self.blocks)

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def say(self, event: str, headers: dict[str, str]) -> None:
        self.now += 0.001
        lines = {"Event": event, "Privilege": "call,all", "Timestamp": f"{self.now:.6f}", **headers}
        text = "".join(f"{header}: {value}\r\n" for header, value in lines.items())
        self.blocks.append(f"{text}\r\n".encode())

    # Channels

    def channel(
        self, device: str, number: str, exten: str, state: str, of: Channel | None = None, suffix: str = ""
    ) -> Channel:
        serial = next(self._numbers)
        uniqueid = f"pbx-{int(self.now)}.{serial}"
        linkedid = of.linkedid if of else uniqueid
        name = f"{device}-{serial:08x}{suffix}"
        channel = Channel(name, uniqueid, linkedid, number, exten, state)
        self.say("Newchannel", channel.headers())
        return channel

    def arrives(
        self, ani: str = "79160000001", dnis: str = "4951234567", device: str = "PJSIP/trunk"
    ) -> Channel:
        channel = self.channel(device, ani, dnis, "Ring")
        self.up(channel)
        return channel

    def up(self, channel: Channel) -> None:
        self.state(channel, "Up")

    def state(self, channel: Channel, state: str) -> None:
        channel.state = state
        self.say("Newstate", channel.headers())

    def far_end_hangs_up(self, channel: Channel, cause: int | None = None) -> None:
        extra = {} if cause is None else {"Cause": str(cause)}
        self.say("HangupRequest", {**channel.headers(), **extra})

    def gone(self, channel: Channel, cause: int = 16) -> None:
        if channel.bridge is not None:
            self.leaves_bridge(channel)
        self.say("Hangup", {**channel.headers(), "Cause": str(cause), "Cause-txt": "…"})

    def enters(self, channel: Channel, bridge: str) -> None:
        channel.bridge = bridge
        self.say("BridgeEnter", {"BridgeUniqueid": bridge, "BridgeNumChannels": "1", **channel.headers()})

    def leaves_bridge(self, channel: Channel) -> None:
        headers = {"BridgeUniqueid": str(channel.bridge), "BridgeNumChannels": "1", **channel.headers()}
        channel.bridge = None
        self.say("BridgeLeave", headers)

    def holds(self, channel: Channel) -> None:
        self.say("Hold", {**channel.headers(), "MusicClass": "default"})

    def resumes(self, channel: Channel) -> None:
        self.say("Unhold", channel.headers())

    # Queues and dials

    def member(self, queue: str, interface: str, name: str = "Agent", paused: bool = False) -> None:
        self.say(
            "QueueMemberAdded",
            {
                "Queue": queue,
                "MemberName": name,
                "Interface": interface,
                "StateInterface": interface,
                "Membership": "dynamic",
                "Paused": "1" if paused else "0",
                "PausedReason": "lunch" if paused else "",
            },
        )

    def pauses(self, queue: str, interface: str, paused: bool, reason: str = "") -> None:
        headers = {"Queue": queue, "MemberName": "Agent", "Interface": interface}
        headers |= {"Paused": "1" if paused else "0", "PausedReason": reason}
        self.say("QueueMemberPause", headers)

    def joins(self, caller: Channel, queue: str, position: int = 1) -> None:
        self.say(
            "QueueCallerJoin",
            {**caller.headers(), "Queue": queue, "Position": str(position), "Count": str(position)},
        )

    def leaves(self, caller: Channel, queue: str, position: int = 1, unserved: bool = False) -> None:
        where = {"Queue": queue, "Position": str(position)}
        if unserved:
            self.say(
                "QueueCallerAbandon", {**caller.headers(), **where, "OriginalPosition": "1", "HoldTime": "1"}
            )
        self.say("QueueCallerLeave", {**caller.headers(), **where, "Count": "0"})

    # Our own room

    def stays(self, caller: Channel, queue: str, priority: int = 0, joined: float | None = None) -> None:
        """`joined`: as the dialplan noted it; now, unless told otherwise."""
        self._signals(caller, "TierlineWaiting", self._wait(queue, priority, joined))

    def rings_for(
        self, caller: Channel, device: str, queue: str, priority: int = 0, joined: float | None = None
    ) -> Channel:
        """By our order."""
        self.tries(caller, device, queue, priority, joined)
        return self.rings(caller, device)

    def tries(
        self, caller: Channel, device: str, queue: str, priority: int = 0, joined: float | None = None
    ) -> None:
        agent = {"Agent": device}
        self._signals(caller, "TierlineRinging", {**agent, **self._wait(queue, priority, joined)})

    def unanswered(self, caller: Channel, device: str, status: str = "NOANSWER") -> None:
        self._signals(caller, "TierlineUnanswered", {"Agent": device, "Status": status})

    def leaves_room(self, caller: Channel, queue: str, reason: str = "moved") -> None:
        self._signals(caller, "TierlineLeft", {"Queue": queue, "Reason": reason})

    def _wait(self, queue: str, priority: int, joined: float | None) -> dict[str, str]:
        noted = self.now if joined is None else joined
        return {"Queue": queue, "QueuePriority": str(priority), "Joined": f"{noted:.3f}"}

    def _signals(self, caller: Channel, name: str, fields: dict[str, str]) -> None:
        self.say("UserEvent", {**caller.headers(), "UserEvent": name, **fields})

    def rings(
        self, caller: Channel, device: str, queue: str | None = None, dial: str | None = None
    ) -> Channel:
        """`dial`: the string, where it is not the device's own name."""
        leg = self.channel(device, device.partition("/")[2], "s", "Down", of=caller)
        self.dials(caller, leg, device, queue, dial)
        self.state(leg, "Ringing")
        return leg

    def dials(
        self, caller: Channel, leg: Channel, device: str, queue: str | None = None, dial: str | None = None
    ) -> None:
        if queue is not None:
            agent = {"Queue": queue, "Interface": device, "MemberName": "Agent"}
            self.say("AgentCalled", {**caller.headers(), **leg.headers("Dest"), **agent})
        string = dial or (device if queue else device.partition("/")[2])
        self.say("DialBegin", {**caller.headers(), **leg.headers("Dest"), "DialString": string})

    def dial_ends(self, caller: Channel, leg: Channel, status: str) -> None:
        self.say("DialEnd", {**caller.headers(), **leg.headers("Dest"), "DialStatus": status})

    def picks_up(self, caller: Channel, leg: Channel, queue: str | None = None, bridge: str = "") -> None:
        """An agent takes the call and is joined with the caller."""
        self.up(leg)
        self.dial_ends(caller, leg, "ANSWER")
        if queue is not None:
            self.leaves(caller, queue)
            self.connects(caller, leg, queue)
        bridge = bridge or f"bridge-{leg.uniqueid}"
        self.enters(leg, bridge)
        self.enters(caller, bridge)

    def connects(self, caller: Channel, leg: Channel, queue: str) -> None:
        device = leg.name.rpartition("-")[0]
        agent = {"Queue": queue, "Interface": device, "MemberName": "Agent", "HoldTime": "0", "RingTime": "0"}
        self.say("AgentConnect", {**caller.headers(), **leg.headers("Dest"), **agent})

    def completes(self, caller: Channel, leg: Channel, queue: str, reason: str) -> None:
        agent = {"Queue": queue, "Interface": leg.name.rpartition("-")[0], "HoldTime": "0", "TalkTime": "1"}
        self.say("AgentComplete", {**caller.headers(), **leg.headers("Dest"), **agent, "Reason": reason})

    def attended_transfer(self, first: Channel, second: Channel, dest_type: str = "Bridge") -> None:
        """By REFER: the transferer has two channels, and the switch names no target."""
        headers = {
            "Result": "Success",
            **first.headers("OrigTransferer"),
            **second.headers("SecondTransferer"),
        }
        self.say("AttendedTransfer", {**headers, "IsExternal": "Yes", "DestType": dest_type})

    def blind_transfer(self, by: Channel, to: str) -> None:
        headers = {"Result": "Success", **by.headers("Transferer"), "IsExternal": "Yes"}
        self.say("BlindTransfer", {**headers, "Context": "from-agent", "Extension": to})

    def local_pair(self, name: str, of: Channel) -> tuple[Channel, Channel]:
        one = self.channel(f"Local/{name}@agents", "<unknown>", name, "Down", of=of, suffix=";1")
        two = Channel(one.name[:-1] + "2", f"{one.uniqueid}2", of.linkedid, "<unknown>", name, "Ring")
        self.say("Newchannel", two.headers())
        self.say(
            "LocalBridge", {**one.headers("LocalOne"), **two.headers("LocalTwo"), "LocalOptimization": "Yes"}
        )
        return one, two
