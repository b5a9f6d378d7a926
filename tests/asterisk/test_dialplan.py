"""What the dialplan asks Tierline, and that the caller goes where the answer says."""

import pytest

from app.infra.asterisk import LocalAsterisk
from app.infra.sipp import Caller, Sipp, Turn
from tests.asterisk.ami import Ears
from tests.fakes.routing_webhook import FakeWebhook, straight

pytestmark = pytest.mark.pbx


async def test_the_answer_leads_the_call_to_an_agent(
    asterisk: LocalAsterisk, webhook: FakeWebhook, ears: Ears, sipp: Sipp
) -> None:
    webhook.answer = lambda _: straight("sales", priority=1_700_000_000, tier="vip", client_id=4711)
    await sipp.phones(["1001"], [Turn(ring_s=0.2)])
    calls = await sipp.place([Caller("79161234567", "74951112233", "Пётр Ёжиков", talk_s=0.3)])

    joined = await ears.wait_for("QueueCallerJoin", Queue="sales")
    assert joined["Linkedid"] == webhook.asked[0]["call_id"]
    (entry,) = await ears.waiting("sales")
    assert entry["Priority"] == "1700000000"
    for name, value in {"TIER": "vip", "LINE": "sales", "CLIENT": "4711", "ANI": "79161234567"}.items():
        answer = await ears.ask("Getvar", Channel=joined["Channel"], Variable=f"TIERLINE_{name}")
        assert answer["Value"] == value, name

    await ears.staff("sales", "1001")
    assert (await ears.wait_for("AgentConnect"))["Interface"] == "PJSIP/1001"
    (seen,) = await calls.finished()
    assert seen.ended_by == "caller"
    assert seen.answered_s is not None


async def test_what_the_webhook_is_told(webhook: FakeWebhook, ears: Ears, sipp: Sipp) -> None:
    calls = await sipp.place([Caller("79161234567", "74951112233", "Анна & Co, 100%", patience_s=0.2)])
    await calls.finished()

    (question,) = webhook.asked
    joined = await ears.wait_for("QueueCallerJoin")
    assert question == {
        "pbx": "main",
        "call_id": joined["Linkedid"],
        "channel": joined["Channel"],
        "ani": "79161234567",
        "ani_name": "Анна & Co, 100%",
        "dnis": "74951112233",
    }
    assert webhook.headers[0]["request"] == "POST /routing/calls HTTP/1.1"
    assert webhook.headers[0]["X-Tierline-Token"] == webhook.token


@pytest.mark.parametrize(
    ("caller", "ani", "name"),
    [
        (Caller("+79161234567", name="Anna"), "+79161234567", "Anna"),
        (Caller("79161234567", name="Anna", hidden_behind="74950000000"), "79161234567", "Anna"),
        (Caller("79161234567", name="Anna", hidden_behind="anonymous"), "79161234567", "Anna"),
        (Caller("79161234567", name="Anna", withheld=True), "anonymous", ""),
        (Caller("Anonymous"), "anonymous", ""),
        (Caller("1007", name="Internal"), "1007", "Internal"),
    ],
    ids=["From", "P-Asserted-Identity", "asserted behind anonymous", "withheld", "anonymous", "short number"],
)
async def test_the_caller_is_known_by_what_the_trunk_vouches_for(
    webhook: FakeWebhook, sipp: Sipp, caller: Caller, ani: str, name: str
) -> None:
    calls = await sipp.place([Caller(**{**vars(caller), "patience_s": 0.1})])
    await calls.finished()
    assert (webhook.asked[0]["ani"], webhook.asked[0]["ani_name"]) == (ani, name)


