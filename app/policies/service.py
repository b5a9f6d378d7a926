"""The policy in force: read, published as a new version, rolled back to an older one. Old versions never change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.errors import BadInput, Conflict, NotFound
from app.policies import repository
from routing.policy import DEFAULT_POLICY, BadPolicy, Policy, read_policy

if TYPE_CHECKING:
    from app.policies.repository import Connection


async def current(connection: Connection) -> Policy:
    """The active version; the built-in defaults (version 0) while there is none. Raises `BadPolicy`."""
    stored = await repository.active(connection)
    if stored is None:
        return DEFAULT_POLICY
    version, body = stored
    return read_policy(body, version)


async def version_of(connection: Connection, version: int) -> Policy:
    """Raises `NotFound`, or `BadInput` when today's rules refuse it."""
    if version == 0:
        return DEFAULT_POLICY
    body = await repository.body_of(connection, version)
    if body is None:
        raise NotFound(f"There is no policy version {version}.")
    return checked(body, version)


async def save(connection: Connection, body: str, note: str = "", created_by: int | None = None) -> Policy:
    """Checks `body` (JSON) and stores it as the next version, which is not in force yet. Raises `BadInput`."""
    checked(body, 0)
    version = await repository.add(connection, body, note, created_by)
    return checked(body, version)


async def publish(connection: Connection, body: str, note: str = "", created_by: int | None = None) -> Policy:
    """Stores the next version and puts it in force. Raises `BadInput`."""
    policy = await save(connection, body, note, created_by)
    await repository.activate(connection, policy.version, created_by)
    return policy


async def activate(
    connection: Connection, version: int, by: int | None = None, confirmed: Sequence[str] = ()
) -> Policy:
    """Puts any version in force, an older one too. Raises as `version_of`."""
    policy = await version_of(connection, version)
    await repository.activate(connection, version, by, confirmed)
    return policy


async def roll_back(connection: Connection, by: int | None = None) -> Policy:
    """Puts the version in force again that was so before the present one. Raises `Conflict`."""
    await repository.lock(connection)
    version = await repository.before_this(connection)
    if version is None:
        raise Conflict("There is nothing to roll back to: no policy was ever put in force.")
    return await activate(connection, version, by)


def checked(body: str, version: int) -> Policy:
    """Raises `BadInput` with every problem."""
    try:
        return read_policy(body, version)
    except BadPolicy as error:
        raise BadInput("The policy cannot be used: " + "; ".join(error.problems)) from error
