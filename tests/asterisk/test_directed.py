"""Lines whose callers we give to agents ourselves: real calls on a real switch, the backend killed in between."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.infra.asterisk import LocalAsterisk
from app.infra.db import Database
from app.infra.sipp import Caller, Sipp, Turn
from app.projects.models import DEFAULT_PROJECT
from tests.asterisk.ami import Ears
from tests.asterisk.backend import PRIORITY, STANDARD, SUPPORT, VIP, Backend, backend
from tests.conftest import Urls
from tests.fakes.page import Page

pytestmark = pytest.mark.pbx

ONE, TWO = "main/PJSIP/1001", "main/PJSIP/1002"
SERVED_BY_QUEUE_WITHIN_S = 15.0


@pytest.fixture(scope="module")
async def directed(
    asterisk: LocalAsterisk, module_urls: Urls, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Backend]:
    folder = tmp_path_factory.mktemp("directed")
    async with (
        Database(module_urls.app, migrations_url=module_urls.owner) as database,
        backend(database, asterisk, folder, executor="directed") as one,
    ):
        yield one


@pytest.fixture(autouse=True)
async def gone_home(directed: Backend) -> AsyncIterator[None]:
    yield
    for login in ("1001", "1002"):
        async with directed.page(login) as agent:
            await agent.become("offline")


def calling(client: tuple[str, int, int], **more: Any) -> Caller:
    return Caller(number=f"+{client[1]}", dnis=SUPPORT, **more)


def waiting(page: Page) -> int:
    return sum(1 for call in page.calls.values() if call["stage"] == "waiting")


def place_of(page: Page, client: tuple[str, int, int]) -> int | None:
    call = page.call_of(client[0])
    return call["position"] if call is not None else None


async def available(page: Page, whom: str) -> None:
    await page.become("available")
    await page.until(lambda: page.agents[whom]["state"] == "available")


async def served(ears: Ears, count: int) -> list[str]:
    """Numbers of the clients in the order in which agents were rung for them."""
    await ears.until(lambda: len(_rung(ears)) >= count)
    return _rung(ears)


def _rung(ears: Ears) -> list[str]:
    return [
        one["CallerIDNum"].lstrip("+")
        for one in ears.heard
        if one["Event"] == "DialBegin" and one.get("CallerIDNum")
    ]


async def test_a_caller_of_a_directed_line_is_on_the_agents_screen_and_talks_to_him(
    directed: Backend, sipp: Sipp, ears: Ears
) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=0.3, talk_s=0.6)])
    async with directed.page("1001") as agent, directed.page("supervisor") as boss:
        await available(agent, ONE)
        placed = await sipp.place([calling(VIP)])
        call = await agent.until(lambda: agent.call_of(VIP[0]))
        assert (call["line"], call["tier"]) == ("support", "vip")
        await agent.until(lambda: agent.cards.get(call["call"]))
        await boss.until(lambda: boss.agents[ONE]["state"] == "in_call")
        (seen,) = await placed.finished()
        assert seen.ended_by == "agent"
        await agent.until(lambda: not agent.calls and agent.agents[ONE]["state"] == "available")
    assert not [one for one in ears.heard if one["Event"] == "QueueCallerJoin"]


async def test_the_vip_is_first_then_the_head_start_then_the_order_of_coming(
    directed: Backend, sipp: Sipp, ears: Ears
) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=0.1, talk_s=0.3)])
    async with directed.page("1001") as agent, directed.page("supervisor") as boss:
        await agent.become("paused", "break")
        placed = []
        for number, client in enumerate((*STANDARD, PRIORITY, VIP), 1):
            placed.append(await sipp.place([calling(client)]))
            await boss.until(lambda number=number: waiting(boss) == number)  # type: ignore[misc]
        await boss.until(lambda: place_of(boss, VIP) == 1)
        await boss.until(lambda: place_of(boss, PRIORITY) == 2)
        await agent.become("available")
        for one in placed:
            await one.finished()
    assert await served(ears, 5) == [str(one[1]) for one in (VIP, PRIORITY, *STANDARD)]


async def test_a_missed_call_goes_on_to_the_next_agent_and_the_first_comes_back_when_he_says_so(
    directed: Backend, sipp: Sipp
) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=30.0), Turn(ring_s=0.1, talk_s=0.3)])
    await sipp.phones(["1002"], [Turn(ring_s=0.1, talk_s=0.3)])
    async with directed.page("1001") as sleeper, directed.page("1002") as other:
        await available(sleeper, ONE)
        placed = await sipp.place([calling(VIP)])
        await sleeper.until(lambda: sleeper.call_of(VIP[0]))
        await available(other, TWO)
        (seen,) = await placed.finished()
        assert seen.ended_by == "agent"
        await sleeper.until(lambda: sleeper.agents[ONE]["pause_reasons"] == ["missed_call"])
        assert not sleeper.calls, "the card is gone with the ring"
        await other.become("offline")
        again = await sipp.place([calling(STANDARD[0])])
        await available_again(sleeper)
        (seen,) = await again.finished()
        assert seen.ended_by == "agent"


async def available_again(page: Page) -> None:
    answer = await page.become("available")
    assert answer["pause_reasons"] == []


async def test_a_killed_backend_hands_its_callers_to_app_queue_and_takes_back_who_still_waits(
    directed: Backend, sipp: Sipp, ears: Ears
) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=0.1, talk_s=0.5), Turn(ring_s=0.1)])
    async with directed.page("1001") as agent, directed.page("supervisor") as boss:
        await agent.become("paused", "break")
        placed = []
        for number, client in enumerate((STANDARD[0], PRIORITY, VIP), 1):
            placed.append(await sipp.place([calling(client)]))
            await boss.until(lambda number=number: waiting(boss) == number)  # type: ignore[misc]
    await directed.service.kill()
    async with asyncio.timeout(SERVED_BY_QUEUE_WITHIN_S):
        await ears.wait_for("QueueCallerJoin", count=3)
    for queue in ("support", "sales"):
        await ears.ask("QueuePause", Interface="PJSIP/1001", Queue=queue, Paused="false")
    first = await ears.wait_for("AgentConnect")
    assert first["CallerIDNum"].lstrip("+") == str(VIP[1])
    for queue in ("support", "sales"):
        await ears.ask("QueuePause", Interface="PJSIP/1001", Queue=queue, Paused="true", Reason="break")
    await directed.service.start()
    async with directed.page("1001") as agent, directed.page("supervisor") as boss:
        await boss.until(lambda: waiting(boss) == 2)
        await ears.wait_for("UserEvent", UserEvent="TierlineWaiting", count=5)
        later = await sipp.place([calling(STANDARD[1])])
        await boss.until(lambda: waiting(boss) == 3)
        await agent.become("available")
        order = await served(ears, 2)
        assert order[-1] == str(PRIORITY[1]), "his age and his head start went with him"
        for one in (*placed, later):
            await one.stop()
        await directed.pbx.hang_up_all()
        await boss.until(lambda: not boss.calls)


async def test_a_quick_restart_of_the_backend_is_noticed_by_no_caller(
    directed: Backend, sipp: Sipp, ears: Ears
) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=0.1, talk_s=0.3)])
    async with directed.page("1001") as agent, directed.page("supervisor") as boss:
        await agent.become("paused", "break")
        placed = []
        for number, client in enumerate((STANDARD[0], VIP), 1):
            placed.append(await sipp.place([calling(client)]))
            await boss.until(lambda number=number: waiting(boss) == number)  # type: ignore[misc]
    await directed.service.kill()
    await directed.service.start()
    async with directed.page("1001") as agent, directed.page("supervisor") as boss:
        await boss.until(lambda: waiting(boss) == 2)
        assert boss.call_of(VIP[0]) is not None
        await agent.become("available")
        for one in placed:
            (seen,) = await one.finished()
            assert seen.ended_by == "agent"
    assert await served(ears, 2) == [str(one[1]) for one in (VIP, STANDARD[0])]


async def test_every_attempt_is_stored_and_the_book_of_queues_agrees(
    directed: Backend, sipp: Sipp, tmp_path: Path
) -> None:
    book = directed.pbx.log_path.parent / "queue_log"
    before = len(book.read_text().splitlines())
    await sipp.phones(["1001"], [Turn(ring_s=30.0), Turn(ring_s=0.2, talk_s=1.2)])
    async with directed.page("1001") as agent:
        gives_up = await sipp.place([calling(VIP, patience_s=2.0)])
        await gives_up.finished()
        await available(agent, ONE)
        placed = await sipp.place([calling(VIP)])
        call = await agent.until(lambda: agent.call_of(VIP[0]))
        await agent.until(lambda: agent.agents[ONE]["pause_reasons"] == ["missed_call"])
        await agent.become("available")
        await placed.finished()
        await agent.until(lambda: not agent.calls)
    pbx, _, call_id = call["call"].partition("/")
    rows = await _matches(directed.database, pbx, call_id, 2)
    assert [(row["agent"], row["outcome"]) for row in rows] == [
        ("PJSIP/1001", "no_answer"),
        ("PJSIP/1001", "answered"),
    ]
    part = tmp_path / "book"
    part.write_text("\n".join(book.read_text().splitlines()[before:]))
    report = await _reconcile(directed, part)
    assert (report["calls"], report["differences"]) == (2, [])


async def _matches(database: Database, pbx: str, call_id: str, count: int) -> list[Any]:
    async with asyncio.timeout(10):
        while True:
            async with database.raw(DEFAULT_PROJECT) as connection:
                rows = await connection.fetch(
                    "SELECT agent, outcome FROM matches WHERE pbx = $1 AND call_id = $2"
                    " AND outcome <> 'offered' ORDER BY at",
                    *(pbx, call_id),
                )
            if len(rows) >= count:
                return list(rows)
            await asyncio.sleep(0.05)


async def _reconcile(directed: Backend, book: Path) -> dict[str, Any]:
    """Once the service has stored the ends of all calls."""
    command = (sys.executable, "-m", "app", "reconcile", str(book), "--pbx", directed.pbx.name, "--json")
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "TIERLINE_DATABASE_URL": directed.database.url},
    )
    printed, _ = await process.communicate()
    report: dict[str, Any] = json.loads(printed)
    return report
