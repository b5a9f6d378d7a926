"""The two pictures of the README, of the real thing with generated clients:   python -m tests.e2e.pictures

Overwrites docs/images/agent.png and docs/images/floor.png.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, zip_longest
from pathlib import Path

from faker import Faker
from playwright.async_api import Browser, expect
from pwdlib import PasswordHash

from app.agents.generator import load_floor
from app.clients.generator import load_demo, numbers_by_tier
from app.infra.asterisk import LocalAsterisk
from app.infra.db import Database
from app.infra.postgres import EmbeddedPostgres
from app.infra.sipp import Caller, Sipp, Turn
from app.projects.models import DEFAULT_PROJECT
from tests.asterisk.backend import PASSWORD, SUPPORT, Backend, backend
from tests.e2e.browser import ROOT, Visit, chromium
from tests.fakes.page import Page

IMAGES = ROOT / "docs" / "images"
SALES = "74950000002"
TIERS = ("vip", "priority", "standard")
CODES = [str(1001 + number) for number in range(9)]
ENGLISH_CALLERS = """
SELECT p.phone FROM clients c JOIN client_phones p ON p.client_id = c.id
WHERE c.language = 'en' AND c.kind = 'person' AND p.is_primary AND p.phone = ANY($1::bigint[])
ORDER BY least(2, (SELECT count(*) FROM cases k WHERE k.client_id = c.id AND k.closed_at IS NULL))
    + least(2, (SELECT count(*) FROM contracts k WHERE k.client_id = c.id))
    + least(2, (SELECT count(*) FROM offers o WHERE o.client_id = c.id AND o.state = 'open'))
    + least(2, (SELECT count(*) FROM notes n WHERE n.client_id = c.id)) DESC,
    (SELECT count(*) FROM interactions i WHERE i.client_id = c.id) DESC, p.phone
