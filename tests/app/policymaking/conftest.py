"""Administrators before a database with one line and eight agents."""

from collections.abc import AsyncIterator

import pytest

from app.agents.generator import load_floor
from app.inbound.rules import KnownRules
from app.infra.db import Database
from app.policymaking.endpoints import router
from app.policymaking.service import Policymaking
from app.projects.models import DEFAULT_PROJECT
from tests.fakes.people import People, people


@pytest.fixture
async def staffed(database: Database) -> Database:
    """Line `sales` with eight agents, who can do nothing special."""
    async with database.raw(DEFAULT_PROJECT) as connection:
        await load_floor(connection, pbx="main", password_hash="x", agents=8)
        await connection.execute("DELETE FROM agent_skills")
        await connection.execute("DELETE FROM lines WHERE code <> 'sales'")
    return database


@pytest.fixture
async def rules(staffed: Database) -> KnownRules:
    """What the webhook routes by."""
    known = KnownRules(staffed, "RU")
    await known.refresh(DEFAULT_PROJECT)
    return known


@pytest.fixture
async def office(staffed: Database, rules: KnownRules) -> AsyncIterator[People]:
    async with people(staffed, router) as one:
        one.app.state.policymaking = Policymaking(staffed, rules.refresh)
        yield one
