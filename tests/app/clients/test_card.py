"""The card tells what is known of a caller: all of it, nobody else's, in one statement."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from app.agents.models import Agent
from app.cases.models import Case
from app.clients.card import Cards, card_by_client, cards_by_phone, on_switch
from app.clients.models import (
    Client,
    ClientChoice,
    ClientPhone,
    ClientRevenue,
    Interaction,
    Note,
    Offer,
    PersonalAgent,
)
from app.contracts.models import Contract, Entitlement, Service
from app.infra.db import Database
from routing.policy import DEFAULT_POLICY

pytestmark = pytest.mark.db

TODAY = date(2026, 3, 15)
NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)
PHONE = 79000000001


@pytest.fixture
async def known(database: Database, project_id: int) -> SimpleNamespace:
    """Two agents, one service, and Anna with two numbers."""
    async with database.sessions(project_id) as session:
        agents = [
            Agent(code=code, name=name, pbx="main", interface=f"PJSIP/{code}")
            for code, name in (("1001", "Olga"), ("1002", "Pavel"))
        ]
        service, anna = Service(code="mobile", name="Mobile"), Client(name="Anna", language="ru")
        session.add_all([*agents, service, anna])
        await session.flush()
        session.add_all(
            [
                ClientPhone(client_id=anna.id, phone=PHONE + 1),
                ClientPhone(client_id=anna.id, phone=PHONE, is_primary=True),
            ]
        )
    return SimpleNamespace(agents=[one.id for one in agents], service=service.id, anna=anna.id)


async def add(database: Database, *rows: object) -> None:
    async with database.sessions(1) as session:
        session.add_all(rows)


async def look_up(database: Database, phone: int = PHONE, project_id: int = 1) -> Cards:
    async with database.connection() as connection:
        return await cards_by_phone(connection, project_id, phone, TODAY)


async def test_bare_client(database: Database, known: SimpleNamespace) -> None:
    found = await look_up(database)
    (card,) = found.cards(DEFAULT_POLICY)
    assert (card.name, card.language, card.currency, card.kind) == ("Anna", "ru", "RUB", "person")
    assert card.phones == ["+79000000001", "+79000000002"]
    assert (card.arpu, card.revenue, card.service_level, card.blocked) == (None, [], "standard", False)
    assert (card.contracts, card.cases, card.interactions, card.notes, card.offers) == ([], [], [], [], [])
    assert found.chosen is None


async def test_unknown_number(database: Database, known: SimpleNamespace) -> None:
    found = await look_up(database, 79999999999)
    assert found.cards(DEFAULT_POLICY) == []
    assert found.facts() == ()


async def test_arpu_is_the_mean_of_the_last_three_full_months(
    database: Database, known: SimpleNamespace
) -> None:
    amounts = {
        date(2025, 2, 1): "7777",  # thirteen months ago: not even in the series
        date(2025, 3, 1): "100",
        date(2025, 11, 1): "8888",  # four months ago: in the series only
        date(2025, 12, 1): "299.99",
        date(2026, 1, 1): "300.00",
        date(2026, 2, 1): "300.01",
        date(2026, 3, 1): "5",  # not over yet
    }
    await add(
        database,
        *(
            ClientRevenue(client_id=known.anna, month=month, amount=Decimal(text))
            for month, text in amounts.items()
        ),
    )
    found = await look_up(database)
    (card,) = found.cards(DEFAULT_POLICY)
    assert (card.arpu, card.tier) == (300.0, "priority")
    assert found.facts()[0].arpu == 300.0
    assert [(one.month, one.amount) for one in card.revenue] == [
        ("2025-03-01", 100),
        ("2025-11-01", 8888),
        ("2025-12-01", 299.99),
        ("2026-01-01", 300),
        ("2026-02-01", 300.01),
    ]


async def test_service_level_is_the_highest_of_running_contracts(
    database: Database, known: SimpleNamespace
) -> None:
    def contract(number: str, level: str, starts: date, expires: date | None) -> Contract:
        return Contract(
            client_id=known.anna,
            service_id=known.service,
            number=number,
            service_level=level,
            starts_on=starts,
            expires_on=expires,
            monthly_fee=Decimal("99.50"),
        )

    vip = contract("B", "vip", date(2025, 1, 1), TODAY)
    await add(
        database,
        contract("A", "golden", date(2024, 1, 1), TODAY - timedelta(days=1)),
        vip,
        contract("C", "golden", TODAY + timedelta(days=1), None),
        contract("D", "standard", date(2025, 1, 1), None),
    )
    await add(
        database,
        Entitlement(
            contract_id=vip.id, name="Minutes", unit="min", included=500, used=Decimal("12.5"), price=2
        ),
        Entitlement(contract_id=vip.id, name="Internet", unit="GB", used=3),
    )
    (card,) = (await look_up(database)).cards(DEFAULT_POLICY)
    assert card.service_level == "vip"
    shown = next(one for one in card.contracts if one.number == "B")
    assert (shown.service, shown.expires_on, shown.monthly_fee) == ("Mobile", "2026-03-15", 99.5)
    assert [(one.name, one.included, one.used, one.price) for one in shown.entitlements] == [
        ("Minutes", 500, 12.5, 2),
        ("Internet", None, 3, None),
    ]
    async with database.sessions(1) as session:
        await session.execute(update(Client).values(service_level="golden"))
    assert (await look_up(database)).facts()[0].service_level == "golden"


async def test_open_cases_nearest_deadline_first(database: Database, known: SimpleNamespace) -> None:
    def case(title: str, due: datetime | None, topic: str | None = None, closed: bool = False) -> Case:
        return Case(
            client_id=known.anna,
            kind="complaint",
            title=title,
            topic=topic,
            opened_at=NOON,
            due_at=due,
            closed_at=NOON if closed else None,
        )

    await add(
        database,
        case("no deadline", None),
        case("later", NOON + timedelta(days=3), topic="quality"),
        case("soon", NOON + timedelta(hours=1), topic="billing"),
        case("done", NOON, topic="done", closed=True),
    )
    found = await look_up(database)
    (card,) = found.cards(DEFAULT_POLICY)
    assert [one.title for one in card.cases] == ["soon", "later", "no deadline"]
    assert card.cases[0].due_at == (NOON + timedelta(hours=1)).timestamp()
    assert found.facts()[0].open_case_topics == ("billing", "quality")


async def test_last_twenty_interactions_of_all_channels(database: Database, known: SimpleNamespace) -> None:
    channels = ("phone", "web", "chat", "email", "fax", "ivr", "shop")
    await add(
        database,
        *(
            Interaction(
                client_id=known.anna,
                channel=channels[number % len(channels)],
                at=NOON - timedelta(days=number),
                summary=f"no. {number}",
                agent_id=known.agents[0] if number == 0 else None,
                disposition="solved" if number == 0 else None,
            )
            for number in range(25)
        ),
    )
    (card,) = (await look_up(database)).cards(DEFAULT_POLICY)
    assert [one.summary for one in card.interactions] == [f"no. {number}" for number in range(20)]
    newest = card.interactions[0]
    assert (newest.agent, newest.disposition, newest.at) == ("Olga", "solved", NOON.timestamp())
    assert {one.channel for one in card.interactions} == set(channels)


async def test_notes_offers_and_personal_agents(database: Database, known: SimpleNamespace) -> None:
    await add(
        database,
        Note(client_id=known.anna, body="first", updated_at=NOON - timedelta(days=1)),
        Note(client_id=known.anna, body="second", updated_at=NOON, agent_id=known.agents[1]),
        Offer(client_id=known.anna, title="open", reason="r"),
        Offer(client_id=known.anna, title="later", reason="r", state="later", valid_until=TODAY),
        Offer(client_id=known.anna, title="over", reason="r", valid_until=TODAY - timedelta(days=1)),
        Offer(client_id=known.anna, title="refused", reason="r", state="declined"),
        PersonalAgent(client_id=known.anna, agent_id=known.agents[0], rank=2),
        PersonalAgent(client_id=known.anna, agent_id=known.agents[1], rank=1),
    )
    found = await look_up(database)
    (card,) = found.cards(DEFAULT_POLICY)
    assert [(one.text, one.author) for one in card.notes] == [("second", "Pavel"), ("first", None)]
    assert sorted(one.title for one in card.offers) == ["later", "open"]
    assert [(one.interface, one.name) for one in card.personal_agents] == [
        ("PJSIP/1002", "Pavel"),
        ("PJSIP/1001", "Olga"),
    ]
    (client,) = found.facts()
    assert on_switch(client, "main").personal_agents == ("PJSIP/1002", "PJSIP/1001")
    assert on_switch(client, "north").personal_agents == (), "their phones are not there"


async def test_an_agent_who_left_is_nobodys_personal_agent(
    database: Database, known: SimpleNamespace
) -> None:
    await add(database, PersonalAgent(client_id=known.anna, agent_id=known.agents[0], rank=1))
    async with database.sessions(1) as session:
        await session.execute(update(Agent).values(disabled=True))
    assert (await look_up(database)).cards(DEFAULT_POLICY)[0].personal_agents == []


async def test_several_clients_share_a_number_and_the_choice_is_remembered(
    database: Database, known: SimpleNamespace
) -> None:
    boris, merged = Client(name="Boris", blocked=True), Client(name="Anna twice", merged_into=known.anna)
    await add(database, boris, merged)
    await add(
        database,
        ClientPhone(client_id=boris.id, phone=PHONE),
        ClientPhone(client_id=merged.id, phone=PHONE),
        ClientChoice(phone=PHONE, client_id=boris.id),
    )
    found = await look_up(database)
    assert [one.name for one in found.cards(DEFAULT_POLICY)] == ["Anna", "Boris"]
    assert [one.blocked for one in found.facts()] == [False, True]
    assert found.chosen == boris.id


async def test_by_client_id(database: Database, known: SimpleNamespace) -> None:
    async with database.connection() as connection:
        (card,) = (await card_by_client(connection, 1, known.anna, TODAY)).cards(DEFAULT_POLICY)
        assert card.name == "Anna"
        assert (await card_by_client(connection, 1, known.anna + 1, TODAY)).cards(DEFAULT_POLICY) == []


async def test_another_project_does_not_know_him(database: Database, known: SimpleNamespace) -> None:
    async with database.connection() as connection:
        other = await connection.fetchval("INSERT INTO projects (code, name) VALUES ('b', 'B') RETURNING id")
        assert (await cards_by_phone(connection, other, PHONE, TODAY)).cards(DEFAULT_POLICY) == []
        assert (await card_by_client(connection, other, known.anna, TODAY)).cards(DEFAULT_POLICY) == []
        assert len((await cards_by_phone(connection, 1, PHONE, TODAY)).cards(DEFAULT_POLICY)) == 1
        assert await connection.fetchval("SELECT count(*) FROM clients") == 0  # no project stays behind
