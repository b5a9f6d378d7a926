"""The browser for the whole run, and visits with it for each test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from app.infra.sipp import Sipp, Turn
from tests.asterisk.backend import PASSWORD, Backend
from tests.e2e.browser import Visit, chromium

AGENT = "1001"
VisitAs = Callable[..., Awaitable[Visit]]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as one:
        yield one


@pytest.fixture
async def visit(browser: Browser, whole: Backend) -> AsyncIterator[VisitAs]:
    """`await visit("1001", width=400)`: a browser of its own, signed in unless the login is empty. No page may
    have complained about anything when the test is over."""
    visits: list[Visit] = []

    async def come(
        login: str = "", *, width: int = 1280, height: int = 900, language: str = "en", theme: str = "light"
    ) -> Visit:
        context = await browser.new_context(
            viewport={"width": width, "height": height}, locale="en-GB", reduced_motion="reduce"
        )
        one = Visit(await context.new_page(), whole.service.url)
        one.listen()
        visits.append(one)
        if login:
            await one.sign_in(login, PASSWORD, language=language, theme=theme)
        return one

    yield come
    for one in visits:
        await one.page.context.close()
    assert [error for one in visits for error in one.errors] == []


@pytest.fixture
async def at_work(visit: VisitAs, sipp: Sipp, whole: Backend) -> AsyncIterator[VisitAs]:
    """`await at_work(Turn(…))`: agent 1001 sits at his page, available; his phone takes calls as the turns say."""

    async def come(*turns: Turn, **looks: Any) -> Visit:
        await sipp.phones([AGENT], turns)
        agent = await visit(AGENT, **looks)
        await agent.ask("PUT", "/api/presence", {"state": "available"})
        page = await agent.open("/agent")
        await expect(page.get_by_test_id("set-available")).to_have_attribute("data-on", "true")
        await expect(page.get_by_test_id("idle")).to_be_visible()
        return agent

    yield come
    async with whole.page(AGENT) as agent:
        await agent.become("offline")
