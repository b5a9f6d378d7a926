"""Rows of the file -> lines for COPY, or what is wrong with them. All that is known about a row before the database sees it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

import msgspec

from app.clients.rules import name_key
from app.importing.mapping import CONVERT, Columns
from app.importing.source import Row, Rows
from app.importing.values import BadValue, money
from app.infra.numbers import BulkNumbers

CHUNK_ROWS = 40_000
_FIRST_CHUNK_ROWS = 2_000
"""Chunks double from here on, so that the database begins at once and is never left waiting."""
_CHUNK_CHARACTERS = 16_000_000
TWICE = "this client came on an earlier line of the file, which was taken"
_NULL = r"\N"
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
_INVENTED_FIRST, _INVENTED_COUNT = 79_420_000_000, 70_000_000
"""+7 942 … 948: ranges of the Russian plan that no operator has."""


class Bad(NamedTuple):
    """A line of the report. `column`: its heading; empty when the whole row is meant."""

    line: int
    column: str
    value: str
    reason: str


@dataclass
class Chunk:
    """`data`: COPY text. `rows`: read, bad ones too."""

    data: bytes
    rows: int
    position: int
    bad: list[Bad] = field(default_factory=list)


@dataclass(frozen=True)
class Shape:
    """Columns of a line for COPY: (name, type). `fields`: those of `clients`; `months`: first days, `amount_…` each."""

    columns: tuple[tuple[str, str], ...]
    fields: tuple[str, ...]
    phones: int
    months: tuple[date, ...]
    has_arpu: bool
    has_facts: bool
    by_external_id: bool
    has_name: bool


_TYPES = {"born_on": "date", "client_since": "date", "blocked": "boolean"}


def shape_of(columns: Columns, *, invents_phones: bool) -> Shape:
    by_external_id = bool(columns.of("external_id"))
    has_name = bool(columns.of("name"))
    fields = tuple(one for one in CONVERT if columns.of(one) and one not in ("name", "external_id"))
    months = tuple(date.fromisoformat(f"{month}-01") for month in columns.months)
    phones = len(columns.of("phone")) or int(invents_phones)
    listed = [("line", "bigint")]
    listed += [("external_id", "text")] if by_external_id else []
    listed += [("name", "text")] if has_name else []
    listed += [("name_key", "text")]
    listed += [(one, _TYPES.get(one, "text")) for one in fields]
    listed += [(f"phone_{number}", "bigint") for number in range(phones)]
    listed += [("arpu", "numeric(12,2)")] if columns.of("arpu") else []
    listed += [(f"amount_{month:%Y_%m}", "numeric(12,2)") for month in months]
    listed += [("facts", "jsonb")] if columns.facts else []
    return Shape(
        columns=tuple(listed),
        fields=fields,
        phones=phones,
        months=months,
        has_arpu=bool(columns.of("arpu")),
        has_facts=bool(columns.facts),
        by_external_id=by_external_id,
        has_name=has_name,
    )


class RowReader:
    """One import's way from rows to lines."""

    def __init__(self, columns: Columns, shape: Shape, region: str, *, invents_phones: bool) -> None:
        self._columns = columns
        self._shape = shape
        self._numbers = BulkNumbers(region)
        self._invents = invents_phones
        self._names = columns.of("name")
        self._key_place = shape.columns.index(("name_key", "text"))
        self._phones = columns.of("phone")
        external = columns.of("external_id")
        self._external = external[0] if external else None
        self._fields = [(columns.of(one)[0], CONVERT[one]) for one in shape.fields]
        self._amounts = [*columns.of("arpu"), *columns.months.values()]
        self._bad: list[Bad] = []
        self._lines: dict[object, int] = {}

    def chunks(self, rows: Rows) -> Iterator[Chunk]:
        """Memory stays the same however long the file is."""
        each, most = iter(rows), _FIRST_CHUNK_ROWS
        while True:
            lines: list[str] = []
            count = characters = 0
            for row in islice(each, min(most, CHUNK_ROWS)):
                count += 1
                line = self.line(row)
                if line is not None:
                    lines.append(line)
                    characters += len(line)
                    if characters > _CHUNK_CHARACTERS:
                        break
            if not count:
                return
            bad, self._bad = self._bad, []
            self._lines.clear()
            most *= 2
            yield Chunk("".join(lines).encode(), count, rows.position, bad)

    def line(self, row: Row) -> str | None:
        """None: it is bad, and `chunks` tells why."""
        if row.reason is not None:
            self._bad.append(Bad(row.line, "", " ".join(row.cells)[:200], row.reason))
            return None
        wrong_before, cells = len(self._bad), row.cells
        out = [str(row.line)]
        external_id = ""
        if self._external is not None:
            external_id = cells[self._external].strip()
            if external_id:
                out.append(_escaped(self._convert(row, self._external, CONVERT["external_id"], external_id)))
            else:
                self._refuse(row, self._external, "empty: every client needs his key")
        phones = self._read_phones(row, external_id) if self._shape.phones else []
        heading = external_id or (f"+{phones[0]}" if phones else "")
        self._add_name(row, heading, out)
        for place, convert in self._fields:
            cell = cells[place].strip()
            out.append(_escaped(self._convert(row, place, convert, cell)) if cell else _NULL)
        if self._shape.phones:
            out += map(str, phones)
            out += [_NULL] * (self._shape.phones - len(phones))
        for place in self._amounts:
            cell = cells[place].strip()
            out.append(self._convert(row, place, money, cell) if cell else _NULL)
        if self._shape.has_facts:
            known = {
                heading: cell for place, heading in self._columns.facts if (cell := cells[place].strip())
            }
            out.append(_escaped(msgspec.json.encode(known).decode()))
        if len(self._bad) > wrong_before:
            return None
        who = external_id or (phones[0], out[self._key_place])
        earlier = self._lines.setdefault(who, row.line)
        if earlier != row.line:
            self._bad.append(Bad(row.line, "", external_id or f"+{phones[0]}", TWICE))
            return None
        return "\t".join(out) + "\n"

    def _add_name(self, row: Row, heading: str, out: list[str]) -> None:
        """Without a name the key of `heading`, by which the client is called then."""
        names = self._names
        written = row.cells[names[0]] if len(names) == 1 else " ".join([row.cells[one] for one in names])
        name = " ".join(written.split())
        if name:
            name = self._convert(row, names[0], CONVERT["name"], name)
        if names:
            out.append(_escaped(name) if name else _NULL)
        out.append(_escaped(name_key(name or heading)))

    def _read_phones(self, row: Row, external_id: str) -> list[int]:
        found: list[int] = []
        for place in self._phones:
            cell = row.cells[place].strip()
            if not cell:
                continue
            number = self._numbers.parse(cell)
            if number.e164 is not None:
                if number.e164 not in found:
                    found.append(number.e164)
            elif number.kind != "withheld":
                reason = "too short for" if number.kind == "internal" else "not"
                self._refuse(row, place, f"{reason} a telephone number of {self._numbers.region} or with +")
        if not found and self._invents:
            found.append(invented_phone(external_id))
        if not found and self._external is None:
            self._refuse(row, self._phones[0], "empty: without a key the number tells the clients apart")
        return found

    def _convert(self, row: Row, place: int, convert: Callable[[str], str], cell: str) -> str:
        try:
            return convert(cell)
        except BadValue as error:
            self._refuse(row, place, str(error))
            return _NULL

    def _refuse(self, row: Row, place: int, reason: str) -> None:
        self._bad.append(Bad(row.line, self._columns.headings[place], row.cells[place][:200], reason))


def invented_phone(external_id: str) -> int:
    """The same for the same client, valid to look at; for trying out only."""
    number = int.from_bytes(blake2b(external_id.encode(), digest_size=8).digest())
    return _INVENTED_FIRST + number % _INVENTED_COUNT


def _escaped(text: str) -> str:
    return text if text.isprintable() and "\\" not in text else text.translate(_ESCAPES)
