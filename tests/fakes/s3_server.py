"""A real S3 server of our own (moto's), as a process on loopback: buckets live as long as it."""

import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import httpx

from app.infra.processes import free_ports

_READY_S = 30.0


class S3Server:
    """`with S3Server(log) as server:`; `url`, `bucket`. `stop()` and `start()` again: away and back, and empty."""

    bucket = "recordings"

    def __init__(self, log: Path) -> None:
        self._log = log
        self._port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "S3Server":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self._port)],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _READY_S
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.05)
        httpx.put(f"{self.url}/{self.bucket}").raise_for_status()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url).status_code == 200
        except httpx.TransportError:
            return False