async def test_self_service_speaks_and_then_hands_over(webhook: FakeWebhook, ears: Ears, sipp: Sipp) -> None:
    webhook.answer = lambda _: straight("support", treatment="self_service")
    await sipp.phones(["1001"])
    await ears.staff("support", "1001")
    calls = await sipp.place([Caller("79160000001", talk_s=0.1)])
    joined = await ears.wait_for("QueueCallerJoin", Queue="support")
    (seen,) = await calls.finished()
    assert seen.ended_by == "caller"
    began = next(one for one in ears.heard if one["Event"] == "Newchannel")
    spoken_s = float(joined["Timestamp"]) - float(began["Timestamp"])
    assert spoken_s > 1.0, "the prompts were not played"


async def test_key_0_ends_self_service(webhook: FakeWebhook, ears: Ears, sipp: Sipp) -> None:
    webhook.answer = lambda _: straight("support", treatment="self_service")
    await sipp.place([Caller("79160000001")])
    channel = (await ears.wait_for("Newchannel"))["Channel"]
    await ears.until_in(channel, "BackGround")
    answer = await ears.ask("PlayDTMF", Channel=channel, Digit="0", Receive="1")
    assert answer["Response"] == "Success", answer
    joined = await ears.wait_for("QueueCallerJoin", Queue="support")
    ended = await ears.wait_for("DTMFEnd", Digit="0")
    assert float(joined["Timestamp"]) - float(ended["Timestamp"]) < 1.0, "the key did not end the prompts"


async def test_a_refused_caller_hears_why_and_is_hung_up(
    webhook: FakeWebhook, ears: Ears, sipp: Sipp
) -> None:
    webhook.answer = lambda _: straight(treatment="refused", queue="")
    calls = await sipp.place([Caller("79160000666")])
    (seen,) = await calls.finished()
    assert seen.ended_by == "refused"
    assert seen.answered_s is None, "a refused caller does not pay"
    assert not [one for one in ears.heard if one["Event"] == "QueueCallerJoin"]


async def test_a_later_vip_is_answered_before_three_earlier_standard_callers(
    webhook: FakeWebhook, ears: Ears, sipp: Sipp
) -> None:
    vip = "79169999999"
    webhook.answer = lambda asked: straight("support", priority=2_000_000_000 if asked["ani"] == vip else 100)
    standard = await sipp.place([Caller(f"7916000000{n}", talk_s=0.1) for n in range(3)])
    await ears.wait_for("QueueCallerJoin", count=3)
    later = await sipp.place([Caller(vip, talk_s=0.1)])
    await ears.wait_for("QueueCallerJoin", count=4)
    assert (await ears.waiting("support"))[0]["CallerIDNum"] == vip

    await sipp.phones(["1001"], [Turn(ring_s=0.05)])
    await ears.staff("support", "1001")
    await ears.wait_for("AgentConnect", count=4)
    answered = [one["CallerIDNum"] for one in ears.heard if one["Event"] == "AgentConnect"]
    assert answered == [vip, "79160000000", "79160000001", "79160000002"]
    assert all(one.answered_s is not None for one in [*await standard.finished(), *await later.finished()])


async def test_nothing_is_recorded_while_a_caller_waits(webhook: FakeWebhook, ears: Ears, sipp: Sipp) -> None:
    """Whatever the answer says: a recording begins with the talk, on Tierline's order."""
    webhook.answer = lambda _: straight(record=True)
    await sipp.place([Caller("79160000001", patience_s=0.5)])
    await ears.wait_for("QueueCallerAbandon")
    await ears.wait_for("Hangup")
    assert [one for one in ears.heard if one["Event"] == "MixMonitorStart"] == []


async def test_a_site_may_answer_before_the_wait(webhook: FakeWebhook) -> None:
    settings = {"TIERLINE_ANSWER_FIRST": "yes"}
    async with (
        LocalAsterisk(
            webhook_url=webhook.url, webhook_token=webhook.token, dialplan_settings=settings
        ) as pbx,
        Sipp(pbx) as sipp,
    ):
        (seen,) = await (await sipp.place([Caller("79161234567", talk_s=0.1)])).finished()
    assert seen.ended_by == "caller", "answered though no agent is there"
