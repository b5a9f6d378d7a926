"""`tierline import`: clients from the company's CRM; lines and agents from a file of one's own."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.floorplan.schemas import read_plan
from app.floorplan.service import load
from app.importing.service import Options, Plan, Summary, import_clients
from app.importing.service import Progress as SoFar
from app.importing.source import DELIMITERS
from app.infra.chosen_database import check_migrated, open_database
from app.projects.models import DEFAULT_PROJECT
from app.settings import read_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Load clients from a CSV file, lines and agents from a TOML file.",
)


@app.command()
def floor(
    file: Annotated[
        Path, typer.Argument(help="TOML with [[lines]] and [[agents]]: see docs/how-to/floor.example.toml.")
    ],
) -> None:
    """Make lines and agents what the file says; what it does not name stays. A mistake in it changes nothing."""
    plan = read_plan(file)
    settings = read_settings()

    async def run() -> None:
        async with open_database(settings) as database:
            await check_migrated(database)
            await load(database, DEFAULT_PROJECT, plan)

    asyncio.run(run())
    typer.echo(f"{len(plan.lines)} lines and {len(plan.agents)} agents are as {file} says.", err=True)


@app.command()
def clients(
    file: Annotated[
        Path, typer.Argument(help="CSV with a first line that names the columns; UTF-8 or Windows-1251.")
    ],
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="What a column means, when its name does not say it. May be given several times; remembered.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, say what would change, store nothing.")
    ] = False,
    region: Annotated[
        str | None,
        typer.Option(help="Country of numbers written without one; else TIERLINE_DEFAULT_REGION."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of the file, when it is not recognised (cp1251).")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Where bad rows are told; else FILE.bad.csv beside the file.")
    ] = None,
    generate_phones: Annotated[
        bool,
        typer.Option("--generate-phones", help="Make up numbers for clients without one, for trying out."),
    ] = False,
    no_remember: Annotated[bool, typer.Option("--no-remember", help="Use --map this time only.")] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Forget what earlier imports were told with --map.")
    ] = False,
) -> None:
    """Add clients and bring known ones up to date. The same file twice changes nothing.

    Bad rows are told in a report and the rest is stored, all of it or nothing. Exit status 1: every row is bad.
    """
    settings = read_settings()
    options = Options(
        region=(region or settings.default_region).upper(),
        said=map_ or (),
        encoding=encoding,
        dry_run=dry_run,
        remember=not no_remember,
        forget=forget,
        generate_phones=generate_phones,
        report=report,
    )
    console = Console(stderr=True)

    async def run() -> Summary:
        async with open_database(settings) as database:
            await check_migrated(database)
            with _bar(console) as bar:
                task = bar.add_task("clients", rows=0, bad=0)
                return await import_clients(
                    database,
                    DEFAULT_PROJECT,
                    file,
                    options,
                    today=datetime.now(UTC).date(),
                    on_plan=lambda plan: console.print(*_shown(plan), sep="\n"),
                    on_progress=lambda now: _move(bar, task, now),
                )

    summary = asyncio.run(run())
    for line in told(summary):
        typer.echo(line)
    if summary.read and summary.bad == summary.read:
        raise typer.Exit(1)


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.fields[rows]:,} rows"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[bad]:,} bad"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _move(bar: Progress, task: int, now: SoFar) -> None:
    bar.update(task, total=now.size, completed=now.position, rows=now.read, bad=now.bad)  # type: ignore[arg-type]


def _shown(plan: Plan) -> tuple[str, Table]:
    """The mapping that will be used, in the order of the file."""
    source = plan.source
    title = f"{source.path.name}: {source.encoding}, {DELIMITERS[source.delimiter]}"
    if plan.remembered:
        title += "; with columns remembered from an earlier import (--forget)"
    table = Table("column", "becomes", box=None)
    for heading, meaning in plan.columns.told():
        table.add_row(escape(heading) or "(no name)", meaning)
    return escape(title), table


def told(summary: Summary) -> list[str]:
    would = "" if summary.stored else " would be"
    lines = [
        f"{summary.read:,} rows read:{would} {summary.new:,} new, {summary.changed:,} changed,"
        f" {summary.unchanged:,} unchanged, {summary.bad:,} bad.",
        f"{summary.seconds:.1f} s, {summary.rows_per_second:,.0f} rows/s.",
    ]
    if summary.report is not None:
        lines.append(f"Bad rows, with line, column and reason: {summary.report}")
    if not summary.stored:
        lines.append("Dry run: nothing was stored.")
    return lines
