"""The stream cut into messages: the same ones wherever the network cuts it."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.ami.translate import WANTED
from telephony.ami.wire import BLOCK_LIMIT, Framer, Message, WireError

pytestmark = pytest.mark.unit

CAPTURES = Path(__file__).parents[1] / "fixtures" / "ami"
SESSION = (CAPTURES / "session-40-calls.ami").read_bytes()
ATTENDED = (CAPTURES / "attended-transfer-and-weights.ami").read_bytes()
ONE_OF_EACH = (CAPTURES / "one-of-each-event.txt").read_bytes().replace(b"\n", b"\r\n") + b"\r\n\r\n"


def whole(data: bytes, wanted: frozenset[bytes] | None = None) -> list[Message]:
    return Framer(wanted).feed(data)


def blocks(data: bytes, number: int) -> bytes:
    return b"".join(block + b"\r\n\r\n" for block in data.split(b"\r\n\r\n")[:number])


@pytest.mark.parametrize("data", [ONE_OF_EACH, blocks(SESSION, 60), blocks(ATTENDED, 60)])
def test_cut_at_every_byte_gives_the_same_messages(data: bytes) -> None:
    expected = whole(data)
    for cut in range(len(data)):
        framer = Framer()
        assert framer.feed(data[:cut]) + framer.feed(data[cut:]) == expected


@pytest.mark.parametrize("data", [ONE_OF_EACH, b"Asterisk Call Manager/9.0.0\r\n" + blocks(SESSION, 60)])
def test_fed_byte_by_byte_gives_the_same_messages(data: bytes) -> None:
    framer = Framer()
    messages = [message for at in range(len(data)) for message in framer.feed(data[at : at + 1])]
    assert messages == whole(data)


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(0, len(SESSION)), max_size=30))
def test_a_long_capture_cut_anywhere_gives_the_same_messages(cuts: list[int]) -> None:
    framer = Framer(WANTED)
    edges = [0, *sorted(cuts), len(SESSION)]
    messages = [m for a, b in pairwise(edges) for m in framer.feed(SESSION[a:b])]
    reference = Framer(WANTED)
    assert messages == reference.feed(SESSION)
    assert framer.skipped == reference.skipped > 0
    assert framer.malformed == 0


def test_every_block_of_a_capture_is_one_message() -> None:
    for data in (SESSION, ATTENDED):
        assert len(whole(data)) == data.count(b"\r\n\r\n")


def test_unwanted_events_are_skipped_and_counted_but_lists_and_responses_pass() -> None:
    framer = Framer(frozenset({b"Hangup"}))
    messages = framer.feed(SESSION)
    names = [message.name for message in messages]
    assert names.count(b"Hangup") == SESSION.count(b"Event: Hangup\r\n")
    assert names.count(b"CoreShowChannel") == SESSION.count(b"Event: CoreShowChannel\r\n")
    assert names.count(b"") == SESSION.count(b"\r\n\r\nResponse: ") + 1
    assert b"VarSet" not in names
    assert len(messages) + framer.skipped == SESSION.count(b"\r\n\r\n")


def test_the_greeting_is_read_before_anything_follows_it() -> None:
    framer = Framer()
    assert framer.feed(b"Asterisk Call Ma") == []
    assert framer.banner is None
    assert framer.feed(b"nager/9.0.0\r\n") == []
    assert framer.banner == "Asterisk Call Manager/9.0.0"
    (message,) = framer.feed(b"Response: Success\r\nActionID: 1\r\n\r\n")
    assert message.is_response
    assert message.get(b"ActionID") == "1"


def test_a_second_login_in_one_capture_does_not_spoil_its_first_message() -> None:
    framer = Framer()
    messages = framer.feed(b"Event: A\r\n\r\nAsterisk Call Manager/9.0.0\r\nResponse: Success\r\n\r\n")
    assert [message.name for message in messages] == [b"A", b""]
    assert framer.banner == "Asterisk Call Manager/9.0.0"


def test_a_capture_that_begins_in_the_middle_loses_its_torn_block_only() -> None:
    framer = Framer()
    messages = framer.feed(b"ueue: sales\r\nPosition: 1\r\n\r\nEvent: Hangup\r\nCause: 16\r\n\r\nEvent: Han")
    assert [message.name for message in messages] == [b"Hangup"]
    assert framer.malformed == 1


def test_headers_are_read_as_they_stand() -> None:
    raw = b"Event: X\r\nEmpty: \r\nName: \xd0\x9f\xff: a\r\nV: a=1\r\nV: b=2\r\nNoSpace:1\r\nLast:"
    message = Message(raw, b"X")
    assert message.get(b"Event") == "X"
    assert message.get(b"Empty") == ""
    assert message.get(b"Name") == "П\udcff: a"
    assert message.get(b"V") == "a=1"
    assert message.all(b"V") == ["a=1", "b=2"]
    assert message.get(b"NoSpace") == "1"
    assert message.get(b"Last") == ""
    assert message.get(b"ame") is None
    assert message.get(b"Absent") is None
    assert message.fields()["V"] == "a=1"


def test_a_block_without_end_is_refused_with_its_beginning() -> None:
    framer = Framer()
    framer.feed(b"HTTP/1.1 400 Bad Request\r\n")
    with pytest.raises(WireError, match=r"HTTP/1\.1 400"):
        framer.feed(b"x" * (BLOCK_LIMIT + 1))


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=400), cut=st.integers(0, 400))
def test_any_bytes_are_swallowed(data: bytes, cut: int) -> None:
    framer = Framer(WANTED)
    for message in framer.feed(data[:cut]) + framer.feed(data[cut:]) + framer.feed(b"\r\n\r\n"):
        message.fields()
