"""An identity service on a real database, with a clock that tests move."""

from dataclasses import dataclass

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.identity.service import IdentityService
from app.infra.db import Database

PASSWORD = "correct horse"


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def identity(database: Database, project_id: int, clock: Clock) -> IdentityService:
    quick = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    return IdentityService(database, project_id, session_hours=2, clock=clock, hasher=quick)


@pytest.fixture
async def anna(identity: IdentityService) -> int:
    """A supervisor with `PASSWORD`."""
    return await identity.add_user("anna", PASSWORD, name="Anna", role="supervisor")
