"""Who may have a call promised, changed or called off: callers, the company's site, agents and supervisors."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from app.callbacks import repository as stored
from app.callbacks.repository import New
from app.callbacks.rules import OPEN, AskedBy, Promise, State, Step, deadline_of, may_be_called
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
from app.clients.card import Cards, card_by_client, cards_by_phone
from app.errors import BadInput, Conflict, NotAllowed, NotFound
from app.infra import numbers
from app.infra.auth import SignedIn
from app.infra.db import Database
from routing.facts import ClientFacts
from routing.policy import Policy
from routing.tiers import tier_of

if TYPE_CHECKING:
    from app.callbacks.repository import Connection

FURTHEST_S = 31 * 86_400.0
"""A time that is chosen lies at most so far ahead."""

EARLIER_S = 6 * 3600.0
"""A caller cannot have waited longer: what the dialplan says is not believed without a limit."""

LANGUAGES = ("ru", "en")


class _Wish(NamedTuple):
    """What all ways of asking come down to."""

    by: AskedBy
    raw: str | None
    line: str | None
    client_id: int | None = None
    pbx: str | None = None
    call_id: str | None = None
    tier: str = ""
    topic: str | None = None
    language: str | None = None
    name: str | None = None
    note: str = ""
    joined_at: float | None = None
    wanted_at: float | None = None
    user_id: int | None = None
    may_call_anywhere: bool = False


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
        """`begin(callback, user)`: has him call it at once. Raises `Conflict`. `opens(line, since)`: when that line is
        open next, None when never: time in which nobody can call does not count against the promise."""
        self._database = database
        self._policy = policy
        self._region = region
        self._changed = changed
        self._begin = begin
        self._opens = opens
        self._clock = clock

    # Asking

    async def by_caller(self, project_id: int, asked: CallerAsks) -> Promised:
        """He pressed the key. Raises `BadInput`, `NotAllowed`, `NotFound`."""
        client_id = int(asked.client_id) if asked.client_id else None
        wish = _Wish(
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
        wish = _Wish(
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
        wish = _Wish(
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

    async def _ask(self, project_id: int, wish: _Wish) -> Promised:
        now = self._clock()
        self._check_time(wish.wanted_at, now)
        phone = self._phone(wish.raw) if wish.raw is not None else None
        async with self._database.raw(project_id) as connection:
            line = await self._line(connection, wish)
            client, name, own = await self._client(connection, project_id, wish, phone)
            phone = phone if phone is not None else next(iter(own), None)
            if phone is None:
                raise BadInput("No telephone number of this client is known: give one.")
            known = phone in own or wish.may_call_anywhere
            if not known and not may_be_called(phone, self._region, self._policy().rules.callbacks.prefixes):
                raise NotAllowed("This number is not called back; see `callbacks.prefixes` of the policy.")
            if client is not None and client.blocked:
                raise NotAllowed("This client is blocked.")
            minutes = await stored.golden_minutes(connection, client.id) if client is not None else None
            joined = now if wish.joined_at is None else min(now, max(wish.joined_at, now - EARLIER_S))
            new = New(
                phone=phone,
                line=line,
                tier=self._tier(client, wish.tier),
                asked_by=wish.by,
                asked_at=now,
                joined_at=joined,
                deadline=self._deadline(line, now, wish.wanted_at, minutes),
                client_id=client.id if client is not None else None,
                name=wish.name or name,
                topic=wish.topic,
                language=wish.language or _spoken(client),
                note=wish.note,
                asked_by_user=wish.user_id,
                wanted_at=wish.wanted_at,
                pbx=wish.pbx,
                call_id=wish.call_id,
            )
            promise, first = await stored.ask(connection, new)
        self._changed(promise.id, promise)
        return _promised(promise, first)

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
                self._check_time(wanted, now)
                sla = (
                    await stored.golden_minutes(connection, view.client_id)
                    if view.client_id is not None
                    else None
                )
                deadline = self._deadline(view.line, now, wanted, sla)
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

    # Inside

    async def _line(self, connection: Connection, wish: _Wish) -> str:
        """What the dialplan names may be gone: he is not refused for it. Raises `NotFound` for people and programs."""
        lines = await stored.served_lines(connection)
        if wish.line in lines:
            return str(wish.line)
        if wish.line is not None and wish.by != "caller":
            raise NotFound(f"There is no line {wish.line!r}: use one of {', '.join(lines) or 'none'}.")
        default = await stored.default_line(connection, wish.pbx)
        if default is None:
            raise NotFound("There is no line yet: add one first.")
        return default

    async def _client(
        self, connection: Connection, project_id: int, wish: _Wish, phone: int | None
    ) -> tuple[ClientFacts | None, str | None, list[int]]:
        """(who it is, his name, his numbers); nobody when several share the number and no agent chose yet."""
        today = datetime.fromtimestamp(self._clock(), UTC).date()
        cards: Cards | None = None
        if wish.client_id is not None:
            cards = await card_by_client(connection, project_id, wish.client_id, today)
            if not cards.facts() and wish.by == "agent":
                raise NotFound("There is no such client.")
        if phone is not None and (cards is None or not cards.facts()):
            cards = await cards_by_phone(connection, project_id, phone, today)
        clients = cards.facts() if cards is not None else ()
        chosen = cards.chosen if cards is not None else None
        client = clients[0] if len(clients) == 1 else next((one for one in clients if one.id == chosen), None)
        if cards is None or client is None:
            return None, None, [phone] if phone is not None and clients else []
        own = next(one.phones for one in cards.cards(self._policy()) if one.id == client.id)
        return client, cards.name_of(client.id), [int(number.lstrip("+")) for number in own]

    def _tier(self, client: ClientFacts | None, told: str) -> str:
        """The dialplan's word is what the policy said when he called; of others it is asked now."""
        policy = self._policy()
        if told in {tier.name for tier in policy.rules.tiers}:
            return told
        return tier_of(client, policy)[0].name if client is not None else policy.rules.unknown_tier

    def _phone(self, raw: str) -> int:
        phone = numbers.parse(raw, self._region).e164
        if phone is None:
            raise BadInput(f"{raw!r} is not a telephone number: write it as +7 916 123-45-67.")
        return phone

    def _deadline(self, line: str, now: float, wanted: float | None, sla_minutes: int | None) -> float:
        begins = now if wanted is None else max(now, wanted)
        return deadline_of(self._opens(line, begins) or begins, sla_minutes, self._policy().rules.callbacks)

    def _check_time(self, wanted: float | None, now: float) -> None:
        if wanted is not None and not now - 60 <= wanted <= now + FURTHEST_S:
            raise BadInput("wanted_at: choose a time from now on, at most a month ahead.")


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


def _promised(promise: Promise, first: bool) -> Promised:
    return Promised(
        callback=promise.id,
        state=promise.state,
        first=first,
        wanted_at=promise.wanted_at,
        deadline=promise.deadline,
    )


def _spoken(client: ClientFacts | None) -> str | None:
    return client.language if client is not None else None


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
