"""A company's clients from a plain CSV file, against a bare COPY of the same file into a temporary table.

The file has a key, a name, a number and a monthly figure for each of 500,000 clients. The import reads, checks and
normalises them and fills clients, numbers and revenue with all their indexes; the bare COPY puts the text into a table
without any, and is the fastest anybody could be. Both take turns in the same database; each round starts empty.

`python -m bench.import_clients` prints the table; `measure()` is for the bench runner.
"""

import asyncio
import shutil
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import uvloop

from app.importing.service import Options, import_clients
from app.infra.db import Database
from app.infra.postgres import EmbeddedPostgres
from app.projects.models import DEFAULT_PROJECT

GOAL = 50_000
ROWS = 500_000
FIRST_PHONE = 79_160_000_000


def measure(rounds: int = 3, rows: int = ROWS) -> dict[str, Any]:
    """`{rows, rows_per_second, again_per_second, copy_per_second, ratio, own_cpu_us, database_cpu_us, goal, rounds}`.

    Medians. `ratio`: COPY to import; `again`: the same file once more, which changes nothing; `…_cpu_us`: a new row's
    share in this process and in the database's, which work side by side: the larger one is the limit of free cores.
    """
    return uvloop.run(_measure(rounds, rows))


async def _measure(rounds: int, rows: int) -> dict[str, Any]:
    directory = await asyncio.to_thread(_directory)
    file = directory / "clients.csv"
    _write(file, rows)
    room = {"shared_buffers": "1GB", "max_wal_size": "8GB"}
    imports, agains, copies, own_cpu, database_cpu = [], [], [], [], []
    try:
        async with (
            EmbeddedPostgres(directory / "postgres", durable=False, server_settings=room) as postgres,
            Database(postgres.app_url, migrations_url=postgres.owner_url) as database,
        ):
            await database.migrate()
            for _ in range(rounds):
                copies.append(await _copy(postgres.owner_url, file, rows))
                own, server = time.process_time(), _cpu_seconds(postgres)
                imports.append(await _import(database, file, new=rows))
                own_cpu.append((time.process_time() - own) / rows * 1e6)
                database_cpu.append((_cpu_seconds(postgres) - server) / rows * 1e6)
                agains.append(await _import(database, file, new=0))
                await _empty(postgres.superuser_url)
    finally:
        shutil.rmtree(directory)
    return {
        "rows": rows,
        "rows_per_second": round(statistics.median(imports)),
        "again_per_second": round(statistics.median(agains)),
        "copy_per_second": round(statistics.median(copies)),
        "ratio": round(statistics.median(bare / own for bare, own in zip(copies, imports, strict=True)), 1),
        "own_cpu_us": round(statistics.median(own_cpu), 1),
        "database_cpu_us": round(statistics.median(database_cpu), 1),
        "goal": GOAL,
        "rounds": rounds,
    }


def _directory() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="tierline-bench-"))
    directory.chmod(0o711)
    return directory


def _write(file: Path, rows: int) -> None:
    with file.open("w") as out:
        out.write("external_id,name,phone,arpu\n")
        out.writelines(
            f"C-{n:08d},Client {n * 7919 % rows},+{FIRST_PHONE + n * 17 % 10_000_000},{n * 31 % 2000}.50\n"
            for n in range(rows)
        )


def _cpu_seconds(postgres: EmbeddedPostgres) -> float:
    """Of the server with its processes that have ended: an import's connection is one when it is over."""
    times = psutil.Process(postgres.pid).cpu_times()
    return float(times.children_user + times.children_system)


async def _import(database: Database, file: Path, *, new: int) -> float:
    today = datetime.now(UTC).date()
    summary = await import_clients(database, DEFAULT_PROJECT, file, Options(region="RU"), today=today)
    assert (summary.new, summary.changed, summary.bad) == (new, 0, 0)
    return summary.rows_per_second


async def _copy(url: str, file: Path, rows: int) -> float:
    connection = await asyncpg.connect(url)
    start = time.perf_counter()
    async with connection.transaction():
        await connection.execute(
            "CREATE TEMP TABLE bare (external_id text, name text, phone text, arpu numeric) ON COMMIT DROP"
        )
        await connection.copy_to_table("bare", source=file, format="csv", header=True)
    seconds = time.perf_counter() - start
    await connection.close()
    return rows / seconds


async def _empty(superuser_url: str) -> None:
    superuser = await asyncpg.connect(superuser_url)
    await superuser.execute("TRUNCATE clients CASCADE")
    await superuser.close()


def main() -> None:
    result = measure()
    print(f"{result['rows']:,} clients with key, name, number and figure")
    print(f"bare COPY of the text   {result['copy_per_second']:>10,} rows/s")
    print(f"import, all are new     {result['rows_per_second']:>10,} rows/s   (goal: {result['goal']:,})")
    print(f"import, none is changed {result['again_per_second']:>10,} rows/s")
    print(
        f"a bare COPY is {result['ratio']} times as fast; a new row costs {result['own_cpu_us']} µs of CPU here"
    )
    print(f"and, at the same time, {result['database_cpu_us']} µs in the database")


if __name__ == "__main__":
    main()
