"""The whole backend on the test run's switch: a database with known clients, the service as a process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from pwdlib import PasswordHash

from app.agents.generator import load_floor
from app.clients.card import months_before
from app.clients.repository import add_client
from app.demo.service import ServiceProcess
from app.identity.service import IdentityService
from app.infra.asterisk import LocalAsterisk
from app.infra.db import Database
from app.infra.processes import free_ports
from app.projects.models import DEFAULT_PROJECT
from routing.facts import Executor
from tests.fakes.page import Page

PASSWORD = "correct horse battery"
SUPPORT = "74950000001"

VIP = ("Vera Important", 79000000001, 2500)
PRIORITY = ("Pavel Middling", 79000000002, 500)
STANDARD = (
    ("Stan First", 79000000003, 100),
    ("Stan Second", 79000000004, 100),
    ("Stan Third", 79000000005, 100),
)
SHARED_NUMBER = 79000000006
SHARED = (("Anna Shared", SHARED_NUMBER, 200), ("Boris Shared", SHARED_NUMBER, 1500))
STRANGER = "79000000099"


@dataclass
class Backend:
    database: Database
    service: ServiceProcess
    pbx: LocalAsterisk
    recordings: Path

    def page(self, login: str) -> Page:
        return Page(self.service.url, login, PASSWORD)


@asynccontextmanager
async def backend(
    database: Database, pbx: LocalAsterisk, folder: Path, agents: int = 3, executor: Executor = "queued"
) -> AsyncIterator[Backend]:
    """Lines `support` and `sales`, agents from 1001 on, and the clients above; the switch asks this service."""
    async with database.raw(DEFAULT_PROJECT) as connection:
        hashed = PasswordHash.recommended().hash(PASSWORD)
        await load_floor(connection, pbx=pbx.name, password_hash=hashed, agents=agents, executor=executor)
        today = datetime.now(UTC).date()
        for name, phone, arpu in (VIP, PRIORITY, *STANDARD, *SHARED):
            await _add(connection, name, phone, arpu, today)
    token = await IdentityService(database, DEFAULT_PROJECT).create_token("dialplan", ["routing"])
    recordings = folder / "recordings"
    settings = {"TIERLINE_RECORDINGS__FOLDER": str(recordings)}
    service = ServiceProcess(free_ports(1)[0], database.url, pbx, folder / "service.log", settings)
    async with service:
        await pbx.point_at(f"{service.url}/routing/calls", token)
        yield Backend(database, service, pbx, recordings)


async def _add(
    connection: "PoolConnectionProxy[asyncpg.Record]", name: str, phone: int, arpu: int, today: date
) -> None:
    client = await add_client(connection, name, "en", phone)
    rows = [(client, months_before(today, back), arpu) for back in range(1, 13)]
    await connection.executemany(
        "INSERT INTO client_revenue (client_id, month, amount) VALUES ($1, $2, $3)", rows
    )
