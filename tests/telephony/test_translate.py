"""AMI messages in our words."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony import events as happened
from telephony.ami.translate import WANTED, TranslateError, translate
from telephony.ami.wire import Framer, Message
from telephony.changes import RingResult
from tests.fakes.ami_script import AmiScript

pytestmark = pytest.mark.unit

CAPTURES = Path(__file__).parents[1] / "fixtures" / "ami"
ONE_OF_EACH = (CAPTURES / "one-of-each-event.txt").read_bytes().replace(b"\n", b"\r\n") + b"\r\n\r\n"
SAMPLES = {message.name: message for message in Framer().feed(ONE_OF_EACH)}
TRANSLATED = sorted(
    name.decode() for name in WANTED if name in SAMPLES and translate(SAMPLES[name]) is not None
)


def test_one_of_each_is_told_in_our_words() -> None:
    assert translate(SAMPLES[b"QueueCallerJoin"]) == happened.QueueJoined(
        1795331469.4551,
        "testpbx-1795331468.39",
        "testpbx-1795331468.39",
        "PJSIP/trunk-00000025",
        "sales",
        1,
        "79160000000",
        "Пётр Ёжиков",
        "4951234567",
    )
    assert translate(SAMPLES[b"DialEnd"]) == happened.DialEnded(
        1795331469.762703,
        "testpbx-1795331469.40",
        "testpbx-1795331468.39",
        "PJSIP/1006-00000026",
        RingResult.ANSWERED,
    )
    assert translate(SAMPLES[b"QueueMemberPause"]) == happened.MemberPaused(
        1795331485.228102, "vip", "PJSIP/1002", "Петров Пётр", True, "Обед"
    )
    transfer = translate(SAMPLES[b"AttendedTransfer"])
    assert isinstance(transfer, happened.AttendedTransferred)
    assert (transfer.to, transfer.threeway, transfer.second) == ("1007", False, transfer.channel)


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_missing_header_is_named_with_its_event(name: str) -> None:
    """Take away one header after another: either the event is as whole as before, or the error says what."""
    message = SAMPLES[name.encode()]
    lines = message.raw.split(b"\r\n")
    refused = []
    for index in range(1, len(lines)):
        header = lines[index].partition(b":")[0].decode()
        torn = Message(b"\r\n".join(lines[:index] + lines[index + 1 :]), message.name)
        try:
            translate(torn)
        except TranslateError as error:
            refused.append((header, str(error)))
    assert refused
    for header, words in refused:
        assert name in words
        assert header in words


def test_a_number_that_is_none_is_an_error_of_translation() -> None:
    raw = SAMPLES[b"QueueCallerJoin"].raw.replace(b"Position: 1", b"Position: first")
    with pytest.raises(TranslateError, match="Position"):
        translate(Message(raw, b"QueueCallerJoin"))


def test_what_is_not_ours_is_none() -> None:
    assert translate(SAMPLES[b"VarSet"]) is None
    queue_state = SAMPLES[b"DeviceStateChange"].raw.replace(b"PJSIP/1002", b"Queue:sales_avail")
    assert translate(Message(queue_state, b"DeviceStateChange")) is None
    failed = SAMPLES[b"BlindTransfer"].raw.replace(b"Result: Success", b"Result: Fail")
    assert translate(Message(failed, b"BlindTransfer")) is None


def test_a_switch_without_timestamps_gives_events_without_moment() -> None:
    raw = b"\r\n".join(
        line for line in SAMPLES[b"Hangup"].raw.split(b"\r\n") if not line.startswith(b"Timestamp")
    )
    event = translate(Message(raw, b"Hangup"))
    assert isinstance(event, happened.ChannelHungUp)
    assert event.at is None


def test_an_originated_leg_is_dialled_by_nobody() -> None:
    script = AmiScript()
    leg = script.channel("PJSIP/1001", "1001", "s", "Down")
    script.say("DialBegin", {**leg.headers("Dest"), "DialString": "1001"})
    event = translate(Framer().feed(script.bytes())[-1])
    assert isinstance(event, happened.DialBegan)
    assert (event.source, event.dial) == (None, "1001")


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(TRANSLATED), at=st.integers(0, 2000), junk=st.binary(max_size=20))
def test_damaged_events_raise_nothing_but_a_translate_error(name: str, at: int, junk: bytes) -> None:
    message = SAMPLES[name.encode()]
    raw = message.raw[: 7 + len(name) + at] + junk + message.raw[7 + len(name) + at + len(junk) :]
    try:
        event = translate(Message(raw, message.name))
    except TranslateError:
        return
    assert event is None or msgspec.structs.asdict(event)
