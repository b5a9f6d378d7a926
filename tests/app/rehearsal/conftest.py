"""Administrators before rehearsals that really run, in processes of their own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest

from app.infra.db import Database
from app.rehearsal.endpoints import router
from app.rehearsal.jobs import Rehearsals
from tests.fakes.past import fill_past
from tests.fakes.people import People, people


@pytest.fixture
async def office(database: Database) -> AsyncIterator[People]:
    async with people(database, router) as one:
        rehearsals = one.app.state.rehearsals = Rehearsals(database)
        running = asyncio.create_task(rehearsals.run())
        await asyncio.sleep(0)
        yield one
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@pytest.fixture
async def past(database: Database) -> Database:
    await fill_past(database)
    return database


Until = Callable[[httpx.AsyncClient, dict[str, Any], str], Awaitable[dict[str, Any]]]


@pytest.fixture
def until() -> Until:
    """Looks at a rehearsal, as the page does, until it is in that state."""

    async def look(browser: httpx.AsyncClient, started: dict[str, Any], *states: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while True:
                seen: dict[str, Any] = (await browser.get(f"/api/rehearsals/{started['id']}")).json()
                if seen["state"] in (*states, "done", "failed", "cancelled"):
                    return seen
                await asyncio.sleep(0.02)

    return look  # type: ignore[return-value]
