"""`POST /routing/calls` against a real database: who is recognised, and what is answered, told and stored."""

from typing import Any
from urllib.parse import urlencode

import pytest

from app.inbound.endpoints import PATH, TOKEN_HEADER
from app.policies import service as policies
from tests.fakes.webhook import TOKEN, Webhook, add_client

pytestmark = pytest.mark.db

PHONE = 79161234567


def saw(body: dict[str, Any], rule: str) -> str:
    (step,) = [step for step in body["because"] if step["rule"] == rule]
    return f"{step['saw']} -> {step['so']}"


@pytest.mark.parametrize(
    ("arpu", "level", "tier", "treatment"),
    [
        (100.0, None, "standard", "self_service"),
        (500.0, None, "priority", "self_service"),
        (1500.0, None, "vip", "straight"),
        (100.0, "golden", "vip", "straight"),
    ],
)
async def test_a_known_client_of_each_tier(
    webhook: Webhook, arpu: float, level: str | None, tier: str, treatment: str
) -> None:
    client = await add_client(webhook.database, "Anna", PHONE, arpu=arpu, level=level)
    body = (await webhook.ask("+7 916 123-45-67")).json()
    assert (body["tier"], body["treatment"], body["client_id"], body["language"]) == (
        tier,
        treatment,
        client,
        "ru",
    )
    assert (body["line"], body["queue"], body["record"]) == ("support", "support-queue", False)


async def test_a_later_vip_goes_before_an_earlier_standard_caller(webhook: Webhook) -> None:
    await add_client(webhook.database, "Anna", PHONE, arpu=10.0)
    await add_client(webhook.database, "Boris", PHONE + 1, arpu=5000.0)
    first = (await webhook.ask(str(PHONE))).json()
    second = (await webhook.ask(str(PHONE + 1))).json()
    assert second["priority"] > first["priority"] > 0


async def test_several_clients_on_one_number(webhook: Webhook) -> None:
    await add_client(webhook.database, "Anna", PHONE, arpu=10.0)
    boris = await add_client(webhook.database, "Boris", PHONE, arpu=1500.0)
    body = (await webhook.ask(str(PHONE))).json()
    assert body["tier"] == "vip"
    assert "client_id" not in body
    assert "the agent chooses" in saw(body, "caller")
    async with webhook.database.raw(1) as connection:
        await connection.execute(
            "INSERT INTO client_choices (phone, client_id) VALUES ($1, $2)", PHONE, boris
        )
    body = (await webhook.ask(str(PHONE))).json()
    assert body["client_id"] == boris


@pytest.mark.parametrize(
    ("ani", "reason"),
    [
        ("anonymous", "withholds"),
        (None, "withholds"),
        ("alice", "not a telephone number"),
        ("1001", "internal"),
        ("+79990000000", "no client has this number"),
    ],
)
async def test_callers_nobody_knows(webhook: Webhook, ani: str | None, reason: str) -> None:
    response = await webhook.ask(ani)
    assert response.status_code == 200
    body = response.json()
    assert (body["tier"], body["treatment"]) == ("standard", "self_service")
    assert "client_id" not in body
    assert reason in saw(body, "caller")


async def test_a_blocked_client_is_refused(webhook: Webhook) -> None:
    await add_client(webhook.database, "Anna", PHONE, arpu=1500.0, blocked=True)
    assert (await webhook.ask(str(PHONE))).json()["treatment"] == "refused"


@pytest.mark.parametrize(
    ("dnis", "line"),
    [("74951234567", "support"), ("+7 (495) 123-45-67", "support"), ("100", "main"), (None, "main")],
)
async def test_the_dialled_number_chooses_the_line(webhook: Webhook, dnis: str | None, line: str) -> None:
    assert (await webhook.ask("anonymous", dnis=dnis)).json()["line"] == line


