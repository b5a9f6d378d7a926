"""What callers cost who wait in our own room of the dialplan, against callers who wait in app_queue, and how soon a phone rings.

    python -m bench.room [CALLERS] [RINGS]      300 callers and 200 rings unless told otherwise; takes about two minutes

On a private Asterisk, with real SIP calls that wait unanswered and hear the ringing tone. Cost is the CPU time of the switch while
nothing happens but waiting, less that of the switch at rest. Then an agent is rung again and again for one of those who wait in the
room (`RingAgent`, then back): from the order to the switch's word that it dials, as one connection sees it.
"""

import asyncio
import json
import statistics
import sys
import time
from typing import Any

import psutil

from app.infra.asterisk import LocalAsterisk
from app.infra.sipp import Caller, Sipp, Turn
from telephony.ami.actions import to_actions
from telephony.commands import Beat, Command, RingAgent
from telephony.ids import ChannelId, Interface
from tests.asterisk.ami import Ears
from tests.fakes.pauses import running
from tests.fakes.routing_webhook import FakeWebhook, straight

CALLERS, RINGS = 300, 200
WATCHED_S = 15.0
PER_SECOND = 15.0
AGENT = "1001"


def measure(callers: int = CALLERS, rings: int = RINGS) -> dict[str, Any]:
    """CPU as per cent of one core; moments in ms."""
    return asyncio.run(_measure(callers, rings))


async def _measure(callers: int, rings: int) -> dict[str, Any]:
    async with FakeWebhook() as webhook:
        pbx = LocalAsterisk(webhook_url=webhook.url, webhook_token=webhook.token)
        async with pbx:
            await _more_ports(pbx, callers)
            rest = await _cost(pbx)
            queued, _ = await _waiting(pbx, webhook, "queued", callers, 0)
            directed, moments = await _waiting(pbx, webhook, "directed", callers, rings)
    moments.sort()
    return {
        "callers": callers,
        "at_rest_percent": rest,
        "queue_percent": round(queued - rest, 2),
        "room_percent": round(directed - rest, 2),
        "ratio": round((directed - rest) / max(0.01, queued - rest), 2),
        "rings": rings,
        "order_to_dial_ms": {
            "p50": round(statistics.median(moments), 1),
            "p99": round(moments[max(0, int(len(moments) * 0.99) - 1)], 1),
            "max": round(moments[-1], 1),
        },
    }


async def _more_ports(pbx: LocalAsterisk, callers: int) -> None:
    """A private Asterisk has ports for a hundred calls."""
    (pbx.run_dir / "etc" / "site" / "rtp.conf").write_text(f"rtpstart=30000\nrtpend={30_000 + 3 * callers}\n")
    await pbx.restart()


async def _cost(pbx: LocalAsterisk) -> float:
    switch = psutil.Process(pbx.pid)
    before, began = switch.cpu_times(), time.monotonic()
    await asyncio.sleep(WATCHED_S)
    after, ended = switch.cpu_times(), time.monotonic()
    spent = after.user + after.system - before.user - before.system
    return round(float(100 * spent / (ended - began)), 2)


async def _waiting(
    pbx: LocalAsterisk, webhook: FakeWebhook, executor: str, callers: int, rings: int
) -> tuple[float, list[float]]:
    webhook.answer = lambda _: straight("support", executor=executor)
    patience = callers / PER_SECOND + 2 * WATCHED_S + 60 + rings
    crowd = [
        Caller(f"79{number:09d}", "74951234567", "", None, False, patience, 1.0) for number in range(callers)
    ]
    async with Ears(pbx, deadline_s=120.0) as ears, Sipp(pbx) as sipp, running(_heart(ears)):
        await sipp.place(crowd, per_second=PER_SECOND)
        arrived = (
            ("QueueCallerJoin", {})
            if executor == "queued"
            else ("UserEvent", {"UserEvent": "TierlineWaiting"})
        )
        await ears.wait_for(arrived[0], count=callers, **arrived[1])
        cost = await _cost(pbx)
        return cost, await _ring(ears, sipp, rings) if rings else []


async def _heart(ears: Ears) -> None:
    while True:
        await _order(ears, Beat(time.time_ns() // 1_000_000))
        await asyncio.sleep(1.0)


async def _ring(ears: Ears, sipp: Sipp, times: int) -> list[float]:
    await sipp.phones([AGENT], [Turn(300.0)])
    moments = []
    waits = [one["Uniqueid"] for one in ears.heard if one.get("UserEvent") == "TierlineWaiting"]
    for number in range(times):
        caller = ChannelId(waits[number % len(waits)])
        ears.heard.clear()
        began = time.perf_counter()
        await _order(ears, RingAgent(caller, Interface(f"PJSIP/{AGENT}")))
        await ears.wait_for("DialBegin")
        moments.append(1000 * (time.perf_counter() - began))
        await ears.ask("Redirect", Channel=caller, Context="tierline-back", Exten="s", Priority="1")
        await ears.wait_for("UserEvent", UserEvent="TierlineWaiting", Uniqueid=caller)
    return moments


async def _order(ears: Ears, command: Command) -> None:
    for action in to_actions(command):
        answer = await ears.ask(action.pop("Action"), **action)
        if answer["Response"] != "Success":
            raise RuntimeError(f"{command}: {answer}")


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:])), indent=2))
