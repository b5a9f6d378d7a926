"""What the demonstration's database holds. Apart, because what makes it up takes seconds only to be imported:
a second start does that while the service starts."""

import asyncio
import secrets
from datetime import UTC, datetime

from pwdlib import PasswordHash

from app.agents.generator import load_floor
from app.clients.generator import load_demo, numbers_by_tier
from app.identity.service import IdentityService
from app.infra.db import Database
from app.projects.models import DEFAULT_PROJECT
from routing.facts import Executor


async def fill(database: Database, *, pbx: str, clients: int) -> dict[str, str]:
    """Agents, lines, users and clients, once; {password: of every user, token: of the dialplan}."""
    password = secrets.token_urlsafe(6)
    hashed = await asyncio.to_thread(PasswordHash.recommended().hash, password)
    async with database.raw(DEFAULT_PROJECT) as connection:
        await load_floor(connection, pbx=pbx, password_hash=hashed)
    await load_demo(database, DEFAULT_PROJECT, now=datetime.now(UTC), clients=clients)
    token = await IdentityService(database, DEFAULT_PROJECT).create_token("demo", ["routing"])
    return {"password": password, "token": token}


async def set_executor(database: Database, executor: Executor) -> None:
    """Who gives the callers of all lines to agents."""
    async with database.raw(DEFAULT_PROJECT) as connection:
        await connection.execute("UPDATE lines SET executor = $1", executor)


async def callers(database: Database) -> tuple[dict[str, list[str]], dict[str, str]]:
    """({tier: numbers that call}, {number: name})."""
    async with database.raw(DEFAULT_PROJECT) as connection:
        by_tier = await numbers_by_tier(connection, datetime.now(UTC).date())
        rows = await connection.fetch(
            "SELECT p.phone, c.name FROM client_phones p JOIN clients c ON c.id = p.client_id"
        )
    numbers = {tier: [str(number) for number in found] for tier, found in by_tier.items()}
    return numbers, {str(phone): name for phone, name in rows}


async def recognised(database: Database, since: datetime) -> int:
    """Calls whose caller the service knew, since then."""
    async with database.raw(DEFAULT_PROJECT) as connection:
        return int(
            await connection.fetchval(
                "SELECT count(DISTINCT call_id) FROM decisions"
                " WHERE at >= $1 AND answer ->> 'client_id' IS NOT NULL",
                since,
            )
        )
