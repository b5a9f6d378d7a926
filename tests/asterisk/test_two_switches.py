"""Two real switches in one service, alike to a hair: the same system name, so the same ids; the same devices, queues
and numbers. Two more are in the settings and never come: nobody there, and a wrong password.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest
from asyncpg.pool import PoolConnectionProxy
from pwdlib import PasswordHash

from app.agents.generator import load_floor
from app.demo.service import ServiceProcess
from app.identity.service import IdentityService
from app.infra.asterisk import LocalAsterisk
from app.infra.db import Database
from app.infra.processes import free_ports
from app.infra.sipp import Caller, Phones, Sipp, Turn
from app.projects.models import DEFAULT_PROJECT
from tests.asterisk.backend import PASSWORD, SUPPORT
from tests.conftest import Urls
from tests.fakes.page import Page
from tests.fakes.wrong_clock import WrongClock

pytestmark = pytest.mark.pbx

DEVICE = "PJSIP/1001"
NORTH, SOUTH = "north", "south"
NORA, SONYA = "1001", "2001"
"""Logins. Each has the device 1001, of his own switch."""
IN_NORTH, IN_SOUTH = "+79000000061", "+79000000062"


@dataclass
class Two:
    north: LocalAsterisk
    south: LocalAsterisk
    service: ServiceProcess

    def page(self, login: str) -> Page:
        return Page(self.service.url, login, PASSWORD)

    async def health(self) -> dict[str, Any]:
        async with httpx.AsyncClient(base_url=self.service.url) as http:
            found: dict[str, Any] = (await http.get("/health")).json()
            return found


@pytest.fixture(scope="module")
async def two(module_urls: Urls, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Two]:
    alike = {"site/asterisk.conf": "systemname=centre\n"}
    north = LocalAsterisk(name=NORTH, extra=alike, host="127.0.0.11", trunk_address="127.0.0.12")
    south = LocalAsterisk(name=SOUTH, extra=alike, host="127.0.0.21", trunk_address="127.0.0.22")
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            Database(module_urls.app, migrations_url=module_urls.owner)
        )
        async with database.raw(DEFAULT_PROJECT) as connection:
            hashed = PasswordHash.recommended().hash(PASSWORD)
            await load_floor(connection, pbx=NORTH, password_hash=hashed, agents=1)
            await _second_site(connection, hashed)
        for pbx in (north, south):
            await stack.enter_async_context(pbx)
        door = await stack.enter_async_context(WrongClock(south.host, south.ami_port))
        token = await IdentityService(database, DEFAULT_PROJECT).create_token("dialplan", ["routing"])
        others = {
            **_settings(SOUTH, south.host, south.ami_port, south.ami_secret),
            **_settings("nowhere", "127.0.0.31", free_ports(1, "127.0.0.31")[0], "nobody asks"),
            **_settings("locked", door.host, door.port, "not its secret"),
        }
        folder = tmp_path_factory.mktemp("two")
        service = ServiceProcess(free_ports(1)[0], database.url, north, folder / "service.log", others)
        await stack.enter_async_context(service)
        for pbx in (north, south):
            await pbx.point_at(f"{service.url}/routing/calls", token)
        yield Two(north, south, service)


@pytest.fixture
async def sipps(two: Two) -> AsyncIterator[tuple[Sipp, Sipp]]:
    async with Sipp(two.north) as north, Sipp(two.south) as south:
        yield north, south


async def test_two_calls_with_everything_alike_are_two_calls(two: Two, sipps: tuple[Sipp, Sipp]) -> None:
    await _phones(sipps)
    async with two.page(NORA) as nora, two.page(SONYA) as sonya, two.page("supervisor") as boss:
        await nora.become("available")
        await sonya.become("available")
        placed = [await sipps[0].place([_caller(IN_NORTH)]), await sipps[1].place([_caller(IN_SOUTH)])]
        await boss.until(lambda: _stages(boss) == {NORTH: "talking", SOUTH: "talking"})
        await nora.until(lambda: _stages(nora) == {NORTH: "talking"})
        await sonya.until(lambda: _stages(sonya) == {SOUTH: "talking"})
        assert _seen(nora) == [(NORTH, IN_NORTH)]
        assert _seen(sonya) == [(SOUTH, IN_SOUTH)]
        await sonya.until(lambda: sonya.cards)
        assert [card["number"] for card in sonya.cards.values()] == [IN_SOUTH]
        assert set(nora.agents) == {f"{NORTH}/{DEVICE}"}
        assert all(one.partition("/")[2].startswith("centre-") for one in boss.calls), "ids tell no switch"
        await boss.until(lambda: _states(boss) == {NORTH: "in_call", SOUTH: "in_call"})
        for key, agent in boss.agents.items():
            assert agent["calls"] == [one for one in boss.calls if one.startswith(agent["pbx"])], key
        (foreign,) = sonya.calls
        answer = await nora.http.put(f"/api/calls/{foreign}/client", json={"client_id": 1})
        assert answer.status_code == 404, "his device has the name of the one that talks there, and no more"
        assert (
            (await sonya.http.put(f"/api/calls/{foreign}/client", json={"client_id": 1}))
            .json()["message"]
            .startswith("This client")
        ), "her own call is found"
        for one in placed:
            await one.stop()
        await two.north.hang_up_all()
        await nora.until(lambda: not nora.calls)
        assert _seen(sonya) == [(SOUTH, IN_SOUTH)]
        await two.south.hang_up_all()
        await boss.until(lambda: not boss.calls)


async def test_one_killed_in_mid_call_does_not_touch_the_other(two: Two, sipps: tuple[Sipp, Sipp]) -> None:
    phones = await _phones(sipps)
    async with two.page(NORA) as nora, two.page(SONYA) as sonya, two.page("supervisor") as boss:
        await nora.become("available")
        await sonya.become("available")
        await sipps[0].place([_caller(IN_NORTH)])
        going_on = await sipps[1].place([_caller(IN_SOUTH)])
        await boss.until(lambda: _stages(boss) == {NORTH: "talking", SOUTH: "talking"})
        (lost,) = await nora.until(lambda: [*nora.calls])
        (kept,) = await sonya.until(lambda: [*sonya.calls])

        await two.north.kill()
        await boss.until(lambda: boss.links[NORTH]["state"] == "down")
        assert lost in boss.calls, "what it said last stands there, marked by its link"
        assert boss.links[NORTH]["why"]
        assert boss.links[SOUTH]["state"] == "up"
        links = (await two.health())["links"]
        assert (links[NORTH], links[SOUTH]) == ("down", "up")
        refused = await nora.http.put("/api/presence", json={"state": "paused", "reason": "lunch"})
        assert refused.status_code == 503

        waiting = await sipps[1].place([_caller("+79000000063")])
        await boss.until(lambda: len([one for one in boss.calls.values() if one["pbx"] == SOUTH]) == 2)
        assert boss.calls[kept]["stage"] == "talking"
        assert [seen.ended_s for seen in going_on.seen()] == [None]
        await sonya.become("paused", "lunch")
        await boss.until(lambda: boss.agents[f"{SOUTH}/{DEVICE}"]["pause_reasons"] == ["lunch"])
        await sonya.become("available")
        await going_on.stop()
        await two.south.hang_up_all()
        await waiting.finished()
        new = await sipps[1].place([_caller("+79000000064")])
        await sonya.until(lambda: _seen(sonya) == [(SOUTH, "+79000000064")])
        await new.stop()
        await two.south.hang_up_all()

        await two.north.restart()
        await phones[0].register()
        await boss.until(lambda: boss.links[NORTH]["state"] == "up" and lost not in boss.calls)
        await boss.until(lambda: boss.agents[f"{NORTH}/{DEVICE}"]["state"] == "available")
        again = await sipps[0].place([_caller("+79000000065")])
        await nora.until(lambda: _seen(nora) == [(NORTH, "+79000000065")])
        await again.stop()
        await two.north.hang_up_all()
        await boss.until(lambda: not boss.calls)


async def test_switches_that_never_came_are_said_to_everybody(two: Two) -> None:
    async with two.page("supervisor") as boss:
        words = {name: link["state"] for name, link in boss.links.items()}
        assert words == {NORTH: "up", SOUTH: "up", "nowhere": "down", "locked": "refused"}
        assert "check secret=" in boss.links["locked"]["why"]
        assert boss.links["nowhere"]["clock_offset"] is None
        assert abs(boss.links[SOUTH]["clock_offset"]) < 5.0, "the same clock, on a machine that may be busy"
    health = await two.health()
    assert health["links"] == words
    assert health["status"] == "ok"
    assert health["clocks"]["nowhere"] is None


def _settings(name: str, host: str, port: int, secret: str) -> dict[str, str]:
    prefix = f"TIERLINE_PBX__{name.upper()}__"
    return {f"{prefix}HOST": host, f"{prefix}PORT": str(port), f"{prefix}SECRET": secret}


async def _second_site(connection: "PoolConnectionProxy[asyncpg.Record]", hashed: str) -> None:
    """A line with the first one's queue and number, an agent with the first one's device."""
    user = await connection.fetchval(
        "INSERT INTO users (login, name, role, password_hash, language) VALUES ($1, 'Sonya', 'agent', $2, 'en')"
        " RETURNING id",
        *(SONYA, hashed),
    )
    agent = await connection.fetchval(
        "INSERT INTO agents (code, name, pbx, interface, user_id) VALUES ($1, 'Sonya', $2, $3, $4) RETURNING id",
        *(SONYA, SOUTH, DEVICE, user),
    )
    line = await connection.fetchval(
        "INSERT INTO lines (code, name_ru, name_en, pbx, queue, is_default)"
        " VALUES ('support-south', 'Юг', 'South', $1, 'support', true) RETURNING id",
        SOUTH,
    )
    await connection.execute("INSERT INTO line_agents (line_id, agent_id) VALUES ($1, $2)", line, agent)
    await connection.execute(
        "INSERT INTO line_numbers (pbx, dnis, line_id) VALUES ($1, $2, $3)", SOUTH, SUPPORT, line
    )


async def _phones(sipps: tuple[Sipp, Sipp]) -> list[Phones]:
    return [await sipp.phones(["1001"], [Turn(ring_s=0.1)]) for sipp in sipps]


def _caller(number: str) -> Caller:
    return Caller(number=number, dnis=SUPPORT)


def _stages(page: Page) -> dict[str, str]:
    return {call["pbx"]: call["stage"] for call in page.calls.values()}


def _states(page: Page) -> dict[str, str]:
    return {agent["pbx"]: agent["state"] for agent in page.agents.values()}


def _seen(page: Page) -> list[tuple[str, str]]:
    return [(call["pbx"], call["ani"]) for call in page.calls.values()]
