"""The policy as administrators change it. What is put in force counts at once here, and within seconds in other processes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from app.errors import BadInput, Conflict, NotFound
from app.infra.db import AWAY, Database
from app.policies import repository as versions
from app.policies import service as policies
from app.policymaking import repository, rules
from app.policymaking.schemas import (
    ActivationRow,
    CurrentPolicy,
    Difference,
    Differences,
    InForce,
    Notice,
    Promise,
    Saved,
    Verdict,
    Version,
    VersionRow,
)
from routing.policy import BadPolicy, Policy, read_policy

if TYPE_CHECKING:
    from app.policies.repository import Connection

log = structlog.get_logger(__name__)

HISTORY = timedelta(days=28)
LARGEST_BODY = 200_000


class Policymaking:
    """`put_in_force(project)`: this process reads the rules again; it may raise what `AWAY` names, then it does so later."""

    def __init__(
        self,
        database: Database,
        put_in_force: Callable[[int], Awaitable[object]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._put_in_force = put_in_force
        self._now = now

    # reading

    async def current(self, project_id: int) -> CurrentPolicy:
        async with self._database.raw(project_id) as connection:
            active = await versions.active(connection)
            shown = await self._version(connection, active[0] if active else 0)
        policy = _read(shown.body, shown.version)
        return CurrentPolicy(**shown.model_dump(), rules=msgspec.to_builtins(policy.rules))

    async def versions(self, project_id: int, limit: int, before: int | None) -> list[VersionRow]:
        async with self._database.raw(project_id) as connection:
            return [VersionRow(**dict(row)) for row in await versions.versions(connection, limit, before)]

    async def version(self, project_id: int, number: int) -> Version:
        """Raises `NotFound`."""
        async with self._database.raw(project_id) as connection:
            return await self._version(connection, number)

    async def activations(self, project_id: int, limit: int) -> list[ActivationRow]:
        async with self._database.raw(project_id) as connection:
            return [ActivationRow(**dict(row)) for row in await versions.activations(connection, limit)]

    async def differences(self, project_id: int, before: int, after: int) -> Differences:
        """Raises `NotFound`, or `BadInput` for a version that today's rules refuse."""
        async with self._database.raw(project_id) as connection:
            old = await policies.version_of(connection, before)
            new = await policies.version_of(connection, after)
        changes = [Difference(**one._asdict()) for one in rules.differences(old.rules, new.rules)]
        return Differences(before=before, after=after, changes=changes)

    # changing

    async def check(self, project_id: int, body: dict[str, Any]) -> Verdict:
        """Changes nothing."""
        async with self._database.raw(project_id) as connection:
            return await self._verdict(connection, body)

    async def save(self, project_id: int, body: dict[str, Any], note: str, by: int | None) -> Saved:
        """The next version, not in force yet. Raises `BadInput` with every error."""
        text = msgspec.json.encode(body).decode()
        if len(text) > LARGEST_BODY:
            raise BadInput(f"The policy is larger than {LARGEST_BODY} characters: make it shorter.")
        if "\\u0000" in text or "\0" in note:
            raise BadInput("The policy holds the character NUL, which cannot be stored: take it out.")
        async with self._database.raw(project_id) as connection:
            policy = await policies.save(connection, text, note, by)
            verdict = await self._verdict(connection, body)
        log.info("policy_saved", project=project_id, version=policy.version, by=by)
        return Saved(version=policy.version, verdict=verdict)

    async def activate(self, project_id: int, number: int, by: int | None, confirmed: bool) -> InForce:
        """Raises `NotFound`, `BadInput`, and `Conflict` when there are warnings that nobody confirmed."""
        async with self._database.raw(project_id) as connection:
            policy = await policies.version_of(connection, number)
            warnings = await self._warnings(connection, policy)
            if warnings and not confirmed:
                listed = "; ".join(one.en for one in warnings)
                raise Conflict(f"Confirm that it shall be so, or change it: {listed}.")
            await policies.activate(connection, number, by, [one.en for one in warnings])
        await self._everywhere(project_id, number, by)
        return InForce(version=number, warnings=warnings)

    async def roll_back(self, project_id: int, by: int | None) -> InForce:
        """Asks nothing, because it is for the moment when something went wrong. Raises `Conflict`, `BadInput`."""
        async with self._database.raw(project_id) as connection:
            policy = await policies.roll_back(connection, by)
            warnings = await self._warnings(connection, policy)
        await self._everywhere(project_id, policy.version, by)
        return InForce(version=policy.version, warnings=warnings)

    # inside

    async def _everywhere(self, project_id: int, version: int, by: int | None) -> None:
        log.info("policy_in_force", project=project_id, version=version, by=by)
        try:
            await self._put_in_force(project_id)
        except AWAY as error:
            log.warning("policy_in_force_later", project=project_id, version=version, error=str(error))

    async def _version(self, connection: Connection, number: int) -> Version:
        if number == 0:
            active = await versions.active(connection) is None
            return Version(
                version=0, active=active, note="built in", created_by=None, created_at=None, body={}
            )
        row = await versions.one(connection, number)
        if row is None:
            raise NotFound(f"There is no policy version {number}.")
        return Version(**{**dict(row), "body": msgspec.json.decode(row["body"])})

    async def _verdict(self, connection: Connection, body: dict[str, Any]) -> Verdict:
        try:
            policy = read_policy(body, 0)
        except BadPolicy as error:
            return Verdict(errors=error.problems, warnings=[], promises=[])
        promises = await self._judged(connection, policy)
        return Verdict(
            errors=[],
            warnings=await self._warnings(connection, policy, promises),
            promises=[_promise(policy, one) for one in promises],
        )

    async def _judged(self, connection: Connection, policy: Policy) -> list[rules.Judged]:
        highest = [tier.name for tier in rules.highest_tiers(policy.rules)]
        pools = await repository.pools(connection, self._now() - HISTORY, highest)
        return list(rules.judged(policy, pools))

    async def _warnings(
        self, connection: Connection, policy: Policy, promises: list[rules.Judged] | None = None
    ) -> list[Notice]:
        promises = await self._judged(connection, policy) if promises is None else promises
        agents = await repository.skills_of_agents(connection)
        found = rules.doubts(policy, promises, [one.line for one in promises], agents)
        return [Notice(**one._asdict()) for one in found]


def _read(body: dict[str, Any], version: int) -> Policy:
    """Raises `BadInput`: a stored version that today's rules refuse."""
    return policies.checked(msgspec.json.encode(body).decode(), version)


def _promise(policy: Policy, one: rules.Judged) -> Promise:
    goal, broken = policy.rules.goal, one.broken
    instead = broken.instead if broken is not None else None
    return Promise(
        line=one.line,
        agents=one.load.agents,
        aht_s=round(one.load.aht_s, 1),
        vip_per_hour=round(one.load.vip_per_s * 3600, 2),
        known=one.known,
        promised_percent=goal.percent,
        within_s=goal.within_s,
        expected_percent=round(100 * one.expected, 2),
        kept=broken is None,
        instead_percent=instead[0] if instead else None,
        instead_within_s=instead[1] if instead else None,
        enough_agents=broken.enough if broken is not None else None,
    )
