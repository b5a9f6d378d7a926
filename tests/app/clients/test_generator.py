"""Made-up clients: the same for the same seed, loaded once, and true to the proportions of tiers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import phonenumbers
import pytest

from app.agents.generator import load_floor
from app.clients.card import cards_by_phone
from app.clients.generator import load_demo, numbers_by_tier
from app.clients.generator_rows import COLUMNS, make_clients
from app.infra.db import Database
from routing.policy import DEFAULT_POLICY

pytestmark = pytest.mark.db

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
CLIENTS = 500


def made(seed: int) -> dict[str, list[tuple[Any, ...]]]:
    ids = list(range(1, CLIENTS + 1))
    contracts = list(range(1, 2 * CLIENTS + 1))
    return make_clients(
        seed=seed, now=NOW, ids=ids, contract_ids=contracts, service_ids=[1, 2, 3], agents=[1, 2]
    )


def column(table: str, name: str, rows: dict[str, list[tuple[Any, ...]]]) -> Iterator[Any]:
    place = COLUMNS[table].index(name)
    return (row[place] for row in rows[table])


def test_the_same_seed_makes_the_same_clients() -> None:
    assert made(7) == made(7)
    assert made(7) != made(8)


def test_rows_fit_their_columns_and_numbers_are_valid() -> None:
    rows = made(1)
    assert {(table, len(row)) for table in rows for row in rows[table]} == {
        (table, len(columns)) for table, columns in COLUMNS.items()
    }
    phones = [phonenumbers.parse(f"+{phone}") for phone in column("client_phones", "phone", rows)]
    assert len(phones) > CLIENTS
    assert all(phonenumbers.is_valid_number(phone) for phone in phones)


def test_russian_and_english_names() -> None:
    rows = made(1)
    names = dict(zip(column("clients", "name", rows), column("clients", "language", rows), strict=True))
    for language, letters in (("ru", "абвгдежзиклмнопрст"), ("en", "abcdefghiklmnoprst")):
        some = [name for name, one in names.items() if one == language]
        assert len(some) > CLIENTS / 20
        assert any(letter in name.lower() for name in some for letter in letters)


async def test_load_once(database: Database, project_id: int) -> None:
    async with database.raw(project_id) as connection:
        await load_floor(connection, pbx="main", password_hash=None)
    assert await load_demo(database, project_id, now=NOW, clients=CLIENTS)
    assert not await load_demo(database, project_id, now=NOW, clients=CLIENTS)
    async with database.raw(project_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM clients") == CLIENTS
        numbers = await numbers_by_tier(connection, NOW.date())
        first = await connection.fetchval("SELECT min(id) FROM clients")
        revenue = await connection.fetch(
            "SELECT avg(amount) AS arpu FROM client_revenue WHERE month BETWEEN '2025-12-01' AND '2026-02-01'"
            " AND client_id >= $1 GROUP BY client_id",
            first,
        )
        arpus = [float(row["arpu"]) for row in revenue]
        seen = {
            tier: [(await cards_by_phone(connection, project_id, phone, NOW.date())) for phone in phones[:40]]
            for tier, phones in numbers.items()
        }
    assert sum(arpu < 300 for arpu in arpus) == CLIENTS * 66 // 100
    assert sum(300 <= arpu < 1000 for arpu in arpus) == CLIENTS * 32 // 100
    assert sum(arpu >= 1000 for arpu in arpus) == CLIENTS * 2 // 100
    for tier, cards in seen.items():
        assert cards
        for card in cards:
            (facts,) = card.facts()
            assert facts.arpu is not None
            expected = "standard" if facts.arpu < 300 else "priority" if facts.arpu < 1000 else "vip"
            assert tier == expected
            assert len(card.cards(DEFAULT_POLICY)[0].revenue) == 12
            if tier != "vip":
                assert facts.service_level == "standard"


async def test_the_floor_is_loaded_once(database: Database, project_id: int) -> None:
    for _ in range(2):
        async with database.raw(project_id) as connection:
            await load_floor(connection, pbx="main", password_hash="x")
    async with database.raw(project_id) as connection:
        agents = await connection.fetch("SELECT code, interface, user_id FROM agents ORDER BY code")
        assert [row["interface"] for row in agents] == [f"PJSIP/{1001 + number}" for number in range(12)]
        assert all(row["user_id"] for row in agents)
        assert await connection.fetchval("SELECT code FROM lines WHERE is_default") == "support"
        assert await connection.fetchval("SELECT count(*) FROM line_agents") == 24
        roles = await connection.fetch("SELECT role, count(*) FROM users GROUP BY role ORDER BY role")
        assert [tuple(row) for row in roles] == [("admin", 1), ("agent", 12), ("supervisor", 1)]
