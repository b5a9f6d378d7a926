"""An agent's day at the page, with real calls: who calls is on the screen before the phone is in the hand."""

import json
import re
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from app.infra.sipp import Caller, Sipp, Turn
from tests.asterisk.backend import (
    SHARED,
    SHARED_NUMBER,
    STANDARD,
    STRANGER,
    SUPPORT,
    VIP,
    Backend,
)
from tests.e2e.browser import in_every_look
from tests.e2e.conftest import VisitAs

pytestmark = pytest.mark.browser

AT_ONCE = Turn(ring_s=0.1)
LONG_RING = Turn(ring_s=600.0)


def caller(client: tuple[str, int, int], **more: Any) -> Caller:
    return Caller(number=f"+{client[1]}", dnis=SUPPORT, **more)


def name_on(page: Page, card: str) -> Any:
    return page.get_by_test_id(card).get_by_test_id("client-name")


async def test_a_state_changes_with_the_switchs_word_and_not_before(
    visit: VisitAs, sipp: Sipp, whole: Backend
) -> None:
    await sipp.phones(["1002"])
    agent = await visit("1002")
    page = await agent.open("/agent")
    button = page.get_by_test_id("set-available")

    async def promise_only(route: Route) -> None:
        if route.request.method != "PUT":
            await route.fallback()
            return
        promised = {"signed_in": True, "pause_reasons": [], "outcomes": []}
        await route.fulfill(status=200, content_type="application/json", body=json.dumps(promised))

    await page.route("**/api/presence", promise_only)
    await button.click()
    await expect(page.get_by_test_id("state-outcome")).to_contain_text("telephone system")
    await expect(button).to_have_attribute("aria-busy", "true")
    await expect(button).to_have_attribute("aria-pressed", "false")
    await expect(page.get_by_test_id("agent-state")).to_have_text("Offline")

    await agent.ask("PUT", "/api/presence", {"state": "available"})
    await expect(button).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_test_id("agent-state")).to_have_text("Available")

    await page.unroute("**/api/presence")
    await page.get_by_test_id("set-paused").click()
    await page.get_by_test_id("pause-lunch").click()
    await expect(page.get_by_test_id("agent-state")).to_have_text("Break")
    await expect(page.get_by_test_id("presence")).to_contain_text("Lunch")
    await page.get_by_test_id("set-paused").click()
    await page.get_by_test_id("pause-training").click()
    await expect(page.get_by_test_id("presence")).to_contain_text("Training")
    await expect(page.get_by_test_id("state-outcome")).to_be_empty()
    await page.get_by_test_id("set-offline").click()
    await expect(page.get_by_test_id("agent-state")).to_have_text("Offline")


async def test_who_calls_is_on_the_screen_while_it_rings_and_missed_when_he_gives_up(
    at_work: VisitAs, sipp: Sipp, whole: Backend
) -> None:
    agent = await at_work(LONG_RING)
    page = agent.page
    placed = await sipp.place([caller(VIP)])
    ringing = page.get_by_test_id("ringing-card")
    await expect(name_on(page, "ringing-card")).to_have_text(VIP[0])
    await expect(ringing.get_by_test_id("tier")).to_have_text("VIP")
    await expect(ringing.get_by_test_id("number")).to_contain_text("(900) 000-00-01")
    await expect(ringing).to_contain_text("Incoming call")
    await expect(ringing).to_contain_text("Support")
    await expect(page.get_by_test_id("client-card")).to_contain_text(VIP[0])
    await expect(page.get_by_test_id("arpu")).to_contain_text("2,500")
    await expect(page.get_by_test_id("agent-state")).to_have_text("Ringing")
    await expect(page).to_have_title(re.compile(VIP[0]))
    await in_every_look(agent, "agent-ringing", name_on(page, "ringing-card"))

    await placed.stop()
    await whole.pbx.hang_up_all()
    await expect(ringing).to_have_count(0)
    await expect(page.get_by_test_id("left-card")).to_contain_text("Missed call")
    await expect(name_on(page, "left-card")).to_have_text(VIP[0])


async def test_a_call_is_taken_spoken_and_over(
    at_work: VisitAs, visit: VisitAs, sipp: Sipp, whole: Backend
) -> None:
    boss = await visit("supervisor")
    before = await boss.ask("GET", "/api/live/pops")
    agent = await at_work(AT_ONCE)
    page = agent.page
    placed = await sipp.place([caller(VIP)])
    await expect(name_on(page, "talking-card")).to_have_text(VIP[0])
    await expect(page.get_by_test_id("ringing-card")).to_have_count(0)
    await expect(page.get_by_test_id("agent-state")).to_have_text("In a call")
    shown = (await boss.ask("GET", "/api/live/pops"))["event_to_ack_ms"]
    assert shown["count"] == before["event_to_ack_ms"]["count"] + 1
    assert shown["p50"] > 0
    await in_every_look(agent, "agent-talking", name_on(page, "talking-card"))

    await placed.stop()
    await whole.pbx.hang_up_all()
    await expect(page.get_by_test_id("talking-card")).to_have_count(0)
    await expect(name_on(page, "left-card")).to_have_text(VIP[0])
    await expect(page.get_by_test_id("left-card")).to_contain_text("Last call")
    await expect(page.get_by_test_id("client-card")).to_contain_text(VIP[0])
    await expect(page.get_by_test_id("agent-state")).to_have_text("Available")
    await agent.picture("agent-last-call")


