"""Whoever asks, however: whom to call, on which line, by when; and the promise itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from app.callbacks import repository as stored
from app.callbacks.repository import New
from app.callbacks.rules import AskedBy, Promise, deadline_of, may_be_called
from app.clients.card import Cards, card_by_client, cards_by_phone
from app.errors import BadInput, NotAllowed, NotFound
from app.infra import numbers
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


class Wish(NamedTuple):
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


class Asking:
    """`opens(line, since)`: when that line is open next, None when never: time in which nobody can call does not count
    against the promise."""

    def __init__(
        self,
        database: Database,
        policy: Callable[[], Policy],
        region: str,
        opens: Callable[[str, float], float | None],
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._policy = policy
        self._region = region
        self._opens = opens
        self._clock = clock

    async def ask(self, project_id: int, wish: Wish) -> tuple[Promise, bool]:
        """(the promise, whether it is a new one). Raises `BadInput`, `NotAllowed`, `NotFound`."""
        now = self._clock()
        self.check_time(wish.wanted_at, now)
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
                deadline=self.deadline(line, now, wish.wanted_at, minutes),
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
            return await stored.ask(connection, new)

    async def _line(self, connection: Connection, wish: Wish) -> str:
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
        self, connection: Connection, project_id: int, wish: Wish, phone: int | None
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

    def deadline(self, line: str, now: float, wanted: float | None, sla_minutes: int | None) -> float:
        begins = now if wanted is None else max(now, wanted)
        return deadline_of(self._opens(line, begins) or begins, sla_minutes, self._policy().rules.callbacks)

    def check_time(self, wanted: float | None, now: float) -> None:
        if wanted is not None and not now - 60 <= wanted <= now + FURTHEST_S:
            raise BadInput("wanted_at: choose a time from now on, at most a month ahead.")


def _spoken(client: ClientFacts | None) -> str | None:
    return client.language if client is not None else None
