"""The database that the settings mean."""

from pathlib import Path

import asyncpg
import pytest
from pydantic import PostgresDsn

from app.errors import Unavailable
from app.infra.chosen_database import check_migrated, open_database
from app.infra.postgres import EmbeddedPostgres
from app.infra.postgres_cluster import DATABASE
from app.settings import Settings
from tests.conftest import Urls

pytestmark = pytest.mark.db


def settings(tmp_path: Path, app: str | None, owner: str | None = None) -> Settings:
    return Settings.model_construct(
        data_dir=tmp_path,
        database_pool=2,
        database_url=PostgresDsn(app) if app else None,
        migrations_url=PostgresDsn(owner) if owner else None,
    )


async def test_a_configured_database_is_used_as_it_is(tmp_path: Path, urls: Urls) -> None:
    async with open_database(settings(tmp_path, urls.app)) as database:
        await check_migrated(database)


async def test_an_empty_one_is_said_so_and_migrated_when_asked(
    tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    owner = await asyncpg.connect(postgres.owner_url)
    await owner.execute(f"CREATE DATABASE chosen TEMPLATE {DATABASE}")
    app_url, owner_url = (
        f"{url.rpartition('/')[0]}/chosen" for url in (postgres.app_url, postgres.owner_url)
    )
    async with open_database(settings(tmp_path, app_url)) as database:
        with pytest.raises(Unavailable, match=r"at revision none.*tierline serve"):
            await check_migrated(database)
    async with open_database(settings(tmp_path, app_url, owner_url), migrate=True) as database:
        await check_migrated(database)
    await owner.execute("DROP DATABASE chosen WITH (FORCE)")
    await owner.close()


async def test_a_database_that_is_away_is_said_with_the_setting(tmp_path: Path) -> None:
    async with open_database(settings(tmp_path, "postgresql://nobody:x@127.0.0.1:1/none")) as database:
        with pytest.raises(Unavailable, match="TIERLINE_DATABASE_URL"):
            await check_migrated(database)