async def test_of_several_clients_the_agent_chooses_by_keyboard(at_work: VisitAs, sipp: Sipp) -> None:
    agent = await at_work(AT_ONCE)
    page = agent.page
    await sipp.place([Caller(number=f"+{SHARED_NUMBER}", dnis=SUPPORT)])
    options = page.get_by_test_id("choose-client")
    await expect(options).to_have_count(len(SHARED))
    await expect(page.get_by_test_id("client-card")).to_have_count(0)
    for client in SHARED:
        await expect(page.get_by_test_id("choose")).to_contain_text(client[0])
    await agent.look_for_barriers()
    await agent.picture("agent-choose")
    names = await options.all_inner_texts()
    wanted = next(place for place, text in enumerate(names, 1) if SHARED[1][0] in text)
    await page.keyboard.press(str(wanted))
    await expect(name_on(page, "talking-card")).to_have_text(SHARED[1][0])
    await expect(page.get_by_test_id("choose")).to_have_count(0)
    await expect(page.get_by_test_id("client-card")).to_contain_text(SHARED[1][0])


async def test_an_unknown_number_is_said_so_and_becomes_a_client(at_work: VisitAs, sipp: Sipp) -> None:
    agent = await at_work(AT_ONCE)
    page = agent.page
    await sipp.place([Caller(number=f"+{STRANGER}", dnis=SUPPORT)])
    await expect(name_on(page, "talking-card")).to_have_text("Unknown number")
    await expect(page.get_by_test_id("unknown")).to_contain_text("No client has this number yet")
    await page.get_by_test_id("create-open").click()
    await expect(page.get_by_test_id("create-name")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("create-form")).to_contain_text("Enter a name")
    await page.keyboard.type("Nadia Newcomer")
    await agent.look_for_barriers()
    await agent.picture("agent-create")
    await page.keyboard.press("Enter")
    await expect(name_on(page, "talking-card")).to_have_text("Nadia Newcomer")
    await expect(page.get_by_test_id("client-card")).to_contain_text("Nadia Newcomer")
    await expect(page.get_by_test_id("unknown")).to_have_count(0)


async def test_a_withheld_number_is_no_number(at_work: VisitAs, sipp: Sipp) -> None:
    agent = await at_work(AT_ONCE)
    page = agent.page
    await sipp.place([Caller(number=f"+{VIP[1]}", withheld=True, dnis=SUPPORT)])
    await expect(page.get_by_test_id("withheld")).to_contain_text("hides his number")
    await expect(page.get_by_test_id("number")).to_have_count(0)
    await expect(page.get_by_text(VIP[0])).to_have_count(0)


async def test_a_reload_in_mid_call_changes_nothing(at_work: VisitAs, sipp: Sipp) -> None:
    agent = await at_work(AT_ONCE)
    page = agent.page
    await sipp.place([caller(VIP)])
    await expect(name_on(page, "talking-card")).to_have_text(VIP[0])
    await page.reload()
    await expect(name_on(page, "talking-card")).to_have_text(VIP[0])
    await expect(page.get_by_test_id("client-card")).to_contain_text(VIP[0])


async def test_when_the_service_is_killed_the_page_says_so_and_comes_back_with_the_truth(
    at_work: VisitAs, sipp: Sipp, whole: Backend
) -> None:
    agent = await at_work(AT_ONCE)
    page = agent.page
    placed = await sipp.place([caller(VIP)])
    await expect(name_on(page, "talking-card")).to_have_text(VIP[0])
    await whole.service.kill()
    await expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "reconnecting")
    await expect(page.get_by_test_id("stale")).to_contain_text("may be out of date")
    await expect(name_on(page, "talking-card")).to_have_text(VIP[0])
    await agent.picture("agent-reconnecting")
    await placed.stop()
    await whole.pbx.hang_up_all()
    await whole.service.start()
    await agent.live()
    await expect(page.get_by_test_id("stale")).to_have_count(0)
    await expect(page.get_by_test_id("talking-card")).to_have_count(0)
    await expect(page.get_by_test_id("agent-state")).to_have_text("Available")
    await sipp.place([caller(STANDARD[0])])
    await expect(name_on(page, "talking-card")).to_have_text(STANDARD[0][0])


async def test_it_fits_beside_another_program(at_work: VisitAs, sipp: Sipp) -> None:
    agent = await at_work(AT_ONCE, width=400)
    page = agent.page
    await agent.fits()
    await sipp.place([caller(VIP)])
    await expect(name_on(page, "talking-card")).to_have_text(VIP[0])
    await expect(page.get_by_test_id("client-card")).to_be_visible()
    await agent.fits()
    await agent.look_for_barriers()
    await agent.picture("agent-400")
