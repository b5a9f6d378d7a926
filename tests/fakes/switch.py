"""A switch that behaves: an AMI server on loopback with a state, and faults to order.

Actions run one after another within a connection and lists are never mixed with events, as in Asterisk.
Tests wait on `asked()`, never on time.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Self

from telephony.ami.connection import Endpoint
from telephony.ids import PbxId
from tests.fakes.switch_orders import ORDERS, refusal, success, tag
from tests.fakes.switch_state import FakeMember, FakeQueue, Headers, SwitchState, block, channel

__all__ = ["FakeMember", "FakeQueue", "FakeSwitch", "Session", "SwitchState", "block", "channel", "refusal"]

Rule = Callable[["Session", Headers], Awaitable[bytes | None]]
"""What to answer instead: bytes, or None for nothing at all."""

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


class Session:
    """One client's connection."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.events = False
        self.logged_in = False

    def send(self, data: bytes) -> None:
        if not self.writer.is_closing():
            self.writer.write(data)


class FakeSwitch:
    """`async with FakeSwitch() as switch: Reader(switch.endpoint(), …)`.

    `state`: what it would list. `received`: every action, in order. `rules[action]`: faults (see
    `switch_faults`). `emit`: an event to all who want events.
    """

    def __init__(
        self,
        *,
        username: str = "tierline",
        secret: str = "a secret of the tests",  # noqa: S107 - of a server that lives for one test
        banner: bytes = BANNER,
        booted: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.state = SwitchState()
        self.received: list[Headers] = []
        self.sessions: list[Session] = []
        self.rules: dict[str, Rule] = {}
        self.username = username
        self.secret = secret
        self.banner = banner
        self.booted = booted
        self.port = 0
        self._tls = tls
        self._silent = False
        self._now = 1795331467.0
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Condition()
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; after `stop()` on the same port again."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=self._tls, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Like `kill -9`: connections are reset, new ones refused."""
        if self._server is not None:
            self._server.close()
        self.drop()
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    def endpoint(self, **changes: Any) -> Endpoint:
        mine = Endpoint(PbxId("main"), "127.0.0.1", self.port, self.username, self.secret)
        return replace(mine, **changes)

    # What tests order

    async def asked(self, action: str, times: int = 1) -> Headers:
        """Wait until an action has come so often in all; returns the latest."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.count(action) >= times)
        return [a for a in self.received if a["Action"] == action][-1]

    async def gone(self) -> None:
        """Wait until nobody is connected."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self.sessions)

    def count(self, action: str) -> int:
        return Counter(a["Action"] for a in self.received)[action]

    def emit(self, event: str, *parts: Headers, **headers: str) -> None:
        self._now += 0.001
        opening = {
            "Event": event,
            "Privilege": "call,all",
            "Timestamp": f"{self._now:.6f}",
            "SystemName": "fake",
        }
        self.emit_raw(block(opening, *parts, headers))

    def emit_raw(self, data: bytes) -> None:
        """Any bytes to all who want events: half a message, garbage, a whole capture."""
        if not self._silent:
            for session in self.sessions:
                if session.events:
                    session.send(data)

    def drop(self) -> None:
        """Reset every connection."""
        for session in self.sessions:
            session.writer.transport.abort()

    def hang_up(self) -> None:
        """Close every connection, after what was sent."""
        for session in self.sessions:
            session.writer.close()

    def go_silent(self) -> None:
        """The machine is there and says nothing any more."""
        self._silent = True

    def finish_booting(self) -> None:
        self.booted = True
        self.emit_raw(block(Event="FullyBooted", Privilege="system,all", Status="Fully Booted"))

    # Serving

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        session = Session(writer)
        self.sessions.append(session)
        try:
            session.send(self.banner)
            while request := await reader.readuntil(b"\r\n\r\n"):
                await self._handle(session, _parsed(request))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client hung up, or the test is over
        finally:
            self.sessions.remove(session)
            self._serving.discard(task)
            writer.transport.abort()
            async with self._changed:
                self._changed.notify_all()

    async def _handle(self, session: Session, action: Headers) -> None:
        async with self._changed:
            self.received.append(action)
            self._changed.notify_all()
        if self._silent:
            return
        if (rule := self.rules.get(action["Action"])) is not None:
            answer = await rule(session, action)
        else:
            answer = self.answer(session, action)
        if answer is not None and not self._silent:
            session.send(answer)

    def answer(self, session: Session, action: Headers) -> bytes:
        """What a healthy switch says."""
        name = action["Action"]
        if name == "Login":
            return self._login(session, action)
        if not session.logged_in:
            return refusal(action, "Permission denied")
        known: dict[str, Callable[[Headers], bytes]] = {
            "Ping": lambda a: success(a, Ping="Pong", Timestamp=f"{self._now:.6f}"),
            "Logoff": lambda a: block({"Response": "Goodbye"}, tag(a), Message="Thanks for all the fish."),
            "CoreSettings": lambda a: success(a, AMIversion="11.0.0", AsteriskVersion="22.10.1"),
            "Originate": lambda a: success(a, Message="Originate successfully queued"),
            "UserEvent": self._user_event,
            "QueueAdd": self._queue_add,
            "QueueRemove": self._queue_remove,
            "QueuePause": self._queue_pause,
            "Hangup": self._hangup,
            "CoreShowChannels": self._core_show_channels,
            "Status": self._status,
            "QueueStatus": self._queue_status,
            "DeviceStateList": self._device_state_list,
            "PJSIPShowContacts": self._contacts,
            "ParkedCalls": lambda a: _listed(a, "Parked calls will follow", [], "ParkedCallsComplete"),
        }
        if (order := ORDERS.get(name)) is not None:
            return order(self.state, action)
        answer = known.get(name)
        return answer(action) if answer else refusal(action, "Invalid/unknown command")

    def _login(self, session: Session, action: Headers) -> bytes:
        if (action.get("Username"), action.get("Secret")) != (self.username, self.secret):
            return refusal(action, "Authentication failed")
        session.logged_in = True
        session.events = action.get("Events", "on") != "off"
        booted = block(Event="FullyBooted", Privilege="system,all", Status="Fully Booted")
        welcome = success(action, Message="Authentication accepted")
        return welcome + booted if self.booted and session.events else welcome

    def _user_event(self, action: Headers) -> bytes:
        self.emit("UserEvent", {name: value for name, value in action.items() if name != "Action"})
        return success(action, Message="Event Sent")

    def _queue_add(self, action: Headers) -> bytes:
        queue = self.state.queues.get(action["Queue"])
        if queue is None:
            return refusal(action, "Unable to add interface to queue: No such queue")
        if action["Interface"] in queue.members:
            return refusal(action, "Unable to add interface: Already there")
        member = FakeMember(
            action["Interface"],
            action.get("MemberName", action["Interface"]),
            penalty=int(action.get("Penalty", "0")),
            paused=action.get("Paused") == "true",
        )
        queue.members[member.interface] = member
        self.emit("QueueMemberAdded", member.told(action["Queue"]))
        return success(action, Message="Added interface to queue")

    def _queue_remove(self, action: Headers) -> bytes:
        queue = self.state.queues.get(action["Queue"])
        if queue is None:
            return refusal(action, "Unable to remove interface from queue: No such queue")
        member = queue.members.pop(action["Interface"], None)
        if member is None:
            return refusal(action, "Unable to remove interface: Not there")
        self.emit("QueueMemberRemoved", member.told(action["Queue"]))
        return success(action, Message="Removed interface from queue")

    def _queue_pause(self, action: Headers) -> bytes:
        found = False
        for name, queue in self.state.queues.items():
            member = queue.members.get(action["Interface"])
            if member is None or action.get("Queue", name) != name:
                continue
            found = True
            member.paused = action["Paused"] == "true"
            member.reason = action.get("Reason", "")
            self.emit("QueueMemberPause", member.told(name))
        word = "paused" if action["Paused"] == "true" else "unpaused"
        return (
            success(action, Message=f"Interface {word} successfully")
            if found
            else refusal(action, "Interface not found")
        )

    def _hangup(self, action: Headers) -> bytes:
        for uniqueid, snapshot in self.state.channels.items():
            if action["Channel"] in (uniqueid, snapshot["Channel"]):
                del self.state.channels[uniqueid]
                self.emit(
                    "Hangup", snapshot, {"Cause": action.get("Cause", "16"), "Cause-txt": "Normal Clearing"}
                )
                return success(action, Message="Channel Hungup")
        return refusal(action, "No such channel")

    def _core_show_channels(self, action: Headers) -> bytes:
        rows = [("CoreShowChannel", row) for row in self.state.core_show_channels()]
        return _listed(action, "Channels will follow", rows, "CoreShowChannelsComplete")

    def _status(self, action: Headers) -> bytes:
        names = [name for name in action.get("Variables", "").split(",") if name]
        rows = [("Status", row) for row in self.state.status(names)]
        return _listed(action, "Channel status will follow", rows, "StatusComplete")

    def _queue_status(self, action: Headers) -> bytes:
        rows = list(self.state.queue_status(action.get("Queue", "")))
        return _listed(action, "Queue status will follow", rows, "QueueStatusComplete")

    def _device_state_list(self, action: Headers) -> bytes:
        rows = [("DeviceStateChange", {"Device": d, "State": s}) for d, s in self.state.devices.items()]
        return _listed(action, "Device State Changes will follow", rows, "DeviceStateListComplete")

    def _contacts(self, action: Headers) -> bytes:
        rows = [
            ("ContactList", {"ObjectType": "contact", "ObjectName": f"{aor};@{uri}", "Uri": uri, "Aor": aor,
                             "Endpoint": aor, "Status": "NonQualified", "CallID": f"{aor}@phone"})
            for aor, uri in self.state.contacts.items()
        ]  # fmt: skip
        if not rows:
            return refusal(action, "No Contacts found")
        return _listed(action, "A listing of Contacts follows, presented as ContactList events", rows,
                       "ContactListComplete")  # fmt: skip


def _listed(action: Headers, message: str, rows: list[tuple[str, Headers]], completing: str) -> bytes:
    opening = block({"Response": "Success"}, tag(action), EventList="start", Message=message)
    items = b"".join(block({"Event": event}, tag(action), row) for event, row in rows)
    return (
        opening
        + items
        + block({"Event": completing}, tag(action), EventList="Complete", ListItems=str(len(rows)))
    )


def _parsed(request: bytes) -> Headers:
    lines = request.decode("utf-8", "surrogateescape").strip("\r\n").split("\r\n")
    return {name: value for name, _, value in (line.partition(": ") for line in lines)}
