"""What a `FakeSwitch` holds and how Asterisk words it: channels, queues, members, devices, contacts."""

from collections.abc import Iterator
from dataclasses import dataclass, field

Headers = dict[str, str]


def block(*headers: Headers, **more: str) -> bytes:
    """One message as it stands on the wire. A value with line feeds is a header that repeats."""
    parts = [(name, value) for part in (*headers, more) for name, value in part.items()]
    lines = [f"{name}: {one}" for name, value in parts for one in value.split("\n")]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def channel(
    uniqueid: str,
    name: str,
    *,
    linkedid: str = "",
    state: int = 6,
    number: str = "<unknown>",
    caller: str = "<unknown>",
    connected: str = "<unknown>",
    context: str = "from-trunk",
    exten: str = "s",
) -> Headers:
    """The snapshot of a channel that opens most events."""
    words = {0: "Down", 4: "Ring", 5: "Ringing", 6: "Up"}
    return {
        "Channel": name,
        "ChannelState": str(state),
        "ChannelStateDesc": words.get(state, "Unknown"),
        "CallerIDNum": number,
        "CallerIDName": caller,
        "ConnectedLineNum": connected,
        "ConnectedLineName": connected,
        "Language": "en",
        "AccountCode": "",
        "Context": context,
        "Exten": exten,
        "Priority": "1",
        "Uniqueid": uniqueid,
        "Linkedid": linkedid or uniqueid,
    }


@dataclass
class FakeMember:
    interface: str
    name: str
    penalty: int = 0
    status: int = 1
    paused: bool = False
    reason: str = ""
    calls_taken: int = 0

    def listed(self, queue: str) -> Headers:
        return {"Queue": queue, "Name": self.name, "Location": self.interface, **self._rest()}

    def told(self, queue: str) -> Headers:
        return {
            "Queue": queue,
            "MemberName": self.name,
            "Interface": self.interface,
            **self._rest(),
            "Ringinuse": "0",
        }

    def _rest(self) -> Headers:
        return {
            "StateInterface": self.interface,
            "Membership": "dynamic",
            "Penalty": str(self.penalty),
            "CallsTaken": str(self.calls_taken),
            "LastCall": "0",
            "LastPause": "0",
            "LoginTime": "1795331468",
            "InCall": "0",
            "Status": str(self.status),
            "Paused": str(int(self.paused)),
            "PausedReason": self.reason,
            "Wrapuptime": "0",
        }


@dataclass
class FakeQueue:
    strategy: str = "leastrecent"
    members: dict[str, FakeMember] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    """Unique ids of the channels that wait, first first."""
    priorities: dict[str, int] = field(default_factory=dict)


@dataclass
class SwitchState:
    channels: dict[str, Headers] = field(default_factory=dict)
    applications: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    """Of the application; "(Outgoing Line)" of a leg that the switch dialled."""
    bridges: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Headers] = field(default_factory=dict)
    queues: dict[str, FakeQueue] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    """AOR -> URI."""
    globals: dict[str, str] = field(default_factory=dict)

    def core_show_channels(self) -> Iterator[Headers]:
        for uniqueid, snapshot in self.channels.items():
            yield {
                **snapshot,
                "Application": self.applications.get(uniqueid, "AppQueue"),
                "ApplicationData": self.data.get(uniqueid, ""),
                "Duration": "00:00:00",
                "BridgeId": self.bridges.get(uniqueid, ""),
            }

    def status(self, names: list[str]) -> Iterator[Headers]:
        for uniqueid, snapshot in self.channels.items():
            mine = self.variables.get(uniqueid, {})
            asked = [f"{name}={mine[name]}" for name in names if name in mine]
            yield {
                **snapshot,
                "Type": "PJSIP",
                "DNID": snapshot["Exten"],
                "EffectiveConnectedLineNum": snapshot["ConnectedLineNum"],
                "EffectiveConnectedLineName": snapshot["ConnectedLineName"],
                "TimeToHangup": "0",
                "BridgeID": self.bridges.get(uniqueid, ""),
                "Application": self.applications.get(uniqueid, "AppQueue"),
                "Data": "",
                "Seconds": "5",
                **({"Variable": "\n".join(asked)} if asked else {}),
            }

    def queue_status(self, only: str) -> Iterator[tuple[str, Headers]]:
        for name, queue in self.queues.items():
            if only and name != only:
                continue
            yield (
                "QueueParams",
                {
                    "Queue": name,
                    "Max": "0",
                    "Strategy": queue.strategy,
                    "Calls": str(len(queue.waiting)),
                    "Holdtime": "0",
                    "TalkTime": "0",
                    "Completed": "0",
                    "Abandoned": "0",
                    "ServiceLevel": "20",
                    "ServicelevelPerf": "0.0",
                    "ServicelevelPerf2": "0.0",
                    "Weight": "0",
                },
            )
            for member in queue.members.values():
                yield "QueueMember", member.listed(name)
            for position, uniqueid in enumerate(queue.waiting, 1):
                yield "QueueEntry", self._entry(name, queue, position, uniqueid)

    def _entry(self, name: str, queue: FakeQueue, position: int, uniqueid: str) -> Headers:
        snapshot = self.channels[uniqueid]
        return {
            "Queue": name,
            "Position": str(position),
            "Channel": snapshot["Channel"],
            "Uniqueid": uniqueid,
            "CallerIDNum": snapshot["CallerIDNum"],
            "CallerIDName": snapshot["CallerIDName"],
            "ConnectedLineNum": "unknown",
            "ConnectedLineName": "unknown",
            "Wait": "5",
            "Priority": str(queue.priorities.get(uniqueid, 0)),
        }
