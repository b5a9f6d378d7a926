"""A few words with a switch we started ourselves: is it up, set a variable, hang up what is left.

Not the product's way to talk AMI (that is `telephony.ami`): one connection per question, no events kept.
"""

import asyncio
from collections.abc import Mapping
from types import TracebackType

from app.errors import Unavailable

Block = dict[str, str]


class AmiConsole:
    """`async with AmiConsole(…) as console: await console.ask(…)`. Raises `Unavailable` when login is refused."""

    def __init__(self, host: str, port: int, username: str, secret: str, *, deadline_s: float = 5.0) -> None:
        self._address = (host, port)
        self._login = {"Username": username, "Secret": secret}
        self._deadline_s = deadline_s
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> "AmiConsole":
        try:
            async with asyncio.timeout(self._deadline_s):
                self._streams = await asyncio.open_connection(*self._address)
                await self._streams[0].readline()
                answer = await self.ask("Login", self._login)
        except BaseException:
            await self._close()
            raise
        if answer.get("Response") != "Success":
            await self._close()
            raise Unavailable(f"AMI refused the login: {answer.get('Message', 'no reason given')}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def ask(self, action: str, headers: Mapping[str, str] | None = None) -> Block:
        """Send one action; the response, events in between dropped. Values must hold no line break."""
        if self._streams is None:
            raise Unavailable("AMI: not connected")
        words = {"Action": action, **(headers or {})}
        text = "".join(f"{name}: {value}\r\n" for name, value in words.items())
        if len(text.splitlines()) != len(words):
            raise ValueError("a line break in an AMI value would be a second action")
        self._streams[1].write(f"{text}\r\n".encode())
        async with asyncio.timeout(self._deadline_s):
            while "Response" not in (block := await self._block()):
                pass
        return block

    async def event(self, name: str) -> Block:
        """The next event of that name."""
        async with asyncio.timeout(self._deadline_s):
            while (block := await self._block()).get("Event") != name:
                pass
        return block

    async def _block(self) -> Block:
        if self._streams is None:
            raise Unavailable("AMI: not connected")
        raw = await self._streams[0].readuntil(b"\r\n\r\n")
        pairs = (line.partition(":") for line in raw.decode(errors="replace").splitlines() if line)
        return {name: value.strip() for name, _, value in pairs}

    async def _close(self) -> None:
        if self._streams is not None:
            writer = self._streams[1]
            self._streams = None
            writer.close()
            try:
                await writer.wait_closed()
            except OSError:  # the switch was killed: nothing left to close
                return
