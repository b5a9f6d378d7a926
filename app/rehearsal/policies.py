"""Policies by name: the default tiers in some order, a stored version, a file."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import BadInput, NotFound
from app.policies.service import current, version_of
from routing.policy import DEFAULT_POLICY, BadPolicy, Policy, read_policy
from routing.rehearse.scenario import BUILT_IN, in_order

if TYPE_CHECKING:
    from app.policies.repository import Connection


def is_stored(name: str) -> bool:
    """Whether the database must be asked."""
    return name == "active" or (name.isdecimal() and len(name) < 10)


def built_in(name: str) -> Policy:
    """Raises `BadInput`."""
    if name not in BUILT_IN:
        raise BadInput(f"No policy {name!r}: use {', '.join(BUILT_IN)}, active, or the number of a version.")
    return in_order(name, DEFAULT_POLICY)


def from_file(name: str) -> Policy:
    """Raises `BadInput`."""
    path = Path(name)
    if path.suffix != ".json":
        raise BadInput(
            f"No policy {name!r}: use {', '.join(BUILT_IN)}, active, the number of a version, or a FILE.json."
        )
    try:
        return read_policy(path.read_bytes(), 0)
    except OSError as error:
        raise BadInput(f"{name} cannot be read: {error.strerror}.") from None
    except BadPolicy as error:
        raise BadInput(f"{name}: {error}.") from None


async def stored(connection: "Connection", names: Iterable[str]) -> dict[str, Policy]:
    """`active` and numbers of versions. Raises `BadInput`."""
    found = {}
    for name in names:
        try:
            found[name] = (
                await current(connection) if name == "active" else await version_of(connection, int(name))
            )
        except NotFound:
            raise BadInput(f"No version {name} of the policy is stored.") from None
        except BadPolicy as error:
            raise BadInput(f"The policy in force cannot be used any more: {error}.") from None
    return found
