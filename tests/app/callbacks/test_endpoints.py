"""Who may have a call promised, see it, change it and call it off."""

import asyncio

import pytest

from app.infra.db import Database
from app.projects.models import DEFAULT_PROJECT
from tests.app.callbacks.conftest import NOW, Desk

pytestmark = pytest.mark.db

PRESSED = {
    "pbx": "main",
    "call_id": "main-1.1",
    "number": "+79161234567",
    "line": "sales",
    "tier": "vip",
    "client_id": "",
    "topic": "",
    "language": "en",
    "joined": f"{NOW - 90}",
}
LATER = "2026-11-24T10:00:00+03:00"


async def test_a_caller_keeps_his_place_and_what_the_dialplan_knows_of_him(desk: Desk) -> None:
    async with await desk.token("routing") as switch:
        answer = await switch.post("/routing/callbacks", data=PRESSED)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["state"], said["first"], said["deadline"]) == ("waiting", True, NOW + 86_400)
    promise = desk.told[said["callback"]]
    assert promise is not None
    assert (promise.phone, promise.line, promise.tier) == (79161234567, "sales", "vip")
    assert (promise.joined_at, promise.asked_at) == (NOW - 90, NOW)


async def test_asking_twice_is_answered_with_the_first_promise(desk: Desk) -> None:
    client = await desk.client("Anna", 79161234567)
    async with await desk.token("routing") as switch:
        one, *others = await asyncio.gather(
            *(switch.post("/routing/callbacks", data=PRESSED) for _ in range(4))
        )
        sales = {answer.json()["callback"] for answer in (one, *others)}
        support = await switch.post("/routing/callbacks", data={**PRESSED, "line": "support"})
    assert len(sales) == 1
    assert sum(answer.json()["first"] for answer in (one, *others)) == 1
    assert support.json()["first"]
    promise = desk.told[sales.pop()]
    assert promise is not None
    assert promise.client_id == client


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        ({"number": "anonymous"}, 422, "not a telephone number"),
        ({"number": ""}, 422, "number"),
        ({"joined": "yesterday"}, 422, "joined"),
        ({"number": "+447400123456"}, 403, "callbacks.prefixes"),
        ({"pbx": ""}, 422, "pbx"),
        ({"client_id": "9" * 19}, 422, "client_id"),
        ({"topic": "a\x00b"}, 422, "topic"),
    ],
)
async def test_what_cannot_be_promised_says_why(
    desk: Desk, more: dict[str, str], status: int, words: str
) -> None:
    async with await desk.token("routing") as switch:
        answer = await switch.post("/routing/callbacks", data={**PRESSED, **more})
    assert answer.status_code == status
    assert words in answer.json()["message"]


@pytest.mark.parametrize("more", [{"client_id": "9" * 20}, {"topic": "a\0b"}])
async def test_what_the_database_cannot_hold_is_the_askers_fault(desk: Desk, more: dict[str, str]) -> None:
    async with await desk.token("routing") as switch:
        answer = await switch.post("/routing/callbacks", data={**PRESSED, **more})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")


async def test_a_body_beyond_the_limit_is_not_read_to_its_end(desk: Desk) -> None:
    async with await desk.token("routing") as switch:
        answer = await switch.post("/routing/callbacks", data={**PRESSED, "topic": "x" * 9000})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_line_that_is_gone_becomes_the_default_one_for_a_caller_and_an_error_for_a_program(
    desk: Desk,
) -> None:
    async with await desk.token("routing") as switch, await desk.token("callbacks") as site:
        answer = await switch.post("/routing/callbacks", data={**PRESSED, "line": "gone"})
        refused = await site.post("/callbacks", json={"number": "89161234567", "line": "gone"})
    promise = desk.told[answer.json()["callback"]]
    assert promise is not None
    assert promise.line == "support"
    assert (refused.status_code, "support, sales" in refused.json()["message"]) == (404, True)


async def test_a_token_is_for_its_own_door_only(desk: Desk) -> None:
    async with await desk.token("callbacks") as site, await desk.token("routing") as switch:
        assert (await site.post("/routing/callbacks", data=PRESSED)).status_code == 403
        assert (await switch.post("/callbacks", json={"number": "89161234567"})).status_code == 403
    async with desk.program("") as stranger:
        for method, path in (
            ("POST", "/callbacks"),
            ("POST", "/routing/callbacks"),
            ("GET", "/api/callbacks"),
            ("POST", "/api/callbacks"),
            ("DELETE", "/api/callbacks/1"),
            ("POST", "/api/callbacks/1/call"),
        ):
            answer = await stranger.request(method, path, json={"number": "1", "line": "sales"})
            assert answer.status_code == 401, path


