"""What the webhook found out reaches the screens as the contract says, though nobody parses it on its way."""

import pytest

from app.infra.db import Database
from app.recognition import Recognition
from routing.policy import DEFAULT_POLICY
from screenpop.sources import Known
from tests.fakes.webhook import Webhook, add_client

pytestmark = pytest.mark.db

PHONE = 79161234567


@pytest.fixture
def known() -> dict[str, Known]:
    return {}


@pytest.fixture
def recognition(database: Database, known: dict[str, Known]) -> Recognition:
    return Recognition(database, 1, "RU", lambda: DEFAULT_POLICY, known.__setitem__, lambda raw: raw)


async def test_a_client_whose_name_needs_care(
    webhook: Webhook, recognition: Recognition, known: dict[str, Known]
) -> None:
    name = 'Ёлка "and" \\ sons {"tier":"x"}'
    client = await add_client(webhook.database, name, PHONE, arpu=1500)
    await webhook.ask(f"+{PHONE}", call_id='odd"call')
    recognition.remember(webhook.screens.told[-1])
    one = known['main/odd"call']
    assert (one.tier, one.client_id, one.client_name) == ("vip", client, name)
    card = recognition.card('main/odd"call')
    assert card is not None
    assert (card.call, card.number, card.chosen) == ('main/odd"call', f"+{PHONE}", client)
    assert [(person.name, person.tier) for person in card.clients] == [(name, "vip")]


async def test_of_several_clients_nobody_is_chosen_until_the_agent_does(
    webhook: Webhook, recognition: Recognition, known: dict[str, Known]
) -> None:
    await add_client(webhook.database, "Anna", PHONE, arpu=100)
    boris = await add_client(webhook.database, "Boris", PHONE, arpu=500)
    await webhook.ask(f"+{PHONE}", call_id="1.1")
    recognition.remember(webhook.screens.told[-1])
    card = recognition.card("main/1.1")
    assert card is not None
    assert [(one.name, one.tier) for one in card.clients] == [("Anna", "standard"), ("Boris", "priority")]
    assert (known["main/1.1"].client_id, known["main/1.1"].client_name, card.chosen) == (None, None, None)
    recognition.show(card.model_copy(update={"chosen": boris}))
    assert (known["main/1.1"].client_id, known["main/1.1"].client_name) == (boris, "Boris")
    assert known["main/1.1"].tier == "priority"


async def test_nobody_known(webhook: Webhook, recognition: Recognition, known: dict[str, Known]) -> None:
    await webhook.ask("anonymous", call_id="1.1")
    recognition.remember(webhook.screens.told[-1])
    card = recognition.card("main/1.1")
    assert card is not None
    assert (card.clients, card.chosen) == ([], None)
