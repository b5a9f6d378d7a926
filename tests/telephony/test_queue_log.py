"""Rows of queue_log from the floor's changes, and where two books part."""

import pytest

from telephony.changes import (
    CallAnswered,
    CallEnded,
    CallTransferred,
    Change,
    LineJoined,
    LineLeaving,
    LineLeft,
    Outcome,
    RingEnded,
    RingResult,
    RingStarted,
    TalkEnded,
)
from telephony.ids import CallId, Interface, QueueName
from telephony.queue_log import BadRow, Bookkeeper, Row, format_row, parse_row
from telephony.reconcile import Kind, reconcile

pytestmark = pytest.mark.unit

CALL = CallId("main-100.1")
SUPPORT = QueueName("support")
ANNA = Interface("PJSIP/1001")
NAMES = {str(ANNA): "Anna"}

JOINED = LineJoined(100.0, CALL, SUPPORT, 2)
RANG = RingStarted(103.0, CALL, ANNA, SUPPORT)
ANSWERED = (
    RANG,
    RingEnded(105.0, CALL, ANNA, RingResult.ANSWERED),
    LineLeft(105.0, CALL, SUPPORT, LineLeaving.ANSWERED),
    CallAnswered(105.0, CALL, ANNA, SUPPORT, 5.0),
)
TALKED = TalkEnded(165.5, CALL, ANNA, 60.5)


def book(*changes: Change) -> list[str]:
    keeper = Bookkeeper(lambda interface: NAMES[interface], lambda call: "79000000001")
    return [format_row(row) for row in keeper.rows(changes)]


@pytest.mark.parametrize(
    ("by", "word"), [("agent", "COMPLETEAGENT"), ("client", "COMPLETECALLER"), (None, "COMPLETECALLER")]
)
def test_an_answered_call_is_written_as_app_queue_writes_it(by: str | None, word: str) -> None:
    assert book(JOINED, *ANSWERED, TALKED, CallEnded(165.6, CALL, Outcome.ANSWERED, by)) == [
        "100|main-100.1|support|NONE|ENTERQUEUE||79000000001|2",
        "105|main-100.1|support|Anna|CONNECT|5||2",
        f"165|main-100.1|support|Anna|{word}|5|60|2",
    ]


def test_a_ring_that_nobody_took_and_a_caller_who_gave_up() -> None:
    assert book(
        JOINED,
        RANG,
        RingEnded(118.0, CALL, ANNA, RingResult.NO_ANSWER),
        LineLeft(120.0, CALL, SUPPORT, LineLeaving.ABANDONED),
        CallEnded(120.0, CALL, Outcome.ABANDONED, "client"),
    )[1:] == [
        "118|main-100.1|support|Anna|RINGNOANSWER|15000",
        "120|main-100.1|support|NONE|ABANDON|2|2|20",
    ]


@pytest.mark.parametrize("told_first", ["transfer", "end of the talk", "next line"])
def test_a_transfer_ends_the_lines_part_in_whatever_order_it_is_told(told_first: str) -> None:
    transfer = CallTransferred(165.5, CALL, "blind", ANNA, "2000")
    sales = LineJoined(165.51, CALL, QueueName("sales"), 1)
    order: tuple[Change, ...] = {
        "transfer": (transfer, TALKED, sales),
        "end of the talk": (TALKED, transfer, sales),
        "next line": (TALKED, sales, transfer),
    }[told_first]
    rows = book(JOINED, *ANSWERED, *order, CallEnded(170.0, CALL, Outcome.ANSWERED, "client"))
    assert "165|main-100.1|support|Anna|BLINDTRANSFER|2000||5|60|2" in rows
    assert "165|main-100.1|sales|NONE|ENTERQUEUE||79000000001|1" in rows
    assert len(rows) == 4


