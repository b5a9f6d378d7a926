"""What a caller meets before he waits, on a real switch: a closed line, voicemail, self-service by key, another line."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from app.infra.asterisk import LocalAsterisk
from app.infra.sipp import Caller, Placed, Sipp
from app.projects.models import DEFAULT_PROJECT
from tests.asterisk import sounds
from tests.asterisk.ami import Ears
from tests.asterisk.backend import SHARED_NUMBER, STANDARD, STRANGER, SUPPORT, VIP, Backend
from tests.fakes.page import Page
from tests.fakes.routing_webhook import FakeWebhook, straight

pytestmark = pytest.mark.pbx

QUICK = {
    "TIERLINE_CLOSED_PROMPTS": "beep",
    "TIERLINE_VOICEMAIL_PROMPTS": "beep",
    "TIERLINE_VOICEMAIL_THANKS": "beep",
    "TIERLINE_VOICEMAIL_SILENCE": "2",
    "TIERLINE_SELF_SERVICE_PROMPTS": "beep",
}
Rows = list[dict[str, Any]]


@pytest.fixture
async def quick(ears: Ears, asterisk: LocalAsterisk) -> AsyncIterator[None]:
    """Words are long: a tone is enough here."""
    for name, value in QUICK.items():
        await ears.ask("Setvar", Variable=name, Value=value)
    yield
    for name in (*QUICK, "TIERLINE_LANGUAGE_MENU", "TIERLINE_TOPIC_SOUNDS"):
        await ears.ask("Setvar", Variable=name, Value=asterisk._globals()[name])


async def presses(ears: Ears, channel: str, key: str) -> None:
    answer = await ears.ask("PlayDTMF", Channel=channel, Digit=key, Receive="true", Duration="100")
    assert answer["Response"] == "Success", answer


async def value(ears: Ears, channel: str, name: str) -> str:
    return (await ears.ask("Getvar", Channel=channel, Variable=name))["Value"]


# --- with a webhook that answers what it is told ---


async def test_a_closed_line_says_so_and_costs_nothing(
    webhook: FakeWebhook, ears: Ears, sipp: Sipp, quick: None
) -> None:
    webhook.answer = lambda _: straight(
        treatment="closed", after="goodbye", opens_at=1_800_000_000, time_zone="Europe/Moscow"
    )
    calls = await sipp.place([Caller("79160000001")])
    (seen,) = await calls.finished()
    assert (seen.ended_by, seen.answered_s, seen.status) == ("refused", None, 480)
    assert seen.ended_s is not None
    assert seen.ended_s - seen.placed_s > 2, "when it opens was not said"
    assert not [one for one in ears.heard if one["Event"] == "QueueCallerJoin"]


@pytest.mark.parametrize("message", ["beep", "no/such-sound", "/etc/passwd", "../../etc/passwd"])
async def test_a_message_that_is_not_there_is_replaced_by_the_usual_words(
    webhook: FakeWebhook, ears: Ears, sipp: Sipp, quick: None, message: str
) -> None:
    webhook.answer = lambda _: straight(treatment="closed", after="goodbye", message=message)
    calls = await sipp.place([Caller("79160000001")])
    (seen,) = await calls.finished()
    assert (seen.ended_by, seen.answered_s) == ("refused", None)


async def test_keys_lead_through_language_and_topic_to_another_line(
    webhook: FakeWebhook, ears: Ears, sipp: Sipp, quick: None
) -> None:
    def answers(asked: dict[str, str]) -> dict[str, Any]:
        if asked.get("topic") == "repair":
            return straight("sales", priority=7, topic="repair", language=asked["language"])
        return straight(treatment="self_service", topics="billing&repair")

    webhook.answer = answers
    await ears.ask("Setvar", Variable="TIERLINE_LANGUAGE_MENU", Value="yes")
    await ears.ask("Setvar", Variable="TIERLINE_TOPIC_SOUNDS", Value="vm-")
    await sipp.place([Caller("79160000001")])
    channel = (await ears.wait_for("Newchannel"))["Channel"]
    await in_context(ears, channel, "tierline-choose-language")
    await presses(ears, channel, "1")
    await in_context(ears, channel, "tierline-choose-topic")
    assert await value(ears, channel, "CHANNEL(language)") == "ru"
    await presses(ears, channel, "2")
    await ears.wait_for("QueueCallerJoin", Queue="sales")
    first, second = webhook.asked
    assert "self_served" not in first
    assert (second["self_served"], second["topic"], second["language"]) == ("yes", "repair", "ru")
    assert await value(ears, channel, "TIERLINE_TOPIC") == "repair"


@pytest.mark.parametrize("context", ["tierline-choose-language", "tierline-choose-topic"])
async def test_0_leads_to_a_person_from_anywhere(
    webhook: FakeWebhook, ears: Ears, sipp: Sipp, quick: None, context: str
) -> None:
    webhook.answer = lambda asked: straight(
        treatment="straight" if "self_served" in asked else "self_service", topics="billing&repair"
    )
    language = "yes" if context == "tierline-choose-language" else "no"
    await ears.ask("Setvar", Variable="TIERLINE_LANGUAGE_MENU", Value=language)
    await sipp.place([Caller("79160000001")])
    channel = (await ears.wait_for("Newchannel"))["Channel"]
    await in_context(ears, channel, context)
    await presses(ears, channel, "0")
    await ears.wait_for("QueueCallerJoin", Queue="support")
    assert webhook.asked[-1]["topic"] == ""


async def test_tierline_gone_during_self_service_keeps_what_was_known(
    webhook: FakeWebhook, ears: Ears, sipp: Sipp, quick: None
) -> None:
    webhook.answer = lambda _: straight("sales", treatment="self_service", priority=42, topics="billing")
    await sipp.place([Caller("79160000001")])
    channel = (await ears.wait_for("Newchannel"))["Channel"]
    await in_context(ears, channel, "tierline-choose-topic")
    await webhook.close()
    await presses(ears, channel, "1")
    await ears.wait_for("QueueCallerJoin", Queue="sales")
    (entry,) = await ears.waiting("sales")
    assert entry["Priority"] == "42"


def with_facts(asked: dict[str, str]) -> dict[str, Any]:
    """The webhook and what stands beside it: the question about facts has no dialled number."""
    if "dnis" not in asked:
        return {"bill": 750, "contract_expires": 1_798_718_400, "open_cases": 2}
    treatment = "straight" if "self_served" in asked else "self_service"
    return straight(treatment=treatment, client_id=17, language="ru", topics="billing&repair")


@pytest.mark.parametrize(("key", "then"), [("0", "tierline-queue"), ("5", "tierline-choose-topic")])
async def test_what_is_said_of_his_contracts_can_be_interrupted(
    webhook: FakeWebhook, ears: Ears, sipp: Sipp, quick: None, key: str, then: str
) -> None:
    webhook.answer = with_facts
    await sipp.place([Caller("79160000001")])
    channel = (await ears.wait_for("Newchannel"))["Channel"]
    await in_context(ears, channel, "tierline-facts")
    await ears.until_in(channel, "SayAlpha")
    await presses(ears, channel, key)
    await in_context(ears, channel, then)
    assert webhook.asked[1].keys() == {"pbx", "call_id", "ani"}


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_everything_said_exists_in_both_languages(
    webhook: FakeWebhook, ears: Ears, sipp: Sipp, quick: None, asterisk: LocalAsterisk, language: str
) -> None:
    """Bill, date, cases, topics, closed line with its opening: the switch complains of no sound."""
    for name in ("TIERLINE_SAY_BILL", "TIERLINE_SAY_CONTRACT", "TIERLINE_SAY_CASES"):
        await ears.ask("Setvar", Variable=name, Value="beep")
    for name in ("TIERLINE_SELF_SERVICE_PROMPTS", "TIERLINE_CLOSED_PROMPTS"):
        await ears.ask("Setvar", Variable=name, Value=asterisk._globals()[name])
    told = asterisk.log_path.stat().st_size
    facts = {"bill": 21_750, "contract_expires": 1_798_718_400, "open_cases": 2}
    webhook.answer = lambda asked: (
        {**with_facts(asked), "topics": "", "language": language} if "dnis" in asked else facts
    )
    await sipp.place([Caller("79160000001")])
    channel = (await ears.wait_for("Newchannel"))["Channel"]
    await in_context(ears, channel, "tierline-queue")
    webhook.answer = lambda _: straight(
        treatment="closed",
        after="goodbye",
        opens_at=1_893_436_260,
        time_zone="Europe/Moscow",
        language=language,
    )
    closed = await sipp.place([Caller("79160000002")])
    await closed.finished()
    for name in ("TIERLINE_SAY_BILL", "TIERLINE_SAY_CONTRACT", "TIERLINE_SAY_CASES"):
        await ears.ask("Setvar", Variable=name, Value="")
    with asterisk.log_path.open() as log:
        log.seek(told)
        complaints = [line for line in log if "WARNING" in line or "ERROR" in line]
    assert complaints == []


async def in_context(ears: Ears, channel: str, context: str) -> None:
    async with asyncio.timeout(40):
        while True:
            await ears.ask("Status", Channel=channel)
            now = [one for one in ears.heard if one["Event"] == "Status" and one["Channel"] == channel]
            if now and now[-1]["Context"] == context:
                return
            await asyncio.sleep(0.05)


# --- with the whole backend ---


@pytest.fixture
async def lines(whole: Backend) -> AsyncIterator[Callable[..., Any]]:
    """`await lines(code, column=value, …)`: known to the webhook when it returns. Afterwards as before."""

    async def change(code: str, **columns: object) -> None:
        async with whole.database.raw(DEFAULT_PROJECT) as connection:
            for name, wanted in columns.items():
                await connection.execute(f"UPDATE lines SET {name} = $1 WHERE code = $2", wanted, code)  # noqa: S608
        await reread(whole)

    async with whole.database.raw(DEFAULT_PROJECT) as connection:
        before = await connection.fetch("SELECT * FROM lines")
    yield change
    async with whole.database.raw(DEFAULT_PROJECT) as connection:
        for row in before:
            await connection.execute(
                "UPDATE lines SET after_hours = $2, topics = $3, overflow_to = $4, overflow_line = $5,"
                " overflow_per_agent = $6 WHERE id = $1",
                *(row["id"], row["after_hours"], row["topics"], row["overflow_to"], row["overflow_line"]),
                row["overflow_per_agent"],
            )
        await connection.execute("UPDATE line_closings SET over_at = now() WHERE over_at IS NULL")
    await reread(whole)


async def reread(whole: Backend) -> None:
    """Closing and opening a line makes the webhook read all of them at once."""
    async with whole.page("supervisor") as page:
        await close(page, "sales")
        answer = await page.http.delete("/api/lines/sales/closing")
        assert answer.status_code == 200, answer.text


async def close(page: Page, line: str, **more: object) -> None:
    answer = await page.http.put(f"/api/lines/{line}/closing", json={"reason": "drill", **more})
    assert answer.status_code == 200, answer.text


async def messages(page: Page, true: Callable[[Rows], bool]) -> Rows:
    async with asyncio.timeout(30):
        while True:
            answer = await page.http.get("/api/voicemails")
            assert answer.status_code == 200, answer.text
            rows: Rows = answer.json()
            if true(rows):
                return rows
            await asyncio.sleep(0.1)


async def leaves(whole: Backend, sipp: Sipp, ears: Ears, folder: Path, number: str, said_s: float) -> Placed:
    return await sounds.call(sipp, folder, Caller(number, SUPPORT, talk_s=said_s))


async def test_after_hours_a_message_becomes_a_recording_and_a_case(
    whole: Backend, lines: Callable[..., Any], ears: Ears, sipp: Sipp, quick: None, tmp_path: Path
) -> None:
    await lines("support", after_hours="voicemail")
    async with whole.page("supervisor") as page:
        known = {row["id"] for row in await messages(page, lambda rows: True)}
        await close(page, "support")
        placed = await leaves(whole, sipp, ears, tmp_path, f"+{STANDARD[0][1]}", 4.0)
        (seen,) = await placed.finished()
        assert seen.ended_by == "caller", "he hung up while it was recorded"
        rows = await messages(page, lambda rows: any(row["id"] not in known for row in rows))
        (row,) = [row for row in rows if row["id"] not in known]
        assert (row["client"], row["line"], row["ani"]) == ("Stan First", "support", f"+{STANDARD[0][1]}")
        sound = await page.http.get(f"/api/recordings/{row['recording_id']}/audio")
        assert sound.status_code == 200
        heard = sounds.Recorded(sound.content, tmp_path / "message.wav", 1000)
        assert heard.length_s > 2
        middle = heard.between(1.0, heard.length_s - 0.5)
        assert middle.client > sounds.HEARD, middle
        async with whole.database.raw(DEFAULT_PROJECT) as connection:
            case = await connection.fetchrow("SELECT * FROM cases WHERE id = $1", row["case_id"])
            kind = await connection.fetchval("SELECT kind FROM recordings WHERE id = $1", row["recording_id"])
        assert (case["client_id"], case["kind"], kind) == (row["client_id"], "request", "voicemail")
        assert (case["due_at"] - case["opened_at"]).total_seconds() == 240 * 60
        done = await page.http.post(f"/api/voicemails/{row['id']}/handled")
        assert done.json()["handled_by"] == "supervisor"
        async with whole.database.raw(DEFAULT_PROJECT) as connection:
            closed = await connection.fetchval("SELECT closed_at FROM cases WHERE id = $1", row["case_id"])
        assert closed is not None


@pytest.mark.parametrize("number", [STRANGER, str(SHARED_NUMBER)])
async def test_a_message_of_nobody_known_waits_to_be_linked(
    whole: Backend,
    lines: Callable[..., Any],
    ears: Ears,
    sipp: Sipp,
    quick: None,
    tmp_path: Path,
    number: str,
) -> None:
    await lines("support", after_hours="voicemail")
    async with whole.page("supervisor") as page:
        known = {row["id"] for row in await messages(page, lambda rows: True)}
        await close(page, "support")
        await (await leaves(whole, sipp, ears, tmp_path, f"+{number}", 3.0)).finished()
        rows = await messages(page, lambda rows: any(row["id"] not in known for row in rows))
        (row,) = [row for row in rows if row["id"] not in known]
        assert (row["client_id"], row["case_id"], row["ani"]) == (None, None, f"+{number}")
        async with whole.database.raw(DEFAULT_PROJECT) as connection:
            client = await connection.fetchval("SELECT id FROM clients WHERE name = 'Anna Shared'")
        linked = await page.http.put(f"/api/voicemails/{row['id']}/client", json={"client_id": client})
        assert linked.status_code == 200, linked.text
        assert linked.json()["case_id"] is not None
        other = await page.http.put(f"/api/voicemails/{row['id']}/client", json={"client_id": client + 1})
        assert other.status_code == 409


async def test_silence_ends_a_message(
    whole: Backend, lines: Callable[..., Any], ears: Ears, sipp: Sipp, quick: None, tmp_path: Path
) -> None:
    await lines("support", after_hours="voicemail")
    async with whole.page("supervisor") as page:
        await close(page, "support")
        calls = await sipp.place([Caller(STRANGER, SUPPORT)])
        (seen,) = await calls.finished()
        assert seen.ended_by == "agent", "the switch hung up"


async def test_a_vip_goes_straight_in_while_others_choose_a_topic_that_is_read_from_the_line(
    whole: Backend, lines: Callable[..., Any], ears: Ears, sipp: Sipp, quick: None
) -> None:
    await lines("support", topics=["billing", "repair"])
    await sipp.place([Caller(f"+{VIP[1]}", SUPPORT)])
    await ears.wait_for("QueueCallerJoin", Queue="support")
    await sipp.place([Caller(f"+{STANDARD[1][1]}", SUPPORT)])
    channel = (await ears.wait_for("Newchannel", count=2))["Channel"]
    await in_context(ears, channel, "tierline-choose-topic")
    await presses(ears, channel, "2")
    await ears.wait_for("QueueCallerJoin", count=2)
    assert await value(ears, channel, "TIERLINE_TOPIC") == "repair"


async def test_a_client_hears_what_is_stored_of_him_and_a_stranger_nothing(
    whole: Backend, lines: Callable[..., Any], ears: Ears, sipp: Sipp, quick: None
) -> None:
    await lines("support", topics=["billing"])
    await sipp.place([Caller(f"+{STANDARD[2][1]}", SUPPORT)])
    channel = (await ears.wait_for("Newchannel"))["Channel"]
    await in_context(ears, channel, "tierline-choose-topic")
    assert await value(ears, channel, "bill") == str(STANDARD[2][2])
    await sipp.place([Caller(STRANGER, SUPPORT)])
    stranger = (await ears.wait_for("Newchannel", count=2))["Channel"]
    await in_context(ears, stranger, "tierline-choose-topic")
    assert await value(ears, stranger, "bill") == ""


async def test_a_full_line_sends_its_callers_on_but_never_a_vip(
    whole: Backend, lines: Callable[..., Any], ears: Ears, sipp: Sipp, quick: None
) -> None:
    await lines("support", overflow_to="line", overflow_line="sales", overflow_per_agent=1.0)
    await sipp.place([Caller(f"+{STANDARD[1][1]}", SUPPORT)])
    await ears.wait_for("QueueCallerJoin", Queue="sales")
    await sipp.place([Caller(f"+{VIP[1]}", SUPPORT)])
    await ears.wait_for("QueueCallerJoin", Queue="support")
