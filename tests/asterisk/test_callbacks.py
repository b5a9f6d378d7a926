"""Promised calls on a real switch: asked for by key while waiting, kept by an agent, whatever fails in between."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from app.infra.sipp import Caller, Placed, Sipp, Turn
from app.projects.models import DEFAULT_PROJECT
from telephony.ami.actions import to_actions
from telephony.commands import OfferCallback
from telephony.ids import ChannelId
from tests.asterisk.ami import Ears
from tests.asterisk.backend import STANDARD, SUPPORT, VIP, Backend

pytestmark = pytest.mark.pbx

AGENT = "PJSIP/1001"
Client = tuple[str, int, int]


@pytest.fixture
async def clean(whole: Backend, ears: Ears) -> AsyncIterator[None]:
    """Digits are many: short sounds are enough here. Afterwards nobody is promised anything."""
    for name in ("OFFER", "ENTER", "NUMBER", "CONFIRM"):
        await ears.ask("Setvar", Variable=f"TIERLINE_CALLBACK_{name}", Value="beep")
    yield
    for name in ("TIERLINE_OUT_PREFIX", "TIERLINE_OUT_SUFFIX"):
        await ears.ask("Setvar", Variable=name, Value="")
    async with whole.page("1001") as agent:
        await agent.become("offline")
    async with whole.database.raw(DEFAULT_PROJECT) as connection:
        await connection.execute("DELETE FROM callbacks")


async def presses(ears: Ears, channel: str, key: str) -> None:
    """As a finger does: the switch takes no digit within 45 ms of the one before."""
    before = sum(one["Event"] == "DTMFEnd" for one in ears.heard)
    answer = await ears.ask("PlayDTMF", Channel=channel, Digit=key, Receive="true", Duration="100")
    assert answer["Response"] == "Success", answer
    await ears.wait_for("DTMFEnd", count=before + 1)
    await asyncio.sleep(0.06)


async def waits(ears: Ears, sipp: Sipp, client: Client, **more: Any) -> tuple[Placed, str]:
    """A client in the queue; his channel's name."""
    before = sum(one["Event"] == "QueueCallerJoin" for one in ears.heard)
    placed = await sipp.place([Caller(number=f"+{client[1]}", dnis=SUPPORT, **more)])
    joined = await ears.wait_for("QueueCallerJoin", count=before + 1)
    return placed, joined["Channel"]


async def asks(ears: Ears, channel: str) -> None:
    await presses(ears, channel, "2")
    await ears.until_in(channel, "Read")
    await presses(ears, channel, "1")


async def far_phone(sipp: Sipp, ears: Ears, refuses: str = "", talk_s: float = 20.0) -> None:
    """Where every number outside leads to."""
    pbx = sipp.pbx
    run = (
        await sipp.start("agent_refuses", pbx.trunk_address, [], (), {"status": refuses})
        if refuses
        else await sipp.start("agent", pbx.trunk_address, [f"100;{round(talk_s * 1000)};"], ())
    )
    await ears.ask("Setvar", Variable="TIERLINE_OUT_PREFIX", Value="PJSIP/trunk/sip:")
    await ears.ask("Setvar", Variable="TIERLINE_OUT_SUFFIX", Value=f"@{pbx.trunk_address}:{run.port}")


async def stored(whole: Backend, **wanted: Any) -> asyncpg.Record:
    """The latest callback, once it is so."""
    row = None
    try:
        async with asyncio.timeout(60):
            while True:
                async with whole.database.raw(DEFAULT_PROJECT) as connection:
                    row = await connection.fetchrow("SELECT * FROM callbacks ORDER BY id DESC LIMIT 1")
                if row is not None and all(row[name] == value for name, value in wanted.items()):
                    return row
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"never {wanted}: {row and dict(row)}") from None


async def tries(whole: Backend, callback: int) -> list[str]:
    async with whole.database.raw(DEFAULT_PROJECT) as connection:
        rows = await connection.fetch(
            "SELECT result FROM callback_attempts WHERE callback_id = $1 ORDER BY number", callback
        )
    return [row["result"] for row in rows]


