"""`tierline replay`: what happened on a switch, read from a raw capture."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from app.errors import BadInput
from telephony.ami.capture import replay as pieces
from telephony.ami.wire import WireError
from telephony.stories import Story, stories_of_capture

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_HEAD = 65_536


@app.command(help="Tell the stories of the calls in a raw AMI capture.")
def replay(
    file: Annotated[
        Path, typer.Argument(help="Raw bytes of an AMI connection (see TIERLINE_PBX__<NAME>__CAPTURE).")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array instead of a table.")] = False,
) -> None:
    told = read(file)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        Console(width=None if sys.stdout.isatty() else 160).print(table_of(told))


def read(file: Path) -> list[Story]:
    """Raises `BadInput` for what cannot be read or is no AMI stream."""
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEAD)
        if not any(mark in head for mark in (b"Event: ", b"Response: ", b"Asterisk Call Manager/")):
            raise BadInput(
                f"{file} holds no AMI messages: a raw capture of a manager connection is expected."
            )
        return stories_of_capture(pieces(file))
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from None
    except WireError as error:
        raise BadInput(f"{file} is no AMI stream: {error}") from None


def table_of(told: list[Story]) -> Table:
    table = Table(title=f"{len(told)} calls, times in UTC", title_justify="left", box=None)
    for heading in ("started", "caller", "dialled", "lines", "rings", "transfers", "lasted", "outcome"):
        table.add_column(
            heading, justify="right" if heading == "lasted" else "left", no_wrap=heading == "started"
        )
    for story in told:
        table.add_row(
            _clock(story["started"]),
            story["ani"] or "–",
            story["dnis"] or "–",
            ", ".join(story["lines"]) or "–",
            "\n".join(_ring(ring) for ring in story["rings"]) or "–",
            "\n".join(f"{one['kind']} to {one['to'] or '?'}" for one in story["transfers"]) or "–",
            _seconds(story["started"], story["ended"]) or "–",
            story["outcome"] or "still there",
        )
    return table


def _ring(ring: dict[str, Any]) -> str:
    rang = _seconds(ring["rang_at"], ring["answered_at"] or ring["ended_at"])
    return f"{ring['agent']} {ring['result'] or 'rings'}{f' after {rang}' if rang else ''}"


def _clock(at: float | None) -> str:
    return "–" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _seconds(begin: float | None, end: float | None) -> str:
    return "" if begin is None or end is None else f"{end - begin:.1f} s"
