"""The demonstration from the first process to the last line."""

import asyncio
import json
import random
import time
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from rich.console import Console
from rich.live import Live as Screen

from app.demo import traffic
from app.demo.people import Desk, seat
from app.demo.show import picture
from app.demo.world import World, world
from app.errors import TierlineError
from app.infra.sipp import Placed
from app.settings import Settings
from routing.facts import Executor
from telephony.ami.connection import Endpoint
from telephony.ami.reader import Reader
from telephony.ids import PbxId

BATCH_S = 300.0
"""Without an end callers come in batches of so long."""

DRAIN_SHARE, DRAIN_MOST_S = 0.25, 15.0
"""Of a demonstration with an end: the last part in which nobody calls any more, so that nobody is cut off."""

OVERTIME_S = 20.0
PICTURES_PER_S = 4


async def demonstrate(
    settings: Settings,
    *,
    duration_s: float | None,
    clients: int,
    agents: int,
    port: int,
    seed: int,
    executor: Executor = "queued",
) -> dict[str, Any]:
    """Until cancelled or `duration_s` are over; returns the score. Raises `TierlineError`."""
    console = Console(stderr=True)
    with console.status("Starting …") as status:
        async with world(
            settings,
            clients=clients,
            port=port,
            executor=executor,
            say=lambda what: status.update(f"Starting {what} …"),
        ) as stage:
            return await _play(stage, console, status.stop, duration_s, agents, seed)


async def _play(
    stage: World, console: Console, ready: Any, duration_s: float | None, agents: int, seed: int
) -> dict[str, Any]:
    chance = random.Random(seed)  # noqa: S311 -- traffic, no secret
    ear = traffic.Ear(stage)
    delivered: set[str] = set()

    def on_card(call: str, milliseconds: float) -> None:
        if call not in delivered:
            delivered.add(call)
            ear.score.card(milliseconds)

    codes = [str(1001 + number) for number in range(agents)]
    desks = [Desk(stage.url, code, stage.password, on_card) for code in codes]
    pbx = stage.pbx
    reader = Reader(Endpoint(PbxId("ear"), pbx.host, pbx.ami_port, pbx.ami_username, pbx.ami_secret), ear)
    started_at = datetime.now(UTC)
    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(reader.run())
        await stage.sipp.phones(codes, traffic.turns(chance))
        await seat(desks)
        watching = [tasks.create_task(desk.watch()) for desk in desks]
        ready()
        shift = _Shift(stage, ear, chance, agents, duration_s)
        with Screen(console=console, refresh_per_second=PICTURES_PER_S, transient=False) as screen:

            def show() -> None:
                screen.update(
                    picture(stage, ear, placed=shift.placed(), elapsed_s=shift.elapsed(), desks=len(desks))
                )

            await shift.work(show)
        for task in (listening, *watching):
            task.cancel()
    summary = ear.score.summary(calls_placed=shift.placed(), recognised=await stage.recognised(started_at))
    for desk in desks:
        with suppress(TierlineError):
            await desk.go_home()
        await desk.close()
    return summary


class _Shift:
    """The callers' side of it."""

    def __init__(
        self, stage: World, ear: traffic.Ear, chance: random.Random, agents: int, duration_s: float | None
    ) -> None:
        self._stage = stage
        self._ear = ear
        self._per_second = traffic.LOAD * agents / traffic.TALK_MEAN_S
        self._duration_s = duration_s
        self._callers = traffic.callers(stage, chance)
        self._batches: list[Placed] = []
        self._counted = 0
        self._began = time.monotonic()

    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def placed(self) -> int:
        return self._counted + sum(len(batch.seen()) for batch in self._batches)

    async def work(self, show: Any) -> None:
        if self._duration_s is None:
            while True:
                await self._call_for(BATCH_S)
                await self._until(self.elapsed() + BATCH_S, show)
                self._settle()
        quiet = min(DRAIN_MOST_S, self._duration_s * DRAIN_SHARE)
        await self._call_for(self._duration_s - quiet)
        await self._until(self._duration_s, show)
        overtime = self._duration_s + OVERTIME_S
        while (self._ear.score.waiting or self._ear.arriving) and self.elapsed() < overtime:
            await self._until(self.elapsed() + 1 / PICTURES_PER_S, show)

    async def _call_for(self, seconds: float) -> None:
        count = max(1, round(seconds * self._per_second))
        callers = list(islice(self._callers, count))
        self._batches.append(await self._stage.sipp.place(callers, per_second=self._per_second))

    def _settle(self) -> None:
        """All but the last batch are over: remember their number and forget them."""
        for batch in self._batches[:-1]:
            self._counted += len(batch.seen())
        del self._batches[:-1]

    async def _until(self, moment: float, show: Any) -> None:
        while (left := moment - self.elapsed()) > 0:
            show()
            await asyncio.sleep(min(left, 1 / PICTURES_PER_S))


def last_line(summary: dict[str, Any]) -> str:
    return json.dumps(summary)
