"""Every story recorded on a real switch: told whole, in any pieces, from anywhere to anywhere, and damaged."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.changes import CallEnded, Change, RingEnded, RingResult
from telephony.events import DeviceStateChanged, DialEnded, Event, HangupAsked
from telephony.floor import GRACE_S, Floor
from telephony.ids import PbxId
from telephony.stories import stories_of_capture
from tests.telephony.floors import events_of, naive
from tests.telephony.invariants import check, later

pytestmark = pytest.mark.unit

CAPTURES = {
    path.stem: path.read_bytes()
    for path in sorted((Path(__file__).parents[1] / "fixtures" / "ami" / "stories").glob("*.ami"))
}
EVENTS = {
    name: [event for event in events_of(data) if not isinstance(event, DeviceStateChanged)]
    for name, data in CAPTURES.items()
}
MISSED_IN_A_GAP = {
    "calls-through-a-broken-link",
    "call-that-ended-while-the-link-was-broken",
    "rung-by-another-after-a-broken-link",
    "transferred-while-the-link-was-broken",
}
"""Only their snapshots tell what events did not."""


BEGUN_BEFORE_OR_MISSED = MISSED_IN_A_GAP | {
    "calls-from-before-the-connection",
    "directed-found-ringing-after-a-restart",
    "directed-from-before-the-connection",
    "directed-served-while-the-link-was-broken",
    "directed-through-a-broken-link-while-ringing",
    "directed-through-a-broken-link-while-waiting",
}


def expected(name: str) -> Any:
    path = Path(__file__).parents[1] / "fixtures" / "ami" / "stories" / f"{name}.json"
    return json.loads(path.read_text())


@pytest.fixture(params=sorted(CAPTURES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_told_whole(name: str) -> None:
    assert stories_of_capture([CAPTURES[name]]) == expected(name)


def test_a_call_keeps_its_identity_through_all_of_it(name: str) -> None:
    """Counted without our code: its first leg's caller is its caller to the end, and it has waited as long as the
    switch says that leg, or who gave it his place, stood in queues, whoever talked with it in between."""
    blocks = [told for told in naive(CAPTURES[name]) if "Privilege" in told]
    first = {told["Uniqueid"]: told for told in blocks if _begins_a_call(told)}
    transfers = [told for told in blocks if told["Event"] == "AttendedTransfer" and told["DestType"] == "App"]
    gave_to = {told["SecondTransfererUniqueid"]: told["TransfereeUniqueid"] for told in transfers}
    for story in expected(name):
        if story["call_id"] in first:
            number = first[story["call_id"]]["CallerIDNum"]
            assert story["ani"] == (None if number == "<unknown>" else number)
        if name not in BEGUN_BEFORE_OR_MISSED:
            roomy = any(told.get("UserEvent") == "TierlineWaiting" for told in blocks)
            stand = _stood_on_lines if roomy else _stood_in_queues
            stood = stand(blocks, story["call_id"], gave_to)
            assert story["waited"] == pytest.approx(stood, abs=0.000_01)
            assert (story["waited"] > 0) == bool(story["lines"])


def _begins_a_call(told: dict[str, str]) -> bool:
    return told["Event"] == "Newchannel" and told["Uniqueid"] == told["Linkedid"]


def _stood_in_queues(blocks: list[dict[str, str]], channel: str, gave_to: dict[str, str]) -> float:
    stood, since = 0.0, None
    for told in blocks:
        if told.get("Uniqueid") != channel and gave_to.get(told.get("Uniqueid", "")) != channel:
            continue
        if told["Event"] == "QueueCallerJoin":
            since = float(told["Timestamp"])
        elif told["Event"] == "QueueCallerLeave" and since is not None:
            stood, since = stood + float(told["Timestamp"]) - since, None
    return stood


def _stood_on_lines(blocks: list[dict[str, str]], channel: str, gave_to: dict[str, str]) -> float:
    """In our own room too, which he enters and leaves for a queue or a ring within one and the same wait."""
    waits: list[tuple[str, float, float | None]] = []
    inside: Counter[str] = Counter()
    for told in blocks:
        at, what = float(told.get("Timestamp", "0")), told.get("UserEvent", told["Event"])
        if what == "BridgeEnter":
            inside[told["BridgeUniqueid"]] += 1
        queue, since, left = waits[-1] if waits else ("", 0.0, 0.0)
        if what == "BridgeEnter" and inside[told["BridgeUniqueid"]] == 2 and left is None:
            waits[-1] = (queue, since, at)
        if told.get("Uniqueid") != channel:
            continue
        if what in {"TierlineWaiting", "TierlineRinging"} and queue == told["Queue"]:
            waits[-1] = (queue, since, None)
        elif what in {"TierlineWaiting", "QueueCallerJoin"} and (queue != told["Queue"] or left is not None):
            if waits and left is None:
                waits[-1] = (queue, since, at)
            began = float(told["Joined"]) if "Joined" in told and not waits else at
            waits.append((told["Queue"], began, None))
        elif what in {"QueueCallerLeave", "TierlineLeft", "Hangup"} and waits and left is None:
            waits[-1] = (queue, since, at)
    return sum((left or 0.0) - since for _, since, left in waits)


def test_told_in_chunks_cut_at_random(name: str) -> None:
    data, chance = CAPTURES[name], random.Random(name)
    cuts = sorted(chance.sample(range(len(data)), 200))
    chunks = [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert stories_of_capture(chunks) == expected(name)


def test_told_byte_by_byte_for_one_of_them() -> None:
    data = CAPTURES["blind-transfer-by-refer"]
    chunks = [data[at : at + 1] for at in range(len(data))]
    assert stories_of_capture(chunks) == expected("blind-transfer-by-refer")


def test_a_capture_may_begin_and_end_anywhere(name: str) -> None:
    """What has ended is told with an outcome; what began after the cut has not lost its client."""
    data, chance = CAPTURES[name], random.Random(name)
    whole = {story["call_id"]: story for story in expected(name)}
    for _ in range(10):
        begin, end = sorted(chance.sample(range(len(data)), 2))
        for story in stories_of_capture([data[begin:end]]):
            assert (story["ended"] is None) == (story["outcome"] is None)
        for story in stories_of_capture([data[:end]]):
            if story["ended"] is not None and story["call_id"] in whole:
                assert story["ani"] == whole[story["call_id"]]["ani"]


def test_the_floor_is_empty_after_it(name: str) -> None:
    if name in MISSED_IN_A_GAP:
        pytest.skip("its events alone do not tell of every end")
    floor, changes = played(EVENTS[name])
    changes += later(floor, 2.0)
    changes += later(floor, GRACE_S + 1)
    check(floor, changes)
    assert floor.calls == {}
    assert not any(agent.talking or agent.ringing for agent in floor.agents.values())
    ended = [change.call for change in changes if isinstance(change, CallEnded)]
    assert len(ended) == len(set(ended))


def played(events: list[Event]) -> tuple[Floor, list[Change]]:
    floor = Floor(PbxId("stories"))
    changes = [change for event in events for change in floor.apply(event)]
    check(floor, changes)
    return floor, changes


def test_a_forwarded_ring_is_known_for_one_though_its_cause_comes_late() -> None:
    """Seen live: the end of the dial before the 302 that caused it."""
    events = list(EVENTS["forwarded"])
    cause = next(event for event in events if isinstance(event, HangupAsked) and event.cause == 23)
    events.remove(cause)
    end = next(index for index, event in enumerate(events) if isinstance(event, DialEnded))
    events.insert(end + 1, cause)
    _, changes = played(events)
    results = [change.result for change in changes if isinstance(change, RingEnded)]
    assert results == [RingResult.ELSEWHERE, RingResult.ANSWERED]


@settings(max_examples=300, deadline=None)
@given(told=st.sampled_from(sorted(CAPTURES)), other=st.sampled_from(sorted(CAPTURES)), data=st.data())
def test_damaged_stories_never_break_the_floor(told: str, other: str, data: st.DataObject) -> None:
    """Two stories at once, with events dropped, repeated, late, and both ends cut off."""
    one, two = EVENTS[told], EVENTS[other]
    turns = data.draw(st.lists(st.booleans(), min_size=len(one) + len(two), max_size=len(one) + len(two)))
    left, right = iter(one), iter(two)
    events = [event for turn in turns if (event := next(left if turn else right, None)) is not None]
    size = len(events)
    dropped = data.draw(st.sets(st.integers(0, size - 1), max_size=12))
    repeated = data.draw(st.sets(st.integers(0, size - 1), max_size=5))
    shifts = data.draw(st.dictionaries(st.integers(0, size - 1), st.integers(-5, 5), max_size=8))
    order = sorted(range(size), key=lambda at: (at + shifts.get(at, 0), at))
    begin, end = sorted((data.draw(st.integers(0, size)), data.draw(st.integers(0, size))))
    mutated = [
        events[at] for at in order[begin:end] if at not in dropped for _ in range(2 if at in repeated else 1)
    ]
    floor, changes = played(mutated)
    for seconds in (2.0, GRACE_S + 1, GRACE_S + 1):
        changes += later(floor, seconds)
        check(floor, changes)
    assert all(call.legs for call in floor.calls.values()), "no call without a leg stays"