"""


@dataclass
class Stage:
    """`numbers`: {tier: callers who speak English, the one with the most to show first}."""

    backend: Backend
    sipp: Sipp
    numbers: dict[str, list[str]]


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    async with (
        EmbeddedPostgres(folder / "postgres", durable=False) as postgres,
        Database(postgres.app_url, migrations_url=postgres.owner_url) as database,
        LocalAsterisk() as pbx,
    ):
        await database.migrate()
        async with database.raw(DEFAULT_PROJECT) as connection:
            hashed = PasswordHash.recommended().hash(PASSWORD)
            await load_floor(connection, pbx=pbx.name, password_hash=hashed)
        await load_demo(database, DEFAULT_PROJECT, now=datetime.now(UTC), clients=10_000)
        await speak_english(database)
        async with backend(database, pbx, folder) as one, Sipp(pbx) as sipp:
            yield Stage(one, sipp, await english(database))


async def english(database: Database) -> dict[str, list[str]]:
    async with database.raw(DEFAULT_PROJECT) as connection:
        numbers = await numbers_by_tier(connection, datetime.now(UTC).date())
        rows = {tier: await connection.fetch(ENGLISH_CALLERS, numbers[tier]) for tier in TIERS}
    return {tier: [f"+{row['phone']}" for row in found] for tier, found in rows.items()}


ENGLISH = {
    "Мобильная связь": "Mobile",
    "Домашний интернет": "Home internet",
    "Минуты": "Minutes",
    "мин": "min",
    "Интернет": "Internet",
    "ГБ": "GB",
    "SMS": "SMS",
    "шт.": "pcs",
    "Выезд мастера": "Engineer’s visit",
    "выезд": "visits",
    "Телевидение": "Television",
    "каналов": "channels",
}


async def speak_english(database: Database) -> None:
    """Generated agents and services have Russian names."""
    fake = Faker("en_US")
    fake.seed_instance(7)
    async with database.raw(DEFAULT_PROJECT) as connection:
        for code in await connection.fetch("SELECT code FROM agents ORDER BY code"):
            name = f"{fake.first_name()} {fake.last_name()}"
            await connection.execute("UPDATE agents SET name = $2 WHERE code = $1", code[0], name)
            await connection.execute("UPDATE users SET name = $2 WHERE login = $1", code[0], name)
        for russian, word in ENGLISH.items():
            await connection.execute("UPDATE services SET name = $2 WHERE name = $1", russian, word)
            await connection.execute("UPDATE entitlements SET name = $2 WHERE name = $1", russian, word)
            await connection.execute("UPDATE entitlements SET unit = $2 WHERE unit = $1", russian, word)


async def busy_minute(on: Stage, people: dict[str, Page]) -> None:
    """So that there are figures of the day."""
    for page in people.values():
        await page.become("available")
    mixed = zip_longest(
        on.numbers["standard"][10:40], on.numbers["priority"][10:25], on.numbers["vip"][10:16]
    )
    callers = [
        Caller(number, SUPPORT if place % 3 else SALES, talk_s=1.0 + place % 4, patience_s=2.5 + place % 5)
        for place, number in enumerate(filter(None, chain.from_iterable(mixed)))
    ]
    placed = await on.sipp.place(callers, per_second=5.0)
    await placed.finished()


async def full_floor(on: Stage, people: dict[str, Page], boss: Page) -> None:
    """The client with the most to show talks with the first agent, the others are busy or away, eight wait."""
    for code, page in people.items():
        if code != CODES[0]:
            await page.become("paused", "break")
    await on.sipp.place([Caller(on.numbers["vip"][0], SUPPORT)])
    first = people[CODES[0]]
    await first.until(lambda: any(one["stage"] == "talking" for one in first.calls.values()))
    for code in CODES[1:-2]:
        await people[code].become("available")
    await people[CODES[-2]].become("paused", "lunch")
    await people[CODES[-1]].become("paused", "training")
    talking = [*on.numbers["standard"][1:4], *on.numbers["priority"][1:3], on.numbers["vip"][1]]
    await on.sipp.place(
        [Caller(one, SALES if place % 3 == 2 else SUPPORT) for place, one in enumerate(talking)]
    )
    await boss.until(lambda: stages(boss).count("talking") == len(talking) + 1)
    for tier, few in (("standard", 4), ("priority", 3), ("vip", 1)):
        await wait_in_line(on, boss, on.numbers[tier][5 : 5 + few])


def stages(page: Page) -> list[str]:
    return [one["stage"] for one in page.calls.values()]


async def wait_in_line(on: Stage, boss: Page, numbers: Sequence[str]) -> None:
    before = stages(boss).count("waiting")
    callers = [Caller(one, SALES if place % 3 == 1 else SUPPORT) for place, one in enumerate(numbers)]
    await on.sipp.place(callers, per_second=0.7)
    await boss.until(lambda: stages(boss).count("waiting") == before + len(numbers))


async def take(browser: Browser, on: Stage, login: str, path: str, there: str, height: int) -> None:
    context = await browser.new_context(viewport={"width": 1280, "height": height}, reduced_motion="reduce")
    visit = Visit(await context.new_page(), on.backend.service.url)
    await visit.sign_in(login, PASSWORD)
    page = await visit.open(path)
    await expect(page.get_by_test_id(there).first).to_be_visible()
    await page.evaluate("document.fonts.ready")
    IMAGES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=IMAGES / f"{path.strip('/')}.png", animations="disabled")
    await context.close()


async def main(folder: Path) -> None:
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(chromium())
        on = await stack.enter_async_context(stage(folder))
        await on.sipp.phones(CODES, [Turn(ring_s=0.5)])
        people = {code: await stack.enter_async_context(on.backend.page(code)) for code in CODES}
        boss = await stack.enter_async_context(on.backend.page("supervisor"))
        await busy_minute(on, people)
        await full_floor(on, people, boss)
        await take(browser, on, "supervisor", "/floor", "waiting-row", 1080)
        await take(browser, on, CODES[0], "/agent", "client-card", 1000)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tierline-pictures-") as folder:
        Path(folder).chmod(0o711)  # as root PostgreSQL runs as nobody, who must get in
        asyncio.run(main(Path(folder)))
