"""`tierline user` and `tierline token` against a real database, as an administrator and a script use them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import token, user
from app.errors import NotSignedIn, TierlineError
from app.identity.service import IdentityService
from app.infra.db import Database
from tests.app.cli.test_root import tierline

pytestmark = pytest.mark.db


Say = Callable[..., Awaitable[str]]


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> Say:
    """What a command prints; with an error, what it says about it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIERLINE_DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "160")

    async def say(group: str, *words: str, status: int = 0) -> str:
        command = {"user": user.app, "token": token.app}[group]
        done = await asyncio.to_thread(CliRunner().invoke, command, words)
        if isinstance(done.exception, TierlineError):
            assert status == 2, done.exception
            return done.exception.message
        assert done.exit_code == status, done.output
        return done.stdout

    return say


async def test_a_user_is_added_signs_in_and_is_disabled(
    console: Say, database: Database, project_id: int
) -> None:
    identity = IdentityService(database, project_id)
    password = (
        await console("user", "add", "Anna", "--name", "Anna K.", "--role", "supervisor", "--generate")
    ).strip()
    known, _ = await identity.sign_in("anna", password)
    assert (known.name, known.role) == ("Anna K.", "supervisor")

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


async def test_mistakes_get_one_clear_line(console: Say) -> None:
    assert "There is no user 'nobody'." in await console("user", "disable", "nobody", status=2)
    assert "--password-stdin or --generate" in await console("user", "add", "anna", status=2)
    await console("user", "add", "anna", "--generate")
    assert "'anna' is taken" in await console("user", "add", "anna", "--generate", status=2)
    assert "Unknown scope" in await console("token", "create", "pbx", "--scope", "all", status=2)


async def test_a_token_is_shown_once_works_and_is_revoked(
    console: Say, database: Database, project_id: int
) -> None:
    secret = (await console("token", "create", "main-pbx", "--scope", "routing")).strip()
    program = await IdentityService(database, project_id).check_service_token(secret, "routing")
    assert program.name == "main-pbx"

    listed = await console("token", "list")
    assert "main-pbx" in listed
    assert "valid" in listed
    assert secret.partition(".")[2] not in listed

    await console("token", "revoke", "main-pbx")
    assert "revoked" in await console("token", "list")
    with pytest.raises(NotSignedIn):
        await IdentityService(database, project_id).check_service_token(secret, "routing")


async def test_a_database_that_is_away_is_one_line(tmp_path: Path) -> None:
    url = "postgresql://nobody:x@127.0.0.1:1/none"
    done = await asyncio.to_thread(tierline, "user", "list", cwd=tmp_path, TIERLINE_DATABASE_URL=url)
    assert done.returncode == 2
    assert done.stderr.startswith("tierline: The database does not answer")
    assert done.stderr.count("\n") == 1
