"""One import from the file to the last row: read ahead in a thread, written in one transaction, rolled back when it breaks."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import asyncpg

from app.clients.card import months_before
from app.errors import BadInput, Unavailable
from app.importing import repository
from app.importing.mapping import Columns, find_columns, read_said
from app.importing.report import Report, default_path
from app.importing.rows import TWICE, Bad, Chunk, RowReader, shape_of
from app.importing.source import Rows, Source, open_source
from app.infra.db import SET_PROJECT, Database

ARPU_MONTHS = 3
"""Over so many full months the card takes the mean: one figure for all of them gives that figure."""


@dataclass(frozen=True)
class Options:
    """`said`: `field=Column` each. `region`: country of numbers written without one."""

    region: str
    said: Sequence[str] = ()
    encoding: str | None = None
    dry_run: bool = False
    remember: bool = True
    forget: bool = False
    generate_phones: bool = False
    report: Path | None = None


@dataclass(frozen=True)
class Plan:
    """What will be done, told before it is."""

    source: Source
    columns: Columns
    remembered: bool


@dataclass
class Progress:
    """So far. `position` of `size` bytes; the other figures are rows."""

    size: int
    position: int = 0
    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: int = 0


@dataclass
class Summary(Progress):
    """`seconds`: until it was committed."""

    seconds: float = 0.0
    report: Path | None = None
    stored: bool = field(default=True)

    @property
    def rows_per_second(self) -> float:
        return self.read / self.seconds if self.seconds else 0.0


async def import_clients(
    database: Database,
    project_id: int,
    file: Path,
    options: Options,
    *,
    today: date,
    on_plan: Callable[[Plan], None] = lambda _: None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Summary:
    """All good rows or none. Raises `BadInput` for a file or mapping that cannot be used, `Unavailable` for a database
    that went away; nothing is stored then."""
    started = time.monotonic()
    said = read_said(options.said)
    source = await asyncio.to_thread(open_source, file, options.encoding)
    report = Report(_report_path(options, file))
    async with _transaction(database, project_id, keep=not options.dry_run) as connection:
        if options.forget:
            await repository.forget(connection)
        known = await repository.remembered(connection)
        columns = find_columns(source.headings, said, known)
        if options.generate_phones and not columns.of("external_id"):
            raise BadInput("--generate-phones needs the clients' keys: --map external_id=Column.")
        columns = _without_needless_arpu(columns, today)
        on_plan(Plan(source, columns, remembered=any(field in columns.fields for field in known)))
        summary = await _load(connection, project_id, source, columns, options, today, report, on_progress)
        if said and options.remember:
            await repository.remember(connection, {**known, **said})
    summary.seconds = time.monotonic() - started
    summary.stored = not options.dry_run
    if summary.stored and summary.new + summary.changed:
        await database.analyze()
    return summary


def _report_path(options: Options, file: Path) -> Path:
    path = options.report or default_path(file)
    if options.report is None and not os.access(path.parent, os.W_OK):
        path = Path(path.name)
    if path.absolute() == file.absolute():
        raise BadInput(f"--report {path} would overwrite the file that is read.")
    if not os.access(path.parent, os.W_OK) or path.is_dir():
        raise BadInput(f"The report of bad rows cannot be written to {path}: say --report PATH.")
    return path


def _full_months(today: date) -> list[date]:
    return [months_before(today, back) for back in range(1, ARPU_MONTHS + 1)]


def _without_needless_arpu(columns: Columns, today: date) -> Columns:
    """Real months say more than one figure for all: then the figure is a fact like others."""
    exact = {f"revenue:{month:%Y-%m}" for month in _full_months(today)} & set(columns.fields)
    if not exact or not columns.of("arpu"):
        return columns
    place = columns.of("arpu")[0]
    fields = {one: places for one, places in columns.fields.items() if one != "arpu"}
    return Columns(columns.headings, fields, (*columns.facts, (place, columns.headings[place])))


@asynccontextmanager
async def _transaction(
    database: Database, project_id: int, *, keep: bool
) -> AsyncIterator[asyncpg.Connection]:
    """As the owner of the tables, who is bound to the project like the app. Rolled back unless all went well and `keep`."""
    try:
        connection = await asyncpg.connect(
            database.migrations_url,
            timeout=10,
            server_settings={"jit": "off", "application_name": "tierline import"},
        )
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise Unavailable(f"The database does not answer ({error}): nothing was imported.") from error
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.fetchval(SET_PROJECT, str(project_id))
        yield connection
        await (transaction.commit() if keep else transaction.rollback())
    except asyncpg.DataError as error:
        raise BadInput(f"The database refuses a value, nothing was imported: {error}") from error
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(f"The import broke off and nothing of it was stored: {error}") from error
    finally:
        await _end(connection)


async def _end(connection: asyncpg.Connection) -> None:
    """A transaction that is still open is rolled back by the server."""
    try:
        await connection.close(timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()


async def _load(
    connection: asyncpg.Connection,
    project_id: int,
    source: Source,
    columns: Columns,
    options: Options,
    today: date,
    report: Report,
    on_progress: Callable[[Progress], None],
) -> Summary:
    """The next chunk is read while the database works on this one."""
    shape = shape_of(columns, invents_phones=options.generate_phones)
    loader = repository.ClientLoader(connection, project_id, shape, _full_months(today))
    await loader.begin()
    reader = RowReader(columns, shape, options.region, invents_phones=options.generate_phones)
    summary, rows = Summary(size=source.size), Rows(source)
    chunks = reader.chunks(rows)

    def following() -> Chunk | None:
        try:
            return next(chunks, None)
        except UnicodeEncodeError:
            raise BadInput(f"{source.path} was changed while it was read: nothing was imported.") from None

    ahead = asyncio.create_task(asyncio.to_thread(following))
    try:
        while (chunk := await ahead) is not None:
            ahead = asyncio.create_task(asyncio.to_thread(following))
            counts = await loader.load(chunk.data)
            twice = [Bad(line, "", "", TWICE) for line in counts.twice]
            report.add(sorted([*chunk.bad, *twice]))
            summary.position, summary.read = chunk.position, summary.read + chunk.rows
            summary.new += counts.new
            summary.changed += counts.changed
            summary.unchanged += counts.unchanged
            summary.bad = report.rows
            on_progress(summary)
    finally:
        await asyncio.wait([ahead])
        rows.close()
        report.close()
    summary.report = report.path if report.rows else None
    return summary
