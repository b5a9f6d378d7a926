"""From AMI bytes to a browser's socket: how long a pop takes on its way through everything of ours.

A switch (in the same loop) plays a real call's events 50 times a second; `reader → translate → floor → core loop →
screen → hub → WebSocket` carry each pop, with a card of realistic size, to the socket of the agent whose phone
rings, while all agents and two supervisors are connected. Measured from writing the event that rings to reading
the card in the client, both over loopback TCP. Against it, in the same loop and at the same pace, interleaved:
the same bytes sent to a bare `asyncio.Protocol` that writes them back.

`python -m bench.latency` prints the table; `measure()` is for the bench runner.
"""

import asyncio
import contextlib
import gc
import json
import random
import re
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, cast

import uvloop

from app.infra.auth import SignedIn
from app.live.service import Live, now
from app.loop import CoreLoop
from screenpop.messages import Card, ClientCard, InteractionCard, RevenueMonth
from screenpop.sources import Agent, CardText, Known
from telephony.ami.reader import Reader
from telephony.ami.translate import WANTED
from telephony.changes import Change
from telephony.clock import SwitchClock
from telephony.floor import Floor
from telephony.ids import Interface, PbxId
from tests.fakes.live_server import LiveServer, someone
from tests.fakes.switch import FakeSwitch
from tests.fakes.toy_floor import ToyDirectory

CAPTURE = Path(__file__).parents[1] / "tests" / "fixtures" / "ami" / "session-40-calls.ami"
PBX = PbxId("main")
AGENTS = 50
SUPERVISORS = 2
CALLS_PER_S = 50
CALLS = 150
"""Of one round."""
JOIN_TO_RING_S = 0.005
"""So that a pop does not stand behind the news of its own call's arrival."""
TALKS_S = (0.15, 0.25)
"""By chance, so that not every ring falls into the moment in which an earlier call ends."""
GOAL_MS = 3.0
GOAL_RATIO = 3.0


class NoEffects:
    """Nothing is stored here."""

    def __init__(self) -> None:
        self.believed = asyncio.Event()

    def batch(self, floor: Floor, changes: list[Change]) -> None: ...

    def rebuilt(self, floor: Floor) -> None:
        self.believed.set()


def plain_call() -> list[bytes]:
    """The events that we ask of the switch, of one captured call: rings, is answered, ends; without a transfer."""
    calls: dict[bytes, list[bytes]] = {}
    for block in CAPTURE.read_bytes().split(b"\r\n\r\n"):
        linked = re.search(rb"\r\nLinkedid: (\S+)", block)
        if linked and _name(block) in WANTED:
            calls.setdefault(linked[1], []).append(block + b"\r\n\r\n")
    served = [
        blocks
        for blocks in calls.values()
        if (names := [_name(block) for block in blocks]).count(b"AgentCalled") == 1
        and b"AgentConnect" in names
        and names[-1] == b"Hangup"
        and not {b"BlindTransfer", b"AttendedTransfer"} & set(names)
    ]
    return min(served, key=len)


def _name(block: bytes) -> bytes:
    found = re.search(rb"^Event: (\S+)", block)
    return found[1] if found else b""


class Script:
    """The call as often as wanted, each time with ids and a phone of its own."""

    def __init__(self) -> None:
        self._call = plain_call()
        ringing = next(block for block in self._call if _name(block) == b"AgentCalled")
        self._phone = _header(ringing, b"Interface").rpartition(b"/")[2]
        self._linked = _header(ringing, b"Linkedid")
        self._run, _, _ = self._linked.rpartition(b".")

    def play(self, number: int, interface: Interface) -> tuple[str, list[bytes], bytes, list[bytes]]:
        """(call id, before, what rings, after)"""
        phone = interface.rpartition("/")[2].encode()
        epoch = b"bench-%d" % (2_000_000_000 + number)
        moment = b"Timestamp: %.6f" % time.time()
        blocks = []
        for block in self._call:
            moved = re.sub(rb"testpbx-\d+(?=\.\d+)", epoch, block)
            moved = re.sub(rb"\b%s\b" % self._phone, phone, moved)
            moved = re.sub(rb"(PJSIP/\w+)-[0-9a-f]{8}", rb"\1-%08x" % number, moved)
            blocks.append(re.sub(rb"Timestamp: \S+", moment, moved))
        at = next(index for index, block in enumerate(blocks) if _name(block) == b"AgentCalled")
        call = re.sub(rb"testpbx-\d+", epoch, self._linked).decode()
        return call, blocks[:at], blocks[at], blocks[at + 1 :]


