"""One connection for actions, from connect to close: panoramisk, and everything around it that makes it safe.

The only file that knows panoramisk. It writes actions and matches answers by ActionID. What it does not do
stands here: deadlines, nothing sent twice, a connection that closes. Framing is `wire.py`'s.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Mapping
from typing import Any

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager
from panoramisk.message import Message

from telephony.ami import wire
from telephony.ami.connection import Endpoint
from telephony.commands import LinkLost, TimedOut

Answer = dict[str, str]
"""Headers of one message. A header that came more than once holds its values joined by line feeds, which
no value can contain, so the type never depends on what the switch happened to say."""


class Sender:
    """One panoramisk `Manager` from connect to close. `lost` is done, with the reason, when it is over."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._loop = asyncio.get_running_loop()
        self._endpoint = endpoint
        self.lost: asyncio.Future[str] = self._loop.create_future()
        self._manager = _OneConnection(endpoint, self._lose)
        self._protocol = _Framed(self._manager)
        self._numbers = itertools.count(1)

    @property
    def banner(self) -> str | None:
        return self._protocol.framer.banner

    @property
    def in_flight(self) -> int:
        return len(self._protocol.responses)

    async def open(self) -> str | None:
        """Connect and log in. Returns the switch's words when it refuses the login; raises OSError."""
        endpoint = self._endpoint
        connected = await self._loop.create_connection(
            lambda: self._protocol, endpoint.host, endpoint.port, ssl=endpoint.ssl_context
        )
        await self._first(self._protocol.greeted)
        if self.lost.done():
            raise ConnectionResetError("hung up before the login: check permit= and deny=")
        opened: asyncio.Future[Any] = self._loop.create_future()
        opened.set_result(connected)
        self._manager.connection_made(opened)
        login = self._manager.authenticated_future
        await self._first(login)
        if not login.done():
            raise ConnectionResetError("hung up during the login")
        answer = login.result()
        return None if answer.success else str(answer.message or "no reason given")

    async def send(
        self, action: dict[str, str], deadline_s: float, *, as_list: bool | None
    ) -> list[Answer] | TimedOut | LinkLost:
        """An action that brings no ActionID gets one. Nobody may bring one that is under way already."""
        if self.lost.done():
            return LinkLost(sent=False)
        tagged = {"ActionID": f"action/{next(self._numbers)}", **action}
        answer = self._manager.send_action(tagged, as_list=as_list)
        try:
            await self._first(answer, deadline_s)
            if answer.done():
                result = answer.result()
                return [_headers(message) for message in (result if isinstance(result, list) else [result])]
            return LinkLost(sent=True) if self.lost.done() else TimedOut(deadline_s)
        finally:
            self._protocol.forget(answer)

    async def _first(self, awaited: asyncio.Future[Any], deadline_s: float | None = None) -> None:
        """Until it is there, the link is lost, or the deadline has passed; cancels none of them."""
        both: set[asyncio.Future[Any]] = {awaited, self.lost}
        await asyncio.wait(both, timeout=deadline_s, return_when=asyncio.FIRST_COMPLETED)

    def close(self, why: str) -> None:
        """At once, whatever is still unsent; nothing reconnects and no timer remains."""
        self._lose(why)
        self._manager.close()
        self._protocol.abort()

    def _lose(self, why: str) -> None:
        if not self.lost.done():
            self.lost.set_result(why)


class _Everything:
    """Contains every action: none is remembered for sending it again after a reconnect."""

    def __contains__(self, action: object) -> bool:
        return True


class _OneConnection(Manager):  # type: ignore[misc]
    """A Manager that neither connects, pings nor dispatches by itself."""

    def __init__(self, endpoint: Endpoint, lose: Callable[[str], None]) -> None:
        super().__init__(
            username=endpoint.username,
            secret=endpoint.secret,
            events="off",
            encoding="utf-8",
            forgetable_actions=_Everything(),
            loop=asyncio.get_running_loop(),
            log=_silent(),
        )
        self.callbacks.clear()
        self.patterns.clear()
        self._lose = lose
        self._pbx = endpoint.pbx

    def ping(self) -> None:
        """Unchecked in panoramisk; `Link` asks and wants the answer."""

    def connection_lost(self, exc: object) -> None:
        """Panoramisk would reconnect from a timer that cannot be stopped."""
        words = f"connection lost: {exc}" if isinstance(exc, Exception) else "connection closed by the switch"
        self._lose(f"PBX {self._pbx}: {words}")


class _Framed(AMIProtocol):  # type: ignore[misc]
    """Panoramisk's matching of answers, fed with whole messages: it would decode each read by itself and
    lose a letter cut in two, and an empty last header."""

    def __init__(self, manager: _OneConnection) -> None:
        self.framer = wire.Framer()
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.responses: dict[str, Any] = {}
        self.transport: asyncio.Transport | None = None
        self._manager = manager

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.factory = self._manager

    def data_received(self, data: bytes) -> None:
        try:
            messages = self.framer.feed(data)
        except wire.WireError as error:
            self.connection_lost(error)
            return
        if self.framer.banner is not None and not self.greeted.done():
            self.greeted.set_result(None)
        for message in messages:
            self.handle_message(Message(_joined(message.raw)))

    def forget(self, answer: "asyncio.Future[Any]") -> None:
        """A decided action leaves no trace; panoramisk keeps unanswered ones for ever."""
        for action_id in [i for i, action in self.responses.items() if action.future is answer]:
            del self.responses[action_id]

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


def _joined(block: bytes) -> Answer:
    headers: Answer = {}
    for line in block.decode("utf-8", "replace").split("\r\n"):
        header, colon, value = line.partition(":")
        if colon:
            value = value.removeprefix(" ")
            headers[header] = f"{headers[header]}\n{value}" if header in headers else value
    return headers


def _headers(message: Mapping[str, str]) -> Answer:
    """Without the body that panoramisk adds to every message."""
    return {header: value for header, value in message.items() if header != "content"}


def _silent() -> logging.Logger:
    """Panoramisk logs whole actions, and a Login holds the secret. What matters is told by `LinkState`."""
    log = logging.getLogger(f"{__name__}.panoramisk")
    log.setLevel(logging.CRITICAL + 1)
    return log
