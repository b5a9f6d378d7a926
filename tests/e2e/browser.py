"""A real browser: where it is, and what one visitor of the pages does and sees in it."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from app.infra.pages import pages_dir

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "artifacts" / "screenshots"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"

PATIENCE_MS = 20_000
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class NoBrowser(Exception):
    """The pages cannot be looked at; says what to do."""


def chromium_path() -> str:
    named = os.environ.get("TIERLINE_TEST_CHROMIUM")
    found = named or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if found is None:
        raise NoBrowser("no Chromium: install it, or name one in TIERLINE_TEST_CHROMIUM")
    return found


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    if not (pages_dir() / "index.html").exists():
        raise NoBrowser("the pages are not built: run `make setup`")
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=list(SWITCHES))
        yield browser
        await browser.close()


@dataclass
class Visit:
    """One person at one browser. `errors`: what the page complained about; `refused`: requests with bad answers."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.errors.append(message.text)
                if message.type == "error" and not message.text.startswith("Failed to load resource")
                else None
            ),
        )
        self.page.on(
            "response",
            lambda answer: (
                self.refused.append(f"{answer.status} {answer.request.method} {answer.url}")
                if answer.status >= 400
                else None
            ),
        )

    async def sign_in(self, login: str, password: str, *, language: str = "en", theme: str = "light") -> None:
        """Without the form, which has tests of its own."""
        asked = self.page.context.request
        headers = {"origin": self.url}
        answer = await asked.post(
            f"{self.url}/api/sessions", data={"login": login, "password": password}, headers=headers
        )
        assert answer.ok, await answer.text()
        await self.prefer(language=language, theme=theme)

    async def prefer(self, **wishes: str) -> None:
        answer = await self.page.context.request.patch(
            f"{self.url}/api/me", data=wishes, headers={"origin": self.url}
        )
        assert answer.ok, await answer.text()

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What this browser's session gets from the server; the status must be fine."""
        answer = await self.page.context.request.fetch(
            f"{self.url}{path}", method=method, data=body, headers={"origin": self.url}
        )
        assert answer.ok, await answer.text()
        return await answer.json()

    async def open(self, path: str) -> Page:
        """The page behind sign-in, when it is live."""
        await self.page.goto(f"{self.url}{path}")
        await self.live()
        return self.page

    async def live(self) -> None:
        await expect(self.page.get_by_test_id("connection")).to_have_attribute("data-state", "live")

    async def picture(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True, animations="disabled")

    async def look_for_barriers(self) -> None:
        """axe finds nothing serious or critical on the page as it stands."""
        await self.page.evaluate(AXE.read_text())
        found = await self.page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
        )
        grave = [
            f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes']]}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        assert not grave, "\n".join(grave)

    async def fits(self) -> None:
        """Nothing must be scrolled sideways."""
        wide, room = await self.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide <= room, f"the page is {wide} px wide in a window of {room} px"


async def in_every_look(visit: Visit, name: str, there: Locator) -> None:
    """Both languages, both themes: what must be there is there, without barriers, and nothing sticks out."""
    for language, theme in (("ru", "light"), ("ru", "dark"), ("en", "dark"), ("en", "light")):
        await visit.prefer(language=language, theme=theme)
        await visit.page.reload()
        await visit.live()
        html = visit.page.locator("html")
        await expect(html).to_have_attribute("data-mantine-color-scheme", theme)
        await expect(html).to_have_attribute("lang", language)
        await expect(there).to_be_visible()
        await visit.fits()
        await visit.look_for_barriers()
        await visit.picture(f"{name}-{language}-{theme}")
