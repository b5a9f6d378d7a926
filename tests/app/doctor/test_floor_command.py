"""`tierline doctor --floor` against the whole backend on a real switch."""

import asyncio
import json
import os
import sys

import pytest

from app.infra.processes import free_ports
from app.infra.sipp import Caller, Sipp, Turn
from app.projects.models import DEFAULT_PROJECT
from tests.asterisk.ami import Ears
from tests.asterisk.backend import SUPPORT, Backend
from tests.conftest import Urls

pytestmark = pytest.mark.pbx


async def doctor(*words: str, **settings: str) -> tuple[int, str, str]:
    """(exit status, what it printed, what it said on the side)"""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TIERLINE_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "doctor", *words),
        env={**clean, **settings, "COLUMNS": "200", "NO_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, said = await process.communicate()
    return process.returncode or 0, printed.decode(), said.decode()


async def test_a_floor_with_calls_of_every_stage_is_what_the_switch_says(
    whole: Backend, module_urls: Urls, ears: Ears, sipp: Sipp
) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=0.1)])
    await sipp.phones(["1002"], [Turn(ring_s=60)])
    await ears.staff("support", "1001", "1002")
    await sipp.place([Caller(f"7900000001{number}", dnis=SUPPORT) for number in range(4)])
    await ears.wait_for("AgentConnect")
    await ears.wait_for("QueueCallerJoin", count=4)

    status, printed, said = await doctor(
        "--floor", "--json", "--url", whole.service.url, TIERLINE_DATABASE_URL=module_urls.app
    )
    assert status == 0, printed + said
    (report,) = json.loads(printed)
    assert (report["pbx"], report["state"], report["differences"]) == (whole.pbx.name, "same", [])
    assert report["channels"] >= 6
    assert report["queues"] >= 2
    status, printed, _ = await doctor(
        "--floor", "--url", whole.service.url, TIERLINE_DATABASE_URL=module_urls.app
    )
    assert status == 0
    assert "same" in printed
    async with whole.database.raw(DEFAULT_PROJECT) as connection:
        names = [row["name"] for row in await connection.fetch("SELECT name FROM service_tokens")]
    assert not [name for name in names if name.startswith("doctor")], "its token does not outlive the visit"


async def test_without_a_backend_it_says_where_it_looked_and_what_to_do(urls: Urls) -> None:
    port = str(free_ports(1)[0])
    status, _, said = await doctor("--floor", TIERLINE_DATABASE_URL=urls.app, TIERLINE_PORT=port)
    assert status == 2
    assert f"No backend answers at http://127.0.0.1:{port}" in said
    assert "tierline serve" in said
    assert "Traceback" not in said


async def test_a_backend_with_another_database_lets_nobody_in(whole: Backend, urls: Urls) -> None:
    status, _, said = await doctor("--floor", "--url", whole.service.url, TIERLINE_DATABASE_URL=urls.app)
    assert status == 2
    assert "another database" in said
