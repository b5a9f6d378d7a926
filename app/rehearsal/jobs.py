"""Rehearsals asked for over HTTP: one at a time for each project, each in a process of its own, their results kept until
the service ends. Nothing of them is stored: the same order gives the same figures again."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import structlog

from app.errors import BadInput, Conflict, NotFound, TierlineError, Unavailable
from app.infra.auth import SignedIn
from app.infra.db import AWAY, Database
from app.rehearsal.ordering import LOG, order_of
from app.rehearsal.period import Period, write_period
from app.rehearsal.schemas import Rehearsal, State, UploadedLog, Wish
from app.rehearsal.worker import CHART, FIGURES, ORDER, REPORT, Order

log = structlog.get_logger(__name__)

KEPT = 10
"""Rehearsals, and uploaded logs, of a project; the oldest go first."""

LARGEST_LOG = 100_000_000
LONGEST_S = 1800.0
_BROKE = "The rehearsal broke off; the service's log tells why."
_OVER = ("done", "failed", "cancelled")


class TooLarge(BadInput):
    status = 413
    code = "too_large"


@dataclass
class Job:
    """`folder`: order and results."""

    id: str
    project_id: int
    asked_by: str
    what: str
    policies: list[str]
    folder: Path
    started_at: datetime
    state: State = "preparing"
    done: int = 0
    of: int | None = None
    ended_at: datetime | None = None
    error: str | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Rehearsals:
    def __init__(self, database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._now = now
        self._jobs: dict[str, Job] = {}
        self._logs: dict[str, tuple[int, Path]] = {}
        self._running: tuple[ExitStack, asyncio.TaskGroup] | None = None
        self._folder: Path | None = None

    async def run(self) -> None:
        """Until cancelled; then every rehearsal ends, and its files go."""
        with ExitStack() as files:
            async with asyncio.TaskGroup() as tasks:
                self._running = (files, tasks)
                try:
                    await asyncio.Event().wait()
                finally:
                    self._running = None

    async def start(self, user: SignedIn, wish: Wish) -> Rehearsal:
        """Raises `BadInput`, `NotFound`, `Conflict`, `Unavailable`."""
        root, tasks = self._root()
        order, period = await order_of(self._database, user.project_id, wish)
        if any(job.state not in _OVER for job in self._jobs.values() if job.project_id == user.project_id):
            raise Conflict("A rehearsal is running: wait for its end, or cancel it.")
        uploaded = self._log(user.project_id, wish.log) if wish.log is not None else None
        job_id = secrets.token_hex(8)
        job = Job(
            job_id, user.project_id, user.name, order.name, list(order.policies), root / job_id, self._now()
        )
        self._jobs[job_id] = job
        job.task = tasks.create_task(self._carry_out(job, order, uploaded or period))
        await self._forget_oldest(user.project_id)
        return self._shown(job)

    def all(self, project_id: int) -> list[Rehearsal]:
        """Newest first, without their reports."""
        mine = [job for job in self._jobs.values() if job.project_id == project_id]
        return [self._shown(job) for job in reversed(mine)]

    async def one(self, project_id: int, job_id: str) -> Rehearsal:
        """With its report. Raises `NotFound`."""
        job = self._job(project_id, job_id)
        shown = self._shown(job)
        if job.state == "done":
            text = await asyncio.to_thread((job.folder / REPORT).read_bytes)
            shown.report = msgspec.json.decode(text)
        return shown

    async def cancel(self, project_id: int, job_id: str) -> Rehearsal:
        """One that is over stays as it is. Raises `NotFound`."""
        job = self._job(project_id, job_id)
        if job.task is not None and job.state not in _OVER:
            job.task.cancel()
            await asyncio.wait([job.task])
        return self._shown(job)

    def figures(self, project_id: int, job_id: str) -> Path:
        """CSV. Raises `NotFound`, `Conflict`."""
        return self._result(project_id, job_id, FIGURES)

    def chart(self, project_id: int, job_id: str) -> Path:
        """PNG. Raises `NotFound`, `Conflict`."""
        return self._result(project_id, job_id, CHART)

    async def keep_log(self, project_id: int, body: AsyncIterator[bytes]) -> UploadedLog:
        """Raises `TooLarge`, `Unavailable`. What is in it is looked at when it is rehearsed."""
        root, _ = self._root()
        name = secrets.token_hex(8)
        file, size = root / f"{name}.csv", 0
        out = await asyncio.to_thread(file.open, "wb")
        try:
            async for part in body:
                size += len(part)
                if size > LARGEST_LOG:
                    raise TooLarge(
                        f"The log is larger than {LARGEST_LOG // 1_000_000} MB: send a shorter one."
                    )
                await asyncio.to_thread(out.write, part)
        except BaseException:
            file.unlink()
            raise
        finally:
            out.close()
        self._logs[name] = (project_id, file)
        mine = [one for one, (project, _) in self._logs.items() if project == project_id]
        for old in mine[:-KEPT]:
            self._logs.pop(old)[1].unlink()
        return UploadedLog(log=name, size=size)

    # inside

    async def _carry_out(self, job: Job, order: Order, calls: Path | Period | None) -> None:
        """`calls`: an uploaded log, or which of the stored ones."""
        try:
            async with asyncio.timeout(LONGEST_S):
                await asyncio.to_thread(job.folder.mkdir)
                if isinstance(calls, Path):
                    await asyncio.to_thread(os.link, calls, job.folder / LOG)
                elif calls is not None:
                    async with self._database.raw(job.project_id) as connection:
                        if not await write_period(connection, calls, job.folder / LOG):
                            raise BadInput("No call of this period is stored.")
                text = msgspec.json.encode(order)
                await asyncio.to_thread((job.folder / ORDER).write_bytes, text)
                await self._work(job)
            job.state = "done"
        except asyncio.CancelledError:
            job.state = "cancelled"
            raise
        except TimeoutError:
            job.state, job.error = "failed", "It took longer than half an hour: rehearse fewer calls."
        except TierlineError as error:
            job.state, job.error = "failed", error.message
        except AWAY as error:
            job.state, job.error = "failed", "The database or the disk does not answer: try again later."
            log.warning("rehearsal_failed", rehearsal=job.id, error=str(error))
        except Exception:  # a defect here must not end the service that answers calls
            job.state, job.error = "failed", _BROKE
            log.exception("rehearsal_broke", rehearsal=job.id)
        finally:
            job.ended_at = self._now()

    async def _work(self, job: Job) -> None:
        """Raises `BadInput` with what the process says, or that it failed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.rehearsal.worker", str(job.folder)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        job.state = "running"
        assert process.stdout is not None  # noqa: S101 -- asked for above
        assert process.stderr is not None  # noqa: S101
        complaints = asyncio.create_task(process.stderr.read())
        said: dict[str, Any] = {}
        try:
            async for line in process.stdout:
                said = msgspec.json.decode(line)
                if "of" in said:
                    job.done, job.of = said["done"], said["of"]
            status = await process.wait()
            why = (await complaints).decode(errors="replace")
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            complaints.cancel()
        if status:
            if "error" not in said:
                log.error("rehearsal_broke", rehearsal=job.id, status=status, stderr=why[-4000:])
            raise BadInput(said.get("error") or _BROKE)

    def _root(self) -> tuple[Path, asyncio.TaskGroup]:
        """The folder of all files, made when the first of them comes: a service that is killed leaves none for nothing."""
        if self._running is None:
            raise Unavailable("Rehearsals cannot be started now: try again in a moment.")
        files, tasks = self._running
        if self._folder is None:
            self._folder = Path(files.enter_context(TemporaryDirectory(prefix="tierline-rehearsals-")))
        return self._folder, tasks

    def _job(self, project_id: int, job_id: str) -> Job:
        job = self._jobs.get(job_id)
        if job is None or job.project_id != project_id:
            raise NotFound("There is no such rehearsal; they are kept until the service is started anew.")
        return job

    def _log(self, project_id: int, name: str) -> Path:
        project, file = self._logs.get(name, (None, None))
        if file is None or project != project_id:
            raise NotFound("There is no such log: upload it again.")
        return file

    def _result(self, project_id: int, job_id: str, name: str) -> Path:
        job = self._job(project_id, job_id)
        if job.state != "done":
            raise Conflict("This rehearsal has no results (yet).")
        file = job.folder / name
        if not file.exists():
            raise NotFound("No chart was drawn: install the project with its extra, `tierline[charts]`.")
        return file

    async def _forget_oldest(self, project_id: int) -> None:
        mine = [job for job in self._jobs.values() if job.project_id == project_id]
        for job in mine[:-KEPT]:
            del self._jobs[job.id]
            await asyncio.to_thread(rmtree, job.folder, ignore_errors=True)

    def _shown(self, job: Job) -> Rehearsal:
        return Rehearsal(
            id=job.id,
            state=job.state,
            what=job.what,
            policies=job.policies,
            done=job.done,
            of=job.of,
            asked_by=job.asked_by,
            started_at=job.started_at,
            ended_at=job.ended_at,
            error=job.error,
            chart=job.state == "done" and (job.folder / CHART).exists(),
        )