def _header(block: bytes, name: bytes) -> bytes:
    found = re.search(rb"\r\n" + name + rb": (\S+)", block)
    assert found is not None
    return found[1]


def card(call: str) -> Card:
    """About 5 kB, as of a client with a history."""
    return Card(
        call=call,
        number="+79160000000",
        chosen=1,
        callback=None,
        clients=[
            ClientCard(
                id=1, external_id="A-1", name="Пётр Ёжиков", kind="person", segment="home", language="ru",
                currency="RUB", blocked=False, service_level="golden", tier="vip", arpu=1234.5,
                revenue=[RevenueMonth(month=f"2026-{n:02}-01", amount=1000.0 + n) for n in range(1, 13)],
                phones=["+79160000000"], personal_agents=[], contracts=[], cases=[],
                interactions=[
                    InteractionCard(
                        id=n, channel="phone", direction="in", at=1.0, topic="billing", agent="Anna",
                        summary="Спросил о счёте за прошлый месяц, объяснено.", disposition="resolved",
                    )
                    for n in range(20)
                ],
                notes=[], offers=[],
            )
        ],
    )  # fmt: skip


class Pops:
    """When each call's card came out of a client's socket."""

    def __init__(self) -> None:
        self.read_at: dict[str, float] = {}
        self.some = asyncio.Event()

    async def all_read(self, calls: Iterable[str]) -> None:
        waiting = set(calls)
        while waiting := waiting - self.read_at.keys():
            self.some.clear()
            await asyncio.wait_for(self.some.wait(), 10)


class Client(asyncio.Protocol):
    """A browser's socket that only looks for cards: what a client library costs is not ours. Answers no pings."""

    def __init__(self, request: bytes, pops: Pops) -> None:
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._pops = pops
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        at = time.perf_counter()
        if not self.open.done():
            if data.startswith(b"HTTP/1.1 101"):
                self.open.set_result(None)
            else:
                self.open.set_exception(ConnectionError(data.decode()))
        data = self._rest + data
        end = 0
        for found in CARD.finditer(data):
            self._pops.read_at.setdefault(found[1].decode(), at)
            self._pops.some.set()
            end = found.end()
        self._rest = data[max(end, len(data) - 200) :]


CARD = re.compile(rb'"type":"card","seq":\d+,"card":\{"call":"([^"]+)"')


