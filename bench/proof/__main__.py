"""Runs a proof: twenty phones, three tiers, so many minutes of accelerated traffic; optionally the service is killed in it.

python -m bench.proof --minutes 15 --executor directed
python -m bench.proof --minutes 4 --executor directed --kill-after 60 --dead-for 20
"""

import argparse
import asyncio
import json
import secrets
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pwdlib import PasswordHash

from app.agents.generator import LINES, load_floor
from app.clients.generator import load_demo
from app.demo import stock
from app.demo.people import Desk, seat
from app.demo.service import ServiceProcess
from app.identity.service import IdentityService
from app.infra.asterisk import LocalAsterisk
from app.infra.db import Database
from app.infra.postgres import EmbeddedPostgres
from app.infra.processes import free_ports
from app.infra.sipp import CallSeen, Sipp, Turn
from app.policies import service as policies
from app.projects.models import DEFAULT_PROJECT
from bench.proof import traffic
from bench.proof.judge import WITHIN_S, Stored, percentiles, verdict
from bench.proof.watch import Watch, watch
from telephony.ami.connection import Endpoint
from telephony.ami.reader import Reader
from telephony.ids import PbxId

PBX = "proof"
DNIS = "74950000001"
CLIENTS = 10_000
RING_S = 0.3
PATIENCE_AT_END_S = 120.0
SETTLE_S = 5.0
"""Before the end: what was told is stored by then, and the callers' clock starts with the first of them. After a new start:
until whoever app_queue had given out is over."""

POLICY = {
    "tiers": [
        {"name": "standard", "treatment": "straight"},
        {"name": "priority", "arpu_from": 300, "head_start_s": 900, "treatment": "straight"},
        {"name": "vip", "arpu_from": 1000, "always_first": True, "treatment": "straight"},
    ]
}
"""The default one, but nobody hears a menu first: what is proved is the wait."""


def main() -> int:
    options = _options()
    Path("artifacts").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tierline-proof-") as folder:
        Path(folder).chmod(0o711)
        result = asyncio.run(_prove(options, Path(folder)))
    text = json.dumps(result, indent=2)
    (Path("artifacts") / f"proof-{options.executor}.json").write_text(text + "\n")
    print(text)
    return 0 if result["kept"] else 1


def _options() -> argparse.Namespace:
    said = argparse.ArgumentParser(prog="python -m bench.proof", description=__doc__)
    said.add_argument("--minutes", type=float, default=15.0)
    said.add_argument("--executor", choices=("queued", "directed"), default="directed")
    said.add_argument("--agents", type=int, default=20)
    said.add_argument("--load", type=float, default=0.90)
    said.add_argument(
        "--faster", type=float, default=16.0, help="talks and patience are so many times shorter"
    )
    said.add_argument("--kill-after", type=float, default=None, help="kill -9 of the service, seconds")
    said.add_argument("--dead-for", type=float, default=20.0, help="seconds until it is started again")
    said.add_argument("--seed", type=int, default=1)
    return said.parse_args()


