"""What a caller may hear of his contracts: his own, and nothing when it could be somebody else's."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.clients.repository import add_client
from app.errors import BadInput, Unavailable
from app.infra import dialplan
from app.infra.db import Database
from app.selfservice.schemas import ClientFacts, Question, question
from app.selfservice.service import SelfService

pytestmark = pytest.mark.db

PHONE = 79160000001
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=ZoneInfo("UTC")).timestamp()


@pytest.fixture
async def client(database: Database) -> int:
    async with database.raw(1) as connection:
        one = await add_client(connection, "Anna", "ru", PHONE)
        service = await connection.fetchval(
            "INSERT INTO services (code, name) VALUES ('s', 'S') RETURNING id"
        )
        await connection.executemany(
            "INSERT INTO contracts (client_id, service_id, number, starts_on, expires_on, sla_minutes)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            [
                (one, service, "OVER", date(2020, 1, 1), date(2026, 11, 21), 5),
                (one, service, "NEXT", date(2020, 1, 1), date(2026, 12, 31), 60),
                (one, service, "OPEN", date(2020, 1, 1), None, 30),
            ],
        )
        await connection.executemany(
            "INSERT INTO client_revenue (client_id, month, amount) VALUES ($1, $2, $3)",
            [(one, date(2026, 9, 1), 100), (one, date(2026, 10, 1), 749.6), (one, date(2026, 11, 1), 5)],
        )
        await connection.execute(
            "INSERT INTO cases (client_id, kind, title, due_at) VALUES ($1, 'request', 'x', to_timestamp(1800000000))",
            one,
        )
    return one


def asked(ani: str) -> Question:
    return Question("main", "1.1", ani)


async def heard(database: Database, ani: str) -> ClientFacts:
    return await SelfService(database, "RU", clock=lambda: NOW).facts(1, asked(ani))


async def test_his_own_facts(database: Database, client: int) -> None:
    facts = await heard(database, f"+{PHONE}")
    assert (facts.bill, facts.currency) == (750, "RUB")
    assert (facts.contract, facts.contracts, facts.sla_minutes) == ("NEXT", 2, 30)
    assert facts.contract_expires is not None
    assert (
        datetime.fromtimestamp(facts.contract_expires, ZoneInfo("UTC")).isoformat()
        == "2026-12-31T12:00:00+00:00"
    )
    assert (facts.open_cases, facts.case_due) == (1, 1_800_000_000)


@pytest.mark.parametrize("ani", ["", "anonymous", "79990000000", "1001", "no number"])
async def test_nothing_for_a_number_that_nobody_has(database: Database, client: int, ani: str) -> None:
    assert await heard(database, ani) == ClientFacts()


async def test_nothing_when_several_have_the_number_or_the_one_is_blocked(
    database: Database, client: int
) -> None:
    async with database.raw(1) as connection:
        other = await add_client(connection, "Boris", "ru", PHONE)
    assert await heard(database, str(PHONE)) == ClientFacts()
    async with database.raw(1) as connection:
        await connection.execute("UPDATE clients SET merged_into = $1 WHERE id = $2", client, other)
    assert (await heard(database, str(PHONE))).contract == "NEXT"
    async with database.raw(1) as connection:
        await connection.execute("UPDATE clients SET blocked = true WHERE id = $1", client)
    assert await heard(database, str(PHONE)) == ClientFacts()


async def test_a_database_that_is_away_is_told_in_time() -> None:
    async with Database("postgresql://nobody@127.0.0.1:1/none") as away:
        with pytest.raises(Unavailable, match="goes on to his line"):
            await heard(away, str(PHONE))


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"pbx=main", "application/x-www-form-urlencoded", "call_id"),
        (b"{", "application/json", "Send JSON, or a form"),
        (b"&".join([b"a=1"] * 60), "application/x-www-form-urlencoded", "more than"),
    ],
)
def test_a_question_that_cannot_be_read_is_told(body: bytes, kind: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        dialplan.read(body, kind, question)
