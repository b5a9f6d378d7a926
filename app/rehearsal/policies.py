"""Policies by name: an order of the tiers in force by default, a stored version, a file."""

import asyncio
from pathlib import Path

from app.errors import BadInput
from app.infra.chosen_database import check_migrated, open_database
from app.policies.repository import active, body_of
from app.projects.models import DEFAULT_PROJECT
from app.settings import read_settings
from routing.policy import DEFAULT_POLICY, BadPolicy, Policy, read_policy
from routing.rehearse.scenario import ORDERS, in_order


def chosen_policies(names: str) -> dict[str, Policy]:
    """`res-hs,strict,fifo,active,12,mine.json` -> policies in that order. Raises `BadInput`."""
    return {name: _chosen(name) for name in dict.fromkeys(part.strip() for part in names.split(","))}


def _chosen(name: str) -> Policy:
    if name in ORDERS:
        return in_order(name, DEFAULT_POLICY)
    if name == "active" or name.isdecimal():
        return asyncio.run(_stored(name))
    path = Path(name)
    if path.suffix != ".json":
        raise BadInput(
            f"No policy {name!r}: use {', '.join(ORDERS)}, active, the number of a version, or a FILE.json."
        )
    try:
        return read_policy(path.read_bytes(), 0)
    except OSError as error:
        raise BadInput(f"{name} cannot be read: {error.strerror}.") from None
    except BadPolicy as error:
        raise BadInput(f"{name}: {error}.") from None


async def _stored(name: str) -> Policy:
    async with open_database(read_settings()) as database:
        await check_migrated(database)
        async with database.raw(DEFAULT_PROJECT) as connection:
            if name == "active":
                found = await active(connection)
                return read_policy(found[1], found[0]) if found else DEFAULT_POLICY
            body = await body_of(connection, int(name))
    if body is None:
        raise BadInput(f"No version {name} of the policy is stored.")
    return read_policy(body, int(name))
