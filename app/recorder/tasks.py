"""From the switch's spool folder to the place where recordings lie. The folder is the truth: whatever lies there and is no
longer written is stored, also when nobody was there to see it recorded; it is deleted only after it was read back whole.
"""

import asyncio
import errno
import os
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import structlog
from prometheus_client import Counter, Gauge

from app.infra.db import AWAY, Database
from app.infra.places import PLACE_AWAY, Place
from app.infra.stereo import Sound, write_wav
from app.recordings.repository import Kept, end, store_kept, unfinished
from app.recordings.rules import Named, place_of, read_name
from telephony.ids import PbxId

if TYPE_CHECKING:
    from app.infra.db import Connection

log = structlog.get_logger(__name__)

WAITING = Gauge("tierline_recordings_waiting", "Finished recordings not yet stored", ["pbx"])
STORED = Counter("tierline_recordings_stored", "Recordings stored and read back whole", ["pbx"])
FAILED = Counter("tierline_recordings_failed", "Attempts to store recordings that failed", ["pbx", "why"])
MISSING = Counter("tierline_recordings_missing", "Recordings whose sound never came", ["pbx"])

SUFFIX = ".raw"
LOOK_EVERY_S = 5.0
SETTLED_S = 2.0
"""So long a file must stay as it is: the switch closes it a moment after the leg's end."""

MISSING_AFTER_S = 60.0
RETRY_S = (2.0, 5.0, 15.0, 60.0)
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Look(NamedTuple):
    size: int
    changed_ns: int


class Damaged(Exception):
    """What was read back is not what was written."""


File = Callable[["Connection", Kept], Awaitable[None]]


