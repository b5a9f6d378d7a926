"""Requests per second of `POST /routing/calls` against a bare ASGI route, and against the same with one `SELECT 1`.

All three are served by one uvicorn process (uvloop, httptools) on one real PostgreSQL with generated clients; each
webhook request is a known caller, chosen anew, whose whole card is fetched and kept for the screens and whose decision
is stored: a round ends when the last one is. A bounded number of keep-alive connections asks from another process.
Rounds are interleaved, figures are medians.

`python -m bench.webhook` prints the table; `measure()` is for the bench runner.
"""

import asyncio
import gc
import json
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import uvicorn
import uvloop
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from app.calls.repository import store_decisions
from app.clients.generator import load_demo, numbers_by_tier
from app.inbound.endpoints import PATH, TOKEN_HEADER, CallsFirst, routes
from app.inbound.rules import KnownRules, KnownTokens
from app.inbound.service import Inbound
from app.infra.db import Database
from app.infra.postgres import EmbeddedPostgres
from app.infra.writer import Writer
from app.projects.models import DEFAULT_PROJECT
from app.recognition import Recognition
from routing.policy import DEFAULT_POLICY
from screenpop.sources import Known

GOAL = 0.6
CONNECTIONS = 16
SECONDS = 1.0
"""Of asking, for each of the three in each round."""
CLIENTS = 10_000
DNIS = "74951234567"
ROOT = Path(__file__).parents[1]


# --- the server's process ---------------------------------------------------------------------------------


async def any_token(token: str, scope: str) -> SimpleNamespace:
    """Checked once in ten seconds in real life: not what is measured."""
    return SimpleNamespace(project_id=DEFAULT_PROJECT)


