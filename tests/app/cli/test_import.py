"""`tierline import clients` as a person types it."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from app.infra.db import Database
from tests.app.cli.test_root import tierline

pytestmark = pytest.mark.db


def bad_file(path: Path) -> Path:
    path.write_text("id,phone\nC-1,12\n")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "crm.csv"
    path.write_text("Nr;ФИО;Телефон\nC-1;Анна Пример;8 (916) 000-00-01\nC-2;Борис;12\n")
    return path


async def run(file: Path, url: str, *words: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        tierline, "import", "clients", file.name, *words, cwd=file.parent, TIERLINE_DATABASE_URL=url
    )


async def test_it_shows_what_columns_become_and_what_was_stored(
    file: Path, database: Database, database_url: str, project_id: int
) -> None:
    trial = await run(file, database_url, "--map", "external_id=Nr", "--dry-run")
    assert (trial.returncode, "nothing was stored" in trial.stdout) == (0, True), trial.stderr
    done = await run(file, database_url, "--map", "external_id=Nr")
    assert done.returncode == 0, done.stderr
    for words in (("ФИО", "name"), ("Nr", "external_id"), ("utf-8", "semicolon")):
        assert any(all(word in line for word in words) for line in done.stderr.splitlines())
    assert "2 rows read: 1 new, 0 changed, 0 unchanged, 1 bad." in done.stdout
    assert "crm.bad.csv" in done.stdout
    async with database.raw(project_id) as connection:
        assert await connection.fetchval("SELECT name FROM clients") == "Анна Пример"
    again = await run(file, database_url)
    assert "0 new, 0 changed, 1 unchanged, 1 bad" in again.stdout


async def test_nothing_but_bad_rows_is_a_failure(tmp_path: Path, database_url: str) -> None:
    assert (await run(bad_file(tmp_path / "bad.csv"), database_url)).returncode == 1


async def test_mistakes_get_one_clear_line(file: Path, database_url: str) -> None:
    done = await run(file, database_url, "--map", "external_id=Number")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "tierline: --map external_id: the file has no column 'Number'; it has 'Nr', 'ФИО', 'Телефон'.\n"
    )
    missing = await run(file.parent / "none.csv", database_url)
    assert missing.stderr == "tierline: none.csv cannot be read: No such file or directory.\n"
