"""What stands around the webhook in its tests: who may ask, the live screens, and rows to find."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import httpx

from app.clients.card import months_before
from app.errors import NotAllowed, NotSignedIn
from app.inbound.endpoints import PATH, TOKEN_HEADER
from app.inbound.rules import KnownRules
from app.inbound.service import Arrived
from app.infra.db import Database
from app.infra.writer import Writer

TOKEN = "1.let-me-ask"


@dataclass
class Program:
    project_id: int


@dataclass
class Tokens:
    """Service tokens that behave: unknown and unfit ones are refused, and questions are counted."""

    good: dict[str, Program]
    unfit: set[str] = field(default_factory=set)
    failing: Exception | None = None
    asked: int = 0

    async def __call__(self, token: str, scope: str) -> Program:
        self.asked += 1
        if self.failing is not None:
            raise self.failing
        if token in self.unfit:
            raise NotAllowed(f"This token has not the scope {scope}.")
        if token not in self.good:
            raise NotSignedIn("This token is not known.")
        return self.good[token]


class Screens:
    """What the live screens were told, and a way to wait for the next thing."""

    def __init__(self) -> None:
        self.told: list[Arrived] = []
        self._more = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, arrived: Arrived) -> None:
        self.told.append(arrived)
        task = asyncio.get_running_loop().create_task(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self) -> None:
        async with self._more:
            self._more.notify_all()

    async def until(self, met: Callable[[list[Arrived]], bool]) -> None:
        async with asyncio.timeout(10), self._more:
            await self._more.wait_for(lambda: met(self.told))


@dataclass
class Webhook:
    database: Database
    http: httpx.AsyncClient
    tokens: Tokens
    screens: Screens
    writer: Writer
    rules: KnownRules

    async def ask(
        self,
        ani: str | None = None,
        *,
        dnis: str | None = "74951234567",
        call_id: str = "1700000000.1",
        token: str = TOKEN,
        **more: Any,
    ) -> httpx.Response:
        question = {"pbx": "main", "call_id": call_id, "channel": call_id, "ani": ani, "dnis": dnis, **more}
        return await self.http.post(PATH, json=question, headers={TOKEN_HEADER: token})

    async def stored(self) -> list[dict[str, Any]]:
        async with asyncio.timeout(20):
            await self.writer.stored()
        async with self.database.raw(1) as connection:
            return [
                dict(row)
                for row in await connection.fetch(
                    "SELECT pbx, call_id, facts->>'lookup' AS lookup, answer->>'tier' AS tier, policy_version,"
                    " took_ms, because #>> '{2,saw}' AS saw, (answer->>'client_id')::int AS client_id"
                    " FROM decisions ORDER BY at, call_id"
                )
            ]


async def add_client(
    database: Database,
    name: str,
    phone: int | None,
    *,
    arpu: float | None = None,
    level: str | None = None,
    blocked: bool = False,
    language: str | None = "ru",
) -> int:
    """With the same revenue in each of the last three full months."""
    today = datetime.now(UTC).date()
    async with database.raw(1) as connection:
        client: int = await connection.fetchval(
            "INSERT INTO clients (name, service_level, blocked, language) VALUES ($1, $2, $3, $4) RETURNING id",
            name,
            level,
            blocked,
            language,
        )
        if phone is not None:
            await connection.execute(
                "INSERT INTO client_phones (client_id, phone) VALUES ($1, $2)", client, phone
            )
        months: list[date] = [months_before(today, back) for back in (1, 2, 3)] if arpu is not None else []
        await connection.executemany(
            "INSERT INTO client_revenue (client_id, month, amount) VALUES ($1, $2, $3)",
            [(client, month, arpu) for month in months],
        )
    return client


async def add_line(database: Database, code: str, dnis: str | None, *, is_default: bool = False) -> None:
    async with database.raw(1) as connection:
        line = await connection.fetchval(
            "INSERT INTO lines (code, name_ru, name_en, pbx, queue, is_default)"
            " VALUES ($1, $1, $1, 'main', $2, $3) RETURNING id",
            code,
            f"{code}-queue",
            is_default,
        )
        if dnis:
            await connection.execute(
                "INSERT INTO line_numbers (pbx, dnis, line_id) VALUES ('main', $1, $2)", dnis, line
            )
