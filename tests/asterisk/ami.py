"""Ears on a real switch for tests: everything AMI said since the test began, and a way to wait for what comes next.

Independent of `telephony`, so that a fault there cannot hide itself.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType

from app.infra.asterisk import LocalAsterisk

Block = dict[str, str]


class Ears:
    """`async with Ears(pbx) as ears:`; `heard` holds every event in order."""

    def __init__(self, pbx: LocalAsterisk, *, deadline_s: float = 45.0) -> None:
        self.heard: list[Block] = []
        self.raw = bytearray()
        self._pbx = pbx
        self._deadline_s = deadline_s
        self._answers: dict[str, Block] = {}
        self._news = asyncio.Condition()
        self._count = 0
        self._writer: asyncio.StreamWriter
        self._listening: asyncio.Task[None]

    async def __aenter__(self) -> "Ears":
        reader, self._writer = await asyncio.open_connection(self._pbx.host, self._pbx.ami_port)
        self.raw += await reader.readline()
        self._listening = asyncio.create_task(self._listen(reader))
        answer = await self.ask("Login", Username=self._pbx.ami_username, Secret=self._pbx.ami_secret)
        assert answer["Response"] == "Success", answer
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)

    async def ask(self, action: str, **headers: str) -> Block:
        """Send one action; its response."""
        self._count += 1
        tag = f"ears-{self._count}"
        words = {"Action": action, "ActionID": tag, **headers}
        self._writer.write("".join(f"{k}: {v}\r\n" for k, v in words.items()).encode() + b"\r\n")
        async with asyncio.timeout(self._deadline_s), self._news:
            await self._news.wait_for(lambda: tag in self._answers)
        return self._answers.pop(tag)

    async def wait_for(self, event: str, *, count: int = 1, **fields: str) -> Block:
        """The `count`-th event of that name with those fields since this test began, now or when it comes."""

        def found() -> list[Block]:
            return [one for one in self.heard if one["Event"] == event and fields.items() <= one.items()]

        async with self._news:
            try:
                async with asyncio.timeout(self._deadline_s):
                    await self._news.wait_for(lambda: len(found()) >= count)
            except TimeoutError:
                names = [one["Event"] for one in self.heard]
                raise AssertionError(f"no {event} with {fields} (×{count}) among {names}") from None
        return found()[count - 1]

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until what was heard makes it so."""
        async with asyncio.timeout(self._deadline_s), self._news:
            await self._news.wait_for(true)

    async def waiting(self, queue: str) -> list[Block]:
        """QueueEntry of each caller in a queue, first in line first."""
        before = len(self.heard)
        done = sum(one["Event"] == "QueueStatusComplete" for one in self.heard)
        await self.ask("QueueStatus", Queue=queue)
        await self.wait_for("QueueStatusComplete", count=done + 1)
        return [one for one in self.heard[before:] if one["Event"] == "QueueEntry"]

    async def until_in(self, channel: str, application: str) -> None:
        """Wait until the dialplan of a channel has come to an application, of which no event tells."""
        async with asyncio.timeout(self._deadline_s):
            while True:
                done = sum(one["Event"] == "CoreShowChannelsComplete" for one in self.heard)
                before = len(self.heard)
                await self.ask("CoreShowChannels")
                await self.wait_for("CoreShowChannelsComplete", count=done + 1)
                rows = [one for one in self.heard[before:] if one["Event"] == "CoreShowChannel"]
                if any((one["Channel"], one["Application"]) == (channel, application) for one in rows):
                    return

    async def staff(self, queue: str, *extensions: str) -> None:
        for extension in extensions:
            answer = await self.ask("QueueAdd", Queue=queue, Interface=f"PJSIP/{extension}")
            assert answer["Response"] == "Success", answer

    async def unstaff(self) -> None:
        """Take every member out of every queue."""
        before = len(self.heard)
        done = sum(one["Event"] == "QueueStatusComplete" for one in self.heard)
        await self.ask("QueueStatus")
        await self.wait_for("QueueStatusComplete", count=done + 1)
        members = [one for one in self.heard[before:] if one["Event"] == "QueueMember"]
        for member in members:
            await self.ask("QueueRemove", Queue=member["Queue"], Interface=member["Location"])

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while chunk := await reader.readuntil(b"\r\n\r\n"):
            self.raw += chunk
            lines = chunk.decode(errors="replace").split("\r\n")
            block = {
                name: value.strip() for name, _, value in (line.partition(":") for line in lines) if name
            }
            async with self._news:
                if "Event" in block:
                    self.heard.append(block)
                elif "ActionID" in block:
                    self._answers[block["ActionID"]] = block
                self._news.notify_all()
