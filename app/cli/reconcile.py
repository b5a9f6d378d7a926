"""`tierline reconcile`: do our calls and the switch's own book say the same?"""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.errors import BadInput
from app.infra.chosen_database import check_migrated, open_database
from app.projects.models import DEFAULT_PROJECT
from app.reconciling.service import Report, compare, read_book
from app.settings import read_settings
from telephony.queue_log import Row
from telephony.reconcile import Kind

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_SAYS = {
    Kind.CALL_ONLY_HERE: "queue_log knows nothing of this call",
    Kind.CALL_ONLY_THERE: "we know nothing of this call",
    Kind.ROW_ONLY_HERE: "queue_log does not say it",
    Kind.ROW_ONLY_THERE: "we did not see it",
    Kind.AGENT: "another agent",
    Kind.DURATION: "more than 2 s apart",
    Kind.MOVED_BUT_ABANDONED: "taken out of the line by somebody; queue_log takes him for one who gave up",
}
_SHOWN = 50
Moment = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])]


@app.command()
def reconcile(
    file: Annotated[Path, typer.Argument(help="Asterisk's queue_log, usually /var/log/asterisk/queue_log.")],
    pbx: Annotated[
        str | None, typer.Option(help="Whose it is; needed when several PBXs are configured.")
    ] = None,
    since: Moment = None,
    until: Moment = None,
    json: Annotated[bool, typer.Option("--json", help="Print all differences as JSON.")] = False,
) -> None:
    """Compare our calls with Asterisk's queue_log and list where they differ. --since and --until are UTC; without them
    the whole file is compared. Exit status 1 when something differs."""
    settings = read_settings()
    name = pbx or (next(iter(settings.pbx)) if len(settings.pbx) == 1 else None)
    if name is None:
        known = ", ".join(settings.pbx) or "none is configured"
        raise BadInput(f"Say whose queue_log it is: --pbx NAME ({known}).")
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            book = read_book(lines)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from None

    async def run() -> Report:
        async with open_database(settings) as database:
            await check_migrated(database)
            return await compare(database, DEFAULT_PROJECT, name, book, _epoch(since), _epoch(until))

    report = asyncio.run(run())
    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        _print(report)
    if report.differences:
        raise typer.Exit(1)


def _epoch(moment: datetime | None) -> float | None:
    return None if moment is None else moment.replace(tzinfo=UTC).timestamp()


def _print(report: Report) -> None:
    console = Console()
    for bad in report.unread[:5]:
        console.print(f"[yellow]line {bad.line} left out:[/] {escape(bad.why)}")
    if len(report.unread) > 5:
        console.print(f"[yellow]{len(report.unread) - 5} more lines left out[/]")
    if report.differences:
        table = Table(box=None, pad_edge=False)
        for title in ("time (UTC)", "line", "call", "what differs", "here", "in queue_log"):
            table.add_column(title, overflow="fold")
        for one in report.differences[:_SHOWN]:
            row = one.here or one.there
            at = datetime.fromtimestamp(row.at, UTC).strftime("%Y-%m-%d %H:%M:%S") if row else ""
            table.add_row(at, one.queue, one.call, _SAYS[one.kind], _words(one.here), _words(one.there))
        console.print(table)
        if len(report.differences) > _SHOWN:
            console.print(f"… and {len(report.differences) - _SHOWN} more; --json prints all.")
    differing = len({(one.call, one.queue) for one in report.differences})
    counts = Counter(one.kind.value for one in report.differences)
    told = "".join(f"; {count} {kind.replace('_', ' ')}" for kind, count in sorted(counts.items()))
    console.print(f"{report.calls} calls compared, {report.calls - differing} agree{told}.")


def _words(row: Row | None) -> str:
    if row is None:
        return "–"
    agent = "" if row.agent == "NONE" else f" {row.agent}"
    return escape(f"{row.word}{agent} {' '.join(part for part in row.data if part)}".strip())