def test_who_was_taken_out_of_a_line_did_not_give_up() -> None:
    keeper = Bookkeeper(str)
    assert keeper.rows([JOINED, LineLeft(110.0, CALL, SUPPORT, LineLeaving.MOVED)])[1:] == []
    assert keeper.moved == {(CALL, SUPPORT)}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "1 fields"),
        ("100|call|support", "3 fields"),
        ("yesterday|call|support|NONE|ABANDON", "'yesterday' is no time"),
        ("nan|call|support|NONE|ABANDON", "'nan' is no time"),
    ],
)
def test_what_is_no_row_says_why(line: str, why: str) -> None:
    with pytest.raises(BadRow, match=why):
        parse_row(line)


def rows(*texts: str) -> list[Row]:
    return [parse_row(text.replace("call", CALL)) for text in texts]


OURS = rows(
    "100|call|support|NONE|ENTERQUEUE||79000000001|1",
    "105|call|support|PJSIP/1001|CONNECT|5||2",
    "165|call|support|PJSIP/1001|COMPLETECALLER|5|60|1",
)


def theirs(index: int, text: str) -> list[Row]:
    return [*OURS[:index], *rows(text), *OURS[index + 1 :]]


@pytest.mark.parametrize(
    ("there", "kinds"),
    [
        (OURS, []),
        (theirs(1, "105|call|support|Anna|CONNECT|6|main-105.2|2"), []),
        (theirs(2, "165|call|support|PJSIP/1001|COMPLETEAGENT|5|60|1"), []),
        (theirs(1, "105|call|support|PJSIP/1002|CONNECT|5||2"), [Kind.AGENT]),
        (theirs(1, "105|call|support|PJSIP/1001|CONNECT|9||2"), [Kind.DURATION]),
        (OURS[:2], [Kind.ROW_ONLY_HERE]),
        ([*OURS, *rows("103|call|support|PJSIP/1002|RINGNOANSWER|3000")], [Kind.ROW_ONLY_THERE]),
        ([], [Kind.CALL_ONLY_HERE]),
        ([*OURS, *rows("90|other|support|NONE|ENTERQUEUE||1|1")], [Kind.CALL_ONLY_THERE]),
        ([*OURS, *rows("90|call|support|Anna|PAUSE|lunch", "90|NONE|NONE|NONE|QUEUESTART")], []),
    ],
)
def test_differences_are_named_and_only_they(there: list[Row], kinds: list[Kind]) -> None:
    assert [one.kind for one in reconcile(OURS, there, NAMES)] == kinds


def test_a_moved_caller_whom_the_book_calls_abandoned_is_told_apart() -> None:
    here, there = OURS[:1], [*OURS[:1], *rows("110|call|support|NONE|ABANDON|1|1|10")]
    assert [one.kind for one in reconcile(here, there, {})] == [Kind.ROW_ONLY_THERE]
    moved = frozenset({(str(CALL), "support")})
    assert [one.kind for one in reconcile(here, there, {}, moved)] == [Kind.MOVED_BUT_ABANDONED]


def test_a_wait_that_app_queue_took_over_and_gave_back_is_one_wait() -> None:
    """Tierline was away for a while: the switch wrote who came to app_queue from our room, and who was fetched back."""
    ours = [
        Row(100.0, CALL, SUPPORT, "NONE", "ENTERQUEUE"),
        Row(130.0, CALL, SUPPORT, "Anna", "CONNECT", ("30",)),
    ]
    taken_over = [ours[0], Row(110.0, CALL, SUPPORT, "NONE", "ENTERQUEUE")]
    back = Row(120.0, CALL, SUPPORT, "NONE", "WITHDRAW", ("1", "1", "10", "room"))
    assert reconcile(ours, [*taken_over, ours[1]], NAMES) == []
    assert reconcile(ours, [*taken_over, back, ours[1]], NAMES) == []
    promised = Row(120.0, CALL, SUPPORT, "NONE", "WITHDRAW", ("1", "1", "10", "callback promised"))
    assert [one.kind for one in reconcile(ours, [*taken_over, promised, ours[1]], NAMES)] == [
        Kind.ROW_ONLY_THERE
    ]
    again = [*ours, Row(200.0, CALL, SUPPORT, "NONE", "ENTERQUEUE")]
    assert [one.kind for one in reconcile(ours, again, NAMES)] == [Kind.ROW_ONLY_THERE]
