"""Who gets in, where he lands, what he keeps, and that leaving is leaving."""

import re

import pytest
from playwright.async_api import expect

from tests.asterisk.backend import PASSWORD, Backend
from tests.e2e.conftest import VisitAs

pytestmark = pytest.mark.browser

SIGN_IN = re.compile("/sign-in")


@pytest.mark.parametrize("path", ["/", "/agent", "/floor"])
async def test_a_stranger_sees_the_sign_in_page_alone(visit: VisitAs, path: str) -> None:
    stranger = await visit()
    page = stranger.page
    await page.goto(f"{stranger.url}{path}")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(page).to_have_url(SIGN_IN)
    await expect(page.get_by_test_id("login")).to_be_focused()
    await expect(page.get_by_test_id("account")).to_have_count(0)
    assert [one.split()[0] for one in stranger.refused] == ["401"]


async def test_a_wrong_password_is_said_so_and_the_right_one_leads_to_work(visit: VisitAs) -> None:
    person = await visit()
    page = person.page
    await page.goto(f"{person.url}/")
    await page.get_by_test_id("login").fill("1001")
    await page.get_by_test_id("password").fill("guess")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("sign-in-error")).to_contain_text("Login or password is wrong")
    await person.look_for_barriers()
    await person.picture("sign-in-wrong-password")
    await page.get_by_test_id("password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{person.url}/agent")
    await person.live()


async def test_after_signing_in_one_is_where_one_wanted_to_be(visit: VisitAs) -> None:
    boss = await visit()
    page = boss.page
    await page.goto(f"{boss.url}/floor")
    await page.get_by_test_id("login").fill("supervisor")
    await page.get_by_test_id("password").fill(PASSWORD)
    await page.get_by_test_id("submit").click()
    await expect(page).to_have_url(f"{boss.url}/floor")
    await boss.live()
    await expect(page.get_by_test_id("line")).to_have_count(2)


async def test_the_floor_is_not_for_agents(visit: VisitAs) -> None:
    agent = await visit("1001")
    page = await agent.open("/floor")
    await expect(page).to_have_url(f"{agent.url}/agent")
    await expect(page.get_by_test_id("presence")).to_be_visible()
    await expect(page.get_by_role("link", name="Floor")).to_have_count(0)
    answer = await page.context.request.get(f"{agent.url}/api/live/pops")
    assert answer.status == 403


async def test_language_and_theme_are_kept_for_the_person(visit: VisitAs) -> None:
    person = await visit("1002")
    page = await person.open("/agent")
    html = page.locator("html")
    await expect(html).to_have_attribute("lang", "en")
    await page.get_by_test_id("account").click()
    await page.get_by_test_id("language").get_by_text("Русский").click()
    await expect(page.get_by_test_id("sign-out")).to_have_text("Выйти")
    await page.get_by_test_id("theme").get_by_text("Тёмная").click()
    await expect(html).to_have_attribute("data-mantine-color-scheme", "dark")
    await page.keyboard.press("Escape")
    await page.reload()
    await person.live()
    await expect(html).to_have_attribute("lang", "ru")
    await expect(html).to_have_attribute("data-mantine-color-scheme", "dark")

    elsewhere = await visit()
    await elsewhere.page.goto(f"{elsewhere.url}/")
    await elsewhere.page.get_by_test_id("login").fill("1002")
    await elsewhere.page.get_by_test_id("password").fill(PASSWORD)
    await elsewhere.page.keyboard.press("Enter")
    await elsewhere.live()
    await expect(elsewhere.page.locator("html")).to_have_attribute("lang", "ru")
    await expect(elsewhere.page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


async def test_signing_out_closes_every_tab_of_the_session(visit: VisitAs, whole: Backend) -> None:
    person = await visit("1003")
    page = await person.open("/agent")
    other = await page.context.new_page()
    await other.goto(f"{person.url}/agent")
    await expect(other.get_by_test_id("connection")).to_have_attribute("data-state", "live")
    await page.get_by_test_id("account").click()
    await page.get_by_test_id("sign-out").click()
    for tab in (page, other):
        await expect(tab).to_have_url(SIGN_IN)
        await expect(tab.get_by_test_id("login")).to_be_visible()
        await expect(tab.get_by_test_id("presence")).to_have_count(0)
    await expect(other.get_by_role("status")).to_contain_text("Your session has ended")
    await page.goto(f"{person.url}/agent")
    await expect(page.get_by_test_id("login")).to_be_visible()
