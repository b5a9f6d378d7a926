"""Choosing a client for a call, and making one. What is stored is remembered for the number's next call."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from app.clients.card import card_by_client, cards_by_phone
from app.clients.repository import add_client, has_phone, remember_choice
from app.desk.schemas import NewClient
from app.errors import BadInput, NotFound
from app.infra import numbers
from app.infra.auth import SignedIn
from app.infra.db import Database
from routing.policy import Policy
from screenpop.messages import Card, ClientCard


class Callers(Protocol):
    """Who is calling, as the rest of the app knows it."""

    def card(self, call: str) -> Card | None:
        """The card of a live call."""

    def sees(self, call: str, user: SignedIn) -> bool:
        """Whether he may see it now: it rings or talks at his device, or he watches the floor."""

    def show(self, card: Card) -> None:
        """To everybody who sees that call."""


class DeskService:
    def __init__(
        self, database: Database, callers: Callers, policy: Callable[[], Policy], region: str
    ) -> None:
        self._database = database
        self._callers = callers
        self._policy = policy
        self._region = region

    async def card(self, user: SignedIn, client_id: int) -> ClientCard:
        """Raises `NotFound`."""
        async with self._database.raw(user.project_id) as connection:
            found = await card_by_client(connection, user.project_id, client_id, datetime.now(UTC).date())
        cards = found.cards(self._policy())
        if not cards:
            raise NotFound("There is no such client.")
        return cards[0]

    async def choose(self, user: SignedIn, call: str, client_id: int) -> Card:
        """Raises `NotFound` for a call that is over or not his, and for a client who has not this number."""
        card = self._live(user, call)
        phone = numbers.parse(card.number, self._region).e164
        async with self._database.raw(user.project_id) as connection:
            if phone is None or not await has_phone(connection, client_id, phone):
                raise NotFound("This client does not have the number of the call.")
            await remember_choice(connection, phone, client_id)
        return self._shown(card.model_copy(update={"chosen": client_id}))

    async def create(self, user: SignedIn, wanted: NewClient) -> ClientCard:
        """Raises `BadInput` for a number that is none."""
        card = self._live(user, wanted.call) if wanted.call else None
        phone = self._phone(wanted.phone or (card.number if card else None))
        today = datetime.now(UTC).date()
        async with self._database.raw(user.project_id) as connection:
            client_id = await add_client(connection, wanted.name, wanted.language, phone)
            made = await card_by_client(connection, user.project_id, client_id, today)
            sharing = made
            if phone is not None:
                await remember_choice(connection, phone, client_id)
                sharing = await cards_by_phone(connection, user.project_id, phone, today)
        policy = self._policy()
        if card is not None and phone == numbers.parse(card.number, self._region).e164:
            self._shown(card.model_copy(update={"clients": sharing.cards(policy), "chosen": client_id}))
        return made.cards(policy)[0]

    def _live(self, user: SignedIn, call: str) -> Card:
        card = self._callers.card(call)
        if card is None or not self._callers.sees(call, user):
            raise NotFound("This call is over, or it is not yours.")
        return card

    def _phone(self, raw: str | None) -> int | None:
        if not raw:
            return None
        phone = numbers.parse(raw, self._region).e164
        if phone is None:
            raise BadInput(f"{raw!r} is not a telephone number: write it as +7 916 123-45-67.")
        return phone

    def _shown(self, card: Card) -> Card:
        self._callers.show(card)
        return card
