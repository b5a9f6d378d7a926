"""`tierline policy` as an administrator at the command line meets it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.agents.generator import load_floor
from app.cli.policy import app
from app.errors import TierlineError
from app.infra.db import Database
from app.policies.service import current
from app.projects.models import DEFAULT_PROJECT

pytestmark = pytest.mark.db

Say = Callable[..., Awaitable[str]]

BODIES = {
    "modest.json": {"goal": {"percent": 80, "within_s": 120}, "unknown_tier": "priority"},
    "bold.json": {"unknown_tier": "vip"},
    "wrong.json": {"unknown_tier": "gold"},
}


@pytest.fixture
async def console(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str, database: Database
) -> Say:
    """What a command prints; with an error, what it says about it. Two lines are served by eight agents."""
    async with database.raw(DEFAULT_PROJECT) as connection:
        await load_floor(connection, pbx="main", password_hash="x", agents=8)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIERLINE_DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "160")
    for name, body in BODIES.items():
        (tmp_path / name).write_text(json.dumps(body))

    async def say(*words: str, status: int = 0) -> str:
        done = await asyncio.to_thread(CliRunner().invoke, app, words)
        if isinstance(done.exception, TierlineError):
            assert status == 2, done.exception
            return f"{done.stdout}{done.exception.message}"
        assert done.exit_code == status, done.output
        return done.stdout

    return say


async def version(database: Database) -> int:
    async with database.raw(DEFAULT_PROJECT) as connection:
        return (await current(connection)).version


async def test_a_file_is_published_shown_and_taken_back(console: Say, database: Database) -> None:
    assert await console("check", "modest.json") == "Nothing is wrong with it.\n"
    await console("publish", "modest.json", "--note", "be modest")
    assert await version(database) == 1
    assert json.loads(await console("show")) == BODIES["modest.json"]
    assert json.loads(await console("show", "--defaults"))["goal"]["answer_s"] == 0.5
    listed = await console("list")
    assert "be modest" in listed
    assert "in force" in listed
    await console("roll-back")
    assert await version(database) == 0
    await console("activate", "1")
    assert await version(database) == 1


async def test_warnings_are_told_and_must_be_accepted(console: Say, database: Database) -> None:
    told = await console("check", "bold.json", status=1)
    assert "warning: sales: a pool of 8 agents cannot promise 99 % in 5 s: expect 94 %" in told
    assert "Nothing was published" in await console("publish", "bold.json", status=2)
    assert await version(database) == 0
    await console("publish", "bold.json", "--yes")
    assert await version(database) == 1
    await console("roll-back")
    assert "Confirm that it shall be so" in await console("activate", "1", status=2)
    await console("activate", "1", "--yes")
    assert await version(database) == 1


async def test_what_a_version_changes_can_be_read(console: Say) -> None:
    await console("publish", "modest.json")
    told = await console("diff", "0", "1", status=1)
    assert "goal.percent" in told
    assert "99.0" in told
    assert "They say the same." in await console("diff", "1", "1")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("publish", "wrong.json"), "error: unknown_tier: no tier 'gold'"),
        (("publish", "no.json"), "no.json cannot be read"),
        (("activate", "7"), "There is no policy version 7."),
        (("show", "7"), "There is no policy version 7."),
        (("roll-back",), "nothing to roll back to"),
    ],
)
async def test_mistakes_change_nothing_and_say_what_to_do(
    console: Say, database: Database, words: tuple[str, ...], problem: str
) -> None:
    assert problem in await console(*words, status=2)
    assert await version(database) == 0
