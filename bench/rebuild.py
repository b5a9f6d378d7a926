"""How long the floor is not believed after a break, with 1,000 live calls.

    python -m bench.rebuild [CALLS]

A separate process plays the switch over loopback TCP: its answers lie ready, so what is measured is ours. From the
opened connection through login and all lists to the floor rebuilt; besides, the longest time the event loop was held.
"""

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import uvloop

from telephony.ami.connection import Endpoint, LinkState
from telephony.ami.reader import Reader
from telephony.ami.resync import SNAPSHOT_ACTIONS, Snapshot
from telephony.calls import Stage
from telephony.events import Event
from telephony.floor import Floor
from telephony.ids import PbxId
from tests.fakes.busy_switch import NOW, busy
from tests.fakes.switch import FakeSwitch, Rule, Session
from tests.fakes.switch_state import Headers

CALLS = 1000
ROUNDS = 9
GOAL_S = 2.0
PBX = PbxId("bench")
TICK_S = 0.001


def serve(calls: int) -> None:
    """The other process: prints its port and answers until its stdin ends."""
    asyncio.run(_serve(calls))


async def _serve(calls: int) -> None:
    async with FakeSwitch() as switch:
        switch.state = busy(calls)
        asker = Session(writer=None)  # type: ignore[arg-type]
        asker.logged_in = True
        for name, headers, _ in SNAPSHOT_ACTIONS:
            answer = switch.answer(asker, {"Action": name, "ActionID": "@@@", **headers})
            switch.rules[name] = _ready(answer)
        print(switch.port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


def _ready(answer: bytes) -> Rule:
    async def rule(session: Session, action: Headers) -> bytes:
        return answer.replace(b"@@@", action["ActionID"].encode())

    return rule


class Keeper:
    """Keeps a floor as the core loop does."""

    def __init__(self) -> None:
        self.floor = Floor(PBX)
        self.rebuilt = asyncio.Event()

    def stale(self, why: str) -> None:
        self.floor.mark_stale()

    def snapshot(self, snapshot: Snapshot, received: float) -> Iterator[None]:
        for _ in self.floor.rebuilding(snapshot, float(NOW)):
            yield
        self.rebuilt.set()

    def events(self, events: list[Event], received: float) -> None:
        for event in events:
            self.floor.apply(event)

    def link_state(self, state: LinkState) -> None:
        pass


async def _once(endpoint: Endpoint, calls: int) -> dict[str, float]:
    keeper = Keeper()
    reader = Reader(endpoint, keeper)
    held = 0.0

    async def feel() -> None:
        nonlocal held
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK_S)
            held = max(held, time.perf_counter() - before - TICK_S)

    feeling = asyncio.create_task(feel())
    began, cpu = time.perf_counter(), time.process_time()
    running = asyncio.create_task(reader.run())
    await keeper.rebuilt.wait()
    took, used = time.perf_counter() - began, time.process_time() - cpu
    await asyncio.sleep(2 * TICK_S)
    live = sum(call.stage is not Stage.ENDED for call in keeper.floor.calls.values())
    assert live == calls, f"{live} calls of {calls} on the floor"
    for task in (running, feeling):
        task.cancel()
    await asyncio.gather(running, feeling, return_exceptions=True)
    return {
        "rebuild_s": took,
        "cpu_s": used,
        "loop_held_s": held,
        "mb_read": reader.counters.bytes / 1e6,
    }


def measure(rounds: int = ROUNDS, calls: int = CALLS) -> dict[str, Any]:
    """Medians in seconds; `ratio`: the median rebuild as a share of the two seconds allowed."""
    command = [sys.executable, "-m", "bench.rebuild", "serve", str(calls)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as switch:
        assert switch.stdout is not None
        endpoint = Endpoint(
            PBX, "127.0.0.1", int(switch.stdout.readline()), "tierline", "a secret of the tests"
        )
        gc.collect()
        gc.freeze()  # as the service does at its start
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            figures = [runner.run(_once(endpoint, calls)) for _ in range(rounds)]
        assert switch.stdin is not None
        switch.stdin.close()
    medians = {name: round(statistics.median(one[name] for one in figures), 4) for name in figures[0]}
    return {
        **medians,
        "worst_rebuild_s": round(max(one["rebuild_s"] for one in figures), 3),
        "worst_loop_held_s": round(max(one["loop_held_s"] for one in figures), 4),
        "calls": calls,
        "ratio": round(medians["rebuild_s"] / GOAL_S, 3),
        "rounds": rounds,
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]))
    else:
        print(json.dumps(measure(calls=int(sys.argv[1]) if sys.argv[1:] else CALLS), indent=2))
