"""Everything a demonstration needs, started in the right order and stopped to the last process."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from pwdlib import PasswordHash

from app.agents.generator import LINES, load_floor
from app.clients.generator import load_demo, numbers_by_tier
from app.demo.service import ServiceProcess
from app.errors import Conflict
from app.identity.service import IdentityService
from app.infra.asterisk import LocalAsterisk
from app.infra.db import Database
from app.infra.postgres import EmbeddedPostgres
from app.infra.processes import free_ports
from app.infra.sipp import Sipp
from app.projects.models import DEFAULT_PROJECT
from app.settings import Settings

PBX = "main"
DNIS = tuple(number for *_, number in LINES)

Say = Callable[[str], None]


@dataclass
class World:
    """`numbers`: {tier: numbers of its clients}; `names`: {number: client}; `password`: of every user."""

    url: str
    password: str
    database: Database
    pbx: LocalAsterisk
    sipp: Sipp
    numbers: dict[str, list[str]]
    names: dict[str, str]

    def tier_of(self, number: str) -> str:
        return self._tiers.get(number, "standard")

    def __post_init__(self) -> None:
        self._tiers = {number: tier for tier, numbers in self.numbers.items() for number in numbers}


@asynccontextmanager
async def world(settings: Settings, *, clients: int, port: int, say: Say) -> AsyncIterator[World]:
    """A PostgreSQL with generated clients, a private Asterisk, the service in a process of its own."""
    folder = settings.data_dir / "demo"
    say("PostgreSQL")
    async with (
        EmbeddedPostgres(folder / "postgres", durable=False) as postgres,
        Database(postgres.app_url, migrations_url=postgres.owner_url) as database,
    ):
        await database.migrate()
        say("clients with their history")
        password = await _fill(database, folder, clients)
        chosen = port or free_ports(1)[0]
        pbx = LocalAsterisk(
            name=PBX,
            webhook_url=f"http://127.0.0.1:{chosen}/routing/calls",
            webhook_token=await _fresh_token(database),
        )
        service = ServiceProcess(chosen, postgres.app_url, pbx, folder / "service.log", _log_of(settings))
        say("Asterisk and the service")
        async with _launched(service), pbx:
            await service.ready()
            async with Sipp(pbx) as sipp:
                numbers, names = await _callers(database)
                yield World(service.url, password, database, pbx, sipp, numbers, names)


def _log_of(settings: Settings) -> dict[str, str]:
    return {"TIERLINE_LOG_LEVEL": settings.log_level, "TIERLINE_LOG_FORMAT": settings.log_format}


@asynccontextmanager
async def _launched(service: ServiceProcess) -> AsyncIterator[None]:
    """Begins while the switch still starts, because its imports take longest."""
    await service.launch()
    try:
        yield
    finally:
        await service.stop()


def _kept_password(file: Path) -> str:
    """Of all users; made up once, so that a second start finds the same logins."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(json.dumps({"password": secrets.token_urlsafe(6)}))
    password: str = json.loads(file.read_text())["password"]
    return password


async def _fill(database: Database, folder: Path, clients: int) -> str:
    """The password of all users."""
    password = _kept_password(folder / "logins.json")
    async with database.raw(DEFAULT_PROJECT) as connection:
        empty = not await connection.fetchval("SELECT EXISTS (SELECT FROM agents)")
        hashed = await asyncio.to_thread(PasswordHash.recommended().hash, password) if empty else None
        await load_floor(connection, pbx=PBX, password_hash=hashed)
    await load_demo(database, DEFAULT_PROJECT, now=datetime.now(UTC), clients=clients)
    return password


async def _fresh_token(database: Database) -> str:
    """Of the dialplan. Only hashes are kept, so every start makes a new one."""
    identity = IdentityService(database, DEFAULT_PROJECT)
    name = f"demo-{secrets.token_hex(4)}"
    for old in await identity.tokens():
        if str(old["name"]).startswith("demo-") and old["revoked_at"] is None:
            with suppress(Conflict):
                await identity.revoke_token(str(old["name"]))
    return await identity.create_token(name, ["routing"])


async def _callers(database: Database) -> tuple[dict[str, list[str]], dict[str, str]]:
    today: date = datetime.now(UTC).date()
    async with database.raw(DEFAULT_PROJECT) as connection:
        by_tier = await numbers_by_tier(connection, today)
        rows = await connection.fetch(
            "SELECT p.phone, c.name FROM client_phones p JOIN clients c ON c.id = p.client_id"
        )
    numbers = {tier: [str(number) for number in found] for tier, found in by_tier.items()}
    return numbers, {str(phone): name for phone, name in rows}
