"""Real calls told afterwards: who was rung for whom and why, also while somebody waits; and a policy that counts for the
next of them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.infra.asterisk import LocalAsterisk
from app.infra.db import Database
from app.infra.sipp import Caller, Sipp, Turn
from tests.asterisk.backend import STANDARD, SUPPORT, VIP, Backend, backend
from tests.conftest import Urls
from tests.fakes.page import Page

pytestmark = pytest.mark.pbx

ONE, TWO = "PJSIP/1001", "PJSIP/1002"


@pytest.fixture(scope="module")
async def directed(
    asterisk: LocalAsterisk, module_urls: Urls, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Backend]:
    folder = tmp_path_factory.mktemp("why")
    async with (
        Database(module_urls.app, migrations_url=module_urls.owner) as database,
        backend(database, asterisk, folder, executor="directed") as one,
    ):
        yield one


def calling(client: tuple[str, int, int]) -> Caller:
    return Caller(number=f"+{client[1]}", dnis=SUPPORT)


async def why(boss: Page, call: str) -> dict[str, Any]:
    answer = await boss.http.get(f"/routing/calls/{call}/why")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def why_ended(boss: Page, call: str) -> dict[str, Any]:
    """Rows are written a moment after the call is over."""
    await boss.until(lambda: call not in boss.calls)
    while True:
        told = await why(boss, call)
        if told["outcome"] is not None and told["outcome"]["outcome"] is not None:
            return told


async def available(page: Page, whom: str) -> None:
    await page.become("available")
    await page.until(lambda: page.agents[f"main/{whom}"]["state"] == "available")


async def test_a_missed_call_and_a_waiting_one_are_explained(directed: Backend, sipp: Sipp) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=30.0)])
    await sipp.phones(["1002"], [Turn(ring_s=0.1, talk_s=0.5)])
    async with (
        directed.page("1001") as sleeper,
        directed.page("1002") as other,
        directed.page("supervisor") as boss,
    ):
        placed = await sipp.place([calling(VIP)])
        call = (await boss.until(lambda: boss.call_of(VIP[0])))["call"]
        await boss.until(lambda: boss.calls[call]["stage"] == "waiting")
        waiting = await why(boss, call)
        assert waiting["hindrance"]["code"] == "nobody_on_duty"
        assert waiting["sentences"]["en"][-1] == waiting["hindrance"]["en"]
        await available(sleeper, ONE)
        await sleeper.until(lambda: sleeper.told_call(VIP[0]))
        await available(other, TWO)
        (seen,) = await placed.finished()
        assert seen.ended_by == "agent"
        told = await why_ended(boss, call)
        assert (await other.http.get(f"/routing/calls/{call}/why")).status_code == 403
        for page in (sleeper, other):
            await page.become("offline")
    (decision,) = told["decisions"]
    assert decision["answer"]["tier"] == "vip"
    assert [(one["agent"], one["outcome"]) for one in told["matches"]] == [
        (ONE, "no_answer"),
        (TWO, "answered"),
    ]
    assert told["outcome"]["answered_by"] == TWO
    assert told["sentences"]["ru"][-1].startswith("Ответил оператор ")
    assert any("он не ответил вовремя" in sentence for sentence in told["sentences"]["ru"])


async def test_a_policy_counts_for_the_next_call_without_a_restart(directed: Backend, sipp: Sipp) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=0.1, talk_s=0.3)] * 2)
    tiers = [{"name": "standard"}, {"name": "vip", "arpu_from": 50, "always_first": True, "ring_s": 5}]
    async with (
        directed.page("1001") as agent,
        directed.page("admin") as admin,
        directed.page("supervisor") as boss,
    ):
        await available(agent, ONE)
        for body, tier in ((None, "standard"), ({"tiers": tiers}, "vip")):
            if body is not None:
                saved = await admin.http.post("/api/policy/versions", json={"body": body})
                path = f"/api/policy/versions/{saved.json()['version']}/activate"
                assert (await admin.http.post(path, json={"confirmed": True})).status_code == 200
            placed = await sipp.place([calling(STANDARD[0])])
            call = (await boss.until(lambda: boss.call_of(STANDARD[0][0])))["call"]
            await placed.finished()
            told = await why_ended(boss, call)
            assert told["decisions"][0]["answer"]["tier"] == tier
            assert told["matches"][0]["policy_version"] == (0 if body is None else 1)
            await agent.until(lambda: agent.agents[f"main/{ONE}"]["state"] == "available")
        await agent.become("offline")
