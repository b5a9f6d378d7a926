"""The recorder's service with a switch that records, for as long as a test needs it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from app.infra.auth import SignedIn
from app.infra.db import Database
from app.projects.models import DEFAULT_PROJECT
from app.recorder.service import RecorderService
from app.recordings.repository import of_call, store_seen
from routing.policy import read_policy
from tests.fakes.recording_switch import RecordingSwitch

ALL: dict[str, object] = {"record": True}


class Nudges:
    count = 0

    def nudge(self) -> None:
        self.count += 1


class Setting:
    def __init__(self, database: Database, switch: RecordingSwitch, policy: dict[str, object]) -> None:
        self.switch = switch
        self.database = database
        self.keepers: dict[Any, Nudges] = {switch.pbx: Nudges()}
        self.tasks: set[asyncio.Task[None]] = set()
        self.rows: list[bytes] = []
        self.service = switch.service = RecorderService(
            database,
            DEFAULT_PROJECT,
            switch,
            lambda pbx: switch.floor if pbx == switch.pbx else None,
            lambda: read_policy(policy, 3),
            lambda pbx, queue: {"support": "support"}.get(queue),
            lambda pbx, call: "vip",
            lambda project, row: self.rows.append(row),
            self._spawn,
            self.keepers,
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def quiet(self) -> None:
        """Until all that was begun is done."""
        while self.tasks:
            await asyncio.gather(*self.tasks)

    async def stored(self) -> list[dict[str, Any]]:
        async with self.database.raw(DEFAULT_PROJECT) as connection:
            await store_seen(connection, self.rows)
            await store_seen(connection, self.rows)  # an answer may be lost: again is the same
            return [dict(one) for one in await of_call(connection, "test", self.switch.call_id)]


@asynccontextmanager
async def setting(database: Database, policy: dict[str, object] = ALL) -> AsyncIterator[Setting]:
    one = Setting(database, RecordingSwitch(), policy)
    one.service.rebuilt(one.switch.floor)
    await one.quiet()
    yield one
    await one.quiet()


def user(role: str = "agent", device: str = "PJSIP/1001", project: int = DEFAULT_PROJECT) -> SignedIn:
    return SignedIn(
        session=b"",
        project_id=project,
        user_id=1,
        login=device.rpartition("/")[2],
        name="",
        role=role,  # type: ignore[arg-type]
        language="en",
        theme="auto",
        agent_id=None,
        pbx="test",
        interface=device,
    )
