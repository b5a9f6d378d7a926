"""Whatever the webhook does, and whatever happens to the switch itself, the next caller reaches an agent."""

import re
from typing import Any

import pytest

from app.infra.asterisk import LocalAsterisk
from app.infra.sipp import Caller, Sipp, Turn
from tests.asterisk.ami import Ears
from tests.fakes.routing_webhook import FakeWebhook, Mood, straight

pytestmark = pytest.mark.pbx

WEBHOOK_LIMIT_S = 1.5


async def _reaches_an_agent_of_default(ears: Ears, sipp: Sipp) -> None:
    await sipp.phones(["1001"])
    await ears.staff("default", "1001")
    calls = await sipp.place([Caller("79161234567", talk_s=0.1)])
    joined = await ears.wait_for("QueueCallerJoin")
    assert joined["Queue"] == "default"
    answer = await ears.ask("Getvar", Channel=joined["Channel"], Variable="QUEUE_PRIO")
    assert answer.get("Value", "0") == "0"
    (seen,) = await calls.finished()
    assert seen.ended_by == "caller"
    arrived = await ears.wait_for("Newchannel")
    asked_s = float(joined["Timestamp"]) - float(arrived["Timestamp"])
    assert asked_s < 3 * WEBHOOK_LIMIT_S, "the caller waited for a webhook that does not answer"


@pytest.mark.parametrize("mood", ["silent", "trickle", "error", "garbage", "closes"])
async def test_a_webhook_that_misbehaves(mood: Mood, webhook: FakeWebhook, ears: Ears, sipp: Sipp) -> None:
    webhook.mood = mood
    await _reaches_an_agent_of_default(ears, sipp)
    assert webhook.asked, "the webhook was not even asked"


async def test_a_webhook_that_is_down(webhook: FakeWebhook, ears: Ears, sipp: Sipp) -> None:
    await webhook.close()
    await _reaches_an_agent_of_default(ears, sipp)


@pytest.mark.parametrize(
    "absurd",
    [
        {"queue": "no-such-queue"},
        {"queue": ""},
        {"queue": None},
        {"queue": "support,ttt,,,9"},
        {"queue": '" = "'},
        {"queue": "${SHELL(id)}"},
        {"priority": -5},
        {"priority": 2_000_000_001},
        {"priority": 10**30},
        {"priority": 1.5},
        {"priority": "high"},
        {"priority": "5) | (1"},
        {"priority": None},
        {"treatment": "teleport"},
        {"treatment": None},
        {"treatment": '" | "1" = "1'},
    ],
    ids=str,
)
async def test_an_absurd_answer(absurd: dict[str, Any], webhook: FakeWebhook, ears: Ears, sipp: Sipp) -> None:
    webhook.answer = lambda _: straight("sales", **{"priority": 7, **absurd})
    calls = await sipp.place([Caller("79161234567", patience_s=5.0)])
    joined = await ears.wait_for("QueueCallerJoin")
    (entry,) = await ears.waiting(joined["Queue"])
    assert (joined["Queue"], entry["Priority"]) == ("default", "0")
    await calls.stop()


async def test_a_queue_that_vanished_between_answer_and_entry_is_the_default_queue(
    webhook: FakeWebhook, ears: Ears, sipp: Sipp
) -> None:
    """Seen from the dialplan: Queue() came back without having served the caller."""
    webhook.answer = lambda _: straight("sales", priority=9)
    await sipp.place([Caller("79161234567")])
    joined = await ears.wait_for("QueueCallerJoin", Queue="sales")
    await ears.ask("QueueWithdrawCaller", Queue="sales", Caller=joined["Channel"])
    await ears.wait_for("QueueCallerJoin", Queue="default")
    (entry,) = await ears.waiting("default")
    assert entry["Priority"] == "9", "he keeps his place among the others"


async def test_after_kill_9_the_next_call_is_answered(
    asterisk: LocalAsterisk, webhook: FakeWebhook, ears: Ears, sipp: Sipp
) -> None:
    """Members added within the last second are lost with a crash: whoever manages them adds them again, as here."""
    phones = await sipp.phones(["1001"])
    await ears.staff("support", "1001")
    lost = await sipp.place([Caller("79160000001", talk_s=30.0)])
    await ears.wait_for("AgentConnect")
    await asterisk.kill()
    await lost.stop()
    await asterisk.restart()

    async with Ears(asterisk) as again:
        await phones.register()
        await again.unstaff()
        await again.staff("support", "1001")
        calls = await sipp.place([Caller("79160000002", talk_s=0.1)])
        await again.wait_for("AgentConnect", Interface="PJSIP/1001")
        (seen,) = await calls.finished()
        assert seen.ended_by == "caller"


async def test_the_log_says_that_the_webhook_failed(
    asterisk: LocalAsterisk, webhook: FakeWebhook, ears: Ears, sipp: Sipp
) -> None:
    webhook.mood = "error"
    calls = await sipp.place([Caller("79161234567", patience_s=0.3)])
    await calls.finished()
    call_id = webhook.asked[0]["call_id"]
    assert re.search(
        f"WARNING.*No usable answer from Tierline for call {call_id}", asterisk.log_path.read_text()
    )
    assert webhook.token not in asterisk.log_path.read_text()


async def test_an_agent_who_refuses_costs_the_caller_nothing(
    webhook: FakeWebhook, ears: Ears, sipp: Sipp
) -> None:
    await sipp.refusing_phones(["1001"])
    await sipp.phones(["1002"])
    await ears.staff("support", "1001")
    calls = await sipp.place([Caller("79161234567", talk_s=0.1)])
    await ears.wait_for("AgentRingNoAnswer")
    await ears.staff("support", "1002")
    await ears.wait_for("AgentConnect", Interface="PJSIP/1002")
    (seen,) = await calls.finished()
    assert seen.ended_by == "caller"


async def test_a_caller_may_give_up_while_the_agent_rings(
    webhook: FakeWebhook, ears: Ears, sipp: Sipp
) -> None:
    await sipp.phones(["1001"], [Turn(ring_s=30.0), Turn()])
    await ears.staff("support", "1001")
    calls = await sipp.place([Caller("79160000001", patience_s=0.5), Caller("79160000002", talk_s=0.1)])
    gone, served = await calls.finished()
    assert (gone.ended_by, served.ended_by) == ("abandoned", "caller")
