"""Events per CPU second from a socket to the floor, against stock panoramisk with an empty callback.

Both are fed the same unfiltered stream of real Asterisk traffic over loopback TCP by a separate process.
Each repetition of the capture is moved in time and in ids, so that no call is seen twice. CPU time is that of
the consuming process alone, kernel included; rounds are interleaved, the figure is the median.

`python -m bench.ami_events` prints the table; `measure()` is for the bench runner.
"""

import asyncio
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import uvloop
from panoramisk import Manager

from telephony.ami.connection import Endpoint, LinkState
from telephony.ami.consumer import Limits
from telephony.ami.reader import Reader
from telephony.ami.resync import Snapshot
from telephony.events import Event
from telephony.floor import Floor
from telephony.ids import PbxId

CAPTURE = Path(__file__).parents[1] / "tests" / "fixtures" / "ami" / "session-40-calls.ami"
REPEAT = 10
GOAL = 8.0
PBX = PbxId("bench")
UNLIMITED = Limits(queue_bytes=1 << 40, lag_s=1e9)
"""The feeder writes faster than any switch; a queue that overflowed would skip work."""

Run = Callable[[int, Callable[[], None]], Coroutine[Any, Any, float]]


def stream(repeat: int) -> bytes:
    """The capture many times over, each time 1,000 s later and with unique ids of its own; without the one event that
    belongs to a login and would begin everything anew."""
    blocks = CAPTURE.read_bytes().split(b"\r\n\r\n")
    capture = b"\r\n\r\n".join(block for block in blocks if b"Event: FullyBooted" not in block)
    return b"".join(capture.replace(b"1795331", str(1795331 + n).encode()) for n in range(repeat))


def feed(repeat: int) -> None:
    """The other process: an AMI server that lets everybody in, has nothing to list, and on a line on stdin
    sends the stream and hangs up."""
    data = stream(repeat)
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    client, _ = server.accept()
    client.sendall(b"Asterisk Call Manager/11.0.0\r\n")
    asked = b""
    while not asked.endswith(b"\r\n\r\n") or b"Login" not in asked:
        asked += client.recv(65536)
    pending = asked
    while True:
        for request in pending.split(b"\r\n\r\n")[:-1]:
            client.sendall(
                _answer(dict(line.split(": ", 1) for line in request.decode().split("\r\n") if line))
            )
        pending = pending.rpartition(b"\r\n\r\n")[2]
        client.settimeout(0.2)
        try:
            pending += client.recv(65536)
        except TimeoutError:
            break
    client.settimeout(None)
    print("ready", flush=True)
    sys.stdin.readline()
    client.sendall(data)
    client.close()


def _answer(action: dict[str, str]) -> bytes:
    """ "Nothing to list" is an error to Asterisk for some lists; it completes any of them."""
    word = "Success" if action["Action"] in ("Login", "Ping") else "Error"
    headers = f"Response: {word}\r\nActionID: {action['ActionID']}\r\nMessage: none found\r\n\r\n"
    return headers.encode()


class OnlyCount:
    """A consumer that does nothing: reader, wire and translate alone."""

    def __init__(self) -> None:
        self.believed = asyncio.Event()
        self.lost = asyncio.Event()
        self.events_seen = 0

    def stale(self, why: str) -> None:
        self.lost.set()

    def snapshot(self, snapshot: Snapshot, received: float) -> None:
        self.believed.set()

    def events(self, events: list[Event], received: float) -> None:
        self.events_seen += len(events)

    def link_state(self, state: LinkState) -> None:
        pass


class OnFloor(OnlyCount):
    """The whole of it: every event is applied."""

    def __init__(self) -> None:
        super().__init__()
        self.floor = Floor(PBX)

    def events(self, events: list[Event], received: float) -> None:
        apply = self.floor.apply
        for event in events:
            apply(event)


def reading(consumer_of: Callable[[], OnlyCount], events: int) -> Run:
    async def run(port: int, go: Callable[[], None]) -> float:
        consumer = consumer_of()
        reader = Reader(Endpoint(PBX, "127.0.0.1", port, "bench", "bench"), consumer, limits=UNLIMITED)
        running = asyncio.create_task(reader.run())
        await consumer.believed.wait()
        begun = time.process_time()
        go()
        await consumer.lost.wait()
        spent = time.process_time() - begun
        running.cancel()
        await asyncio.wait({running})
        seen = reader.counters
        told = seen.events + seen.skipped + seen.ignored.total() + seen.untranslatable.total()
        assert told == events, f"{told} of {events} events were looked at: the figure would be false"
        return spent

    return run


async def stock(port: int, go: Callable[[], None]) -> float:
    """Panoramisk as its documentation shows it."""
    ready, lost = asyncio.Event(), asyncio.Event()
    manager = Manager(
        loop=asyncio.get_running_loop(),
        host="127.0.0.1",
        port=port,
        username="bench",
        secret="bench",  # noqa: S106 - of a server that lives for one round
        on_login=lambda manager: ready.set(),
        on_disconnect=lambda manager, error: lost.set(),
    )
    manager.register_event("*", lambda manager, event: None)
    manager.connect()
    await ready.wait()
    begun = time.process_time()
    go()
    await lost.wait()
    spent = time.process_time() - begun
    manager.close()
    return spent


def one(run: Run, repeat: int) -> float:
    """CPU seconds of one client for the whole stream."""
    feeder = subprocess.Popen(
        [sys.executable, "-m", "bench.ami_events", "--feed", str(repeat)],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert feeder.stdin is not None
    assert feeder.stdout is not None
    said, ask = feeder.stdout, feeder.stdin

    def go() -> None:
        said.readline()
        ask.write("go\n")
        ask.flush()

    try:
        port = int(said.readline())
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run(port, go))
    finally:
        feeder.kill()
        feeder.communicate()


def measure(rounds: int = 5, repeat: int = REPEAT) -> dict[str, Any]:
    """Medians of interleaved rounds. `ratio`: reader, translate and floor against stock panoramisk."""
    events = stream(repeat).count(b"\r\nEvent: ")
    runs: dict[str, Run] = {
        "panoramisk": stock,
        "reader": reading(OnlyCount, events),
        "reader_and_floor": reading(OnFloor, events),
    }
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            rates[name].append(events / one(run, repeat))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    return {
        "events": events,
        "rounds": rounds,
        "events_per_cpu_s": {name: round(value) for name, value in medians.items()},
        "ratio": _ratio(rates["reader_and_floor"], rates["panoramisk"]),
        "ratio_without_floor": _ratio(rates["reader"], rates["panoramisk"]),
        "goal": GOAL,
    }


def _ratio(ours: list[float], theirs: list[float]) -> float:
    """Median of the rounds' ratios: what else the machine does weighs on both sides of a round alike."""
    return round(statistics.median(a / b for a, b in zip(ours, theirs, strict=True)), 2)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--feed"]:
        feed(int(sys.argv[2]))
    else:
        print(json.dumps(measure(), indent=2))
