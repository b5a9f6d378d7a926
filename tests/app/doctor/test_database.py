"""`tierline doctor` at a real database."""

import pytest

from app.doctor.database import examine
from app.infra.db import Database
from app.infra.postgres import EmbeddedPostgres
from app.infra.processes import free_ports
from tests.conftest import Urls

pytestmark = pytest.mark.db


async def verdicts(url: str) -> dict[str, tuple[str, str]]:
    async with Database(url, size=2) as database:
        return {one.about: (one.verdict, one.found + one.advice) for one in await examine(database)}


async def test_a_migrated_database_and_a_modest_role_are_fine(urls: Urls) -> None:
    findings = await verdicts(urls.app)
    assert {about: verdict for about, (verdict, _) in findings.items()} == {
        "database": "ok",
        "migrations": "ok",
        "row-level security": "ok",
    }


async def test_missing_migrations_are_told(postgres: EmbeddedPostgres) -> None:
    verdict, words = (await verdicts(postgres.app_url))["migrations"]
    assert verdict == "failed"
    assert "nothing yet" in words
    assert "tierline serve" in words


async def test_an_older_schema_is_told(urls: Urls) -> None:
    async with Database(urls.owner) as owner, owner.connection() as connection:
        await connection.execute("UPDATE alembic_version SET version_num = 'old'")
    verdict, words = (await verdicts(urls.app))["migrations"]
    assert (verdict, "is at old" in words) == ("failed", True)


async def test_a_superuser_sees_through_the_walls_between_projects(urls: Urls) -> None:
    verdict, words = (await verdicts(urls.superuser))["row-level security"]
    assert verdict == "warning"
    assert "NOSUPERUSER" in words


async def test_nobody_there_is_told_with_the_setting_to_look_at() -> None:
    findings = await verdicts(f"postgresql://tierline:guess@127.0.0.1:{free_ports(1)[0]}/tierline")
    assert list(findings) == ["database"]
    verdict, words = findings["database"]
    assert verdict == "failed"
    assert "TIERLINE_DATABASE_URL" in words
    assert "guess" not in words
