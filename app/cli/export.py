"""`tierline export`: what is stored here, for other programs."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.errors import BadInput
from app.infra.chosen_database import check_migrated, open_database
from app.projects.models import DEFAULT_PROJECT
from app.rehearsal.period import Period, write_period
from app.settings import read_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Write what is stored here into files for other programs.",
)


@app.callback()
def export() -> None:
    """Write what is stored here into files for other programs."""


@app.command()
def calls(
    file: Annotated[Path, typer.Argument(help="A CSV; what is there is written over.")],
    since: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")],
    until: Annotated[
        datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The first day that is left out.")
    ],
    line: Annotated[str | None, typer.Option(help="Of this line only.")] = None,
    zone: Annotated[
        str | None, typer.Option(help="Whose clock counts, an IANA name; otherwise that of the first line.")
    ] = None,
) -> None:
    """Write every call that waited on a line and is over, without the callers' numbers and names. `tierline rehearse
    --log` reads it."""
    period = Period(since.date(), until.date(), line, zone)

    async def run() -> int:
        async with open_database(read_settings()) as database:
            await check_migrated(database)
            async with database.raw(DEFAULT_PROJECT) as connection:
                return await write_period(connection, period, file.absolute())

    try:
        count = asyncio.run(run())
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}.") from None
    typer.echo(f"{count} calls written to {file}.", err=True)
