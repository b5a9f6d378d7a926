"""Where app_queue distributes: one agent of four stays free for a VIP, whatever becomes of the backend."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from app.infra.asterisk import LocalAsterisk
from app.infra.db import Database
from app.infra.sipp import Caller, Sipp
from app.projects.models import DEFAULT_PROJECT
from tests.asterisk.ami import Block, Ears
from tests.asterisk.backend import STANDARD, STRANGER, SUPPORT, VIP, Backend, backend
from tests.conftest import Urls
from tests.fakes.page import Page

pytestmark = pytest.mark.pbx

AGENTS = ("1001", "1002", "1003", "1004")
RESERVE = "tierline-reserve"


@pytest.fixture(scope="module")
async def reserved(
    asterisk: LocalAsterisk, module_urls: Urls, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Backend]:
    """Four agents; VIPs of `support` wait in a queue of their own."""
    folder = tmp_path_factory.mktemp("reserved")
    async with (
        Database(module_urls.app, migrations_url=module_urls.owner) as database,
        backend(database, asterisk, folder, agents=len(AGENTS)) as one,
    ):
        async with database.raw(DEFAULT_PROJECT) as connection:
            await connection.execute("UPDATE lines SET vip_queue = 'support-vip' WHERE code = 'support'")
        await one.service.stop()
        await one.service.start()
        yield one


class Team:
    """Everybody's page, and what the switch says of their pauses."""

    def __init__(self, ears: Ears, boss: Page, pages: dict[str, Page]) -> None:
        self._ears = ears
        self.boss = boss
        self.pages = pages

    async def become(self, state: str) -> None:
        for page in self.pages.values():
            await page.become(state)

    async def paused(self) -> dict[str, set[str]]:
        """Agent -> queues in which he is kept, as the switch lists them now. Nobody is paused for another reason."""
        before = len(self._ears.heard)
        done = sum(one["Event"] == "QueueStatusComplete" for one in self._ears.heard)
        await self._ears.ask("QueueStatus")
        await self._ears.wait_for("QueueStatusComplete", count=done + 1)
        found: dict[str, set[str]] = {}
        for one in self._ears.heard[before:]:
            if one["Event"] == "QueueMember" and one["Paused"] == "1":
                assert one["PausedReason"] == RESERVE
                found.setdefault(one["Location"].removeprefix("PJSIP/"), set()).add(one["Queue"])
        return found

    def pauses(self) -> list[Block]:
        return [one for one in self._ears.heard if one["Event"] == "QueueMemberPause"]

    def in_call(self) -> set[str]:
        return {key.rpartition("/")[2] for key, one in self.boss.agents.items() if one["state"] == "in_call"}


@pytest.fixture
async def team(reserved: Backend, ears: Ears, sipp: Sipp) -> AsyncIterator[Team]:
    """All four are there, and one of them is kept."""
    await sipp.phones(AGENTS)
    async with AsyncExitStack() as stack:
        boss = await stack.enter_async_context(reserved.page("supervisor"))
        pages = {login: await stack.enter_async_context(reserved.page(login)) for login in AGENTS}
        one = Team(ears, boss, pages)
        await one.become("available")
        await ears.wait_for("QueueMemberPause", PausedReason=RESERVE)
        assert [*(await one.paused()).values()] == [{"support"}]
        yield one
        await one.become("offline")


def calling(client: tuple[str, int, int]) -> Caller:
    return Caller(f"+{client[1]}", dnis=SUPPORT)


async def test_three_serve_everybody_and_the_fourth_is_there_for_a_vip(team: Team, sipp: Sipp) -> None:
    (kept,) = await team.paused()
    others = set(AGENTS) - {kept}
    early = await sipp.place([calling(one) for one in STANDARD])
    await team.boss.until(lambda: team.in_call() == others)
    fourth = await sipp.place([Caller(STRANGER, dnis=SUPPORT)])
    await team.boss.until(lambda: _waiting(team.boss) == 1)
    kept_view = team.boss.agents[f"main/PJSIP/{kept}"]
    assert (kept_view["state"], kept_view["pause_reasons"]) == ("available", [])
    vip = await sipp.place([calling(VIP)])
    call = await team.boss.until(lambda: _talking(team.boss, VIP[0]))
    assert call["talking"] == [f"main/PJSIP/{kept}"] or call["talking"] == [f"PJSIP/{kept}"]
    assert (call["line"], call["tier"]) == ("support", "vip")
    assert _waiting(team.boss) == 1, "the caller before him waits on"
    await team.boss.until(lambda: _answered(team.boss) == {"vip": 1, "priority": 0, "standard": 3})
    assert (await team.pages[kept].http.get("/routing/load")).status_code == 403
    await team.boss.until(lambda: team.in_call() == set(AGENTS))
    for placed in (fourth, vip, early):
        await placed.stop()


async def start_anew(reserved: Backend) -> None:
    """Without the calls of the tests before: of talks that took a second nobody would have to be kept."""
    async with reserved.database.raw(DEFAULT_PROJECT) as connection:
        await connection.execute("DELETE FROM calls")
    await reserved.service.start()


async def test_a_backend_that_is_killed_leaves_one_agent_kept_and_goes_on_with_him(
    team: Team, reserved: Backend
) -> None:
    before = await team.paused()
    await reserved.service.kill()
    assert await team.paused() == before
    told = len(team.pauses())
    await start_anew(reserved)
    async with reserved.page("supervisor") as boss:
        async with asyncio.timeout(30):
            while True:
                if await _load(boss) == (len(AGENTS), 1):
                    break
                await asyncio.sleep(0.2)
    assert await team.paused() == before
    assert team.pauses()[told:] == []


async def test_an_orderly_end_lifts_it_and_the_next_start_makes_it_again(
    team: Team, reserved: Backend, ears: Ears
) -> None:
    await reserved.service.stop()
    assert await team.paused() == {}
    told = len(team.pauses())
    await start_anew(reserved)
    await ears.until(lambda: any(one["Paused"] == "1" for one in team.pauses()[told:]))
    assert [*(await team.paused()).values()] == [{"support"}]


async def test_signing_off_lifts_it_and_another_is_kept(team: Team, ears: Ears) -> None:
    (kept,) = await team.paused()
    told = len(team.pauses())
    await team.pages[kept].become("offline")
    await ears.until(lambda: any(one["Paused"] == "1" for one in team.pauses()[told:]))
    now = await team.paused()
    assert kept not in now
    assert [*now.values()] == [{"support"}]
    await team.become("offline")
    assert await team.paused() == {}


async def _load(boss: Page) -> tuple[int, int]:
    """On duty on `support`, and to be kept there."""
    (line,) = [one for one in (await boss.http.get("/routing/load")).json() if one["line"] == "support"]
    return line["agents"], line["kept_mid"]


def _waiting(page: Page) -> int:
    return sum(one["stage"] == "waiting" for one in page.calls.values())


def _answered(page: Page) -> dict[str, int]:
    """On the line, whichever of its queues they waited in."""
    return {one["tier"]: one["answered"] for one in page.lines["support"]["tiers"]}


def _talking(page: Page, client: str) -> dict[str, object] | None:
    call = page.call_of(client)
    return call if call is not None and call["stage"] == "talking" else None
