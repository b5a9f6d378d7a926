"""A CSV file as it is: its encoding, delimiter and headings are found out, its rows read one by one with their lines."""

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple

from app.errors import BadInput

LONGEST_FIELD = 100_000
_LONGEST_LINE = 1_000_000
_BLOCK = 1 << 20
_UNREADABLE = re.compile("[\ud800-\udfff]")
_DATA = re.compile(r"\+?(?:[0-9][ ().\-]*){6,}|[^@\s]+@[^@\s]+")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}


@dataclass(frozen=True)
class Source:
    """`clean`: every byte is a character of the encoding and none is NUL, so that rows need not be looked through.
    `short_lines`: none can fill the memory."""

    path: Path
    size: int
    encoding: str
    delimiter: str
    headings: tuple[str, ...]
    clean: bool
    short_lines: bool


def open_source(path: Path, encoding: str | None = None) -> Source:
    """Reads the whole file once, in blocks. Raises `BadInput`."""
    try:
        size = path.stat().st_size
        encoding, clean = _encoding(path) if encoding is None else _checked(path, encoding)
        with _open(path, encoding) as file:
            first = "".join(file.readline(_LONGEST_LINE) for _ in range(20))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None
    if not first.strip():
        raise BadInput(f"{path} is empty: a first line that names the columns is expected.")
    delimiter, headings = _headings(path, first)
    return Source(path, size, encoding, delimiter, headings, clean, _has_short_lines(path))


def _open(path: Path, encoding: str) -> TextIOWrapper:
    return path.open("r", encoding=encoding, errors="surrogateescape", newline="")


def _checked(path: Path, encoding: str) -> tuple[str, bool]:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise BadInput(f"--encoding {encoding}: there is no such encoding; try utf-8 or cp1251.") from None
    return encoding, _damage(path, encoding) == 0


def _encoding(path: Path) -> tuple[str, bool]:
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(_UTF_16):
        raise BadInput(f"{path} is UTF-16: save it as CSV UTF-8.")
    utf_8 = "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8"
    damage = _damage(path, utf_8)
    if damage <= 0:
        return utf_8, damage == 0
    return "cp1251", _damage(path, "cp1251") == 0


def _damage(path: Path, encoding: str) -> int:
    """0: none. Below: some bytes are wrong, but more characters than those are right. Above: it is another encoding."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogateescape")
    wrong = right = nul = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            text = decoder.decode(block)
            nul += b"\0" in block
            if not text.isascii():
                broken = len(_UNREADABLE.findall(text))
                wrong += broken
                right += len(text) - len(text.encode("ascii", "ignore")) - broken
    if decoder.decode(b"", final=True):
        wrong += 1
    if wrong > right:
        return 1
    return -1 if wrong or nul else 0


def _has_short_lines(path: Path) -> bool:
    with path.open("rb") as file:
        return all(b"\n" in block for block in iter(lambda: file.read(_BLOCK), b"") if len(block) == _BLOCK)


def _headings(path: Path, first: str) -> tuple[str, tuple[str, ...]]:
    """The delimiter that makes most columns of the first line."""
    splits: dict[str, tuple[str, ...]] = {}
    for delimiter in DELIMITERS:
        try:
            row = next(csv.reader(first.splitlines(keepends=True), delimiter=delimiter), [])
        except csv.Error:
            continue
        splits[delimiter] = tuple(one.strip() for one in row)
    if not splits:
        raise BadInput(f"{path}: the first line cannot be read as CSV.")
    delimiter = max(splits, key=lambda one: len(splits[one]))
    headings = splits[delimiter]
    if "\0" in first.partition("\n")[0] or not any(headings):
        raise BadInput(f"{path} is no CSV text: a first line that names the columns is expected.")
    data = next((one for one in headings if _DATA.fullmatch(one)), None)
    if data is not None:
        raise BadInput(
            f"{path}: the first line must name the columns, but holds the value {data!r}: add a line with names."
        )
    twice = next((one for one in headings if one and headings.count(one) > 1), None)
    if twice is not None:
        raise BadInput(f"{path}: two columns are named {twice!r}: give each its own name.")
    return delimiter, headings


class Row(NamedTuple):
    """`line`: where it begins, from 1. `reason`: why its cells cannot be trusted."""

    line: int
    cells: list[str]
    reason: str | None = None


class Rows:
    """Iterates once over what follows the header. `position`: bytes read so far, for a progress bar."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._bytes = source.path.open("rb")
        self._file = TextIOWrapper(
            self._bytes, encoding=source.encoding, errors="surrogateescape", newline=""
        )
        self._cut = 0
        self.position = 0

    def close(self) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Row]:
        csv.field_size_limit(LONGEST_FIELD)
        lines = self._file if self._source.short_lines else self._each_line()
        reader = csv.reader(lines, delimiter=self._source.delimiter)
        next(reader)
        width, clean, tell = len(self._source.headings), self._source.clean, self._bytes.tell
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield Row(
                    line, [], f"a field is longer than {LONGEST_FIELD} characters, or its quotes never end"
                )
                continue
            if not line % 4096:
                self.position = tell()
            if len(cells) == width and clean and not self._cut:
                yield Row(line, cells)
            elif any(cell.strip() for cell in cells):
                yield Row(line, cells, self._reason(line, cells))

    def _reason(self, line: int, cells: list[str]) -> str | None:
        if self._cut >= line:
            return f"a line is longer than {_LONGEST_LINE} characters"
        if len(cells) != len(self._source.headings):
            return f"{len(cells)} fields instead of {len(self._source.headings)}"
        return None if self._source.clean else _dirt(cells, self._source.encoding)

    def _each_line(self) -> Iterator[str]:
        """Never more than `_LONGEST_LINE` characters in memory."""
        read, number = self._file.readline, 0
        while line := read(_LONGEST_LINE):
            number += 1
            if len(line) == _LONGEST_LINE and line[-1] not in "\r\n":
                self._cut = number
                while (rest := read(_LONGEST_LINE)) and rest[-1] not in "\r\n":
                    pass
            yield line


def _dirt(cells: list[str], encoding: str) -> str | None:
    text = "".join(cells)
    if "\0" in text:
        return "a NUL byte"
    return f"bytes that are not {encoding}" if _UNREADABLE.search(text) else None
