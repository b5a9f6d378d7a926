"""A database with an agent and users, a spool folder, and a place that can be away."""

from pathlib import Path

import pytest
from pwdlib import PasswordHash

from app.agents.generator import load_floor
from app.infra.db import Database
from app.projects.models import DEFAULT_PROJECT
from app.recorder import orders
from tests.fakes.troubled_place import TroubledPlace


@pytest.fixture
async def floor_database(database: Database) -> Database:
    """Agents 1001 and 1002 on `main`."""
    async with database.raw(DEFAULT_PROJECT) as connection:
        hashed = PasswordHash.recommended().hash("correct horse battery")
        await load_floor(connection, pbx="main", password_hash=hashed, agents=2)
    return database


@pytest.fixture
def place(tmp_path: Path) -> TroubledPlace:
    return TroubledPlace(tmp_path / "kept")


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    folder = tmp_path / "monitor" / "tierline"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "TOLD_WITHIN_S", 0.05)
    monkeypatch.setattr(orders, "STARTS_WITHIN_S", 0.05)