class Keeper:
    """Of one switch. `recorded()`: files that are being written now, None while nobody can say. `file(connection, kept)`: what
    else follows from a stored one, in the same transaction."""

    def __init__(
        self,
        pbx: PbxId,
        spool: Path,
        place: Place,
        database: Database,
        project_id: int,
        recorded: Callable[[], Collection[str] | None],
        file: "File | None" = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pbx = pbx
        self._spool = spool
        self._place = place
        self._database = database
        self._project_id = project_id
        self._recorded = recorded
        self._file = file
        self._clock = clock
        self._looks: dict[str, tuple[Look, float]] = {}
        self._absent: dict[str, float] = {}
        self._nudged = asyncio.Event()
        self._problem: str | None = None
        self._seen = False

    def nudge(self) -> None:
        """A recording ended: look sooner."""
        self._nudged.set()

    async def run(self) -> None:
        """Until cancelled."""
        failures = 0
        while True:
            self._nudged.clear()
            waiting = await self.look()
            failures = failures + 1 if self._problem else 0
            if failures:
                pause = RETRY_S[min(failures, len(RETRY_S)) - 1]
            else:
                pause = SETTLED_S if waiting else LOOK_EVERY_S
            if failures:
                await asyncio.sleep(pause)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._nudged.wait()

    async def look(self) -> int:
        """Stores what is ready; how many finished files still wait. Never raises what a place, a folder or a database
        that is away may raise."""
        try:
            files = await asyncio.to_thread(self._files)
            recorded = self._recorded()
            if recorded is None:
                return 0
            ended = {file: look for file, look in files.items() if file not in recorded}
            stored = 0
            for file in self._settled(ended):
                await self._store(file)
                stored += 1
            self._looks = {file: seen for file, seen in self._looks.items() if file in ended}
            await self._settle_rows(files)
        except (*PLACE_AWAY, *AWAY, Damaged) as error:
            self._failed(error)
            waiting = len(self._looks)
        else:
            waiting = len(ended) - stored
            self._well()
        WAITING.labels(self._pbx).set(waiting)
        return waiting

    def _files(self) -> dict[str, Look]:
        """Ours. The switch makes the folder with its first recording: until it was seen it holds none, afterwards it is away.
        That a folder which never was there is the wrong one, missing files tell."""
        if not self._spool.is_dir():
            if self._seen:
                raise FileNotFoundError(errno.ENOENT, "the folder of recordings is away", str(self._spool))
            return {}
        self._seen = True
        found: dict[str, Look] = {}
        for entry in os.scandir(self._spool):
            file = entry.name.removesuffix(SUFFIX)
            if file != entry.name and read_name(file) is not None and entry.is_file(follow_symlinks=False):
                state = entry.stat(follow_symlinks=False)
                found[file] = Look(state.st_size, state.st_mtime_ns)
        return found

    def _settled(self, ended: Mapping[str, Look]) -> list[str]:
        """Oldest first."""
        now, settled = self._clock(), []
        for file, look in sorted(ended.items(), key=lambda one: one[1].changed_ns):
            before, since = self._looks.get(file, (look, now))
            if before != look:
                since = now
            self._looks[file] = (look, since)
            if now - since >= SETTLED_S:
                settled.append(file)
        return settled

    async def _store(self, file: str) -> None:
        named = read_name(file)
        if named is None:
            return
        raw, staged = self._spool / f"{file}{SUFFIX}", self._place.staging / f"{self._pbx}_{file}.wav"
        await asyncio.to_thread(self._place.ready)
        try:
            sound = await asyncio.to_thread(partial(write_wav, raw, staged, agents_leg=not named.is_message))
            key = place_of(self._pbx, file, named.started)
            await self._place.keep(key, staged)
        except BaseException:
            await asyncio.to_thread(staged.unlink, missing_ok=True)
            raise
        await self._read_back(key, sound)
        await self._note(file, named, key, sound)
        await asyncio.to_thread(raw.unlink)
        del self._looks[file]
        STORED.labels(self._pbx).inc()
        log.info("recording_stored", pbx=self._pbx, file=file, place=self._place.name, size=sound.size)

    async def _read_back(self, key: str, sound: Sound) -> None:
        digest, size = sha256(), 0
        async for part in self._place.read(key, 0, sound.size):
            digest.update(part)
            size += len(part)
        if size != sound.size or digest.digest() != sound.sha256:
            raise Damaged(f"{self._place.name} gave back another file than it was given: {key}")

    async def _note(self, file: str, named: Named, key: str, sound: Sound) -> None:
        kept = Kept(
            self._pbx,
            file,
            named.call,
            named.interface,
            named.started,
            sound.length_s,
            key,
            sound.size,
            sound.sha256,
        )
        async with self._database.raw(self._project_id) as connection:
            await store_kept(connection, kept)
            if self._file is not None:
                await self._file(connection, kept)

    async def _settle_rows(self, files: Collection[str]) -> None:
        """Rows that wait for a file which is not there: their end was not seen, or nothing was written (the switch's disk
        is full, or its folder is not the one we look into)."""
        async with self._database.raw(self._project_id) as connection:
            rows = await unfinished(connection, self._pbx)
            recorded, now = self._recorded(), self._clock()
            if recorded is None:
                return
            absent = {row["file"] for row in rows} - set(files) - set(recorded)
            self._absent = {file: self._absent.get(file, now) for file in absent}
            for row in rows:
                if row["file"] in recorded:
                    continue
                if now - self._absent.get(row["file"], now) >= MISSING_AFTER_S:
                    await end(connection, self._pbx, row["file"], "missing")
                    MISSING.labels(self._pbx).inc()
                    log.error(
                        "recording_missing",
                        pbx=self._pbx,
                        file=row["file"],
                        folder=str(self._spool),
                        do="check that the switch may write there, that its disk has room, and that "
                        "TIERLINE_PBX__<NAME>__RECORDINGS is that folder",
                    )
                elif row["state"] == "recording":
                    await end(connection, self._pbx, row["file"], "ended")

    def _failed(self, error: Exception) -> None:
        why, do = _why(error)
        FAILED.labels(self._pbx, why).inc()
        if why != self._problem:
            log.error(
                "recordings_not_stored",
                pbx=self._pbx,
                why=why,
                error=str(error),
                waiting=len(self._looks),
                place=self._place.name,
                do=do,
                at=datetime.now(UTC).isoformat(timespec="seconds"),
            )
        self._problem = why

    def _well(self) -> None:
        if self._problem is not None:
            log.info("recordings_stored_again", pbx=self._pbx, place=self._place.name)
        self._problem = None


def _why(error: Exception) -> tuple[str, str]:
    """A word for metrics, and what to do. Calls go on, and the sound stays with the switch, in every case."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return "no_space", "make room where recordings are stored: they wait on the switch until then"
    if isinstance(error, Damaged):
        return "damaged", "check the disk or store: the recording stays on the switch until it is kept whole"
    if isinstance(error, PermissionError):
        return "not_allowed", "let this service read and delete in the switch's folder and write at the place"
    if isinstance(error, PLACE_AWAY) and not isinstance(error, TimeoutError):
        return "away", "check TIERLINE_RECORDINGS__… and TIERLINE_PBX__<NAME>__RECORDINGS: it is tried again"
    return "database", "the database does not answer; it is tried again"