async def promised(whole: Backend, ears: Ears, sipp: Sipp, client: Client = STANDARD[0]) -> asyncpg.Record:
    placed, channel = await waits(ears, sipp, client)
    await asks(ears, channel)
    await placed.finished()
    return await stored(whole, state="waiting")


async def test_a_waiting_caller_presses_the_key_and_is_called_back(
    whole: Backend, ears: Ears, sipp: Sipp, clean: None
) -> None:
    name, phone, _ = STANDARD[0]
    row = await promised(whole, ears, sipp)
    joined = await ears.wait_for("QueueCallerJoin")
    assert (row["phone"], row["line"], row["asked_by"], row["tier"]) == (
        phone,
        "support",
        "caller",
        "standard",
    )
    assert row["joined_at"].timestamp() == pytest.approx(float(joined["Timestamp"]), abs=0.5)
    assert row["joined_at"] < row["asked_at"]
    assert row["call_id"] == joined["Linkedid"]
    await far_phone(sipp, ears)
    await sipp.phones(["1001"], [Turn(ring_s=0.5, talk_s=1.0)])
    async with whole.page("1001") as agent:
        await agent.become("available")
        call = await agent.until(lambda: agent.call_of(name))
        card = await agent.until(lambda: agent.cards.get(call["call"]))
        told = [one for one in agent.messages if one["type"] in ("call", "card")]
        assert {one["type"] for one in told[:2]} == {"call", "card"}, "the card came after the ring"
        assert next(one for one in told if one["type"] == "call")["call"]["stage"] == "ringing"
        assert (card["callback"]["id"], card["callback"]["asked_by"]) == (row["id"], "caller")
        assert [one["name"] for one in card["clients"]] == [name]
        await agent.until(lambda: (one := agent.call_of(name)) and one["talking"] == [AGENT])
        await agent.until(lambda: not agent.calls)
    done = await stored(whole, state="done")
    assert (done["attempts"], done["last_result"], await tries(whole, row["id"])) == (
        1,
        "answered",
        ["answered"],
    )


async def test_a_busy_client_is_tried_again_later(
    whole: Backend, ears: Ears, sipp: Sipp, clean: None
) -> None:
    row = await promised(whole, ears, sipp)
    await far_phone(sipp, ears, refuses="486 Busy Here")
    await sipp.phones(["1001"], [Turn(ring_s=0.1)])
    async with whole.page("1001") as agent:
        await agent.become("available")
        busy = await stored(whole, state="waiting", attempts=1)
    assert busy["last_result"] == "busy"
    assert (busy["not_before"] - busy["last_try_at"]).total_seconds() >= 900
    assert await tries(whole, row["id"]) == ["busy"]


async def test_an_agent_who_does_not_answer_costs_no_try(
    whole: Backend, ears: Ears, sipp: Sipp, clean: None
) -> None:
    row = await promised(whole, ears, sipp)
    await far_phone(sipp, ears)
    await sipp.refusing_phones(["1001"])
    async with whole.page("1001") as agent:
        await agent.become("available")
        missed = await stored(whole, state="waiting", last_result="agent_missed")
    assert missed["attempts"] == 0
    assert await tries(whole, row["id"]) == ["agent_missed"]


async def test_while_the_backend_is_away_he_waits_on_with_his_priority_and_age(
    whole: Backend, ears: Ears, sipp: Sipp, clean: None
) -> None:
    placed, channel = await waits(ears, sipp, VIP)
    joined_at = (await ears.ask("Getvar", Channel=channel, Variable="TIERLINE_JOINED"))["Value"]
    (before,) = await ears.waiting("support")
    await whole.service.kill()
    try:
        await asks(ears, channel)
        await ears.wait_for("QueueCallerJoin", count=2)
        (after,) = await ears.waiting("support")
        assert (after["Channel"], after["Priority"]) == (channel, before["Priority"])
        again = await ears.ask("Getvar", Channel=channel, Variable="TIERLINE_JOINED")
        assert again["Value"] == joined_at
    finally:
        await whole.service.start()
    await placed.stop()
    async with whole.database.raw(DEFAULT_PROJECT) as connection:
        assert await connection.fetchval("SELECT count(*) FROM callbacks") == 0


