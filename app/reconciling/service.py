"""Reads a `queue_log`, and says where it and our calls part."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from app.errors import BadInput
from app.infra.db import Database
from app.reconciling.repository import changes_between, names_of_agents
from telephony.queue_log import BadRow, Bookkeeper, Row, parse_row
from telephony.reconcile import Difference, reconcile

_EDGE = timedelta(minutes=1)
"""The book looks at its clock a moment later than the events, and its clock may be wrong: calls at the edges are read
from both sides and only counted inside."""


class Unread(msgspec.Struct, frozen=True):
    """A line of the book that could not be read."""

    line: int
    why: str


class Book(msgspec.Struct, frozen=True):
    rows: list[Row]
    unread: list[Unread]


class Report(msgspec.Struct, frozen=True):
    """`since`, `until`: the compared time, seconds since the epoch by the switch's clock. `calls`: compared, a call on two
    lines counts twice."""

    pbx: str
    since: float
    until: float
    calls: int
    differences: list[Difference]
    unread: list[Unread]


def read_book(lines: Iterable[str]) -> Book:
    """Bad lines are left out and told."""
    book = Book([], [])
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            book.rows.append(parse_row(line))
        except BadRow as error:
            book.unread.append(Unread(number, str(error)))
    return book


async def compare(
    database: Database,
    project: int,
    pbx: str,
    book: Book,
    since: float | None = None,
    until: float | None = None,
) -> Report:
    """`since`, `until`: otherwise from the book's first row to its last. Raises `BadInput` when nothing lies there."""
    rows = [
        row for row in book.rows if (since is None or row.at >= since) and (until is None or row.at < until)
    ]
    if not rows:
        bad = f"; {len(book.unread)} lines could not be read" if book.unread else ""
        raise BadInput(f"The queue_log holds no rows of that time{bad}. Is it the right file of this PBX?")
    first = rows[0].at if since is None else since
    last = rows[-1].at + 1.0 if until is None else until
    began, ended = (datetime.fromtimestamp(at, UTC) for at in (first, last))
    async with database.raw(project) as connection:
        names = await names_of_agents(connection, pbx)
        keeper = Bookkeeper(str)
        here: list[Row] = []
        async for change in changes_between(connection, pbx, began - _EDGE, ended + _EDGE):
            here += keeper.rows((change,))
    inside = _began_inside(here, first, last) | _began_inside(book.rows, first, last)
    ours = [row for row in here if (row.call, row.queue) in inside]
    theirs = [row for row in book.rows if (row.call, row.queue) in inside]
    found = reconcile(ours, theirs, names, frozenset(keeper.moved))
    return Report(pbx, first, last, len(inside), found, book.unread)


def _began_inside(rows: Iterable[Row], since: float, until: float) -> set[tuple[str, str]]:
    return {(row.call, row.queue) for row in rows if row.word == "ENTERQUEUE" and since <= row.at < until}