async def connect(server: LiveServer, who: SignedIn, pops: Pops) -> asyncio.Transport:
    request = (
        f"GET /live?ticket={await server.ticket(who)} HTTP/1.1\r\nHost: {server.url}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGllcmxpbmUtbGF0ZW5jeQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    host, _, port = server.url.partition(":")
    loop = asyncio.get_running_loop()
    transport, client = await loop.create_connection(lambda: Client(request.encode(), pops), host, int(port))
    await client.open
    return transport


class Way:
    """Everything from the switch to the clients."""

    def __init__(self, switch: FakeSwitch, live: Live, pops: Pops) -> None:
        self._switch = switch
        self._live = live
        self._pops = pops
        self._script = Script()
        self._number = 0
        self._chance = random.Random(1)

    async def round(self) -> list[float]:
        """Seconds from writing the ring to reading the card, of each call."""
        written: dict[str, float] = {}
        begun = time.perf_counter()
        for n in range(CALLS):
            await asyncio.sleep(max(0.0, begun + n / CALLS_PER_S - time.perf_counter()))
            self._number += 1
            interface = INTERFACES[n % AGENTS]
            call, before, ring, after = self._script.play(self._number, interface)
            key = f"{PBX}/{call}"
            self._live.know(key, Known("vip", 1000, 1, "Пётр Ёжиков", CardText.of(card(key)), now()))
            for block in before:
                self._switch.emit_raw(block)
            await asyncio.sleep(JOIN_TO_RING_S)
            written[key] = time.perf_counter()
            self._switch.emit_raw(ring)
            asyncio.get_running_loop().call_later(self._chance.uniform(*TALKS_S), self._play, after)
        await self._pops.all_read(written)
        return [self._pops.read_at[key] - at for key, at in written.items()]

    def _play(self, blocks: list[bytes]) -> None:
        for block in blocks:
            self._switch.emit_raw(block)


INTERFACES = [Interface(f"PJSIP/{2000 + n}") for n in range(AGENTS)]


@contextlib.asynccontextmanager
async def whole_path() -> AsyncIterator[Way]:
    people = {(PBX, one): Agent(n, f"Agent {n}") for n, one in enumerate(INTERFACES)}
    live = Live(ToyDirectory(people))
    pops = Pops()
    async with contextlib.AsyncExitStack() as stack:
        switch = await stack.enter_async_context(FakeSwitch())
        server = await stack.enter_async_context(LiveServer(live, pings=False))
        effects = NoEffects()
        loop = CoreLoop(Floor(PBX, INTERFACES), live, effects, SwitchClock())
        reader = Reader(switch.endpoint(), loop)
        tasks = [asyncio.create_task(reader.run()), asyncio.create_task(live.keep_fresh())]
        viewers = [someone(b"agent%d" % n, interface=one, user_id=n) for n, one in enumerate(INTERFACES)]
        viewers += [someone(b"boss%d" % n, "supervisor", user_id=1000 + n) for n in range(SUPERVISORS)]
        for viewer in viewers:
            stack.callback((await connect(server, viewer, pops)).abort)
        await asyncio.wait_for(effects.believed.wait(), 10)
        try:
            yield Way(switch, live, pops)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


class EchoClient(Echo):
    def __init__(self) -> None:
        self.back: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.missing = 0

    def send(self, data: bytes) -> asyncio.Future[float]:
        self.back = asyncio.get_running_loop().create_future()
        self.missing = len(data)
        self._transport.write(data)
        return self.back

    def data_received(self, data: bytes) -> None:
        self.missing -= len(data)
        if self.missing == 0:
            self.back.set_result(time.perf_counter())


async def echo_round(client: EchoClient, data: bytes) -> list[float]:
    took: list[float] = []
    begun = time.perf_counter()
    for n in range(CALLS):
        await asyncio.sleep(max(0.0, begun + n / CALLS_PER_S - time.perf_counter()))
        sent = time.perf_counter()
        took.append(await client.send(data) - sent)
    return took


def _ms(seconds: list[float], share: float) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))] * 1000


async def _measure(rounds: int) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", 0)
    _, client = await loop.create_connection(EchoClient, *server.sockets[0].getsockname())
    data = next(block for block in plain_call() if _name(block) == b"AgentCalled")
    path_rounds: list[list[float]] = []
    echo_rounds: list[list[float]] = []
    async with whole_path() as path:
        await path.round()  # warm
        gc.collect()
        gc.freeze()  # as the service does
        for _ in range(rounds):
            echo_rounds.append(await echo_round(client, data))
            path_rounds.append(await path.round())
    server.close()
    await server.wait_closed()

    def median(rounds: list[list[float]], share: float) -> float:
        return round(statistics.median(_ms(one, share) for one in rounds), 3)

    p50, echo_p50 = median(path_rounds, 0.5), median(echo_rounds, 0.5)
    return {
        "name": "AMI bytes to a browser's socket",
        "calls_per_s": CALLS_PER_S,
        "viewers": AGENTS + SUPERVISORS,
        "rounds": rounds,
        "p50_ms": p50,
        "p99_ms": median(path_rounds, 0.99),
        "echo_p50_ms": echo_p50,
        "echo_p99_ms": median(echo_rounds, 0.99),
        "ratio": round(p50 / echo_p50, 2),
        "goal": f"p50 <= {GOAL_MS:g} ms and <= {GOAL_RATIO:g}x the echo",
        "met": p50 <= GOAL_MS and p50 <= GOAL_RATIO * echo_p50,
    }


def measure(rounds: int = 5) -> dict[str, Any]:
    """Medians over interleaved rounds of each round's p50 and p99, milliseconds. `ratio`: of the p50s."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measure(rounds))


if __name__ == "__main__":
    json.dump(measure(), sys.stdout, indent=2)
    print()
