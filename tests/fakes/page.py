"""An agent's or supervisor's page without pictures: signs in over HTTP, folds `/live` into what it would show."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any

import httpx
import msgspec
import websockets

State = dict[str, dict[str, Any]]


class Page:
    """`async with Page(url, login, password) as page:`; `calls`, `cards`, `agents`, `lines`, `links` by key."""

    def __init__(self, url: str, login: str, password: str, *, deadline_s: float = 60.0) -> None:
        self._url = url
        self._login = {"login": login, "password": password}
        self._deadline_s = deadline_s
        self.http = httpx.AsyncClient(base_url=url, headers={"origin": url}, timeout=deadline_s)
        self.messages: list[dict[str, Any]] = []
        self.calls: State = {}
        self.cards: State = {}
        self.agents: State = {}
        self.lines: State = {}
        self.links: State = {}
        self._awaited: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Page":
        answer = await self.http.post("/api/sessions", json=self._login)
        assert answer.status_code == 200, answer.text
        await self.look()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._look_away()
        await self.http.aclose()

    def told_call(self, client: str, stage: str | None = None) -> dict[str, Any] | None:
        """What was told last of a client's call, in that stage if one is named, although it may be over by now."""
        calls = (one["call"] for one in reversed(self.messages) if one["type"] == "call")
        return next((c for c in calls if c["client_name"] == client and stage in (None, c["stage"])), None)

    def was(self, agent: str, state: str) -> bool:
        """Whether he was told to be so since the page was opened."""
        told = (one["agent"] for one in self.messages if one["type"] == "agent")
        return any((one["agent"], one["state"]) == (agent, state) for one in told)

    async def look(self) -> None:
        """(Again) open the socket; comes back with the first snapshot."""
        await self._look_away()
        seen = len(self.messages)
        self._watching = asyncio.create_task(self._watch())
        self._watching.add_done_callback(self._broken)
        await self.until(lambda: any(one["type"] == "snapshot" for one in self.messages[seen:]))

    async def become(self, state: str, reason: str | None = None) -> dict[str, Any]:
        answer = await self.http.put("/api/presence", json={"state": state, "reason": reason})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def until(self, seen: Callable[[], Any]) -> Any:
        """Waits until `seen()` is true of what the page shows; its value then. Looked at after every message, so that
        nothing is missed because it was short."""
        if shown := seen():
            return shown
        if self._watching is not None and self._watching.done():
            self._watching.result()
        found: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._awaited.append((seen, found))
        try:
            async with asyncio.timeout(self._deadline_s):
                return await found
        except TimeoutError:
            told = {"calls": self.calls, "agents": self.agents, "lines": self.lines, "links": self.links}
            raise AssertionError(f"the page never came to it; it shows {told}") from None
        finally:
            self._awaited.remove((seen, found))

    def call_of(self, client: str) -> dict[str, Any] | None:
        """The call of the client of that name."""
        return next((one for one in self.calls.values() if one["client_name"] == client), None)

    async def _look_away(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
            self._watching = None

    async def _watch(self) -> None:
        ticket = (await self.http.post("/api/live/tickets")).json()["ticket"]
        address = f"ws{self._url.removeprefix('http')}/live?ticket={ticket}"
        async with websockets.connect(
            address, compression=None, origin=websockets.Origin(self._url)
        ) as socket:
            async for text in socket:
                message = msgspec.json.decode(text)
                self.messages.append(message)
                self._fold(message)
                self._look_again()

    def _look_again(self) -> None:
        for seen, found in self._awaited:
            if not found.done():
                try:
                    shown = seen()
                except Exception as error:
                    found.set_exception(error)
                else:
                    if shown:
                        found.set_result(shown)

    def _broken(self, watching: "asyncio.Task[None]") -> None:
        """Whoever waits, waits in vain."""
        error = None if watching.cancelled() else watching.exception()
        for _, found in self._awaited:
            if not found.done():
                found.set_exception(error or ConnectionError("the page's socket was closed"))

    def _fold(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "snapshot":
                self.calls = {one["call"]: one for one in message["calls"]}
                self.cards = {one["call"]: one for one in message["cards"]}
                self.agents = {one["agent"]: one for one in message["agents"]}
                self.lines = {one["line"]: one for one in message["lines"]}
                self.links = {one["pbx"]: one for one in message["links"]}
            case "call":
                self.calls[message["call"]["call"]] = message["call"]
            case "call_gone":
                self.calls.pop(message["call"], None)
                self.cards.pop(message["call"], None)
            case "card":
                self.cards[message["card"]["call"]] = message["card"]
            case "card_gone":
                self.cards.pop(message["call"], None)
            case "agent":
                self.agents[message["agent"]["agent"]] = message["agent"]
            case "line":
                self.lines[message["line"]["line"]] = message["line"]
            case "link":
                self.links[message["link"]["pbx"]] = message["link"]