class Served:
    """`/bare`, `/select-1` and the webhook, on one database. `/stored` answers when all decisions are in it."""

    def __init__(self, url: str) -> None:
        self.database = Database(url, size=10)
        self.writer = Writer("decisions", self.database, store_decisions)
        recognition = Recognition(
            self.database, DEFAULT_PROJECT, "RU", lambda: DEFAULT_POLICY, self.show, lambda raw: raw
        )
        inbound = Inbound(
            self.database,
            KnownRules(self.database, "RU"),
            KnownTokens(any_token),
            recognition.remember,
            self.writer.put,
            deadline_ms=1_200,
            region="RU",
        )
        app = FastAPI()
        app.router.routes.extend(routes(inbound))
        self.app = CallsFirst(app, inbound)

    def show(self, call: str, known: Known) -> None:
        """Nobody looks: no screen shows a call before the switch does."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else None
        if path == "/bare":
            await receive()
            await _say(send, b'{"ok":true}')
        elif path == "/select-1":
            await receive()
            async with self.database.pool.acquire() as connection:
                one = await connection.fetchval("SELECT 1")
            await _say(send, b'{"ok":%d}' % one)
        elif path == "/stored":
            await receive()
            await self.writer.stored()
            await _say(send, b"{}")
        else:
            await self.app(scope, receive, send)


async def _say(send: Send, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def serve(url: str) -> None:
    """Says its port on stdout; ends when stdin does."""
    served = Served(url)
    async with served.database:
        writing = asyncio.create_task(served.writer.run())
        config = uvicorn.Config(
            served,
            port=0,
            loop="uvloop",
            http="httptools",
            lifespan="off",
            access_log=False,
            log_level="error",
        )
        server = uvicorn.Server(config)
        listening = socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        gc.collect()
        gc.freeze()  # as `tierline serve` does
        print(listening.getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await served.writer.stored()
        server.should_exit = True
        await serving
        writing.cancel()


# --- the asking process -----------------------------------------------------------------------------------


class Asker(asyncio.Protocol):
    """One keep-alive connection: the next question when the answer is whole."""

    def __init__(self, questions: Iterator[bytes], done: asyncio.Event) -> None:
        self.questions = questions
        self.done = done
        self.received = b""
        self.bad: bytes | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._ask()

    def _ask(self) -> None:
        question = next(self.questions, None)
        if question is None:
            self.transport.close()
        else:
            self.transport.write(question)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, gap, body = self.received.partition(b"\r\n\r\n")
        if not gap:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self.bad = self.received
        self.received = b""
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        self.done.set()


async def ask_for(port: int, seconds: float, questions: Iterator[bytes]) -> float:
    """Requests per second, counting the time until what was put aside is stored. Raises when an answer was not 200."""
    loop = asyncio.get_running_loop()
    asked = 0
    begun = time.perf_counter()

    def until_time_is_up() -> Iterator[bytes]:
        nonlocal asked
        while time.perf_counter() - begun < seconds:
            asked += 1
            yield next(questions)

    shared = until_time_is_up()
    askers: list[Asker] = []

    async def ask(what: Iterator[bytes]) -> None:
        asker = Asker(what, asyncio.Event())
        askers.append(asker)
        await loop.create_connection(lambda: asker, "127.0.0.1", port)
        await asker.done.wait()

    await asyncio.gather(*(ask(shared) for _ in range(CONNECTIONS)))
    await ask(iter([post("/stored", {})]))
    spent = time.perf_counter() - begun
    for one in askers:
        if one.bad is not None:
            raise RuntimeError(f"not answered: {one.bad[:300]!r}")
    return asked / spent


def post(path: str, body: dict[str, Any]) -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: tierline\r\n{TOKEN_HEADER}: 1.bench\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def questions(path: str, phones: list[int]) -> Iterator[bytes]:
    for number, phone in enumerate(cycle(phones)):
        call = f"{1_700_000_000 + number}.{number}"
        who = {"ani": f"+{phone}", "ani_name": "", "dnis": DNIS}
        yield post(path, {"pbx": "main", "call_id": call, "channel": call, **who})


async def prepare(postgres: EmbeddedPostgres) -> list[int]:
    """Tables, a line, clients. Returns their numbers in random order."""
    now = datetime.now(UTC)
    async with Database(postgres.app_url, migrations_url=postgres.owner_url) as database:
        await database.migrate()
        await load_demo(database, DEFAULT_PROJECT, now=now, clients=CLIENTS)
        async with database.raw(DEFAULT_PROJECT) as connection:
            line = await connection.fetchval(
                "INSERT INTO lines (code, name_ru, name_en, pbx, queue, is_default)"
                " VALUES ('support', 'Поддержка', 'Support', 'main', 'support', true) RETURNING id"
            )
            await connection.execute(
                "INSERT INTO line_numbers (pbx, dnis, line_id) VALUES ('main', $1, $2)", DNIS, line
            )
            tiers = await numbers_by_tier(connection, now.date())
    phones = [phone for numbers in tiers.values() for phone in numbers]
    random.Random(1).shuffle(phones)
    return phones


@contextmanager
def serving(url: str) -> Iterator[int]:
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.webhook", "--serve", url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        yield int(server.stdout.readline())
        server.communicate("\n", timeout=60)
    finally:
        server.kill()
        server.wait()


def measure(rounds: int = 5, seconds: float = SECONDS) -> dict[str, Any]:
    """Medians of interleaved rounds. `ratio`: the webhook's share of what one `SELECT 1` leaves."""
    paths = {"bare": "/bare", "select_1": "/select-1", "webhook": PATH}
    rates: dict[str, list[float]] = {target: [] for target in paths}
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as name:
        Path(name).chmod(0o711)
        with (
            EmbeddedPostgres(Path(name) / "postgres", durable=False) as postgres,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            phones = runner.run(prepare(postgres))
            asking = {target: questions(path, phones) for target, path in paths.items()}
            with serving(postgres.app_url) as port:
                for turn in range(rounds + 1):
                    for target in paths:
                        rate = runner.run(ask_for(port, seconds, asking[target]))
                        if turn:  # the first round only warms up
                            rates[target].append(rate)
    medians = {target: round(statistics.median(values)) for target, values in rates.items()}
    return {
        "requests_per_s": medians,
        "ratio": round(medians["webhook"] / medians["select_1"], 3),
        "ratio_to_bare": round(medians["webhook"] / medians["bare"], 3),
        "goal": GOAL,
        "rounds": rounds,
        "connections": CONNECTIONS,
        "clients": CLIENTS,
    }


def main() -> None:
    if "--serve" in sys.argv:
        uvloop.run(serve(sys.argv[-1]))
        return
    figures = measure()
    for target, rate in figures["requests_per_s"].items():
        print(f"{target:10} {rate:8,} requests/s")
    print(f"webhook / bare with SELECT 1: {figures['ratio']:.0%} (goal {GOAL:.0%})")


if __name__ == "__main__":
    main()
