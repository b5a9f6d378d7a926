"""Who asks: the FastAPI dependencies that every endpoint shares. Who people are is `app.identity`'s business;
the wiring puts its service into `app.state.identity`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, cast

from fastapi import Depends
from fastapi.requests import HTTPConnection

from app.errors import NotAllowed, NotSignedIn

SESSION_COOKIE = "tierline_session"
TOKEN_HEADER = "X-Tierline-Token"  # noqa: S105 -- a header's name

Role = Literal["agent", "supervisor", "admin"]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user with a running session. `agent_id`, `pbx` and `interface`: his device, if he is an agent."""

    session: bytes
    project_id: int
    user_id: int
    login: str
    name: str
    role: Role
    language: Literal["ru", "en"]
    theme: Literal["auto", "light", "dark"]
    agent_id: int | None
    pbx: str | None
    interface: str | None


@dataclass(frozen=True, slots=True)
class Program:
    """Another program with a service token."""

    project_id: int
    name: str
    scopes: frozenset[str]


class Identity(Protocol):
    async def session(self, cookie: str | None) -> SignedIn | None: ...

    async def check_service_token(self, token: str | None, scope: str) -> Program:
        """Raises `NotSignedIn` or `NotAllowed`."""
        ...


def identity_of(connection: HTTPConnection) -> Identity:
    return cast(Identity, connection.app.state.identity)


async def current_user(connection: HTTPConnection) -> SignedIn:
    """Raises `NotSignedIn`."""
    user = await identity_of(connection).session(connection.cookies.get(SESSION_COOKIE))
    if user is None:
        raise NotSignedIn("Sign in first.")
    return user


CurrentUser = Annotated[SignedIn, Depends(current_user)]


def require(*roles: Role) -> Callable[[SignedIn], Awaitable[SignedIn]]:
    """A dependency: `Annotated[SignedIn, Depends(require("supervisor"))]`. An admin may do everything."""

    async def check(user: CurrentUser) -> SignedIn:
        if user.role not in (*roles, "admin"):
            raise NotAllowed(f"Only a {' or '.join(roles)} may do this.")
        return user

    return check


def require_scope(scope: str) -> Callable[[HTTPConnection], Awaitable[Program]]:
    """A dependency for other programs: their token in `X-Tierline-Token` must have `scope`."""

    async def check(connection: HTTPConnection) -> Program:
        token = connection.headers.get(TOKEN_HEADER)
        return await identity_of(connection).check_service_token(token, scope)

    return check
