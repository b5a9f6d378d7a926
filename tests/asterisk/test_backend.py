"""Real calls on a real switch, seen through the service by agents and a supervisor."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.infra.db import Database
from app.infra.sipp import Caller, Sipp, Turn
from app.projects.models import DEFAULT_PROJECT
from tests.asterisk.ami import Ears
from tests.asterisk.backend import (
    PRIORITY,
    SHARED,
    SHARED_NUMBER,
    STANDARD,
    STRANGER,
    SUPPORT,
    VIP,
    Backend,
)
from tests.fakes.page import Page

pytestmark = pytest.mark.pbx

AGENT = "PJSIP/1001"
HIM = f"main/{AGENT}"


@pytest.fixture
async def gone_home(whole: Backend) -> AsyncIterator[None]:
    yield
    async with whole.page("1001") as agent:
        await agent.become("offline")


def calling(client: tuple[str, int, int], **more: object) -> Caller:
    return Caller(number=f"+{client[1]}", dnis=SUPPORT, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "caller",
    [calling(VIP), Caller(number=f"+{VIP[1]}", hidden_behind="anonymous", dnis=SUPPORT)],
    ids=["from", "p-asserted-identity"],
)
async def test_a_known_caller_is_on_the_agents_screen_no_later_than_the_ring(
    whole: Backend, sipp: Sipp, gone_home: None, caller: Caller
) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=0.5, talk_s=1.0)])
    async with whole.page("1001") as agent, whole.page("supervisor") as boss:
        await agent.become("available")
        await agent.until(lambda: agent.agents[HIM]["state"] == "available")
        placed = await sipp.place([caller])
        call = await agent.until(lambda: agent.told_call(VIP[0], "ringing"))
        assert call["tier"] == "vip"
        assert call["line"] == "support"
        card = await agent.until(lambda: agent.cards.get(call["call"]))
        assert [client["name"] for client in card["clients"]] == [VIP[0]]
        assert card["clients"][0]["arpu"] == VIP[2]
        first_ring = next(i for i, m in enumerate(agent.messages) if m["type"] == "call")
        first_card = next(i for i, m in enumerate(agent.messages) if m["type"] == "card")
        assert first_card <= first_ring + 1
        await boss.until(lambda: boss.was(HIM, "in_call"))
        (seen,) = await placed.finished()
        assert seen.ended_by == "agent"
        await agent.until(lambda: not agent.calls and agent.agents[HIM]["state"] == "available")


async def test_an_agent_never_sees_the_calls_of_another(whole: Backend, sipp: Sipp, gone_home: None) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=0.2, talk_s=0.5)])
    async with whole.page("1001") as agent, whole.page("1002") as other:
        await agent.become("available")
        placed = await sipp.place([calling(VIP)])
        await agent.until(lambda: agent.told_call(VIP[0]))
        await placed.finished()
        await agent.until(lambda: not agent.calls)
        assert not [m for m in other.messages if m["type"] in ("call", "card")]
        assert set(other.agents) == {"main/PJSIP/1002"}


async def test_a_later_vip_is_answered_before_three_earlier_standard_callers(
    whole: Backend, sipp: Sipp, ears: Ears, gone_home: None
) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=0.1, talk_s=0.3)])
    async with whole.page("1001") as agent, whole.page("supervisor") as boss:
        await agent.become("paused", "break")
        early = await sipp.place([calling(one) for one in STANDARD])
        await boss.until(lambda: _waiting(boss.calls) == 3)
        middle = await sipp.place([calling(PRIORITY)])
        await boss.until(lambda: _waiting(boss.calls) == 4)
        late = await sipp.place([calling(VIP)])
        await boss.until(lambda: _waiting(boss.calls) == 5)
        await boss.until(lambda: boss.call_of(VIP[0])["position"] == 1)
        await boss.until(lambda: boss.call_of(PRIORITY[0])["position"] == 2)
        await agent.become("available")
        for placed in (early, middle, late):
            await placed.finished()
    order = [one["CallerIDNum"].lstrip("+") for one in ears.heard if one["Event"] == "AgentConnect"]
    assert order == [str(one[1]) for one in (VIP, PRIORITY, *STANDARD)]


async def test_what_happened_is_stored(whole: Backend, sipp: Sipp, gone_home: None) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=0.1, talk_s=0.5)])
    async with whole.page("1001") as agent:
        await agent.become("available")
        placed = await sipp.place([calling(PRIORITY)])
        call = await agent.until(lambda: agent.told_call(PRIORITY[0]))
        await placed.finished()
        await agent.until(lambda: not agent.calls)
    pbx, _, call_id = call["call"].partition("/")
    stored = await _until_stored(whole.database, pbx, call_id)
    assert (stored["outcome"], stored["tier"], stored["line"]) == ("answered", "priority", "support")
    assert stored["client_name"] == PRIORITY[0]
    assert stored["answered_by"] == AGENT
    assert stored["wait_s"] > 0
    assert 0.3 < stored["talk_s"] < 5.0, "half a second, by a phone on a machine that may be busy"
    async with whole.database.raw(DEFAULT_PROJECT) as connection:
        kinds = [
            row[0]
            for row in await connection.fetch(
                "SELECT kind FROM call_events WHERE pbx = $1 AND call_id = $2 ORDER BY at, id", pbx, call_id
            )
        ]
        reasons = await connection.fetchval(
            "SELECT because FROM decisions WHERE pbx = $1 AND call_id = $2", pbx, call_id
        )
    assert kinds[0] == "CallArrived"
    assert kinds[-1] == "CallEnded"
    assert "CallAnswered" in kinds
    assert "priority" in reasons


async def test_several_clients_on_one_number_the_agents_choice_is_remembered(
    whole: Backend, sipp: Sipp, gone_home: None
) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=0.2, talk_s=4.0)])
    boris = SHARED[1][0]
    async with whole.page("1001") as agent, whole.page("1002") as other:
        await agent.become("available")
        placed = await sipp.place([Caller(number=f"+{SHARED_NUMBER}", dnis=SUPPORT)])
        card = await agent.until(lambda: next(iter(agent.cards.values()), None))
        assert {one["name"] for one in card["clients"]} == {one[0] for one in SHARED}
        assert card["chosen"] is None
        chosen = next(one["id"] for one in card["clients"] if one["name"] == boris)
        url = f"/api/calls/{card['call']}/client"
        refused = await other.http.put(url, json={"client_id": chosen})
        assert refused.status_code == 404
        answer = await agent.http.put(url, json={"client_id": chosen})
        assert answer.status_code == 200
        await agent.until(lambda: agent.call_of(boris))
        await placed.finished()
        await agent.until(lambda: not agent.calls)
        again = await sipp.place([Caller(number=f"+{SHARED_NUMBER}", dnis=SUPPORT)])
        call = await agent.until(lambda: agent.call_of(boris))
        assert call["tier"] == "vip"
        await again.finished()


async def test_an_unknown_caller_is_said_so_and_can_be_created(
    whole: Backend, sipp: Sipp, gone_home: None
) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=0.2, talk_s=4.0)])
    async with whole.page("1001") as agent:
        await agent.become("available")
        placed = await sipp.place([Caller(number=f"+{STRANGER}", dnis=SUPPORT)])
        card = await agent.until(lambda: next(iter(agent.cards.values()), None))
        assert (card["number"], card["clients"], card["chosen"]) == (f"+{STRANGER}", [], None)
        answer = await agent.http.post("/api/clients", json={"name": "Nina New", "call": card["call"]})
        assert answer.status_code == 201
        await agent.until(lambda: agent.call_of("Nina New"))
        assert agent.cards[card["call"]]["clients"][0]["phones"] == [f"+{STRANGER}"]
        await placed.finished()


async def test_a_killed_backend_loses_no_call_and_shows_it_again_when_it_is_back(
    whole: Backend, sipp: Sipp, ears: Ears, gone_home: None
) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=0.1)])
    async with whole.page("1001") as agent, whole.page("supervisor") as boss:
        await agent.become("available")
        before = await _answered(boss, "vip", at_least=0)
        talking = await sipp.place([calling(VIP, talk_s=600.0)])
        call = await agent.until(lambda: (one := agent.call_of(VIP[0])) and one["stage"] == "talking" and one)
        answered = await _answered(boss, "vip", at_least=before + 1)
    await _until_answer_stored(whole.database, call["call"])
    await whole.service.kill()
    waiting = await sipp.place([calling(STANDARD[0])])
    await ears.wait_for("QueueCallerJoin", count=2)
    await whole.service.start()
    async with whole.page("1001") as agent, whole.page("supervisor") as boss:
        again = await agent.until(lambda: agent.call_of(VIP[0]))
        assert (again["call"], again["stage"], again["tier"]) == (call["call"], "talking", "vip")
        assert agent.cards[again["call"]]["clients"][0]["name"] == VIP[0]
        await boss.until(lambda: boss.call_of(STANDARD[0][0]))
        assert await _answered(boss, "vip", at_least=0) == answered
        assert [seen.ended_s for seen in talking.seen()] == [None]
        await talking.stop()
        await waiting.stop()
        await whole.pbx.hang_up_all()
        await boss.until(lambda: not boss.calls)


async def test_a_killed_switch_empties_the_floor_and_the_next_call_works(
    whole: Backend, sipp: Sipp, gone_home: None
) -> None:
    phones = await sipp.phones(["1001"], [Turn(ring_s=0.1)])
    async with whole.page("1001") as agent, whole.page("supervisor") as boss:
        await agent.become("available")
        await sipp.place([calling(STANDARD[0], talk_s=600.0)])
        await boss.until(lambda: boss.call_of(STANDARD[0][0]))
        await whole.pbx.kill()
        await boss.until(lambda: boss.links[whole.pbx.name]["state"] != "up")
        await whole.pbx.restart()
        await boss.until(lambda: boss.links[whole.pbx.name]["state"] == "up" and not boss.calls)
        await phones.register()
        await boss.until(lambda: boss.agents[HIM]["state"] == "available")
        placed = await sipp.place([calling(VIP, talk_s=0.5)])
        await agent.until(lambda: agent.told_call(VIP[0]))
        (seen,) = await placed.finished()
        assert seen.answered_s is not None


async def _answered(boss: Page, tier: str, *, at_least: int) -> int:
    """Today's figure of the line `support`, once it is so high."""

    def figure() -> int:
        tiers = boss.lines["support"]["tiers"]
        return next((one["answered"] for one in tiers if one["tier"] == tier), 0)

    await boss.until(lambda: figure() >= at_least)
    return figure()


