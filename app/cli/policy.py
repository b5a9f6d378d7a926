"""`tierline policy`: the rules by which calls are routed, from the command line."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from app.errors import BadInput
from app.infra.chosen_database import check_migrated, open_database
from app.policymaking.schemas import InForce, Notice, Verdict
from app.policymaking.service import Policymaking
from app.projects.models import DEFAULT_PROJECT
from app.settings import read_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Show, check, publish, activate and roll back the routing policy.",
)

T = TypeVar("T")
File = Annotated[Path, typer.Argument(help="The policy as JSON; parts left out are the defaults.")]
Number = Annotated[int, typer.Argument(min=0, max=2_000_000_000, help="0: the built-in defaults.")]
Yes = Annotated[bool, typer.Option("--yes", help="Accept the warnings.")]


@app.command()
def show(
    version: Annotated[
        int | None, typer.Argument(min=0, max=2_000_000_000, help="Without it: what is in force.")
    ] = None,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Write out what is in force with every default.")
    ] = False,
) -> None:
    """Print a version as JSON, ready to be edited and published again."""
    if version is not None and not defaults:
        body = _with(lambda making: making.version(DEFAULT_PROJECT, version)).body
    elif version is not None:
        raise BadInput("--defaults shows what is in force: leave the version out.")
    else:
        current = _with(lambda making: making.current(DEFAULT_PROJECT))
        typer.echo(f"version {current.version}", err=True)
        body = current.rules if defaults else current.body
    typer.echo(msgspec.json.format(msgspec.json.encode(body)).decode())


@app.command("list")
def list_versions() -> None:
    """Show all versions, the newest first."""
    table = Table("version", "", "by", "created", "note", box=None)
    for one in _with(lambda making: making.versions(DEFAULT_PROJECT, 500, None)):
        made = f"{one.created_at:%Y-%m-%d %H:%M} UTC" if one.created_at else ""
        table.add_row(
            str(one.version), "in force" if one.active else "", one.created_by or "–", made, one.note
        )
    Console().print(table)


@app.command()
def check(file: File) -> None:
    """Say what is wrong with a policy, and what its promise needs of the staff. Exit status 1 when something is."""
    body = _body(file)
    verdict = _with(lambda making: making.check(DEFAULT_PROJECT, body))
    _print(verdict)
    if verdict.errors or verdict.warnings:
        raise typer.Exit(1)
    typer.echo("Nothing is wrong with it.")


@app.command()
def publish(
    file: File,
    note: Annotated[str, typer.Option(help="What it is for.")] = "",
    yes: Yes = False,
) -> None:
    """Store a policy as the next version and put it in force, within seconds and without a restart."""
    body = _body(file)

    async def run(making: Policymaking) -> InForce:
        verdict = await making.check(DEFAULT_PROJECT, body)
        if verdict.errors or (verdict.warnings and not yes):
            _print(verdict)
            raise BadInput(
                "Nothing was published: mend the errors."
                if verdict.errors
                else "Nothing was published: accept the warnings with --yes, or mend them."
            )
        saved = await making.save(DEFAULT_PROJECT, body, note, None)
        return await making.activate(DEFAULT_PROJECT, saved.version, None, True)

    _tell(_with(run))


@app.command()
def activate(version: Number, yes: Yes = False) -> None:
    """Put a stored version in force, an older one too."""
    _tell(_with(lambda making: making.activate(DEFAULT_PROJECT, version, None, yes)))


@app.command("roll-back")
def roll_back() -> None:
    """Put in force again what was so before the present version."""
    _tell(_with(lambda making: making.roll_back(DEFAULT_PROJECT, None)))


@app.command()
def diff(before: Number, after: Number) -> None:
    """Show what a version changes of another one. Exit status 1 when they differ."""
    found = _with(lambda making: making.differences(DEFAULT_PROJECT, before, after))
    table = Table("what", str(before), str(after), box=None)
    for one in found.changes:
        table.add_row(one.path, _value(one.before), _value(one.after))
    if found.changes:
        Console().print(table)
        raise typer.Exit(1)
    typer.echo("They say the same.")


def _with(work: Callable[[Policymaking], Awaitable[T]]) -> T:
    async def run() -> T:
        async with open_database(read_settings()) as database:
            await check_migrated(database)
            return await work(Policymaking(database, _read_by_itself))

    return asyncio.run(run())


async def _read_by_itself(project_id: int) -> None:
    """A running service reads its rules again every few seconds."""


def _body(file: Path) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(file.read_bytes())
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from None
    except msgspec.DecodeError as error:
        raise BadInput(f"{file} is no JSON: {error}.") from None
    if not isinstance(found, dict):
        raise BadInput(f"{file}: a policy is a JSON object.")
    return found


def _print(verdict: Verdict) -> None:
    for error in verdict.errors:
        typer.echo(f"error: {error}")
    _warn(verdict.warnings)


def _warn(warnings: list[Notice]) -> None:
    for one in warnings:
        typer.echo(f"warning: {one.en}")


def _tell(now: InForce) -> None:
    _warn(now.warnings)
    typer.echo(f"Version {now.version} is in force.", err=True)


def _value(value: Any) -> str:
    return "–" if value is None else msgspec.json.encode(value).decode()
