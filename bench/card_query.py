"""The card of a caller against `SELECT 1` on the same connection, with a million telephone numbers (ten with FULL=1).

Every client has a number, three months of revenue and a contract; ten thousand of them, the generated ones whose cards
are asked for, have their whole history as well. The two statements take turns, call by call, so that both meet the same
caches and the same neighbours. `ratio_in_blocks` is the harsher figure of a thousand calls of one kind in a row, which
nobody makes: there `SELECT 1` never leaves the processor's caches. Figures are medians of the rounds' medians.

`python -m bench.card_query` prints the table; `measure()` is for the bench runner.
"""

import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from app.agents.generator import load_floor
from app.clients.card import cards_by_phone
from app.clients.generator import load_demo, numbers_by_tier
from app.infra.db import Database
from app.infra.postgres import EmbeddedPostgres
from app.projects.models import DEFAULT_PROJECT

GOAL = 5.0
KNOWN = 10_000
CALLS = 1_000

_MORE_CLIENTS = """
INSERT INTO clients (project_id, id, external_id, name)
SELECT 1, n, 'bench-' || n, 'Client ' || n FROM generate_series($1::bigint, $2::bigint) n"""
_MORE_PHONES = """
INSERT INTO client_phones (project_id, client_id, phone, is_primary)
SELECT 1, n, 79100000000 + n, true FROM generate_series($1::bigint, $2::bigint) n"""
_MORE_REVENUE = """
INSERT INTO client_revenue (project_id, client_id, month, amount)
SELECT 1, n, month, 250 FROM generate_series($1::bigint, $2::bigint) n,
  generate_series(date_trunc('month', $3::date) - interval '3 months', $3::date, interval '1 month') month"""
_MORE_CONTRACTS = """
INSERT INTO contracts (project_id, client_id, service_id, number, starts_on)
SELECT 1, n, (SELECT min(id) FROM services), 'B-' || n, $3 FROM generate_series($1::bigint, $2::bigint) n"""


def measure(rounds: int = 5, rows: int | None = None) -> dict[str, Any]:
    """`{rows, select_1_us, card_us, ratio, ratio_in_blocks, goal, json_bytes, rounds}`; microseconds are medians."""
    rows = rows or (10_000_000 if os.environ.get("FULL") == "1" else 1_000_000)
    directory = Path(tempfile.mkdtemp(prefix="tierline-bench-"))
    directory.chmod(0o711)  # as root the server runs as nobody, who must get in
    room = {"shared_buffers": "1GB", "max_wal_size": "8GB"}
    try:
        with EmbeddedPostgres(directory / "postgres", durable=False, server_settings=room) as postgres:
            return {"rows": rows, **uvloop.run(_measure(postgres, rounds, rows))}
    finally:
        shutil.rmtree(directory)


async def _measure(postgres: EmbeddedPostgres, rounds: int, rows: int) -> dict[str, Any]:
    today = datetime.now(UTC).date()
    async with Database(postgres.app_url, migrations_url=postgres.owner_url) as database:
        await database.migrate()
        callers = await _load(postgres, database, rows, today)
        async with database.connection() as connection:
            return await _rounds(connection, callers, today, rounds)


async def _load(postgres: EmbeddedPostgres, database: Database, rows: int, today: date) -> list[int]:
    """Callers to ask for, all with a full history."""
    async with database.raw(DEFAULT_PROJECT) as connection:
        await load_floor(connection, pbx="main", password_hash=None)
    await load_demo(database, DEFAULT_PROJECT, now=datetime.now(UTC), clients=KNOWN)
    async with database.raw(DEFAULT_PROJECT) as connection:
        numbers = await numbers_by_tier(connection, today)
        first = await connection.fetchval("SELECT max(id) + 1 FROM clients")
    filler = await asyncpg.connect(
        postgres.superuser_url
    )  # foreign keys of millions of rows need not be checked
    await filler.execute("SET session_replication_role = replica")
    for statement in (_MORE_CLIENTS, _MORE_PHONES, _MORE_REVENUE, _MORE_CONTRACTS):
        extra = (today,) if "$3" in statement else ()
        await filler.execute(statement, first, first + rows - KNOWN - 1, *extra)
    await filler.execute("VACUUM ANALYZE")
    await filler.close()
    callers = [number for tier in numbers.values() for number in tier]
    random.Random(1).shuffle(callers)
    return callers


async def _rounds(connection: Any, callers: list[int], today: date, rounds: int) -> dict[str, Any]:
    sizes: list[int] = []

    async def one(_: int) -> None:
        await connection.fetchval("SELECT 1")

    async def card(phone: int) -> None:
        found = await cards_by_phone(connection, DEFAULT_PROJECT, phone, today)
        sizes.append(len(found.json.encode()))

    in_turn, in_blocks = [], []
    for number in range(rounds + 1):
        asked = callers[number * CALLS : (number + 1) * CALLS]
        turns = [(await _timed(one, phone), await _timed(card, phone)) for phone in asked]
        blocks = [[await _timed(statement, phone) for phone in asked] for statement in (one, card)]
        if number:  # the first round only warms up
            in_turn.append([statistics.median(column) * 1e6 for column in zip(*turns, strict=True)])
            in_blocks.append([statistics.median(block) * 1e6 for block in blocks])
    return {
        "select_1_us": round(statistics.median(pair[0] for pair in in_turn), 1),
        "card_us": round(statistics.median(pair[1] for pair in in_turn), 1),
        "ratio": round(statistics.median(pair[1] / pair[0] for pair in in_turn), 2),
        "ratio_in_blocks": round(statistics.median(pair[1] / pair[0] for pair in in_blocks), 2),
        "goal": GOAL,
        "json_bytes": round(statistics.median(sizes)),
        "rounds": rounds,
    }


async def _timed(statement: Callable[[int], Awaitable[None]], phone: int) -> float:
    start = time.perf_counter()
    await statement(phone)
    return time.perf_counter() - start


def main() -> None:
    result = measure()
    print(f"{result['rows']:,} telephone numbers, a card of {result['json_bytes']:,} bytes")
    print(f"SELECT 1 {result['select_1_us']:>8} µs")
    print(f"card     {result['card_us']:>8} µs   {result['ratio']} x   (goal: at most {result['goal']} x)")
    print(f"in blocks              {result['ratio_in_blocks']} x")


if __name__ == "__main__":
    main()
