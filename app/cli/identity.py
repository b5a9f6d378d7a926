"""The identity service as the commands `user` and `token` use it: for one short visit to the database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.identity.service import IdentityService
from app.infra.chosen_database import check_migrated, open_database
from app.projects.models import DEFAULT_PROJECT
from app.settings import read_settings

Result = TypeVar("Result")


def with_identity(visit: Callable[[IdentityService], Awaitable[Result]]) -> Result:
    """Runs `visit` against the configured database, or the embedded one. Raises `TierlineError`."""
    settings = read_settings()

    async def run() -> Result:
        async with open_database(settings) as database:
            await check_migrated(database)
            return await visit(IdentityService(database, DEFAULT_PROJECT))

    return asyncio.run(run())
