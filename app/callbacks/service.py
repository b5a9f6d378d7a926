"""Who may have a call promised, changed or called off: callers, the company's site, agents and supervisors."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING

from app.callbacks import repository as stored
from app.callbacks.asking import Asking, Wish
from app.callbacks.rules import OPEN, Promise, State, Step
from app.callbacks.schemas import (
    AttemptView,
    CallbackStory,
    CallbackView,
    CallerAsks,
    Change,
    PersonAsks,
    Promised,
    WebAsks,
)
from app.errors import BadInput, Conflict, NotAllowed, NotFound
from app.infra.auth import SignedIn
from app.infra.db import Database
from routing.policy import Policy

if TYPE_CHECKING:
    from app.callbacks.repository import Connection

LANGUAGES = ("ru", "en")


class CallbackService:
    """`changed(callback or None, id)`: the scheduler's ear: a callback as it now stands, None when it is over."""

    def __init__(
        self,
        database: Database,
        policy: Callable[[], Policy],
        region: str,
        changed: Callable[[int, Promise | None], None],
        begin: Callable[[int, SignedIn], Awaitable[None]],
        opens: Callable[[str, float], float | None] = lambda line, since: since,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`begin(callback, user)`: has him call it at once. Raises `Conflict`. `opens`:
        see `Asking`."""
        self._database = database
        self._asking = Asking(database, policy, region, opens, clock)
        self._changed = changed
        self._begin = begin
        self._clock = clock

    # Asking

    async def by_caller(self, project_id: int, asked: CallerAsks) -> Promised:
        """He pressed the key. Raises `BadInput`, `NotAllowed`, `NotFound`."""
        client_id = int(asked.client_id) if asked.client_id else None
        wish = Wish(
            "caller",
            asked.number,
            asked.line or None,
            client_id,
            pbx=asked.pbx,
            call_id=asked.call_id,
            tier=asked.tier,
            topic=asked.topic or None,
            language=asked.language[:2] if asked.language[:2] in LANGUAGES else None,
            joined_at=float(asked.joined) if asked.joined else None,
        )
        return await self._ask(project_id, wish)

    async def by_web(self, project_id: int, asked: WebAsks) -> Promised:
        wish = Wish(
            "web",
            asked.number,
            asked.line,
            topic=asked.topic,
            language=asked.language,
            name=asked.name or None,
            note=asked.note,
            wanted_at=_seconds(asked.wanted_at),
        )
        return await self._ask(project_id, wish)

    async def by_person(self, user: SignedIn, asked: PersonAsks) -> Promised:
        if asked.client_id is None and asked.number is None:
            raise BadInput("Say whom to call: client_id, number, or both.")
        async with self._database.raw(user.project_id) as connection:
            await _own(connection, user, asked.line)
        wish = Wish(
            "agent",
            asked.number,
            asked.line,
            asked.client_id,
            topic=asked.topic,
            note=asked.note,
            wanted_at=_seconds(asked.wanted_at),
            user_id=user.user_id,
            may_call_anywhere=True,
        )
        return await self._ask(user.project_id, wish)

    async def _ask(self, project_id: int, wish: Wish) -> Promised:
        promise, first = await self._asking.ask(project_id, wish)
        self._changed(promise.id, promise)
        return Promised(
            callback=promise.id,
            state=promise.state,
            first=first,
            wanted_at=promise.wanted_at,
            deadline=promise.deadline,
        )

    # Reading and changing

    async def listed(
        self, user: SignedIn, line: str | None, state: State | None, client_id: int | None, limit: int
    ) -> list[CallbackView]:
        """An agent sees those of his lines."""
        async with self._database.raw(user.project_id) as connection:
            lines = await _lines_of(connection, user)
            if line is not None:
                lines = [line] if lines is None or line in lines else []
            states = OPEN if state is None else {state}
            rows = await stored.listed(connection, lines, states, client_id, limit)
        return [CallbackView(**dict(row)) for row in rows]

    async def story(self, user: SignedIn, callback: int) -> CallbackStory:
        """Raises `NotFound`."""
        async with self._database.raw(user.project_id) as connection:
            view = await _seen(connection, user, callback)
            tries = await stored.attempts_of(connection, callback)
        return CallbackStory(**view.model_dump(), tries=[AttemptView(**dict(row)) for row in tries])

    async def change(self, user: SignedIn, callback: int, wish: Change) -> CallbackStory:
        """Another time, another note. Raises `NotFound`, `Conflict` when he is being called or it is over."""
        now = self._clock()
        async with self._database.raw(user.project_id) as connection:
            view = await _seen(connection, user, callback)
            wanted, deadline = view.wanted_at, view.deadline
            if "wanted_at" in wish.model_fields_set:
                wanted = _seconds(wish.wanted_at)
                self._asking.check_time(wanted, now)
                sla = (
                    await stored.golden_minutes(connection, view.client_id)
                    if view.client_id is not None
                    else None
                )
                deadline = self._asking.deadline(view.line, now, wanted, sla)
            if not await stored.reschedule(connection, callback, wanted, deadline, wish.note):
                raise Conflict(_too_late(view))
            promise = await stored.promise(connection, callback)
        self._changed(callback, promise)
        return await self.story(user, callback)

    async def cancel(self, user: SignedIn, callback: int) -> None:
        """Raises `NotFound`, `Conflict`."""
        async with self._database.raw(user.project_id) as connection:
            view = await _seen(connection, user, callback)
            because = f"cancelled by {user.login}"
            if not await stored.close(connection, callback, Step.CANCELLED, because, self._clock()):
                raise Conflict(_too_late(view))
        self._changed(callback, None)

    async def cancel_from_web(self, project_id: int, callback: int) -> None:
        """Only what the site itself asked for. Raises `NotFound`, `Conflict`."""
        async with self._database.raw(project_id) as connection:
            row = await stored.one(connection, callback)
            if row is None or row["asked_by"] != "web":
                raise NotFound("There is no such callback.")
            if not await stored.close(
                connection, callback, Step.CANCELLED, "cancelled by him", self._clock()
            ):
                raise Conflict(_too_late(CallbackView(**dict(row))))
        self._changed(callback, None)

    async def call_now(self, user: SignedIn, callback: int) -> None:
        """The agent himself is rung and calls. Raises `NotFound`, `NotAllowed`, `Conflict`."""
        if user.interface is None:
            raise NotAllowed("You are not an agent: no device belongs to your user.")
        async with self._database.raw(user.project_id) as connection:
            await _seen(connection, user, callback)
        await self._begin(callback, user)


async def _lines_of(connection: Connection, user: SignedIn) -> list[str] | None:
    """None: all."""
    if user.role != "agent":
        return None
    return [] if user.agent_id is None else await stored.lines_of_agent(connection, user.agent_id)


async def _own(connection: Connection, user: SignedIn, line: str) -> None:
    lines = await _lines_of(connection, user)
    if lines is not None and line not in lines:
        raise NotAllowed(f"You do not serve line {line!r}.")


async def _seen(connection: Connection, user: SignedIn, callback: int) -> CallbackView:
    row = await stored.one(connection, callback)
    lines = await _lines_of(connection, user)
    if row is None or (lines is not None and row["line"] not in lines):
        raise NotFound("There is no such callback, or it is not of your lines.")
    return CallbackView(**dict(row))


def _too_late(view: CallbackView) -> str:
    if view.state in OPEN:
        return "He is being called right now: try again when that is over."
    return f"This callback is over: {view.state}."


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
