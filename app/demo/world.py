"""Everything a demonstration needs, started in the right order and stopped to the last process."""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
from pwdlib import PasswordHash

from app.agents.generator import LINES, load_floor
from app.clients.generator import load_demo, numbers_by_tier
from app.errors import Conflict, Unavailable
from app.identity.service import IdentityService
from app.infra.asterisk import LocalAsterisk
from app.infra.db import Database
from app.infra.postgres import EmbeddedPostgres
from app.infra.processes import free_ports
from app.infra.sipp import Sipp
from app.projects.models import DEFAULT_PROJECT
from app.settings import Settings

PBX = "main"
SERVER_READY_S = 30.0
STOP_S = 10.0
DNIS = tuple(number for *_, number in LINES)

Say = Callable[[str], None]


@dataclass
class World:
    """`clients`: {number: (name, tier)}; `url`: of the service; `password`: of every demonstration user."""

    url: str
    password: str
    database: Database
    pbx: LocalAsterisk
    sipp: Sipp
    server: asyncio.subprocess.Process
    log_path: Path
    numbers: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

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
        pbx = LocalAsterisk(name=PBX)
        say("Asterisk, and clients with their history")
        async with pbx:
            password = await _fill(database, folder, clients)
            token = await _fresh_token(database)
            url = f"http://127.0.0.1:{port or free_ports(1)[0]}"
            await pbx.point_at(f"{url}/routing/calls", token)
            say("the service")
            log_path = folder / "service.log"
            async with (
                _server(url, postgres.app_url, pbx, settings, log_path) as server,
                Sipp(pbx) as sipp,
            ):
                numbers, names = await _callers(database)
                yield World(
                    url, password, database, pbx, sipp, server, log_path, numbers=numbers, names=names
                )


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


@asynccontextmanager
async def _server(
    url: str, database_url: str, pbx: LocalAsterisk, settings: Settings, log_path: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    prefix = f"TIERLINE_PBX__{PBX.upper()}__"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TIERLINE_PBX__")},
        "TIERLINE_DATABASE_URL": database_url,
        "TIERLINE_HOST": "127.0.0.1",
        "TIERLINE_PORT": url.rpartition(":")[2],
        "TIERLINE_LOG_LEVEL": settings.log_level,
        f"{prefix}HOST": pbx.host,
        f"{prefix}PORT": str(pbx.ami_port),
        f"{prefix}USERNAME": pbx.ami_username,
        f"{prefix}SECRET": pbx.ami_secret,
    }
    with open(log_path, "w") as log:  # noqa: ASYNC230 -- once, at start
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "app",
            "serve",
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        await _ready(url, process, log_path)
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOP_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _ready(url: str, process: asyncio.subprocess.Process, log_path: Path) -> None:
    """Until the service answers and believes what the switch says."""
    try:
        async with asyncio.timeout(SERVER_READY_S), httpx.AsyncClient(base_url=url) as browser:
            while process.returncode is None:
                with suppress(httpx.TransportError):
                    answer = await browser.get("/health")
                    if answer.json()["links"].get(PBX) == "up":
                        return
                await asyncio.sleep(0.1)
    except TimeoutError:
        pass
    raise Unavailable(f"The service did not start; its log says:\n{_tail(log_path)}")


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-15:])
