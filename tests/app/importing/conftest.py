"""A file and what an import of it leaves behind."""

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.importing.service import Options, Summary, import_clients
from app.infra.db import Database

TODAY = date(2026, 3, 15)
Import = Callable[..., Awaitable[Summary]]


@pytest.fixture
def load(database: Database, project_id: int, tmp_path: Path) -> Import:
    """`await load("name,phone\\n…", "name=Name", dry_run=True)`; the file is `clients.csv` of `tmp_path`."""

    async def run(
        content: str | bytes,
        *said: str,
        today: date = TODAY,
        into: Database = database,
        name: str = "clients.csv",
        **options: Any,
    ) -> Summary:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return await import_clients(
            into, project_id, file, Options(**{"region": "RU", "said": said, **options}), today=today
        )

    return run


@pytest.fixture
def stored(database: Database, project_id: int) -> Callable[..., Awaitable[list[Any]]]:
    async def fetch(query: str, *arguments: Any) -> list[Any]:
        async with database.raw(project_id) as connection:
            return list(await connection.fetch(query, *arguments))

    return fetch


def figures(summary: Summary) -> tuple[int, int, int, int]:
    return summary.new, summary.changed, summary.unchanged, summary.bad
