"""Stored calls as a file, and that file and the calls themselves as a rehearsal from the command line."""

import asyncio
import csv
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from app.cli import export, rehearse
from app.errors import TierlineError
from app.infra.db import Database
from app.policies.service import publish
from app.projects.models import DEFAULT_PROJECT
from tests.fakes.past import fill_past

pytestmark = pytest.mark.db

DAYS = ("--from", "2026-03-02", "--to", "2026-03-04")
Say = Callable[..., Awaitable[str]]


@pytest.fixture
async def console(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str, database: Database
) -> Say:
    """What a command prints; with an error, what it says about it."""
    await fill_past(database)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIERLINE_DATABASE_URL", database_url)

    async def say(app: typer.Typer, *words: str, status: int = 0) -> str:
        done = await asyncio.to_thread(CliRunner().invoke, app, words)
        if isinstance(done.exception, TierlineError):
            assert status == 2, done.exception
            return done.exception.message
        assert done.exit_code == status, done.output
        return done.stdout

    return say


async def test_every_call_that_waited_is_exported_and_names_nobody(console: Say, tmp_path: Path) -> None:
    await console(export.app, "calls", "calls.csv", *DAYS)
    rows = list(csv.DictReader((tmp_path / "calls.csv").read_text().splitlines()))
    assert len(rows) == 120
    assert rows[0] == {
        "joined": "2026-03-02T08:00:00.000",
        "tier": "vip",
        "kind": "vip",
        "wait_s": "12.500",
        "outcome": "answered",
        "handling_s": "90.000",
        "agent": "main/PJSIP/1001",
        "line": "sales",
        "pbx": "main",
        "call_id": "0.0",
    }
    assert (rows[9]["outcome"], rows[9]["handling_s"], rows[9]["agent"], rows[9]["kind"]) == (
        "abandoned",
        "",
        "",
        "mid",
    )


async def test_the_export_and_the_calls_themselves_give_the_same_figures(
    console: Say, database: Database
) -> None:
    async with database.raw(DEFAULT_PROJECT) as connection:
        await publish(connection, '{"waiting": {"order": "strict"}}')
    await console(export.app, "calls", "calls.csv", *DAYS)
    of_file = json.loads(
        await console(rehearse.app, "--log", "calls.csv", "--policy", "active,strict,1", "--json")
    )
    own = json.loads(
        await console(rehearse.app, "--own-history", *DAYS, "--policy", "active,strict,1", "--json")
    )
    assert own["policies"] == of_file["policies"]
    assert own["policies"]["active"] == own["policies"]["strict"] == own["policies"]["1"]
    assert (own["scenario"]["format"], own["scenario"]["log"]) == ("export", "2026-03-02 – 2026-03-04")
    assert own["scenario"]["left_out"] == {"neither answered nor hung up": 1}
    assert own["policies"]["active"]["all"]["offered"] == 119


async def test_days_are_those_of_the_zone(console: Say, tmp_path: Path) -> None:
    await console(
        export.app, "calls", "calls.csv", "--from", "2026-03-01", "--to", "2026-03-02", "--zone", "Asia/Tokyo"
    )
    assert len((tmp_path / "calls.csv").read_text().splitlines()) == 1
    await console(
        export.app,
        *("calls", "calls.csv", "--from", "2026-03-01", "--to", "2026-03-02", "--zone", "Pacific/Honolulu"),
    )
    first = next(csv.DictReader((tmp_path / "calls.csv").read_text().splitlines()))
    assert first["joined"] == "2026-03-01T19:00:00.000"


@pytest.mark.parametrize(
    ("app", "words", "problem"),
    [
        (export.app, ("calls", "no/such/calls.csv", *DAYS), "cannot be written"),
        (export.app, ("calls", "x.csv", *DAYS, "--zone", "Moon"), "no time zone 'Moon'"),
        (
            export.app,
            ("calls", "x.csv", "--from", "2026-03-02", "--to", "2026-03-02"),
            "ends before it begins",
        ),
        (rehearse.app, ("--own-history",), "needs the days"),
        (
            rehearse.app,
            ("--own-history", "--from", "2020-01-01", "--to", "2020-02-01", "--policy", "fifo"),
            "No call of this period",
        ),
        (rehearse.app, ("--scenario", "N=3,load=1", "--policy", "7"), "No version 7"),
    ],
)
async def test_mistakes_get_one_clear_line(
    console: Say, app: typer.Typer, words: tuple[str, ...], problem: str
) -> None:
    assert problem in await console(app, *words, status=2)
