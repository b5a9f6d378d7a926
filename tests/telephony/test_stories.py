"""Stories of real captures against facts counted without our code, and several calls told by hand."""

from collections import Counter
from pathlib import Path

import pytest

from telephony.stories import Story, stories_of_capture
from tests.telephony.floors import naive

pytestmark = pytest.mark.unit

CAPTURES = Path(__file__).parents[1] / "fixtures" / "ami"
SESSION = (CAPTURES / "session-40-calls.ami").read_bytes()
ATTENDED = (CAPTURES / "attended-transfer-and-weights.ami").read_bytes()


def told(data: bytes) -> dict[str, Story]:
    return {story["call_id"].rpartition("-")[2]: story for story in stories_of_capture([data])}


SESSION_STORIES = told(SESSION)
ATTENDED_STORIES = told(ATTENDED)


EVENTS = naive(SESSION)


def of(kind: str) -> list[dict[str, str]]:
    return [event for event in EVENTS if event["Event"] == kind and "Privilege" in event]


def test_every_first_channel_is_one_story_and_all_of_them_ended() -> None:
    first = {event["Linkedid"] for event in of("Newchannel")}
    assert {story["call_id"] for story in SESSION_STORIES.values()} == first
    assert len(SESSION_STORIES) == len(first) == 41
    last = {event["Linkedid"]: float(event["Timestamp"]) for event in of("Hangup")}
    for story in SESSION_STORIES.values():
        assert story["ended"] == pytest.approx(last[story["call_id"]])


def test_callers_and_dialled_numbers_are_those_of_the_first_channel() -> None:
    for event in of("Newchannel"):
        if event["Uniqueid"] == event["Linkedid"] and event["Exten"] != "s":
            story = SESSION_STORIES[event["Uniqueid"].rpartition("-")[2]]
            assert (story["ani"], story["dnis"]) == (event["CallerIDNum"], event["Exten"])
            assert story["started"] == float(event["Timestamp"])


def test_lines_are_the_queues_joined() -> None:
    joined = Counter((event["Linkedid"], event["Queue"]) for event in of("QueueCallerJoin"))
    ours = Counter((s["call_id"], line) for s in SESSION_STORIES.values() for line in s["lines"])
    assert ours == joined


def test_answered_rings_are_the_connects_of_queues_and_the_answers_of_transfers() -> None:
    connects = {(e["DestLinkedid"], e["Interface"], float(e["Timestamp"])) for e in of("AgentConnect")}
    transferred = {
        (e["DestLinkedid"], "PJSIP/1007", float(e["Timestamp"]))
        for e in of("DialEnd")
        if e["DialStatus"] == "ANSWER" and e["DestChannel"].startswith("PJSIP/1007")
    }
    ours = {
        (story["call_id"], ring["agent"], ring["answered_at"])
        for story in SESSION_STORIES.values()
        for ring in story["rings"]
        if ring["result"] == "answered"
    }
    assert len(connects) == 34
    assert len(transferred) == 13
    assert ours == connects | transferred


def test_every_dial_of_an_agent_is_one_ring_however_often_its_end_is_told() -> None:
    dials = [event for event in of("DialBegin") if "Channel" in event and "@" not in event["DialString"]]
    rings = [ring for story in SESSION_STORIES.values() for ring in story["rings"]]
    assert len(rings) == len(dials) == 68
    assert all(ring["ended_at"] is not None for ring in rings)
    assert all(ring["rang_at"] <= ring["ended_at"] for ring in rings)


def test_busy_and_unanswered_phones_are_told_apart() -> None:
    results = Counter(
        (ring["agent"], ring["result"]) for story in SESSION_STORIES.values() for ring in story["rings"]
    )
    busy = [e for e in of("HangupRequest") if e.get("Cause") == "17"]
    assert results["PJSIP/1004", "busy"] == len(busy) == 15
    assert results["PJSIP/1003", "no_answer"] == 5
    assert results["PJSIP/1004", "no_answer"] == 0


def test_transfers_are_the_blind_ones_of_the_switch() -> None:
    expected = sorted(
        (e["TransfererLinkedid"], "blind", e["TransfererChannel"].rpartition("-")[0], e["Extension"])
        for e in of("BlindTransfer")
    )
    ours = sorted(
        (story["call_id"], transfer["kind"], transfer["by"], transfer["to"])
        for story in SESSION_STORIES.values()
        for transfer in story["transfers"]
    )
    assert ours == expected
    assert len(ours) == 13


