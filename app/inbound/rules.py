"""What is kept in memory so that a call is answered without the database: policies, lines, and who may ask."""

import time
from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple, Protocol

import structlog

from app.errors import NotAllowed, NotSignedIn, Unavailable
from app.infra.db import AWAY, Database
from app.lines import repository as lines
from app.lines.known import Lines
from app.policies import service as policies
from routing.policy import DEFAULT_POLICY, BadPolicy, Policy

log = structlog.get_logger(__name__)


class Rules(NamedTuple):
    """Of one project."""

    policy: Policy
    lines: Lines


class KnownRules:
    """The last good rules of every project that asked. A database or a policy that fails leaves them as they are."""

    def __init__(self, database: Database, region: str) -> None:
        self._database = database
        self._region = region
        self._by_project: dict[int, Rules] = {}

    def of(self, project_id: int) -> Rules | None:
        """None: never read."""
        return self._by_project.get(project_id)

    def last_known(self, project_id: int) -> Rules:
        return self._by_project.get(project_id) or Rules(DEFAULT_POLICY, Lines(self._region))

    async def refresh(self, project_id: int) -> Rules:
        """Reads one project again. Raises what `AWAY` names."""
        async with self._database.raw(project_id) as connection:
            dialled = await lines.dialled(connection)
            try:
                policy = await policies.current(connection)
            except BadPolicy as error:
                policy = self.last_known(project_id).policy
                log.error("policy_unusable", project=project_id, problems=error.problems, kept=policy.version)
        rules = Rules(policy, Lines(self._region, dialled))
        self._by_project[project_id] = rules
        return rules

    async def refresh_all(self) -> None:
        for project_id in tuple(self._by_project):
            await self.refresh(project_id)


class Caller(Protocol):
    """The program a service token belongs to."""

    @property
    def project_id(self) -> int: ...


class TokenCheck(Protocol):
    """`identity.service`: raises `NotSignedIn`, `NotAllowed` or, when it cannot know, something of `AWAY`."""

    async def __call__(self, token: str, scope: str) -> Caller: ...


class KnownTokens:
    """Tokens that were good a moment ago, so that a call costs no query for them.

    A revoked token is refused after `ttl_s`; while the database is away the last verdict stays, because calls go on.
    """

    SCOPE = "routing"

    def __init__(
        self, check: TokenCheck, *, ttl_s: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._check = check
        self._ttl_s = ttl_s
        self._clock = clock
        self._good: dict[bytes, tuple[int, float]] = {}

    def fresh(self, token: str) -> int | None:
        """The project of a token checked less than `ttl_s` ago; None: ask `check`."""
        project_id, checked = self._good.get(_digest(token), (None, 0.0))
        return project_id if self._clock() - checked < self._ttl_s else None

    async def check(self, token: str) -> int:
        """Its project. Raises `NotSignedIn`, `NotAllowed`; `Unavailable` when nobody can say."""
        if not token:
            raise NotSignedIn("Send a service token with the scope `routing` in the header X-Tierline-Token.")
        digest = _digest(token)
        try:
            caller = await self._check(token, self.SCOPE)
        except (NotSignedIn, NotAllowed):
            self._good.pop(digest, None)
            raise
        except AWAY:
            return self.last_verdict(token)
        self._good[digest] = (caller.project_id, self._clock())
        return caller.project_id

    def last_verdict(self, token: str) -> int:
        """The project of a token that was good when it was last checked. Raises `Unavailable`."""
        known = self._good.get(_digest(token))
        if known is None:
            raise Unavailable(
                "The token cannot be checked: the database does not answer. Calls take the default line."
            )
        return known[0]


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()
