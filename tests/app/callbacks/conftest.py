"""Lines, agents, users and clients; a service on them; a browser and programs that ask."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.agents.generator import load_floor
from app.callbacks.endpoints import router as callbacks
from app.callbacks.rules import Promise
from app.callbacks.service import CallbackService
from app.clients.repository import add_client
from app.errors import Conflict
from app.identity.endpoints import router as identity_router
from app.identity.service import IdentityService
from app.infra.auth import SignedIn
from app.infra.db import Database
from app.infra.http import install
from app.projects.models import DEFAULT_PROJECT
from routing.policy import DEFAULT_POLICY

PASSWORD = "correct horse battery"
QUICK = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
NOW = 1_795_400_000.0


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Desk:
    """`told`: what the scheduler was told; `begun`: whom agents called at once; `busy`: the scheduler refuses;
    `opens`: when the lines open."""

    database: Database
    identity: IdentityService
    service: CallbackService
    clock: Clock
    app: FastAPI
    told: dict[int, Promise | None]
    begun: list[tuple[int, str]] = field(default_factory=list)
    busy: bool = False
    opens: float = 0.0

    async def begin(self, callback: int, user: SignedIn) -> None:
        if self.busy:
            raise Conflict("He is being called right now.")
        self.begun.append((callback, user.login))

    @asynccontextmanager
    async def browser(self, login: str) -> AsyncIterator[httpx.AsyncClient]:
        async with self.program("") as client:
            answer = await client.post("/api/sessions", json={"login": login, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            yield client

    def program(self, token: str) -> httpx.AsyncClient:
        headers = {"X-Tierline-Token": token} if token else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://desk.example", headers=headers
        )

    async def token(self, scope: str) -> httpx.AsyncClient:
        return self.program(await self.identity.create_token(f"a program for {scope}", [scope]))

    async def client(self, name: str, phone: int, *, blocked: bool = False) -> int:
        async with self.database.raw(DEFAULT_PROJECT) as connection:
            client = await add_client(connection, name, "en", phone)
            await connection.execute("UPDATE clients SET blocked = $2 WHERE id = $1", client, blocked)
        return client


@pytest.fixture
async def desk(database: Database) -> Desk:
    async with database.raw(DEFAULT_PROJECT) as connection:
        await load_floor(connection, pbx="main", password_hash=QUICK.hash(PASSWORD), agents=2)
        await connection.execute(  # 1002 serves sales alone
            "DELETE FROM line_agents WHERE agent_id = (SELECT id FROM agents WHERE code = '1002')"
            " AND line_id = (SELECT id FROM lines WHERE code = 'support')"
        )
    clock, told = Clock(), dict[int, Promise | None]()
    app = FastAPI()
    install(app)
    service = CallbackService(
        database,
        lambda: DEFAULT_POLICY,
        "RU",
        told.__setitem__,
        lambda callback, user: one.begin(callback, user),
        lambda line, since: max(since, one.opens),
        clock,
    )
    one = Desk(database, IdentityService(database, DEFAULT_PROJECT, hasher=QUICK), service, clock, app, told)
    app.state.identity, app.state.callbacks = one.identity, service
    for router in (identity_router, callbacks):
        app.include_router(router)
    return one
