"""Bad rows as a CSV file that opens in a spreadsheet: line, column, value, reason."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from app.errors import BadInput
from app.importing.rows import Bad


def default_path(file: Path) -> Path:
    return file.with_name(f"{file.stem}.bad.csv")


class Report:
    """Written when there is something to tell; a report of an earlier run does not outlive a good one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._file: TextIO | None = None
        self._writer: Any = None

    def add(self, bad: Iterable[Bad]) -> None:
        last = 0
        for one in bad:
            if self._writer is None:
                self._start()
            self._writer.writerow(one)
            self.rows += one.line != last
            last = one.line

    def _start(self) -> None:
        try:
            self._file = self.path.open("w", encoding="utf-8-sig", errors="replace", newline="")
        except OSError as error:
            raise BadInput(
                f"The report of bad rows cannot be written to {self.path}: {error.strerror}; say --report PATH."
            ) from None
        self._writer = csv.writer(self._file)
        self._writer.writerow(Bad._fields)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        else:
            self.path.unlink(missing_ok=True)
