"""Record the raw AMI bytes of a story told on a real switch, to be replayed as a fixture.

    python -m tests.asterisk.record NAME [FILE]     FILE: tests/fixtures/ami/NAME.ami unless told otherwise

What AMI sends is stored as it came, login banner included; the secret is only ever sent, never received.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from app.infra.asterisk import LocalAsterisk
from app.infra.sipp import Caller, Sipp, Turn
from tests.asterisk.ami import Ears
from tests.fakes.routing_webhook import FakeWebhook, straight

Story = Callable[[FakeWebhook, Ears, Sipp], Awaitable[None]]


async def answered(_: FakeWebhook, ears: Ears, sipp: Sipp) -> None:
    """One caller, one agent, the caller hangs up."""
    await sipp.phones(["1001"], [Turn(ring_s=0.5)])
    await ears.staff("support", "1001")
    await (await sipp.place([Caller("79161234567", name="Пётр", talk_s=1.0)])).finished()
    await ears.wait_for("Hangup", count=2)


async def abandoned(_: FakeWebhook, ears: Ears, sipp: Sipp) -> None:
    """Nobody is there; the caller gives up."""
    await (await sipp.place([Caller("79161234567", patience_s=1.0)])).finished()
    await ears.wait_for("Hangup")


async def abandoned_while_ringing(_: FakeWebhook, ears: Ears, sipp: Sipp) -> None:
    """The caller gives up while an agent's phone rings."""
    await sipp.phones(["1001"], [Turn(ring_s=30.0)])
    await ears.staff("support", "1001")
    await (await sipp.place([Caller("79161234567", patience_s=1.0)])).finished()
    await ears.wait_for("Hangup", count=2)


async def busy_then_answered(_: FakeWebhook, ears: Ears, sipp: Sipp) -> None:
    """The first agent's phone refuses, a second one comes and takes the call."""
    await sipp.refusing_phones(["1001"])
    await sipp.phones(["1002"], [Turn(talk_s=1.0)])
    await ears.staff("support", "1001")
    calls = await sipp.place([Caller("79161234567")])
    await ears.wait_for("AgentRingNoAnswer")
    await ears.staff("support", "1002")
    await calls.finished()
    await ears.wait_for("AgentComplete")


async def vip_overtakes(webhook: FakeWebhook, ears: Ears, sipp: Sipp) -> None:
    """Three standard callers wait; a later VIP is answered first."""
    vip = "79169999999"
    webhook.answer = lambda asked: straight(priority=2_000_000_000 if asked["ani"] == vip else 100)
    standard = await sipp.place([Caller(f"7916000000{n}", talk_s=0.5) for n in range(3)])
    await ears.wait_for("QueueCallerJoin", count=3)
    later = await sipp.place([Caller(vip, talk_s=0.5)])
    await ears.wait_for("QueueCallerJoin", count=4)
    await sipp.phones(["1001"])
    await ears.staff("support", "1001")
    await standard.finished()
    await later.finished()
    await ears.wait_for("AgentComplete", count=4)


async def webhook_down(webhook: FakeWebhook, ears: Ears, sipp: Sipp) -> None:
    """No answer from the webhook: the default queue."""
    await webhook.close()
    await sipp.phones(["1001"])
    await ears.staff("default", "1001")
    await (await sipp.place([Caller("79161234567", talk_s=1.0)])).finished()
    await ears.wait_for("Hangup", count=2)


STORIES: dict[str, Story] = {
    story.__name__.replace("_", "-"): story
    for story in (
        answered,
        abandoned,
        abandoned_while_ringing,
        busy_then_answered,
        vip_overtakes,
        webhook_down,
    )
}


async def record(name: str) -> bytes:
    async with FakeWebhook() as webhook:
        pbx = LocalAsterisk(name="recorded", webhook_url=webhook.url, webhook_token=webhook.token)
        async with pbx, Ears(pbx) as ears, Sipp(pbx) as sipp:
            await STORIES[name](webhook, ears, sipp)
            return bytes(ears.raw)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in STORIES:
        sys.exit(f"usage: python -m tests.asterisk.record {{{'|'.join(STORIES)}}} [FILE]")
    target = Path(sys.argv[2] if len(sys.argv) == 3 else f"tests/fixtures/ami/{sys.argv[1]}.ami")
    told = asyncio.run(record(sys.argv[1]))
    target.write_bytes(told)
    print(f"{target}: {len(told)} bytes, {told.count(b'Event: ')} events")
