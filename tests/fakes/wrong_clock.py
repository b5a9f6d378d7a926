"""The manager interface of a real switch, as if its clock were wrong: a loopback proxy that moves every `Timestamp:`."""

import asyncio
import re
from types import TracebackType

_TOLD = re.compile(rb"(?<=\r\nTimestamp: )(\d+\.\d+)(?=\r\n)")
_END = b"\r\n\r\n"


class WrongClock:
    """`async with WrongClock(host, port) as clock:` — connect to `clock.port`; `clock.ahead_s` may change at any time."""

    host = "127.0.0.1"

    def __init__(self, host: str, port: int) -> None:
        self.ahead_s = 0.0
        self.port = 0
        self._behind = (host, port)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "WrongClock":
        self._server = await asyncio.start_server(self._serve, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            switch, to_switch = await asyncio.open_connection(*self._behind)
            asking = asyncio.create_task(self._ask(client, to_switch))
            try:
                to_client.write(await switch.readline())
                await self._answer(switch, to_client)
            finally:
                asking.cancel()
                to_switch.close()
        except (OSError, asyncio.IncompleteReadError):
            pass  # one of the two hung up
        finally:
            self._open.discard(task)
            to_client.close()

    async def _ask(self, client: asyncio.StreamReader, to_switch: asyncio.StreamWriter) -> None:
        while data := await client.read(65536):
            to_switch.write(data)
        to_switch.close()

    async def _answer(self, switch: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        while True:
            block = await switch.readuntil(_END)
            to_client.write(_TOLD.sub(self._moved, block))
            await to_client.drain()

    def _moved(self, told: re.Match[bytes]) -> bytes:
        return b"%.6f" % (float(told[1]) + self.ahead_s)
