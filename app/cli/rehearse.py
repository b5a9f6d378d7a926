"""`tierline rehearse`: what a routing policy does to callers and agents, before it meets them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.errors import BadInput
from app.rehearsal import charts, results, service
from app.rehearsal.policies import chosen_policies
from routing.rehearse.scenario import BadScenario, Scenario, read_scenario

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def rehearse(
    scenario: Annotated[
        str | None, typer.Option(help="A steady load, for example N=30,load=0.90 (agents, work for each).")
    ] = None,
    forecast: Annotated[Path | None, typer.Option(help="Calls and agents by interval, as JSON.")] = None,
    log: Annotated[Path | None, typer.Option(help="Recorded calls: bank format or our history, CSV.")] = None,
    scale: Annotated[
        int, typer.Option(min=1, max=100, help="With --log: so many times calls and staff.")
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
    if sum(one is not None for one in (scenario, forecast, log)) != 1:
        raise BadInput("Say what to rehearse: exactly one of --scenario, --forecast and --log.")
    if staffing and scenario is None:
        raise BadInput("--staffing searches for a steady load: give it as --scenario.")
    if png is not None:
        charts.check()
    policies = chosen_policies(policy)
    with _progress() as told:
        if log is not None:
            report = service.rehearse_log(log, scale, policies, seed, told)
        elif forecast is not None:
            report = service.rehearse_forecast(forecast, policies, seed, told)
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
