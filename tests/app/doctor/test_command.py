"""`tierline doctor` as a command: its exit status is for scripts, its words are for people."""

import asyncio
import os
import sys

import pytest

from app.agents.generator import load_floor
from app.infra.asterisk import LocalAsterisk
from app.infra.db import Database
from app.projects.models import DEFAULT_PROJECT
from tests.conftest import Urls

pytestmark = pytest.mark.pbx


async def doctor(**settings: str) -> tuple[int, str]:
    """(exit status, what it printed)"""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TIERLINE_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "doctor"),
        env={**clean, **settings, "COLUMNS": "400", "NO_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode()


@pytest.fixture
def settings(pbx: LocalAsterisk, urls: Urls) -> dict[str, str]:
    return {
        "TIERLINE_DATABASE_URL": urls.app,
        "TIERLINE_PBX__MAIN__HOST": pbx.host,
        "TIERLINE_PBX__MAIN__PORT": str(pbx.ami_port),
        "TIERLINE_PBX__MAIN__SECRET": pbx.ami_secret,
    }


async def test_all_is_well(settings: dict[str, str], database: Database) -> None:
    async with database.raw(DEFAULT_PROJECT) as connection:
        await load_floor(connection, pbx="main", password_hash=None)
    status, words = await doctor(**settings)
    assert status == 0, words
    assert "failed" not in words
    assert "all of our lines among them" in words


async def test_one_fault_is_told_and_the_rest_is_still_looked_at(
    settings: dict[str, str], pbx: LocalAsterisk
) -> None:
    status, words = await doctor(**{**settings, "TIERLINE_PBX__MAIN__SECRET": "wrong"})
    assert status == 1
    assert "Authentication failed" in words
    assert "up to date" in words
    assert pbx.ami_secret not in words


async def test_without_any_switch_it_says_which_setting_to_make(settings: dict[str, str]) -> None:
    status, words = await doctor(TIERLINE_DATABASE_URL=settings["TIERLINE_DATABASE_URL"])
    assert status == 1
    assert "TIERLINE_PBX__MAIN__HOST" in words