async def test_the_site_asks_for_a_time_and_calls_it_off(desk: Desk) -> None:
    wish = {
        "number": "8 (916) 123-45-67",
        "line": "sales",
        "name": "Nina",
        "note": "a price",
        "wanted_at": LATER,
    }
    async with await desk.token("callbacks") as site:
        first = await site.post("/callbacks", json=wish)
        again = await site.post("/callbacks", json={**wish, "note": "other"})
        assert (first.status_code, again.status_code) == (201, 200)
        number = first.json()["callback"]
        assert again.json()["callback"] == number
        assert first.json()["deadline"] - first.json()["wanted_at"] == 86_400
        promise = desk.told[number]
        assert promise is not None
        assert not promise.due(NOW)
        assert promise.due(first.json()["wanted_at"])
        assert (await site.delete(f"/callbacks/{number}")).status_code == 204
        assert desk.told[number] is None
        assert (await site.delete(f"/callbacks/{number}")).status_code == 409


async def test_the_site_cannot_call_off_what_others_promised(desk: Desk) -> None:
    async with await desk.token("callbacks") as site, await desk.token("routing") as switch:
        made = await switch.post("/routing/callbacks", data=PRESSED)
        assert (await site.delete(f"/callbacks/{made.json()['callback']}")).status_code == 404


@pytest.mark.parametrize("wanted", ["2026-11-20T10:00:00Z", "2027-03-01T10:00:00Z", "2026-11-24T10:00:00"])
async def test_a_time_in_the_past_too_far_ahead_or_without_a_zone_is_refused(desk: Desk, wanted: str) -> None:
    async with await desk.token("callbacks") as site:
        answer = await site.post("/callbacks", json={"number": "89161234567", "wanted_at": wanted})
    assert answer.status_code == 422
    assert "wanted_at" in answer.json()["message"]


async def test_an_agent_promises_a_call_to_a_client_at_his_own_number(desk: Desk) -> None:
    client = await desk.client("Anna", 447400123456)
    async with desk.browser("1001") as agent:
        answer = await agent.post(
            "/api/callbacks", json={"client_id": client, "line": "support", "note": "the bill"}
        )
        assert answer.status_code == 201, answer.text
        (shown,) = (await agent.get("/api/callbacks")).json()
    assert (shown["name"], shown["phone"], shown["note"]) == ("Anna", "+447400123456", "the bill")
    assert (shown["asked_by"], shown["state"], shown["attempts"]) == ("agent", "waiting", 0)


async def test_a_golden_contract_is_kept_within_its_minutes(desk: Desk) -> None:
    client = await desk.client("Gold", 79161112233)
    async with desk.database.raw(DEFAULT_PROJECT) as connection:
        await connection.execute("INSERT INTO services (code, name) VALUES ('net', 'Net')")
        await connection.execute(
            "INSERT INTO contracts (client_id, service_id, number, service_level, starts_on, sla_minutes)"
            " SELECT $1, id, 'K-1', 'golden', date '2020-01-01', 45 FROM services",
            client,
        )
    async with desk.browser("supervisor") as boss:
        answer = await boss.post("/api/callbacks", json={"client_id": client, "line": "support"})
    assert answer.json()["deadline"] == NOW + 45 * 60
    promise = desk.told[answer.json()["callback"]]
    assert promise is not None
    assert promise.tier == "vip"


async def test_hours_in_which_the_line_is_closed_do_not_count(desk: Desk) -> None:
    desk.opens = NOW + 60 * 3600
    async with await desk.token("routing") as switch:
        answer = await switch.post("/routing/callbacks", data=PRESSED)
    assert answer.json()["deadline"] == desk.opens + 86_400


