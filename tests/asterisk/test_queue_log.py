"""`tierline reconcile` on the book of a real switch and the calls the service stored."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from app.infra.sipp import Caller, Sipp, Turn
from app.projects.models import DEFAULT_PROJECT
from telephony.commands import WriteQueueLog
from telephony.ids import ChannelId, QueueName
from telephony.queue_log import parse_row
from tests.asterisk.backend import SUPPORT, VIP, Backend
from tests.asterisk.orders import Orders

pytestmark = pytest.mark.pbx


async def test_a_row_we_write_is_a_row_as_app_queue_writes_it(desk: Orders) -> None:
    """What our own distribution does stands in the same book, and is read back unchanged."""
    row = WriteQueueLog(
        QueueName("support"), ChannelId("desk-1.7"), "Вера", "COMPLETECALLER", ("5", "60", "2")
    )
    await desk.done(row)
    written = parse_row((desk.on.pbx.log_path.parent / "queue_log").read_text().splitlines()[-1])
    assert (written.call, written.queue, written.agent) == (row.call, row.queue, row.agent)
    assert (written.word, written.data) == (row.word, row.data)
    bad = WriteQueueLog(QueueName("support"), ChannelId("desk-1.7"), "Вера|NONE", "CONNECT")
    assert "another column" in await desk.refused(bad)


async def test_the_book_and_our_calls_agree_until_one_of_them_is_falsified(
    whole: Backend, sipp: Sipp, tmp_path: Path
) -> None:
    whole_book = whole.pbx.log_path.parent / "queue_log"
    before = len(whole_book.read_text().splitlines())
    await sipp.phones(["1001"], [Turn(ring_s=0.2, talk_s=0.5)])
    async with whole.page("1001") as agent:
        waiting = await sipp.place([Caller(f"+{VIP[1]}", dnis=SUPPORT, patience_s=2.0)])
        await waiting.finished()
        await agent.become("available")
        talking = await sipp.place([Caller(f"+{VIP[1]}", dnis=SUPPORT)])
        await talking.finished()
        await agent.become("offline")
    await _ended(whole, 2)
    book = tmp_path / "book"
    book.write_text("\n".join(whole_book.read_text().splitlines()[before:]))

    status, report = await _reconcile(whole, book)
    assert (report["calls"], report["differences"], status) == (2, [], 0)

    false = tmp_path / "falsified"
    rows = [row for row in book.read_text().splitlines() if "|ABANDON|" not in row]
    false.write_text("\n".join([*rows, "no row at all"]).replace("|CONNECT|", "|CONNECT|99"))
    status, report = await _reconcile(whole, false)
    assert status == 1
    assert sorted(one["kind"] for one in report["differences"]) == ["duration", "row_only_here"]
    assert report["unread"] == [
        {"line": len(rows) + 1, "why": "1 fields; a row has at least 5: time|call|queue|agent|event"}
    ]


async def _ended(whole: Backend, calls: int) -> None:
    """Until the service has stored the end of so many."""
    async with asyncio.timeout(10), whole.database.raw(DEFAULT_PROJECT) as connection:
        while True:
            ended = await connection.fetchval("SELECT count(*) FROM call_events WHERE kind = 'CallEnded'")
            if ended >= calls:
                return
            await asyncio.sleep(0.05)


async def _reconcile(whole: Backend, book: Path) -> tuple[int | None, dict[str, Any]]:
    command = (sys.executable, "-m", "app", "reconcile", str(book), "--pbx", whole.pbx.name, "--json")
    environment = {**os.environ, "TIERLINE_DATABASE_URL": whole.database.url}
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert out, err.decode()
    return process.returncode, json.loads(out)