def test_outcomes_of_the_session() -> None:
    outcomes = Counter(story["outcome"] for story in SESSION_STORIES.values())
    assert outcomes == {"answered": 34, "abandoned": 6, "unanswered": 1}


def test_a_transferred_call_by_hand() -> None:
    assert SESSION_STORIES["1795331468.39"] == {
        "call_id": "testpbx-1795331468.39",
        "ani": "79160000000",
        "dnis": "4951234567",
        "lines": ["sales"],
        "waited": 0.308288,
        "started": 1795331468.937961,
        "ended": 1795331474.581232,
        "rings": [
            {
                "agent": "PJSIP/1006",
                "rang_at": 1795331469.456721,
                "answered_at": 1795331469.763414,
                "ended_at": 1795331471.265589,
                "result": "answered",
            },
            {
                "agent": "PJSIP/1007",
                "rang_at": 1795331471.268307,
                "answered_at": 1795331471.576944,
                "ended_at": 1795331474.579546,
                "result": "answered",
            },
        ],
        "transfers": [{"kind": "blind", "by": "PJSIP/1006", "to": "1007", "at": 1795331471.264926}],
        "outcome": "answered",
    }


def test_an_abandoned_call_by_hand() -> None:
    story = SESSION_STORIES["1795331479.77"]
    assert (story["ani"], story["lines"], story["rings"], story["outcome"]) == (
        "79161000002",
        ["sales"],
        [],
        "abandoned",
    )


def test_busy_phones_before_the_one_that_answers_by_hand() -> None:
    story = SESSION_STORIES["1795331481.85"]
    assert [(ring["agent"], ring["result"]) for ring in story["rings"]] == [
        ("PJSIP/1004", "busy"),
        ("PJSIP/1004", "busy"),
        ("PJSIP/1004", "busy"),
        ("PJSIP/1004", "busy"),
        ("PJSIP/1001", "answered"),
    ]


def test_an_agents_own_call_is_no_clients_call_by_hand() -> None:
    story = SESSION_STORIES["1795331523.139"]
    assert (story["dnis"], story["lines"], story["rings"]) == ("979167770000", [], [])
    assert story["outcome"] == "unanswered"


def test_an_attended_transfer_by_hand() -> None:
    story = ATTENDED_STORIES["1795333597.39"]
    assert story["transfers"] == [
        {"kind": "attended", "by": "PJSIP/1002", "to": "1007", "at": 1795333600.918335}
    ]
    first, second = story["rings"]
    assert (first["agent"], first["answered_at"], first["ended_at"]) == (
        "PJSIP/1002",
        1795333598.29923,
        1795333600.918335,
    )
    assert (second["agent"], second["result"]) == ("PJSIP/1007", "answered")
    assert second["ended_at"] == pytest.approx(1795333602.615, abs=0.001)
    assert story["outcome"] == "answered"


def test_a_call_that_waited_before_the_capture_began_is_told_as_far_as_known() -> None:
    story = ATTENDED_STORIES["1795333576.24"]
    assert (story["ani"], story["lines"], story["outcome"]) == ("79160000001", ["default"], "answered")


@pytest.mark.parametrize("begin", range(0, len(SESSION), len(SESSION) // 23))
def test_a_capture_may_begin_anywhere(begin: int) -> None:
    """What begins after the cut is told the same; what was going on ends when it ended."""
    cut = told(SESSION[begin:])
    whole_after = [
        event["Linkedid"].rpartition("-")[2]
        for event in naive(SESSION[begin:])
        if event["Event"] == "Newchannel" and event["Uniqueid"] == event["Linkedid"]
    ]
    for call_id in whole_after:
        assert cut[call_id]["rings"] == SESSION_STORIES[call_id]["rings"]
        assert cut[call_id]["ani"] == SESSION_STORIES[call_id]["ani"]
        assert cut[call_id]["lines"] == SESSION_STORIES[call_id]["lines"]
    for call_id, story in cut.items():
        assert story["ended"] == SESSION_STORIES[call_id]["ended"]


@pytest.mark.parametrize("end", range(1000, len(SESSION), len(SESSION) // 23))
def test_a_capture_may_end_anywhere(end: int) -> None:
    """Calls still open at the end have neither end nor outcome; ended ones are told as ever."""
    for call_id, story in told(SESSION[:end]).items():
        if story["ended"] is None:
            assert story["outcome"] is None
        else:
            assert story == SESSION_STORIES[call_id]