async def _prove(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    password = secrets.token_urlsafe(6)
    port = free_ports(1)[0]
    phones = [str(1001 + number) for number in range(options.agents)]
    log = Path("artifacts") / "proof-service.log"
    log.unlink(missing_ok=True)
    async with (
        EmbeddedPostgres(folder / "postgres", durable=False) as postgres,
        Database(postgres.app_url, size=2, migrations_url=postgres.owner_url) as database,
    ):
        _say("clients, lines, agents")
        await database.migrate()
        token = await _fill(database, options, password)
        pbx = LocalAsterisk(
            name=PBX,
            webhook_url=f"http://127.0.0.1:{port}/routing/calls",
            webhook_token=token,
            extensions=phones,
            dialplan_settings={"TIERLINE_DEFAULT_QUEUE": LINES[0][0]},
        )
        async with pbx, Sipp(pbx) as sipp, ServiceProcess(port, postgres.app_url, pbx, log) as service:
            desks = [Desk(service.url, phone, password, lambda *_: None) for phone in phones]
            return await _shift(options, database, pbx, sipp, service, desks, phones)


async def _fill(database: Database, options: argparse.Namespace, password: str) -> str:
    hashed = PasswordHash.recommended().hash(password)
    async with database.raw(DEFAULT_PROJECT) as connection:
        await load_floor(connection, pbx=PBX, password_hash=hashed, agents=options.agents)
        await connection.execute("UPDATE lines SET executor = $1", options.executor)
        await policies.publish(connection, json.dumps(POLICY), "proof")
    await load_demo(database, DEFAULT_PROJECT, now=datetime.now(UTC), clients=CLIENTS)
    return await IdentityService(database, DEFAULT_PROJECT).create_token("proof", ["routing"])


async def _shift(
    options: argparse.Namespace,
    database: Database,
    pbx: LocalAsterisk,
    sipp: Sipp,
    service: ServiceProcess,
    desks: list[Desk],
    phones: list[str],
) -> dict[str, Any]:
    numbers, _ = await stock.callers(database)
    rate = traffic.per_second(options.agents, options.load, options.faster)
    count = round(rate * options.minutes * 60)
    callers, tiers = traffic.callers(numbers, count, options.faster, DNIS, options.seed)
    ear = watch(PBX, phones, tiers)
    endpoint = Endpoint(PbxId(PBX), pbx.host, pbx.ami_port, pbx.ami_username, pbx.ami_secret)
    reader = Reader(endpoint, ear)
    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(reader.run())
        await sipp.phones(phones, [Turn(ring_s=RING_S)])
        await seat(desks)
        _say(f"{count} callers in {options.minutes:g} min, {rate:.2f}/s, {options.agents} agents")
        began = datetime.now(UTC)
        placed = await sipp.place(callers, per_second=rate)
        killing = None
        if options.kill_after is not None:
            killing = tasks.create_task(_kill(options, service, ear))
        seen = await placed.finished(options.minutes * 60 + traffic.SCATTER_S + PATIENCE_AT_END_S)
        killed = await killing if killing else None
        stored = await _stored(database, began, len(seen))
        listening.cancel()
        for desk in desks:
            await desk.close()
    return _result(options, seen, stored, tiers, ear, killed, began.timestamp())


async def _kill(options: argparse.Namespace, service: ServiceProcess, ear: Watch) -> dict[str, Any]:
    await asyncio.sleep(options.kill_after)
    waiting = {call: waiter for call, waiter in ear.waiting.items() if not waiter.ringing}
    _say(f"kill -9, {len(waiting)} waiting")
    killed_at = time.time()
    await service.kill()
    await asyncio.sleep(options.dead_for)
    orphans = {call: ear.out_of_room[call] - killed_at for call in waiting if call in ear.out_of_room}
    still = [call for call in waiting if call in ear.waiting and call not in ear.out_of_room]
    _say(f"start again, {len(ear.waiting)} waiting")
    restarted_at = time.time()
    await service.start()
    return {
        "waiting_at_kill": len(waiting),
        "handed_to_app_queue": len(orphans),
        "handed_after_s": percentiles(orphans.values(), (50, 100)),
        "left_in_the_room": len(still),
        "killed_at": killed_at,
        "restarted_at": restarted_at,
        "ready_at": time.time(),
    }


async def _stored(database: Database, since: datetime, expected: int) -> dict[str, list[Stored]]:
    """Waits until what is written late is there."""
    for _ in range(50):
        async with database.raw(DEFAULT_PROJECT) as connection:
            rows = await connection.fetch(
                "SELECT ani, outcome, wait_s, started_at, answered_at, ended_at FROM calls"
                " WHERE started_at >= $1 AND ended_at IS NOT NULL",
                since,
            )
        if len(rows) >= expected:
            break
        await asyncio.sleep(0.2)
    found: dict[str, list[Stored]] = defaultdict(list)
    for row in rows:
        number = (row["ani"] or "").lstrip("+")
        until = ((row["answered_at"] or row["ended_at"]) - row["started_at"]).total_seconds()
        found[number].append(Stored(number, row["outcome"], row["wait_s"], until))
    return found


def _result(
    options: argparse.Namespace,
    seen: list[CallSeen],
    stored: dict[str, list[Stored]],
    tiers: dict[str, str],
    ear: Watch,
    killed: dict[str, Any] | None,
    began: float,
) -> dict[str, Any]:
    alone = (
        (killed["killed_at"] - began - SETTLE_S, killed["ready_at"] - began + SETTLE_S) if killed else None
    )
    found = verdict(seen, stored, tiers, alone)
    lost = sum(tier["lost"] for tier in found["tiers"].values())
    ours = [ring for ring in ear.rings if _serving(ring[0] - began, alone)]
    rings = {tier: percentiles(s for _, its, s in ours if its == tier) for tier in sorted(WITHIN_S)}
    whole = percentiles(seconds for _, _, seconds in ours)
    overtaken = [one for one in ear.overtaken if _serving(one[0] - began, alone)]
    same = found["same_as_callers_saw"]
    kept = {
        "vip_99_percent_in_5_s": (found["tiers"]["vip"]["within_5_s"] or 0) >= 0.99,
        "no_call_lost": lost == 0,
        "order_as_computed": not overtaken,
        "waits_and_outcomes_as_callers_saw": not (
            same["without_exactly_one_row"] or same["other_outcome"] or same["further_apart_than_0.25_s"]
        ),
        "ring_within_100_ms_p99": (whole["p99"] or 0) <= 0.1,
    }
    if killed is not None:
        back = [at - killed["ready_at"] for at in ear.back_in_room.values()]
        killed["taken_back"] = len(back)
        killed["taken_back_after_ready_s"] = percentiles(back, (50, 100))
        kept["orphans_with_app_queue_in_15_s"] = (
            not killed["left_in_the_room"] and (killed["handed_after_s"]["p100"] or 0) <= 15
        )
    return {
        "options": vars(options),
        **found,
        "overtaken": len(overtaken),
        "overtaken_examples": overtaken[:10],
        "ring_after_s": {"all": whole, **rings},
        "rings_not_taken": ear.not_taken,
        "killed": killed,
        "promises": kept,
        "kept": all(kept.values()),
    }


def _serving(at: float, alone: tuple[float, float] | None) -> bool:
    """Did the service give the order then?"""
    return alone is None or not alone[0] <= at <= alone[1]


def _say(what: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S}  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
