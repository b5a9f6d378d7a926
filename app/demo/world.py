"""Everything a demonstration needs, started in the right order and stopped to the last process."""

import asyncio
import importlib
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.demo.service import ServiceProcess
from app.infra.asterisk import LocalAsterisk
from app.infra.postgres import EmbeddedPostgres
from app.infra.processes import free_ports
from app.infra.sipp import Sipp
from app.settings import Settings
from routing.facts import Executor

if TYPE_CHECKING:
    from types import ModuleType

PBX = "main"
DEFAULT_QUEUE = "support"
"""Of the first line of `agents.generator`, which takes seconds only to be imported."""

Say = Callable[[str], None]


@dataclass
class World:
    """`numbers`: {tier: numbers of its clients}; `names`: {number: client}; `password`: of every user;
    `recognised(since)`: calls whose caller the service knew."""

    url: str
    password: str
    pbx: LocalAsterisk
    sipp: Sipp
    numbers: dict[str, list[str]]
    names: dict[str, str]
    recognised: Callable[[datetime], Awaitable[int]]

    def tier_of(self, number: str) -> str:
        return self._tiers.get(number, "standard")

    def __post_init__(self) -> None:
        self._tiers = {number: tier for tier, numbers in self.numbers.items() for number in numbers}


@asynccontextmanager
async def world(
    settings: Settings, *, clients: int, port: int, executor: Executor, say: Say
) -> AsyncIterator[World]:
    """A PostgreSQL with generated clients, a private Asterisk, the service in a process of its own."""
    folder = settings.data_dir / "demo"
    kept = folder / "demo.json"
    if not kept.exists():  # a first start that was broken off begins anew
        shutil.rmtree(folder, ignore_errors=True)
    say("PostgreSQL")
    async with EmbeddedPostgres(folder / "postgres", durable=False) as postgres:
        if not kept.exists():
            say("10,000 clients with their history" if clients == 10_000 else f"{clients:,} clients")
            _keep(kept, await _fill(postgres, clients))
        secrets = json.loads(kept.read_text())
        if secrets.get("executor", "queued") != executor:
            await _set_executor(postgres, executor)
            _keep(kept, secrets := {**secrets, "executor": executor})
        chosen = port or free_ports(1)[0]
        webhook = f"http://127.0.0.1:{chosen}/routing/calls"
        pbx = LocalAsterisk(
            name=PBX,
            webhook_url=webhook,
            webhook_token=secrets["token"],
            dialplan_settings={"TIERLINE_DEFAULT_QUEUE": DEFAULT_QUEUE},
        )
        service = ServiceProcess(
            chosen,
            postgres.app_url,
            pbx,
            folder / "service.log",
            {
                "TIERLINE_MIGRATIONS_URL": postgres.owner_url,
                "TIERLINE_LOG_LEVEL": settings.log_level,
                "TIERLINE_LOG_FORMAT": settings.log_format,
            },
        )
        say("Asterisk and the service")
        async with _launched(service), pbx:
            stock = await _stock()
            database_of = importlib.import_module("app.infra.db").Database
            await service.ready()
            async with Sipp(pbx) as sipp, database_of(postgres.app_url, size=2) as database:

                async def recognised(since: datetime) -> int:
                    found: int = await stock.recognised(database, since)
                    return found

                numbers, names = await stock.callers(database)
                yield World(service.url, secrets["password"], pbx, sipp, numbers, names, recognised)


@asynccontextmanager
async def _launched(service: ServiceProcess) -> AsyncIterator[None]:
    """Begins while the switch still starts, because its imports take longest."""
    await service.launch()
    try:
        yield
    finally:
        await service.stop()


async def _stock() -> "ModuleType":
    """Imported late and beside the loop: see there."""
    return await asyncio.to_thread(importlib.import_module, "app.demo.stock")


def _keep(file: Path, secrets: dict[str, str]) -> None:
    file.touch(mode=0o600)
    file.write_text(json.dumps(secrets))


async def _set_executor(postgres: EmbeddedPostgres, executor: Executor) -> None:
    stock = await _stock()
    database_of = importlib.import_module("app.infra.db").Database
    async with database_of(postgres.app_url, size=2, migrations_url=postgres.owner_url) as database:
        await database.migrate()
        await stock.set_executor(database, executor)


async def _fill(postgres: EmbeddedPostgres, clients: int) -> dict[str, str]:
    stock = await _stock()
    database_of = importlib.import_module("app.infra.db").Database
    async with database_of(postgres.app_url, size=2, migrations_url=postgres.owner_url) as database:
        await database.migrate()
        secrets: dict[str, str] = await stock.fill(database, pbx=PBX, clients=clients)
    return secrets
