"""`tierline user` and `tierline token` against a real database, as an administrator and a script use them."""

import asyncio
from pathlib import Path

import pytest

from app.errors import NotSignedIn
from app.identity.service import IdentityService
from app.infra.db import Database
from tests.app.cli.test_root import tierline

pytestmark = pytest.mark.db


class Console:
    def __init__(self, cwd: Path, url: str) -> None:
        self._cwd, self._url = cwd, url

    async def __call__(self, *words: str, status: int = 0) -> str:
        """What the command prints; with an error, what it says on stderr."""
        done = await asyncio.to_thread(
            tierline, *words, cwd=self._cwd, TIERLINE_DATABASE_URL=self._url, COLUMNS="160"
        )
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr if status else done.stdout


@pytest.fixture
def console(tmp_path: Path, database_url: str) -> Console:
    return Console(tmp_path, database_url)


async def test_a_user_is_added_signs_in_and_is_disabled(
    console: Console, database: Database, project_id: int
) -> None:
    identity = IdentityService(database, project_id)
    password = (
        await console("user", "add", "Anna", "--name", "Anna K.", "--role", "supervisor", "--generate")
    ).strip()
    user, _ = await identity.sign_in("anna", password)
    assert (user.name, user.role) == ("Anna K.", "supervisor")

    listed = await console("user", "list")
    assert "anna" in listed
    assert "supervisor" in listed
    assert password not in listed

    renewed = (await console("user", "password", "anna", "--generate")).strip()
    with pytest.raises(NotSignedIn):
        await identity.sign_in("anna", password)
    await identity.sign_in("anna", renewed)

    await console("user", "disable", "anna")
    assert "disabled" in await console("user", "list")
    with pytest.raises(NotSignedIn):
        await identity.sign_in("anna", renewed)
    await console("user", "enable", "anna")
    await identity.sign_in("anna", renewed)


async def test_mistakes_get_one_clear_line(console: Console) -> None:
    assert "There is no user 'nobody'." in await console("user", "disable", "nobody", status=2)
    assert "--password-stdin or --generate" in await console("user", "add", "anna", status=2)
    await console("user", "add", "anna", "--generate")
    assert "'anna' is taken" in await console("user", "add", "anna", "--generate", status=2)
    assert "Unknown scope" in await console("token", "create", "pbx", "--scope", "all", status=2)


async def test_a_token_is_shown_once_works_and_is_revoked(
    console: Console, database: Database, project_id: int
) -> None:
    token = (await console("token", "create", "main-pbx", "--scope", "routing")).strip()
    program = await IdentityService(database, project_id).check_service_token(token, "routing")
    assert program.name == "main-pbx"

    listed = await console("token", "list")
    assert "main-pbx" in listed
    assert "valid" in listed
    assert token.partition(".")[2] not in listed

    await console("token", "revoke", "main-pbx")
    assert "revoked" in await console("token", "list")
    with pytest.raises(NotSignedIn):
        await IdentityService(database, project_id).check_service_token(token, "routing")


async def test_a_database_that_is_away_or_not_migrated_is_said(tmp_path: Path, postgres: object) -> None:
    away = Console(tmp_path, "postgresql://nobody:x@127.0.0.1:1/none")
    assert "database does not answer" in await away("user", "list", status=2)
    empty = Console(tmp_path, postgres.app_url)  # type: ignore[attr-defined]
    assert "start `tierline serve` once" in await empty("user", "list", status=2)
