"""A routing webhook with moods: answers what a test told it, or misbehaves in one of the ways a network knows."""

import asyncio
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal
from urllib.parse import parse_qsl

Mood = Literal["ok", "silent", "error", "garbage", "trickle", "closes"]

Question = dict[str, str]
Answer = dict[str, Any]


def straight(queue: str = "support", *, priority: Any = 0, tier: str = "standard", **more: Any) -> Answer:
    """A well-formed answer, unless told otherwise."""
    return {
        "treatment": "straight",
        "line": queue,
        "queue": queue,
        "tier": tier,
        "priority": priority,
        "personal_agents": [],
        "record": False,
        "because": [],
        **more,
    }


class FakeWebhook:
    """`async with FakeWebhook() as hook:`; `hook.answer` decides, `hook.mood` spoils, `hook.asked` remembers."""

    token = "token-of-the-fake-webhook"

    def __init__(self) -> None:
        self.mood: Mood = "ok"
        self.answer: Callable[[Question], Answer] = lambda _: straight()
        self.asked: list[Question] = []
        self.headers: list[dict[str, str]] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._released = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/routing/calls"

    async def __aenter__(self) -> "FakeWebhook":
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Listen (again on the same port after `close`)."""
        self._released.clear()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Be down: connections are refused."""
        self._released.set()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def reset(self) -> None:
        """As new: up, well-behaved, nothing remembered."""
        self.mood = "ok"
        self.answer = lambda _: straight()
        self.asked.clear()
        self.headers.clear()
        if self._server is None:
            await self.open()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._respond(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the switch gave up on us, as it should
        finally:
            writer.close()

    async def _respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.split(": ", 1) for line in head.splitlines()[1:] if line)
        body = await reader.readexactly(int(headers.get("Content-Length", "0")))
        question = dict(parse_qsl(body.decode(), keep_blank_values=True))
        self.headers.append({"request": head.splitlines()[0], **headers})
        self.asked.append(question)
        if self.mood == "closes":
            return
        if self.mood == "silent":
            await self._left(reader, seconds=30.0)
            return
        payload = (
            b"<html>it works</html>" if self.mood == "garbage" else json.dumps(self.answer(question)).encode()
        )
        status = "500 Internal Server Error" if self.mood == "error" else "200 OK"
        top = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
        answer = top.encode() + payload
        if self.mood == "trickle":  # one byte now and then: never idle for long, never done in time
            for byte in answer:
                writer.write(bytes([byte]))
                await writer.drain()
                if await self._left(reader, seconds=0.1):
                    return
            return
        writer.write(answer)
        await writer.drain()

    async def _left(self, reader: asyncio.StreamReader, *, seconds: float) -> bool:
        """Wait so long; True at once when the switch hangs up or the test is over."""
        waits = [asyncio.ensure_future(reader.read(1)), asyncio.ensure_future(self._released.wait())]
        done, pending = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in pending:
            wait.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        return bool(done)
