"""`tierline doctor`: what is wrong, and what to do about it."""

import asyncio
from collections import defaultdict
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.doctor import database as its_database
from app.doctor import floor as its_floor
from app.doctor import recordings as its_recordings
from app.doctor import switch as its_switch
from app.doctor.findings import Finding, failed
from app.doctor.selfcheck import FloorReport
from app.errors import TierlineError
from app.infra.chosen_database import check_migrated, open_database
from app.infra.db import AWAY, Database
from app.lines.repository import all_lines
from app.projects.models import DEFAULT_PROJECT
from app.settings import Settings, read_settings
from app.switches import endpoint_of

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "failed": "[red]failed[/]"}


@app.command()
def doctor(
    floor: Annotated[
        bool, typer.Option("--floor", help="Ask the running backend where its floor and the PBXs differ now.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
    url: Annotated[
        str | None,
        typer.Option(help="Where the backend listens; otherwise as TIERLINE_HOST and TIERLINE_PORT say."),
    ] = None,
) -> None:
    """Check settings, database, migrations and every PBX. Exit status 1 when something must be repaired; with --floor
    when floor and PBX differ or could not be compared; 2 when nobody could be asked."""
    settings = read_settings()
    if floor:
        reports = asyncio.run(_compare(settings, url or its_floor.url_of(settings)))
        _print_json(reports) if json else _print_reports(reports)
        well = bool(reports) and all(one.state == "same" for one in reports)
    else:
        findings = asyncio.run(_examine(settings))
        _print_json([one._asdict() for one in findings]) if json else _print_findings(findings)
        well = all(one.verdict != "failed" for one in findings)
    if not well:
        raise typer.Exit(1)


def _print_json(found: object) -> None:
    typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())


def _print_findings(findings: list[Finding]) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("", "what", "found", "what to do"):
        table.add_column(title, overflow="fold")
    for one in findings:
        table.add_row(_MARKS[one.verdict], one.about, one.found, one.advice)
    Console().print(table)


_STATES = {
    "same": "[green]same[/]",
    "different": "[red]different[/]",
    "not_compared": "[yellow]not compared[/]",
}


def _print_reports(reports: list[FloorReport]) -> None:
    """What was compared, and under it each difference in the words of both sides."""
    if not reports:
        typer.echo("The backend has no PBX: set TIERLINE_PBX__MAIN__HOST (docs/reference/settings.md).")
        return
    table = Table(
        "PBX", "floor and switch", "channels", "devices", "queues", "ms", "", box=None, pad_edge=False
    )
    differing = Table(
        "PBX", "difference", "of", "the floor says", "the switch says", box=None, pad_edge=False
    )
    for one in reports:
        what_now = "the floor is rebuilt now" if one.mending else escape(one.why)
        counts = (str(count) for count in (one.channels, one.devices, one.queues, round(one.took_ms)))
        table.add_row(escape(one.pbx), _STATES[one.state], *counts, what_now)
        for difference in one.differences:
            words = (difference.about, difference.floor, difference.switch)
            differing.add_row(escape(one.pbx), difference.kind.value, *(escape(word) for word in words))
    Console().print(table)
    if differing.row_count:
        Console().print(differing)


async def _compare(settings: Settings, url: str) -> list[FloorReport]:
    async with open_database(settings) as database:
        await check_migrated(database)
        return await its_floor.reports(database, url)


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
    try:
        findings += await asyncio.to_thread(its_recordings.examine, settings)
    except TierlineError as error:
        findings.append(failed("place of recordings", error.message, "See the words on the left."))
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
