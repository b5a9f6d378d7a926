"""The supervisor's floor with real calls: lines by tier, who waits in which order, who does what."""

from typing import Any

import pytest
from playwright.async_api import Locator, expect

from app.infra.sipp import Caller, Sipp, Turn
from tests.asterisk.backend import PRIORITY, STANDARD, SUPPORT, VIP, Backend
from tests.e2e.browser import in_every_look
from tests.e2e.conftest import VisitAs

pytestmark = pytest.mark.browser


def caller(client: tuple[str, int, int], **more: Any) -> Caller:
    return Caller(number=f"+{client[1]}", dnis=SUPPORT, **more)


async def test_waiting_calls_stand_in_the_order_in_which_they_will_be_served(
    at_work: VisitAs, visit: VisitAs, sipp: Sipp, whole: Backend
) -> None:
    boss = await visit("supervisor")
    page = await boss.open("/floor")
    rows = page.get_by_test_id("waiting-row")
    await at_work(Turn(ring_s=0.1))
    await sipp.place([caller(one) for one in STANDARD])
    row = page.locator('[data-testid="agent-row"][data-agent="PJSIP/1001"]')
    await expect(row).to_have_attribute("data-state", "in_call")
    await expect(rows).to_have_count(2)
    await sipp.place([caller(PRIORITY), caller(VIP)])
    await expect(rows).to_have_count(4)
    await expect(rows).to_contain_text([one[0] for one in (VIP, PRIORITY, *STANDARD[1:])])
    support = page.locator('[data-testid="line"][data-line="support"]')
    for tier, count in (("vip", 1), ("priority", 1), ("standard", 2)):
        await expect(of_tier(support, tier).get_by_test_id("waiting-count")).to_contain_text(str(count))
    await expect(page.get_by_test_id("pulse-waiting")).to_have_text("4")
    await expect(page.get_by_test_id("progress-row")).to_contain_text(STANDARD[0][0])
    await in_every_look(boss, "floor-waiting", rows.nth(3))


async def test_states_and_figures_follow_the_switch(
    at_work: VisitAs, visit: VisitAs, sipp: Sipp, whole: Backend
) -> None:
    boss = await visit("supervisor")
    page = await boss.open("/floor")
    row = page.locator('[data-testid="agent-row"][data-agent="PJSIP/1001"]')
    support = page.locator('[data-testid="line"][data-line="support"]')
    answered = of_tier(support, "vip").get_by_test_id("answered-count")
    before = int(await answered.inner_text())
    agent = await at_work(Turn(ring_s=0.1))
    await expect(row).to_have_attribute("data-state", "available")
    placed = await sipp.place([caller(VIP, talk_s=1.0)])
    await expect(row).to_have_attribute("data-state", "in_call")
    await placed.finished()
    await expect(row).to_have_attribute("data-state", "available")
    await expect(answered).to_have_text(str(before + 1))
    await agent.ask("PUT", "/api/presence", {"state": "paused", "reason": "lunch"})
    await expect(row).to_have_attribute("data-state", "paused")
    await expect(row).to_contain_text("Lunch")
    await agent.ask("PUT", "/api/presence", {"state": "offline"})
    await expect(row).to_have_attribute("data-state", "offline")


async def test_a_killed_service_is_told_on_the_floor_too(visit: VisitAs, whole: Backend) -> None:
    boss = await visit("supervisor")
    page = await boss.open("/floor")
    await whole.service.kill()
    await expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "reconnecting")
    await expect(page.get_by_test_id("stale")).to_be_visible()
    await whole.service.start()
    await boss.live()
    await expect(page.get_by_test_id("stale")).to_have_count(0)


def of_tier(line: Locator, tier: str) -> Locator:
    return line.locator(f'[data-testid="tier-row"][data-tier="{tier}"]')
