"""Who is calling, from whoever found it out (the webhook, the database, an agent's choice) to whoever shows
and stores it. Joins use cases that do not know each other."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from app.callbacks.rules import Promise
from app.calls.recording import Identity
from app.calls.repository import last_answer
from app.clients.card import Cards, card_by_client, cards_by_phone
from app.directing.rules import Decided
from app.inbound.service import Arrived
from app.infra import numbers
from app.infra.db import Database
from routing.answer import Answer
from routing.policy import Policy
from screenpop.messages import Card, PromisedCall
from screenpop.sources import CardText, Instant, Known
from screenpop.views import call_key
from telephony.calls import Call
from telephony.ids import CallId, Interface, PbxId

_KEPT = 20_000
_answer = msgspec.json.Decoder(Answer)


def _encode(value: str | int | None) -> str:
    return msgspec.json.encode(value).decode()


class Recognition:
    """`show(call key, known)`: the live screens' ear. `number(raw)`: as numbers are written everywhere."""

    def __init__(
        self,
        database: Database,
        project_id: int,
        region: str,
        policy: Callable[[], Policy],
        show: Callable[[str, Known], None],
        number: Callable[[str | None], str | None],
    ) -> None:
        self._database = database
        self._project_id = project_id
        self._region = region
        self._policy = policy
        self._show = show
        self._number = number
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._decided: OrderedDict[str, Decided] = OrderedDict()
        self._listener: Callable[[PbxId, CallId], None] = lambda pbx, call: None

    def remember(self, arrived: Arrived) -> None:
        """The webhook has decided; called again when a late look-up found the cards."""
        call, decision = arrived.call, arrived.decision
        key = call_key(PbxId(call.pbx), CallId(call.call_id))
        card = self._card(key, call.ani, arrived.cards, arrived.policy, decision.client_id)
        name = arrived.cards.name_of(decision.client_id) if decision.client_id is not None else None
        self.tell(key, _known(card, decision.tier, decision.priority, decision.client_id, name))
        self._decide(
            PbxId(call.pbx),
            CallId(call.call_id),
            Decided(
                decision.tier,
                decision.topic,
                decision.language,
                decision.personal_agents,
                decision.client_id,
                decision.announce,
                decision.promise,
            ),
        )

    async def recognise(self, call: Call) -> None:
        """A call this process was never asked about. Raises what `infra.db.AWAY` names."""
        key = call_key(call.pbx, call.id)
        policy, number = self._policy(), numbers.parse(call.ani, self._region)
        cards = Cards(chosen=None, json="[]")
        async with self._database.raw(self._project_id) as connection:
            stored = await last_answer(connection, call.pbx, call.id)
            if number.e164 is not None:
                today = datetime.now(UTC).date()
                cards = await cards_by_phone(connection, self._project_id, number.e164, today)
        if key in self._known:
            return
        answered = _answer.decode(stored) if stored else None
        chosen = (answered.client_id if answered else None) or cards.chosen
        if chosen is None and len(clients := cards.facts()) == 1:
            chosen = clients[0].id
        card = self._card(key, call.ani, cards, policy, chosen)
        tier = answered.tier if answered else _highest(cards.tiers(policy), policy)
        name = cards.name_of(chosen) if chosen is not None else None
        self.tell(key, _known(card, tier, answered.priority if answered else None, chosen, name))
        if answered is None:
            decided = Decided(tier, client=chosen)
        else:
            decided = Decided(
                tier,
                answered.topic,
                answered.language,
                answered.personal_agents,
                answered.client_id,
                answered.announce,
                answered.promise,
            )
        self._decide(call.pbx, call.id, decided)

    def decided(self, pbx: PbxId, call: CallId) -> Decided | None:
        """What was decided about a call, by this process or by one before it; None when nobody knows yet."""
        return self._decided.get(call_key(pbx, call))

    def on_decided(self, listener: Callable[[PbxId, CallId], None]) -> None:
        self._listener = listener

    def _decide(self, pbx: PbxId, call: CallId, decided: Decided) -> None:
        key = call_key(pbx, call)
        self._decided[key] = decided
        self._decided.move_to_end(key)
        while len(self._decided) > _KEPT:
            self._decided.popitem(last=False)
        self._listener(pbx, call)

    async def promised(self, pbx: PbxId, call: CallId, promise: Promise, agent: Interface) -> None:
        """A call that we are about to make: his card, and why, are there before the agent's phone rings. Raises what
        `infra.db.AWAY` names."""
        key, policy = call_key(pbx, call), self._policy()
        today = datetime.now(UTC).date()
        async with self._database.raw(self._project_id) as connection:
            if promise.client_id is not None:
                cards = await card_by_client(connection, self._project_id, promise.client_id, today)
            else:
                cards = await cards_by_phone(connection, self._project_id, promise.phone, today)
        chosen = promise.client_id or cards.chosen
        why = PromisedCall(
            id=promise.id,
            line=promise.line,
            topic=promise.topic,
            asked_at=promise.asked_at,
            wanted_at=promise.wanted_at,
            asked_by=promise.asked_by,
            note=promise.note,
            attempts=promise.attempts,
        )
        card = self._card(key, f"+{promise.phone}", cards, policy, chosen, why)
        name = cards.name_of(chosen) if chosen is not None else None
        self.tell(key, _known(card, promise.tier, None, chosen, name, agent))

    def card(self, key: str) -> Card | None:
        known = self._known.get(key)
        return known.card.read() if known and known.card else None

    def show(self, card: Card) -> None:
        """The card changed: another client, or one more."""
        known = self._known.get(card.call)
        client = next((one for one in card.clients if one.id == card.chosen), None)
        self.tell(
            card.call,
            _known(
                CardText.of(card),
                known.tier if known else None,
                known.priority if known else None,
                client.id if client else None,
                client.name if client else None,
                known.made_for if known else None,
            ),
        )

    def identity(self, pbx: PbxId, call: CallId) -> Identity | None:
        known = self._known.get(call_key(pbx, call))
        return Identity(known.client_id, known.tier, known.priority) if known else None

    def _card(
        self,
        key: str,
        ani: str | None,
        cards: Cards,
        policy: Policy,
        chosen: int | None,
        why: PromisedCall | None = None,
    ) -> CardText:
        """A `Card`, put together as text."""
        call, number, who = map(_encode, (key, self._number(ani), chosen))
        promise = why.model_dump_json() if why is not None else "null"
        return CardText(
            f'{{"call":{call},"number":{number},"clients":{cards.text(policy)},"chosen":{who},"callback":{promise}}}'
        )

    def tell(self, key: str, known: Known) -> None:
        """Replaces what was known of this call."""
        self._known[key] = known
        self._known.move_to_end(key)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        self._show(key, known)


def _known(
    card: CardText,
    tier: str | None,
    priority: int | None,
    client_id: int | None,
    client_name: str | None,
    made_for: Interface | None = None,
) -> Known:
    """`client_id` only of somebody whose card there is."""
    return Known(
        tier=tier,
        priority=priority,
        client_id=client_id if client_name is not None else None,
        client_name=client_name,
        card=card,
        card_at=Instant(time.time(), time.monotonic()),
        made_for=made_for,
    )


def _highest(tiers: Sequence[str], policy: Policy) -> str:
    order = [tier.name for tier in policy.rules.tiers]
    return max(tiers, key=order.index, default=policy.rules.unknown_tier)
