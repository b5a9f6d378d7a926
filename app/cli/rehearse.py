"""`tierline rehearse`: what a routing policy does to callers and agents, before it meets them."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.errors import BadInput
from app.infra.chosen_database import check_migrated, open_database
from app.projects.models import DEFAULT_PROJECT
from app.rehearsal import charts, results, service
from app.rehearsal import policies as by_name
from app.rehearsal.period import Period, write_period
from app.settings import read_settings
from routing.policy import Policy
from routing.rehearse.scenario import BUILT_IN, BadScenario, Scenario, read_scenario

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def rehearse(
    scenario: Annotated[
        str | None, typer.Option(help="A steady load, for example N=30,load=0.90 (agents, work for each).")
    ] = None,
    forecast: Annotated[Path | None, typer.Option(help="Calls and agents by interval, as JSON.")] = None,
    log: Annotated[
        Path | None, typer.Option(help="Recorded calls, CSV: our export, our history or the bank format.")
    ] = None,
    own_history: Annotated[
        bool, typer.Option("--own-history", help="Calls stored from --from on, before --to.")
    ] = False,
    since: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"])] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"])] = None,
    line: Annotated[str | None, typer.Option(help="With --own-history: of this line only.")] = None,
    scale: Annotated[
        int, typer.Option(min=1, max=100, help="With --log or --own-history: so many times calls and staff.")
    ] = 1,
    policy: Annotated[
        str,
        typer.Option(
            help="Of res-hs, strict, fifo, active, a version number, FILE.json; several with commas."
        ),
    ] = "res-hs,strict,fifo",
    staffing: Annotated[bool, typer.Option("--staffing", help="Find the agents the targets need.")] = False,
    seed: Annotated[int, typer.Option(help="Another one: other callers.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
    csv: Annotated[Path | None, typer.Option(help="Write the figures here too.")] = None,
    png: Annotated[Path | None, typer.Option(help="Draw the waits here (needs the extra `charts`).")] = None,
) -> None:
    """Run a forecast, a scenario or recorded calls through the routing engine on a virtual clock."""
    if sum((scenario is not None, forecast is not None, log is not None, own_history)) != 1:
        raise BadInput(
            "Say what to rehearse: exactly one of --scenario, --forecast, --log and --own-history."
        )
    if own_history and (since is None or until is None):
        raise BadInput("--own-history needs the days: --from and --to, the first day that is left out.")
    if staffing and scenario is None:
        raise BadInput("--staffing searches for a steady load: give it as --scenario.")
    if png is not None:
        charts.check()
    period = Period(since.date(), until.date(), line) if since and until and own_history else None
    with TemporaryDirectory() as folder, _progress() as told:
        policies = _policies(policy, period, Path(folder) / "own-history.csv")
        if period is not None:
            log, name = Path(folder) / "own-history.csv", f"{period.since} – {period.until}"
            report = service.rehearse_log(log, scale, policies, seed, told, name)
        elif log is not None:
            report = service.rehearse_log(log, scale, policies, seed, told)
        elif forecast is not None:
            report = service.rehearse_forecast(str(forecast), _read(forecast), policies, seed, told)
        else:
            one = _scenario(scenario or "")
            run = service.rehearse_staffing if staffing else service.rehearse_scenario
            report = run(one, policies, seed, told)
    try:
        if csv is not None:
            csv.write_text(results.as_csv(report), encoding="utf-8")
        if png is not None:
            charts.draw(report, png)
    except OSError as error:
        raise BadInput(f"{error.filename} cannot be written: {error.strerror}.") from None
    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        _print(report)


def _policies(names: str, period: Period | None, file: Path) -> dict[str, Policy]:
    """In the order asked for. Visits the database when one is stored there, or to write the period into `file`."""
    wanted = list(dict.fromkeys(part.strip() for part in names.split(",")))
    there = [name for name in wanted if by_name.is_stored(name)]
    stored = asyncio.run(_visit(there, period, file)) if there or period is not None else {}
    return {
        name: stored[name]
        if name in stored
        else by_name.built_in(name)
        if name in BUILT_IN
        else by_name.from_file(name)
        for name in wanted
    }


async def _visit(names: list[str], period: Period | None, file: Path) -> dict[str, Policy]:
    async with open_database(read_settings()) as database:
        await check_migrated(database)
        async with database.raw(DEFAULT_PROJECT) as connection:
            stored = await by_name.stored(connection, names)
            if period is not None and not await write_period(connection, period, file):
                raise BadInput("No call of this period is stored.")
            return stored


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from None


def _scenario(text: str) -> Scenario:
    try:
        return read_scenario(text)
    except BadScenario as error:
        raise BadInput(f"--scenario: {error}.") from None


@contextmanager
def _progress() -> Iterator[service.Progress]:
    columns = (TextColumn("rehearsing"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rehearsing", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _print(report: dict[str, Any]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 130)
    for line in results.headlines(report):
        console.print(line, markup=False)
    console.print(results.table_of(report))
