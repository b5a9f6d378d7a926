"""No answer of ours may lose a call: the database is locked, away or back, and the dialplan is answered."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from app.errors import Unavailable
from tests.fakes.webhook import Webhook, add_client

pytestmark = pytest.mark.db

PHONE = 79161234567


@pytest.fixture
async def superuser(urls: Any) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(urls.superuser)
    yield connection
    await connection.close()


@pytest.fixture
async def stop_database(postgres: Any, urls: Any) -> AsyncIterator[Any]:
    """`await stop_database()`: every connection is cut and none is let in; `await stop_database(False)`: it is back."""
    name = urls.app.rpartition("/")[2]
    outside = await asyncpg.connect(postgres.superuser_url)

    async def stop(away: bool = True) -> None:
        await outside.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {not away}")
        if away:
            await outside.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", name
            )

    yield stop
    await stop(False)
    await outside.close()


def caller(body: dict[str, Any]) -> str:
    return str(body["because"][2]["saw"])


async def test_a_look_up_that_is_late_is_answered_and_its_card_comes_after_all(
    make_webhook: Any, superuser: asyncpg.Connection
) -> None:
    webhook: Webhook = await make_webhook(deadline_ms=150)
    client = await add_client(webhook.database, "Anna", PHONE, arpu=1500.0)
    await webhook.ask("anonymous")  # rules and token are known
    webhook.screens.told.clear()
    async with superuser.transaction():
        await superuser.execute("LOCK TABLE clients IN ACCESS EXCLUSIVE MODE")
        response = await webhook.ask(str(PHONE), call_id="9.9")
    assert response.status_code == 200
    body = response.json()
    assert (body["tier"], body["line"]) == ("standard", "support")
    assert caller(body) == "the look-up missed its deadline"
    await webhook.screens.until(lambda told: len(told) == 2)
    first, second = webhook.screens.told
    assert first.cards.cards(first.policy) == []
    assert [card.id for card in second.cards.cards(second.policy)] == [client]
    assert second.decision == first.decision
    assert [row["lookup"] for row in await webhook.stored()] == ["not_needed", "late"]


async def test_a_first_call_while_lines_and_policy_cannot_be_read(
    make_webhook: Any, superuser: asyncpg.Connection
) -> None:
    webhook: Webhook = await make_webhook(deadline_ms=50)
    async with superuser.transaction():
        await superuser.execute("LOCK TABLE lines IN ACCESS EXCLUSIVE MODE")
        response = await webhook.ask("anonymous")
    assert response.status_code == 200
    assert (response.json()["tier"], response.json()["queue"]) == ("standard", "default")
    assert caller(response.json()) == "the look-up missed its deadline"


async def test_the_database_stops_and_comes_back(webhook: Webhook, stop_database: Any) -> None:
    await add_client(webhook.database, "Anna", PHONE, arpu=1500.0)
    assert (await webhook.ask(str(PHONE), call_id="1.1")).json()["tier"] == "vip"
    await webhook.stored()
    await stop_database()

    known = (await webhook.ask(str(PHONE), call_id="1.2")).json()
    assert (known["tier"], known["line"]) == ("vip", "support")
    assert "failed" in caller(known)
    assert "as last known" in caller(known)
    unknown = (await webhook.ask("+79990000000", call_id="1.3")).json()
    assert (unknown["tier"], unknown["line"]) == ("standard", "support")

    await stop_database(False)
    rows = await webhook.stored()
    assert [(row["call_id"], row["lookup"]) for row in rows] == [
        ("1.1", "done"),
        ("1.2", "failed"),
        ("1.3", "failed"),
    ]
    assert (await webhook.ask(str(PHONE))).json()["because"][2]["saw"] == "one client has this number"


async def test_a_token_is_believed_while_nobody_can_check_it_and_a_strange_one_is_not(
    make_webhook: Any,
) -> None:
    webhook: Webhook = await make_webhook(ttl_s=0)
    assert (await webhook.ask("anonymous")).status_code == 200
    webhook.tokens.failing = Unavailable("away")
    assert (await webhook.ask("anonymous")).status_code == 200
    response = await webhook.ask("anonymous", token="1.never-seen")
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")


async def test_a_fault_behind_the_port_costs_nobody_his_answer(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object, arrived: object) -> None:
        raise RuntimeError("screens are broken")

    monkeypatch.setattr(type(webhook.screens), "__call__", broken)
    assert (await webhook.ask("anonymous")).status_code == 200


async def test_a_decision_is_stored_once_even_when_it_is_written_again(webhook: Webhook) -> None:
    """As after a COMMIT whose answer got lost."""
    decision = b"""{"at": "2026-11-22T10:00:00.123456Z", "pbx": "main", "call_id": "2.1", "facts": {}, "answer": {},
        "because": [], "policy_version": 0, "took_ms": 1.5}"""
    webhook.writer.put(1, decision)
    assert len(await webhook.stored()) == 1
    webhook.writer.put(1, decision)
    webhook.writer.put(1, decision.replace(b"2.1", b"2.2"))
    assert [row["call_id"] for row in await webhook.stored()] == ["2.1", "2.2"]


async def test_one_decision_the_database_refuses_does_not_hold_up_the_others(webhook: Webhook) -> None:
    await webhook.ask("anonymous", call_id="2.1")
    webhook.writer.put(1, b'{"pbx": "main", "call_id": "2.2", "at": "not a time"}')
    await webhook.ask("anonymous", call_id="2.3")
    assert [row["call_id"] for row in await webhook.stored()] == ["2.1", "2.3"]


async def test_when_memory_is_full_calls_go_on(make_webhook: Any, stop_database: Any) -> None:
    webhook: Webhook = await make_webhook(most_waiting=2)
    assert (await webhook.ask("anonymous", call_id="3.0")).status_code == 200
    await webhook.stored()
    await stop_database()
    answers = [await webhook.ask("anonymous", call_id=f"3.{number}") for number in range(1, 5)]
    assert {answer.status_code for answer in answers} == {200}
    await stop_database(False)
    assert [row["call_id"] for row in await webhook.stored()] == ["3.0", "3.1", "3.2"]