async def test_an_agent_sees_and_changes_those_of_his_lines_only(desk: Desk) -> None:
    async with desk.browser("1001") as both, desk.browser("1002") as seller:
        made = (await both.post("/api/callbacks", json={"number": "89161234567", "line": "support"})).json()
        number = made["callback"]
        assert (await seller.get("/api/callbacks")).json() == []
        for answer in (
            await seller.get(f"/api/callbacks/{number}"),
            await seller.delete(f"/api/callbacks/{number}"),
            await seller.patch(f"/api/callbacks/{number}", json={"note": "mine"}),
            await seller.post(f"/api/callbacks/{number}/call"),
        ):
            assert answer.status_code == 404
        refused = await seller.post("/api/callbacks", json={"number": "89161234567", "line": "support"})
        assert refused.status_code == 403
        assert [one["id"] for one in (await both.get("/api/callbacks")).json()] == [number]
    assert desk.begun == []


async def test_a_supervisor_moves_it_to_another_time_and_calls_it_off(desk: Desk) -> None:
    async with desk.browser("supervisor") as boss, desk.browser("1001") as agent:
        made = (await agent.post("/api/callbacks", json={"number": "89161234567", "line": "sales"})).json()
        path = f"/api/callbacks/{made['callback']}"
        moved = (await boss.patch(path, json={"wanted_at": LATER})).json()
        assert moved["wanted_at"] == moved["not_before"] == moved["deadline"] - 86_400
        noted = (await boss.patch(path, json={"note": "ask for Ann"})).json()
        assert (noted["note"], noted["wanted_at"]) == ("ask for Ann", moved["wanted_at"])
        at_once = (await boss.patch(path, json={"wanted_at": None})).json()
        assert (at_once["wanted_at"], at_once["not_before"]) == (None, None)
        assert (await boss.delete(path)).status_code == 204
        ended = (await agent.get(path)).json()
        assert (ended["state"], ended["ended_because"]) == ("cancelled", "cancelled by supervisor")
        assert (await boss.patch(path, json={"note": "late"})).status_code == 409
        assert (await agent.get("/api/callbacks")).json() == []
        assert len((await agent.get("/api/callbacks", params={"state": "cancelled"})).json()) == 1


async def test_while_he_is_being_called_nothing_is_changed(desk: Desk) -> None:
    async with desk.browser("supervisor") as boss:
        made = (await boss.post("/api/callbacks", json={"number": "89161234567", "line": "sales"})).json()
        async with desk.database.raw(DEFAULT_PROJECT) as connection:
            await connection.execute("UPDATE callbacks SET state = 'ringing_agent'")
        path = f"/api/callbacks/{made['callback']}"
        for answer in (await boss.delete(path), await boss.patch(path, json={"note": "x"})):
            assert answer.status_code == 409
            assert "right now" in answer.json()["message"]


async def test_an_agent_calls_at_once_and_somebody_without_a_device_cannot(desk: Desk) -> None:
    async with desk.browser("1001") as agent, desk.browser("supervisor") as boss:
        made = (await agent.post("/api/callbacks", json={"number": "89161234567", "line": "sales"})).json()
        path = f"/api/callbacks/{made['callback']}/call"
        assert (await agent.post(path)).status_code == 202
        assert (await boss.post(path)).status_code == 403
        desk.busy = True
        assert (await agent.post(path)).status_code == 409
    assert desk.begun == [(made["callback"], "1001")]


async def test_numbers_and_letters_that_the_database_cannot_keep_are_named(desk: Desk) -> None:
    async with desk.browser("supervisor") as boss, await desk.token("callbacks") as site:
        for answer, field in (
            (await boss.get(f"/api/callbacks/{2**63}"), "callback"),
            (await boss.get("/api/callbacks", params={"client_id": 2**63}), "client_id"),
            (await boss.post("/api/callbacks", json={"client_id": 2**63, "line": "sales"}), "client_id"),
            (await site.post("/callbacks", json={"number": "89161234567", "note": "a\x00b"}), "note"),
        ):
            assert (answer.status_code, field in answer.json()["message"]) == (422, True), answer.text


async def test_a_blocked_client_is_not_called_back(desk: Desk) -> None:
    await desk.client("Blocked", 79161234567, blocked=True)
    async with await desk.token("routing") as switch:
        answer = await switch.post("/routing/callbacks", data=PRESSED)
    assert answer.status_code == 403


async def test_another_project_sees_nothing(desk: Desk, database: Database) -> None:
    async with desk.browser("1001") as agent:
        await agent.post("/api/callbacks", json={"number": "89161234567", "line": "sales"})
    async with database.connection() as connection:
        await connection.execute("INSERT INTO projects (code, name) VALUES ('other', 'Other')")
    async with database.raw(2) as connection:
        assert await connection.fetchval("SELECT count(*) FROM callbacks") == 0
