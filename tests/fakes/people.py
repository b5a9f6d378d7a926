"""An application with real sign-in, and people of every role before it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
from fastapi import APIRouter, FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.identity.endpoints import router as identity_router
from app.identity.service import IdentityService
from app.infra.auth import TOKEN_HEADER, Role
from app.infra.db import Database
from app.infra.http import install
from app.projects.models import DEFAULT_PROJECT

_PASSWORD = "correct horse battery"


class People:
    """`app.state` takes the services that the endpoints want."""

    def __init__(self, database: Database, stack: AsyncExitStack, *routers: APIRouter) -> None:
        quick = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
        self.identity = IdentityService(database, DEFAULT_PROJECT, session_hours=2, hasher=quick)
        self.app = FastAPI()
        install(self.app)
        self.app.state.identity = self.identity
        for router in (identity_router, *routers):
            self.app.include_router(router)
        self._stack = stack

    async def sign_in(self, role: Role) -> httpx.AsyncClient:
        """A browser of a new user."""
        login = f"some-{role}"
        await self.identity.add_user(login, _PASSWORD, name=role.title(), role=role)
        browser = await self._client()
        answer = await browser.post("/api/sessions", json={"login": login, "password": _PASSWORD})
        assert answer.status_code == 200
        return browser

    async def program(self, scope: str) -> httpx.AsyncClient:
        """One with a service token of this scope."""
        return await self._client({TOKEN_HEADER: await self.identity.create_token(f"for {scope}", [scope])})

    async def stranger(self) -> httpx.AsyncClient:
        return await self._client()

    async def _client(self, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=("192.0.2.1", 1))
        client = httpx.AsyncClient(transport=transport, base_url="http://desk.example", headers=headers)
        return await self._stack.enter_async_context(client)


@asynccontextmanager
async def people(database: Database, *routers: APIRouter) -> AsyncIterator[People]:
    async with AsyncExitStack() as stack:
        yield People(database, stack, *routers)