async def test_whoever_does_not_say_yes_waits_on(whole: Backend, ears: Ears, sipp: Sipp, clean: None) -> None:
    placed, channel = await waits(ears, sipp, STANDARD[1])
    await presses(ears, channel, "2")
    await ears.until_in(channel, "Read")
    await presses(ears, channel, "9")
    await ears.wait_for("QueueCallerJoin", count=2)
    await placed.stop()
    async with whole.database.raw(DEFAULT_PROJECT) as connection:
        assert await connection.fetchval("SELECT count(*) FROM callbacks") == 0


async def test_a_client_who_calls_himself_and_is_answered_needs_no_callback(
    whole: Backend, ears: Ears, sipp: Sipp, clean: None
) -> None:
    row = await promised(whole, ears, sipp)
    async with whole.database.raw(DEFAULT_PROJECT) as connection:  # not yet: he calls before his time
        await connection.execute("UPDATE callbacks SET not_before = now() + interval '1 hour'")
    await sipp.phones(["1001"], [Turn(ring_s=0.1, talk_s=0.5)])
    async with whole.page("1001") as agent:
        await agent.become("available")
        placed = await sipp.place([Caller(number=f"+{STANDARD[0][1]}", dnis=SUPPORT)])
        await placed.finished()
    done = await stored(whole, state="done")
    assert (done["id"], done["attempts"], await tries(whole, row["id"])) == (row["id"], 0, [])


async def test_a_withheld_number_is_asked_for(whole: Backend, ears: Ears, sipp: Sipp, clean: None) -> None:
    caller = Caller(number="+79161234567", dnis=SUPPORT, withheld=True)
    placed = await sipp.place([caller])
    channel = (await ears.wait_for("QueueCallerJoin"))["Channel"]
    await presses(ears, channel, "2")
    await ears.until_in(channel, "Read")
    for key in "89161234567#":
        await presses(ears, channel, key)
    await ears.until_in(channel, "SayDigits")
    await ears.until_in(channel, "Read")
    await presses(ears, channel, "1")
    await placed.finished()
    row = await stored(whole, state="waiting")
    assert (row["phone"], row["client_id"]) == (79161234567, None)


async def test_a_killed_backend_leaves_no_callback_half_done(
    whole: Backend, ears: Ears, sipp: Sipp, clean: None
) -> None:
    row = await promised(whole, ears, sipp)
    await far_phone(sipp, ears)
    phones = await sipp.phones(["1001"], [Turn(ring_s=30.0)])
    async with whole.page("1001") as agent:
        await agent.become("available")
        await stored(whole, state="ringing_agent")
        await agent.until(lambda: agent.call_of(STANDARD[0][0]))
    await whole.service.kill()
    await ears.ask("Hangup", Channel="/^PJSIP/1001-.*/")
    await phones.stop()
    await whole.service.start()
    back = await stored(whole, state="waiting")
    assert (back["id"], back["attempts"], await tries(whole, row["id"])) == (row["id"], 0, ["lost"])


@pytest.fixture
async def directed(whole: Backend) -> AsyncIterator[None]:
    """Sales is served by us; a new process knows it from its start."""
    change = "UPDATE lines SET executor = $1 WHERE code = 'sales'"
    for executor in ("directed", "queued"):
        async with whole.database.raw(DEFAULT_PROJECT) as connection:
            await connection.execute(change, executor)
        if executor == "directed":
            await whole.service.stop()
            await whole.service.start()
            yield


async def test_from_our_own_room_too(
    whole: Backend, ears: Ears, sipp: Sipp, directed: None, clean: None
) -> None:
    name, phone, _ = STANDARD[2]
    placed = await sipp.place([Caller(number=f"+{phone}", dnis="74950000002")])
    waiting = await ears.wait_for("UserEvent", UserEvent="TierlineWaiting")
    await asks(ears, waiting["Channel"])
    left = await ears.wait_for("UserEvent", UserEvent="TierlineLeft")
    assert left["Reason"] == "moved"
    await placed.finished()
    row = await stored(whole, state="waiting")
    assert (row["phone"], row["line"]) == (phone, "sales")
    await far_phone(sipp, ears)
    await sipp.phones(["1001"], [Turn(ring_s=0.3, talk_s=0.5)])
    async with whole.page("1001") as agent:
        await agent.become("available")
        await agent.until(lambda: (one := agent.call_of(name)) and one["talking"] == [AGENT])
        await agent.until(lambda: not agent.calls)
    assert (await stored(whole, state="done"))["id"] == row["id"]


