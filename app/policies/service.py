"""The policy in force: read, published as a new version, rolled back to an older one. Old versions never change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import BadInput, NotFound
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


async def publish(connection: Connection, body: str, note: str = "", created_by: int | None = None) -> Policy:
    """Checks `body` (JSON), stores it as the next version and puts it in force. Raises `BadInput`."""
    _checked(body, 0)
    version = await repository.add(connection, body, note, created_by)
    await repository.activate(connection, version)
    return _checked(body, version)


async def roll_back(connection: Connection, version: int) -> Policy:
    """Puts an older version in force again. Raises `NotFound`, or `BadInput` when today's rules refuse it."""
    body = await repository.body_of(connection, version)
    if body is None:
        raise NotFound(f"There is no policy version {version}.")
    policy = _checked(body, version)
    await repository.activate(connection, version)
    return policy


def _checked(body: str, version: int) -> Policy:
    try:
        return read_policy(body, version)
    except BadPolicy as error:
        raise BadInput("The policy cannot be used: " + "; ".join(error.problems)) from error
