"""The webhook on a real database with two lines."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from starlette.applications import Starlette

from app.calls.repository import store_decisions
from app.inbound.endpoints import routes
from app.inbound.rules import KnownRules, KnownTokens
from app.inbound.service import Inbound
from app.infra.db import Database
from app.infra.writer import Writer
from tests.fakes.webhook import TOKEN, Program, Screens, Tokens, Webhook, add_line

MakeWebhook = Callable[..., Awaitable[Webhook]]


@pytest.fixture
async def make_webhook(database: Database) -> AsyncIterator[MakeWebhook]:
    """`await make_webhook(deadline_ms=300)`: one with lines `support` (74951234567) and `main` (default)."""
    await add_line(database, "support", "74951234567")
    await add_line(database, "main", None, is_default=True)
    clients: list[httpx.AsyncClient] = []
    writing: list[asyncio.Task[None]] = []

    async def make(deadline_ms: int = 5_000, ttl_s: float = 60.0, most_waiting: int = 1000) -> Webhook:
        tokens, screens = Tokens({TOKEN: Program(1)}, unfit={"1.metrics-only"}), Screens()
        rules = KnownRules(database, "RU")
        writer = Writer("decisions", database, store_decisions, most=most_waiting)
        inbound = Inbound(
            database,
            rules,
            KnownTokens(tokens, ttl_s=ttl_s),
            screens,
            writer.put,
            deadline_ms=deadline_ms,
            region="RU",
        )
        transport = httpx.ASGITransport(app=Starlette(routes=routes(inbound)))
        http = httpx.AsyncClient(transport=transport, base_url="http://tierline")
        clients.append(http)
        writing.append(asyncio.create_task(writer.run()))
        return Webhook(database, http, tokens, screens, writer, rules)

    yield make
    for task in writing:
        task.cancel()
    for http in clients:
        await http.aclose()


@pytest.fixture
async def webhook(make_webhook: MakeWebhook) -> Webhook:
    return await make_webhook()
