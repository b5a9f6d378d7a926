"""The demonstration's agents: each with a phone (SIPp) and a browser's part (session, presence, WebSocket)."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import websockets

from app.errors import Unavailable


class Desk:
    """One agent's page without the pictures. `on_card(call, event to socket in ms)` hears of every pop."""

    def __init__(self, url: str, login: str, password: str, on_card: Callable[[str, float], None]) -> None:
        self._url = url
        self._login = login
        self._password = password
        self._on_card = on_card
        self._browser = httpx.AsyncClient(base_url=url, headers={"origin": url})

    async def sign_in(self) -> None:
        await self._ask("POST", "/api/sessions", {"login": self._login, "password": self._password})

    async def become_available(self) -> None:
        await self._ask("PUT", "/api/presence", {"state": "available"})

    async def go_home(self) -> None:
        await self._ask("PUT", "/api/presence", {"state": "offline"})

    async def watch(self) -> None:
        """Until cancelled: takes every card as a browser does and says that it is shown."""
        ticket = (await self._ask("POST", "/api/live/tickets", {}))["ticket"]
        address = f"ws{self._url.removeprefix('http')}/live?ticket={ticket}"
        async with websockets.connect(
            address, compression=None, origin=websockets.Origin(self._url)
        ) as socket:
            async for text in socket:
                at = time.time()
                message = msgspec.json.decode(text)
                if message["type"] == "card" and message["stamps"] is not None:
                    call = message["card"]["call"]
                    self._on_card(call, (at - message["stamps"]["event_at"]) * 1000)
                    shown = {"type": "card_shown", "call": call, "seq": message["seq"]}
                    await socket.send(msgspec.json.encode(shown).decode())

    async def close(self) -> None:
        await self._browser.aclose()

    async def _ask(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._browser.request(method, path, json=body)
        if answer.is_error:
            raise Unavailable(f"{method} {path} for {self._login}: {answer.status_code} {answer.text}")
        found: dict[str, Any] = answer.json()
        return found


async def seat(desks: list[Desk]) -> None:
    """Sign in and become available; a few at a time, because passwords are expensive to check on purpose."""
    gate = asyncio.Semaphore(2)

    async def one(desk: Desk) -> None:
        async with gate:
            await desk.sign_in()
            await desk.become_available()

    await asyncio.gather(*(one(desk) for desk in desks))
