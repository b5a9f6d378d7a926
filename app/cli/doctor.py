"""`tierline doctor`: what is wrong, and what to do about it."""

import asyncio
from collections import defaultdict

import typer
from rich.console import Console
from rich.table import Table

from app.doctor import database as its_database
from app.doctor import switch as its_switch
from app.doctor.findings import Finding, failed
from app.errors import TierlineError
from app.infra.chosen_database import open_database
from app.infra.db import AWAY, Database
from app.lines.repository import all_lines
from app.projects.models import DEFAULT_PROJECT
from app.settings import Settings, read_settings
from app.switches import endpoint_of

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "failed": "[red]failed[/]"}


@app.command()
def doctor() -> None:
    """Check settings, database, migrations and every PBX. Exit status 1 when something must be repaired."""
    findings = asyncio.run(_examine(read_settings()))
    table = Table(box=None, pad_edge=False)
    for title in ("", "what", "found", "what to do"):
        table.add_column(title, overflow="fold")
    for one in findings:
        table.add_row(_MARKS[one.verdict], one.about, one.found, one.advice)
    Console().print(table)
    if any(one.verdict == "failed" for one in findings):
        raise typer.Exit(1)


async def _examine(settings: Settings) -> list[Finding]:
    findings: list[Finding] = []
    queues: dict[str, set[str]] = defaultdict(set)
    try:
        async with open_database(settings) as database:
            findings += await its_database.examine(database)
            queues = await _queues(database)
    except TierlineError as error:
        findings.append(failed("database", error.message, "See the words on the left."))
    if not settings.pbx:
        findings.append(
            failed(
                "PBX",
                "none is configured",
                "Set TIERLINE_PBX__MAIN__HOST and TIERLINE_PBX__MAIN__SECRET (docs/reference/settings.md).",
            )
        )
    for name, pbx in settings.pbx.items():
        findings += await its_switch.examine(endpoint_of(name, pbx), queues[name])
    return findings


async def _queues(database: Database) -> dict[str, set[str]]:
    """{pbx: queues of our lines}; nothing while the tables are not there."""
    found: dict[str, set[str]] = defaultdict(set)
    try:
        async with database.sessions(DEFAULT_PROJECT) as session:
            for line in await all_lines(session):
                found[line.pbx].add(line.queue)
    except AWAY:
        return found
    return found