async def test_a_form_is_as_good_as_json(webhook: Webhook) -> None:
    client = await add_client(webhook.database, "Anna", PHONE, arpu=500.0)
    response = await webhook.http.post(
        PATH,
        content=urlencode(
            {
                "pbx": "main",
                "call_id": "1.1",
                "ani": "+79161234567",
                "ani_name": "Анна",
                "dnis": "74951234567",
                "topic": "billing",
            }
        ),
        headers={TOKEN_HEADER: TOKEN, "Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
    )
    body = response.json()
    assert (body["client_id"], body["tier"], body["topic"]) == (client, "priority", "billing")


async def test_a_name_in_an_old_code_page_costs_nobody_his_place(webhook: Webhook) -> None:
    await add_client(webhook.database, "Anna", PHONE, arpu=1500.0)
    body = b'{"pbx": "main", "call_id": "1.1", "ani": "+79161234567", "ani_name": "\xc0\xed\xed\xe0\\u0000"}'
    response = await webhook.http.post(PATH, content=body, headers={TOKEN_HEADER: TOKEN})
    assert response.json()["tier"] == "vip"
    assert [row["tier"] for row in await webhook.stored()] == ["vip"]


@pytest.mark.parametrize(("token", "status", "code"), [("", 401, "not_signed_in"), ("1.guess", 401, "not_signed_in"), ("1.metrics-only", 403, "not_allowed")])  # fmt: skip
async def test_who_may_not_ask(webhook: Webhook, token: str, status: int, code: str) -> None:
    await add_client(webhook.database, "Anna", PHONE)
    response = await webhook.ask(str(PHONE), token=token)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["message"]
    assert webhook.screens.told == []


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"{", 422, "not JSON"),
        (b'{"call_id": "1.1"}', 422, "pbx"),
        (b'{"pbx": "main"}', 422, "call_id"),
        (b'{"pbx": "main", "call_id": "1 1"}', 422, "call_id"),
        (b'{"pbx": "main", "call_id": "1.1", "ani": 7}', 422, "ani"),
        (b'{"pbx": "' + b"x" * 9000 + b'"}', 413, "8192"),
    ],
)
async def test_a_question_that_cannot_be_read_is_told_why(
    webhook: Webhook, content: bytes, status: int, said: str
) -> None:
    response = await webhook.http.post(PATH, content=content, headers={TOKEN_HEADER: TOKEN})
    assert response.status_code == status
    assert said in response.json()["message"]


async def test_a_token_is_not_a_query_per_call_and_a_revoked_one_ends(make_webhook: Any) -> None:
    webhook = await make_webhook(ttl_s=60)
    for _ in range(3):
        assert (await webhook.ask("anonymous")).status_code == 200
    assert webhook.tokens.asked == 1
    careful = await make_webhook(ttl_s=0)
    assert (await careful.ask("anonymous")).status_code == 200
    careful.tokens.good.clear()
    assert (await careful.ask("anonymous")).status_code == 401


async def test_the_card_is_told_before_the_dialplan_has_its_answer(webhook: Webhook) -> None:
    client = await add_client(webhook.database, "Anna", PHONE, arpu=1500.0)
    await webhook.ask(str(PHONE), call_id="5.5")
    (arrived,) = webhook.screens.told
    (card,) = arrived.cards.cards(arrived.policy)
    assert (arrived.call.call_id, arrived.decision.client_id) == ("5.5", client)
    assert (card.name, card.tier, card.arpu) == ("Anna", "vip", 1500.0)


async def test_the_decision_is_stored_with_its_reasons(webhook: Webhook) -> None:
    client = await add_client(webhook.database, "Anna", PHONE, arpu=500.0)
    async with webhook.database.raw(1) as connection:
        await policies.publish(connection, "{}")
    await webhook.ask(str(PHONE), call_id="7.1")
    await webhook.ask("anonymous", call_id="7.2")
    first, second = await webhook.stored()
    assert (first["pbx"], first["call_id"], first["tier"], first["client_id"]) == (
        "main",
        "7.1",
        "priority",
        client,
    )
    assert (first["saw"], first["policy_version"]) == ("one client has this number", 1)
    assert first["took_ms"] > 0
    assert (second["call_id"], second["lookup"], second["client_id"]) == ("7.2", "not_needed", None)


async def test_a_new_policy_and_a_new_line_count_after_a_refresh(webhook: Webhook) -> None:
    assert (await webhook.ask("anonymous")).json()["tier"] == "standard"
    async with webhook.database.raw(1) as connection:
        await policies.publish(connection, '{"unknown_tier": "vip"}')
    await webhook.rules.refresh_all()
    assert (await webhook.ask("anonymous")).json()["tier"] == "vip"


async def test_a_policy_that_cannot_be_read_leaves_the_last_good_one_in_force(webhook: Webhook) -> None:
    async with webhook.database.raw(1) as connection:
        await policies.publish(connection, '{"unknown_tier": "priority"}')
    assert (await webhook.ask("anonymous")).json()["tier"] == "priority"
    async with webhook.database.raw(1) as connection:
        await connection.execute('UPDATE policies SET body = \'{"from": "the future"}\'')
    await webhook.rules.refresh_all()
    assert (await webhook.ask("anonymous")).json()["tier"] == "priority"
