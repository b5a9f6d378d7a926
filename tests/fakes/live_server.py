"""`/live` behind a real server on a free loopback port, with real sockets; who is signed in is said by the test."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from types import SimpleNamespace

import httpx
import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from app.infra import http
from app.infra.auth import SESSION_COOKIE, SignedIn
from app.live.endpoints import router
from app.live.protocol import OutletProtocol
from app.live.service import Live
from tests.fakes.toy_browser import ToyBrowser


def someone(session: bytes, role: str = "agent", interface: str | None = None, user_id: int = 1) -> SignedIn:
    return SignedIn(
        session=session,
        project_id=1,
        user_id=user_id,
        login=session.decode(),
        name=session.decode().title(),
        role=role,  # type: ignore[arg-type]
        language="en",
        theme="auto",
        agent_id=None,
        pbx="main",
        interface=interface,
    )


class Browser(ToyBrowser):
    """A browser's memory with a real socket."""

    def __init__(self, socket: ClientConnection) -> None:
        super().__init__()
        self.socket = socket

    async def read(self) -> object:
        """The next message."""
        self.hear(await asyncio.wait_for(self.socket.recv(), 5))
        return self.heard[-1]

    async def read_until(self, wanted: type) -> object:
        while not isinstance(await self.read(), wanted):
            pass
        return self.heard[-1]

    async def closed(self) -> ConnectionClosed:
        """How the server closed."""
        with contextlib.suppress(StopAsyncIteration):
            while True:
                try:
                    await asyncio.wait_for(self.socket.recv(), 5)
                except ConnectionClosed as closed:
                    return closed
        raise AssertionError("still open")


class LiveServer:
    """`async with LiveServer(live) as server`. `people`: by cookie; taking one away ends his session."""

    def __init__(self, live: Live, *, pings: bool = True, outlet: bool = True) -> None:
        self._ping_interval = 20.0 if pings else None
        self._protocol = OutletProtocol if outlet else "websockets-sansio"
        self.live = live
        self.people: dict[str, SignedIn] = {}
        self.url = ""
        self._stack = contextlib.AsyncExitStack()

    async def session(self, cookie: str | None) -> SignedIn | None:
        return self.people.get(cookie or "")

    async def __aenter__(self) -> "LiveServer":
        app = FastAPI()
        app.state.identity = SimpleNamespace(session=self.session)
        http.install(app)
        app.include_router(router(self.live))
        listening = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            app,
            log_config=None,
            lifespan="off",
            ws=self._protocol,  # type: ignore[arg-type]
            ws_per_message_deflate=False,
            ws_ping_interval=self._ping_interval,
        )
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listening])
        port = listening.getsockname()[1]
        self.url = f"127.0.0.1:{port}"

        async def stop() -> None:
            server.force_exit = True
            await server.shutdown(sockets=[listening])
            await asyncio.gather(*server.server_state.tasks, return_exceptions=True)

        self._stack.push_async_callback(stop)
        self.http = await self._stack.enter_async_context(httpx.AsyncClient(base_url=f"http://{self.url}"))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def post_ticket(self, cookie: str) -> httpx.Response:
        return await self.http.post("/api/live/tickets", headers={"cookie": f"{SESSION_COOKIE}={cookie}"})

    async def ticket(self, who: SignedIn) -> str:
        self.people[who.login] = who
        answer = await self.post_ticket(who.login)
        return str(answer.json()["ticket"])

    @contextlib.asynccontextmanager
    async def open(
        self, query: str, *, origin: str | None = None, max_queue: int = 1000
    ) -> AsyncIterator[Browser]:
        async with connect(
            f"ws://{self.url}/live?{query}",
            origin=origin,  # type: ignore[arg-type]
            compression=None,
            proxy=None,
            max_size=None,
            max_queue=max_queue,
            close_timeout=1,
        ) as one:
            yield Browser(one)

    @contextlib.asynccontextmanager
    async def browse(self, who: SignedIn, resume: str = "", max_queue: int = 1000) -> AsyncIterator[Browser]:
        """`resume`: `&stream=…&seq=…`. Without it the snapshot is read already."""
        async with self.open(f"ticket={await self.ticket(who)}{resume}", max_queue=max_queue) as browser:
            if not resume:
                await browser.read()
            yield browser
