"""Raw AMI bytes to a file on demand, and back: a capture replayed is a test, or an answer to "what happened?".

Holds what the switch says, never what we say, so there is no secret in it; but callers' numbers and names
are, hence mode 0600 and a bounded size.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from telephony.ami.wire import BANNER, END_OF_BLOCK

_KEEP = len(END_OF_BLOCK) - 1


class Capture:
    """Appends a stream to `path`; at `limit` bytes the file becomes `path.1`, the older `path.2` …

    Files begin and end between two messages, so each can be replayed alone. A full disk never harms the
    link: writing ends, and `failed` holds the error. At most `limit * (keep + 1)` bytes lie on disk (and
    one read more).
    """

    def __init__(self, path: Path, limit: int = 64 * 1024 * 1024, keep: int = 3) -> None:
        """Raises OSError when the file cannot be opened."""
        self.path = path
        self.written = 0
        self.failed: OSError | None = None
        self._limit = limit
        self._keep = keep
        self._whole = False
        self._tail = b""
        self._file: BinaryIO | None = self._open()

    def write(self, data: bytes) -> None:
        """What was read, as it was read. Bytes before the first whole message are left out."""
        if self._file is None:
            return
        if not self._whole:
            data = self._from_first_message(data)
            if not data:
                return
        try:
            self._write(self._file, data)
        except OSError as error:
            self.failed = error
            self.close()

    def end_of_stream(self) -> None:
        """The connection is gone, maybe in mid-message: the next one must not continue that message."""
        if not self._whole:
            self._tail = b""
        elif not self._tail.endswith(END_OF_BLOCK):
            self.write(END_OF_BLOCK)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, file: BinaryIO, data: bytes) -> None:
        end = data.rfind(END_OF_BLOCK) + len(END_OF_BLOCK)
        if self._size + len(data) > self._limit and end >= len(END_OF_BLOCK):
            file.write(data[:end])
            file.close()
            self._rotate()
            file = self._file = self._open()
            file.write(data[end:])
            self._size += len(data) - end
        else:
            file.write(data)
            self._size += len(data)
        self.written += len(data)
        self._tail = (self._tail + data)[-len(END_OF_BLOCK) :]

    def _open(self) -> BinaryIO:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):  # somebody's older file may be readable by all
            os.fchmod(descriptor, 0o600)
        self._size = status.st_size
        return os.fdopen(descriptor, "ab", buffering=0)

    def _rotate(self) -> None:
        for age in range(self._keep, 0, -1):
            younger = self.path if age == 1 else self._aged(age - 1)
            if younger.exists():
                younger.replace(self._aged(age))
        self.path.unlink(missing_ok=True)

    def _aged(self, age: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{age}")

    def _from_first_message(self, data: bytes) -> bytes:
        data = self._tail + data
        if data.startswith(BANNER):
            self._whole = True
            self._tail = b""
            return data
        end = data.find(END_OF_BLOCK)
        if end < 0:
            self._tail = data if BANNER.startswith(data) else data[-_KEEP:]
            return b""
        self._whole = True
        self._tail = b""
        return data[end + len(END_OF_BLOCK) :]


def replay(path: Path, chunk: int = 65_536) -> Iterator[bytes]:
    """A capture as a socket would give it: in pieces of at most `chunk` bytes, cut anywhere."""
    with path.open("rb") as file:
        while data := file.read(chunk):
            yield data
