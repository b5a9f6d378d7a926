"""A real switch whose clock is an hour off, and is set in mid-call: waits and times of day stay right."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import pytest
from pwdlib import PasswordHash

from app.agents.generator import load_floor
from app.demo.service import ServiceProcess
from app.infra.asterisk import LocalAsterisk
from app.infra.db import Database
from app.infra.processes import free_ports
from app.infra.sipp import Caller, Sipp, Turn
from app.projects.models import DEFAULT_PROJECT
from tests.asterisk.backend import PASSWORD, SUPPORT
from tests.conftest import Urls
from tests.fakes.page import Page
from tests.fakes.routing_webhook import FakeWebhook
from tests.fakes.wrong_clock import WrongClock

pytestmark = pytest.mark.pbx

HOUR = 3600.0
NEAR_S = 5.0
"""How far a moment may be from when the test saw it: a loaded machine is slow, and an hour is far."""


@dataclass
class Site:
    clock: WrongClock
    service: ServiceProcess
    database: Database

    def page(self, login: str) -> Page:
        return Page(self.service.url, login, PASSWORD)

    async def stored(self, call: str) -> asyncpg.Record:
        """The row of a call that is over."""
        pbx, _, call_id = call.partition("/")
        async with asyncio.timeout(60):
            while True:
                async with self.database.raw(DEFAULT_PROJECT) as connection:
                    row = await connection.fetchrow(
                        "SELECT * FROM calls WHERE pbx = $1 AND call_id = $2 AND ended_at IS NOT NULL",
                        *(pbx, call_id),
                    )
                if row is not None:
                    return row
                await asyncio.sleep(0.05)


@pytest.fixture(scope="module", params=[HOUR, -HOUR], ids=["ahead", "behind"])
async def site(
    asterisk: LocalAsterisk,
    module_urls: Urls,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Site]:
    async with (
        Database(module_urls.app, migrations_url=module_urls.owner) as database,
        WrongClock(asterisk.host, asterisk.ami_port) as clock,
    ):
        clock.ahead_s = request.param
        async with database.raw(DEFAULT_PROJECT) as connection:
            hashed = PasswordHash.recommended().hash(PASSWORD)
            await load_floor(connection, pbx=asterisk.name, password_hash=hashed, agents=1)
        through = {f"TIERLINE_PBX__{asterisk.name.upper()}__PORT": str(clock.port)}
        log = tmp_path_factory.mktemp("clock") / "service.log"
        async with ServiceProcess(free_ports(1)[0], database.url, asterisk, log, through) as service:
            yield Site(clock, service, database)


async def test_an_hour_off_is_said_and_falsifies_nothing(
    site: Site, asterisk: LocalAsterisk, webhook: FakeWebhook, sipp: Sipp
) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=0.1, talk_s=1.0)])
    async with site.page("1001") as agent, site.page("supervisor") as boss:
        wrong = await boss.until(lambda: boss.links[asterisk.name]["clock_offset"])
        assert wrong == pytest.approx(-site.clock.ahead_s, abs=NEAR_S)
        await agent.become("paused", "lunch")
        before = time.time()
        placed = await sipp.place([Caller(number="+79000000071", dnis=SUPPORT)])
        (call,) = await boss.until(lambda: [one for one in boss.calls.values() if one["stage"] == "waiting"])
        for moment in (
            call["started_at"],
            call["joined_at"],
            boss.agents[f"{asterisk.name}/PJSIP/1001"]["since"],
        ):
            assert moment == pytest.approx(before, abs=NEAR_S)
        longest = await boss.until(lambda: _longest(boss))
        assert longest == pytest.approx(call["joined_at"], abs=0.001)
        await agent.become("available")
        await boss.until(lambda: _answered(boss, call["call"]))
        (seen,) = await placed.finished()
    row = await site.stored(call["call"])
    assert _near(row["started_at"], before)
    assert _near(row["ended_at"], before)
    assert seen.waited_s is not None
    assert row["wait_s"] == pytest.approx(seen.waited_s, abs=NEAR_S), "the dialplan speaks before the line"
    assert 0.5 < row["talk_s"] < NEAR_S


@pytest.mark.parametrize("step", [-2 * HOUR, 2 * HOUR], ids=["back", "forward"])
async def test_a_clock_that_is_set_in_mid_call_costs_it_nothing(
    site: Site, webhook: FakeWebhook, sipp: Sipp, step: float
) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=0.1, talk_s=1.0)])
    async with site.page("1001") as agent, site.page("supervisor") as boss:
        await agent.become("paused", "lunch")
        placed = await sipp.place([Caller(number="+79000000072", dnis=SUPPORT)])
        (call,) = await boss.until(lambda: [one for one in boss.calls.values() if one["stage"] == "waiting"])
        began, shown = time.time(), call["joined_at"]
        site.clock.ahead_s += step
        await agent.become("available")
        talking = await boss.until(lambda: _answered(boss, call["call"]))
        waited = talking["answered_at"] - talking["joined_at"]
        assert talking["joined_at"] == shown
        assert waited == pytest.approx(time.time() - began, abs=NEAR_S)
        assert waited > 0
        wrong = site.clock.ahead_s
        await boss.until(lambda: abs(boss.links[call["pbx"]]["clock_offset"] + wrong) < NEAR_S)
        await placed.finished()
    row = await site.stored(call["call"])
    assert row["wait_s"] == pytest.approx(waited, abs=1.0), (
        "what was shown is rounded by how often clocks are compared"
    )
    assert 0.5 < row["talk_s"] < NEAR_S
    assert row["started_at"] <= row["joined_at"] <= row["answered_at"] <= row["ended_at"]


def _answered(boss: Page, call: str) -> dict[str, Any] | None:
    """As it was told first after the answer."""
    told = (one["call"] for one in boss.messages if one["type"] == "call")
    return next((one for one in told if one["call"] == call and one["answered_at"]), None)


def _longest(boss: Page) -> float | None:
    since = [tier["longest_since"] for line in boss.lines.values() for tier in line["tiers"]]
    return next((one for one in since if one is not None), None)


def _near(moment: datetime, at: float) -> bool:
    return abs(moment.timestamp() - at) < NEAR_S * 2