async def _until_answer_stored(database: Database, call: str) -> None:
    pbx, _, call_id = call.partition("/")
    async with asyncio.timeout(60):
        while True:
            async with database.raw(DEFAULT_PROJECT) as connection:
                if await connection.fetchval(
                    "SELECT EXISTS (SELECT FROM calls WHERE pbx = $1 AND call_id = $2 AND answered_at IS NOT NULL)",
                    *(pbx, call_id),
                ):
                    return
            await asyncio.sleep(0.05)


def _waiting(calls: dict[str, dict[str, object]]) -> int:
    return sum(1 for call in calls.values() if call["stage"] == "waiting")


async def _until_stored(database: Database, pbx: str, call_id: str) -> dict[str, object]:
    """The row is written a moment after the hang-up."""
    async with asyncio.timeout(60):
        while True:
            async with database.raw(DEFAULT_PROJECT) as connection:
                row = await connection.fetchrow(
                    "SELECT k.*, c.name AS client_name FROM calls k LEFT JOIN clients c ON c.id = k.client_id"
                    " WHERE k.pbx = $1 AND k.call_id = $2 AND k.ended_at IS NOT NULL AND EXISTS (SELECT FROM call_events e"
                    "   WHERE e.pbx = k.pbx AND e.call_id = k.call_id AND e.kind = 'CallEnded')",
                    *(pbx, call_id),
                )
            if row is not None:
                return dict(row)
            await asyncio.sleep(0.05)
