"""Policies: published, in force, rolled back; a wrong one changes nothing."""

import asyncio
import json

import pytest

from app.errors import BadInput, Conflict, NotFound
from app.infra.db import Database
from app.policies import service
from routing.policy import DEFAULT_POLICY

pytestmark = pytest.mark.db

GENEROUS = json.dumps({"unknown_tier": "priority"})
STRICT = json.dumps({"blocked": "refused", "unknown_tier": "standard"})


async def test_without_a_policy_the_defaults_are_in_force(database: Database, project_id: int) -> None:
    async with database.raw(project_id) as connection:
        assert await service.current(connection) == DEFAULT_POLICY


async def test_a_published_policy_is_in_force_and_an_older_one_comes_back(
    database: Database, project_id: int
) -> None:
    async with database.raw(project_id) as connection:
        first = await service.publish(connection, GENEROUS, note="be nice")
        second = await service.publish(connection, STRICT)
    assert (first.version, second.version) == (1, 2)
    async with database.raw(project_id) as connection:
        assert await service.current(connection) == second
        assert await service.activate(connection, 1) == first
    async with database.raw(project_id) as connection:
        assert (await service.current(connection)).rules.unknown_tier == "priority"


async def test_a_wrong_policy_is_refused_and_the_one_in_force_stays(
    database: Database, project_id: int
) -> None:
    async with database.raw(project_id) as connection:
        await service.publish(connection, GENEROUS)
    with pytest.raises(BadInput, match="unknown_tier: no tier 'bronze'; use one of standard, priority, vip"):
        async with database.raw(project_id) as connection:
            await service.publish(connection, '{"unknown_tier": "bronze"}')
    async with database.raw(project_id) as connection:
        assert (await service.current(connection)).version == 1


async def test_rolling_back_to_what_never_was(database: Database, project_id: int) -> None:
    async with database.raw(project_id) as connection:
        with pytest.raises(NotFound, match="no policy version 7"):
            await service.activate(connection, 7)


async def test_two_administrators_at_once_get_two_versions(database: Database, project_id: int) -> None:
    async def publish() -> int:
        async with database.raw(project_id) as connection:
            return (await service.publish(connection, GENEROUS)).version

    assert sorted(await asyncio.gather(publish(), publish(), publish())) == [1, 2, 3]
    async with database.raw(project_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM policies WHERE active") == 1


async def test_a_saved_version_waits_until_it_is_put_in_force(database: Database, project_id: int) -> None:
    async with database.raw(project_id) as connection:
        assert (await service.save(connection, GENEROUS)).version == 1
        assert await service.current(connection) == DEFAULT_POLICY
        await service.activate(connection, 1)
        assert (await service.current(connection)).version == 1


async def test_rolling_back_goes_to_what_was_in_force_before(database: Database, project_id: int) -> None:
    async with database.raw(project_id) as connection:
        with pytest.raises(Conflict, match="nothing to roll back to"):
            await service.roll_back(connection)
        await service.publish(connection, GENEROUS)
        await service.save(connection, STRICT)
        await service.publish(connection, STRICT)
        assert (await service.roll_back(connection)).version == 1
        assert (await service.roll_back(connection)).version == 3
        await service.activate(connection, 1)
        await service.activate(connection, 0)
        assert await service.current(connection) == DEFAULT_POLICY
        assert (await service.roll_back(connection)).version == 1


async def test_the_first_policy_rolls_back_to_the_defaults(database: Database, project_id: int) -> None:
    async with database.raw(project_id) as connection:
        await service.publish(connection, GENEROUS)
        assert await service.roll_back(connection) == DEFAULT_POLICY