async def test_in_our_room_he_waits_on_when_he_does_not_say_yes(
    whole: Backend, ears: Ears, sipp: Sipp, directed: None, clean: None
) -> None:
    placed = await sipp.place([Caller(number=f"+{STANDARD[2][1]}", dnis="74950000002")])
    channel = (await ears.wait_for("UserEvent", UserEvent="TierlineWaiting"))["Channel"]
    await presses(ears, channel, "2")
    await ears.until_in(channel, "Read")
    await presses(ears, channel, "9")
    await ears.until_in(channel, "WaitExten")
    assert not [one for one in ears.heard if one.get("UserEvent") == "TierlineLeft"]
    await sipp.phones(["1001"], [Turn(ring_s=0.1, talk_s=0.2)])
    async with whole.page("1001") as agent:
        await agent.become("available")
        (seen,) = await placed.finished()
    assert seen.ended_by == "agent"


async def test_who_waits_long_in_our_room_is_asked_and_says_yes(
    whole: Backend, ears: Ears, sipp: Sipp, directed: None, clean: None
) -> None:
    placed = await sipp.place([Caller(number=f"+{STANDARD[2][1]}", dnis="74950000002")])
    waiting = await ears.wait_for("UserEvent", UserEvent="TierlineWaiting")
    asked = [dict(one) for one in to_actions(OfferCallback(ChannelId(waiting["Uniqueid"])))]
    answer = await ears.ask(asked[0].pop("Action"), **asked[0])
    assert answer["Response"] == "Success", answer
    await ears.until_in(waiting["Channel"], "Read")
    await presses(ears, waiting["Channel"], "2")
    await ears.until_in(waiting["Channel"], "SayDigits")
    await ears.until_in(waiting["Channel"], "Read")
    await presses(ears, waiting["Channel"], "1")
    await placed.finished()
    left = await ears.wait_for("UserEvent", UserEvent="TierlineLeft")
    assert left["Reason"] == "moved"
    assert (await stored(whole, state="waiting"))["line"] == "sales"


@pytest.fixture
async def short_patience(whole: Backend, ears: Ears) -> AsyncIterator[None]:
    """The line gives up on a caller after a second."""
    limit = (await ears.ask("Getvar", Variable="TIERLINE_QUEUE_TIMEOUT"))["Value"]
    await ears.ask("Setvar", Variable="TIERLINE_QUEUE_TIMEOUT", Value="1")
    yield
    await ears.ask("Setvar", Variable="TIERLINE_QUEUE_TIMEOUT", Value=limit)


async def test_who_waited_in_vain_is_offered_a_callback(
    whole: Backend, ears: Ears, sipp: Sipp, clean: None, short_patience: None
) -> None:
    await far_phone(sipp, ears)
    placed, channel = await waits(ears, sipp, STANDARD[0])
    await ears.until_in(channel, "Read")
    await presses(ears, channel, "2")
    await ears.until_in(channel, "SayDigits")
    await ears.until_in(channel, "Read")
    await presses(ears, channel, "1")
    await placed.finished()
    row = await stored(whole, state="waiting")
    assert (row["phone"], row["line"]) == (STANDARD[0][1], "support")


async def test_who_waited_in_vain_and_wants_none_is_told_good_bye(
    whole: Backend, ears: Ears, sipp: Sipp, clean: None, short_patience: None
) -> None:
    await far_phone(sipp, ears)
    placed, channel = await waits(ears, sipp, STANDARD[0])
    await ears.until_in(channel, "Read")
    await presses(ears, channel, "9")
    (seen,) = await placed.finished()
    assert seen.ended_by == "refused"
    assert not [one for one in ears.heard if one["Event"] == "QueueCallerJoin" and one["Channel"] == channel][
        1:
    ]
    async with whole.database.raw(DEFAULT_PROJECT) as connection:
        assert await connection.fetchval("SELECT count(*) FROM callbacks") == 0
