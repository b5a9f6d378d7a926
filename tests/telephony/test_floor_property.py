"""Whatever a switch says, in whatever order, with whatever missing: the floor stays alive and consistent."""

from collections import Counter
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony import events as happened
from telephony.ami.translate import WANTED, TranslateError, translate
from telephony.ami.wire import Framer, Message
from telephony.changes import CallArrived, CallEnded, Change, LineJoined, RingResult
from telephony.events import DeviceState, Event, LegState
from telephony.floor import GRACE_S, Floor
from telephony.ids import PbxId
from tests.fakes.ami_script import AmiScript
from tests.telephony.floors import events_of
from tests.telephony.fuzz import END, recorded
from tests.telephony.invariants import check, later

pytestmark = pytest.mark.unit

PHONES = ["PJSIP/1001", "PJSIP/1002", "PJSIP/1003"]


def play(events: list[Event]) -> tuple[Floor, list[Change]]:
    floor = Floor(PbxId("p"))
    changes: list[Change] = []
    for event in events:
        changes += floor.apply(event)
    check(floor, changes)
    return floor, changes


# Plausible calls, damaged

LIFE = st.fixed_dictionaries(
    {
        "queue": st.sampled_from(["sales", "support", None]),
        "attempts": st.lists(
            st.tuples(st.sampled_from(PHONES), st.sampled_from(["NOANSWER", "BUSY", "CANCEL"])), max_size=3
        ),
        "answer": st.one_of(st.none(), st.sampled_from(PHONES)),
        "room": st.booleans(),
        "orphaned": st.booleans(),
        "hold": st.booleans(),
        "blind": st.one_of(st.none(), st.sampled_from(PHONES)),
        "client_ends": st.booleans(),
        "start": st.floats(0, 20),
    }
)


def tell(index: int, life: dict[str, object]) -> list[Event]:
    script = AmiScript(now=1_795_000_000.0 + float(str(life["start"])))
    script.number_from(1 + index * 1000)
    caller = script.arrives()
    queue = life["queue"] if isinstance(life["queue"], str) else None
    room = queue is not None and life["room"] is True
    joined = script.now
    if queue and room:
        script.stays(caller, queue, 1, joined)
    elif queue:
        script.joins(caller, queue)
    attempts = life["attempts"]
    assert isinstance(attempts, list)
    for phone, status in attempts:
        leg = (
            script.rings_for(caller, phone, queue, 1, joined)
            if queue and room
            else script.rings(caller, phone, queue)
        )
        script.wait(0.5)
        if status == "BUSY":
            script.far_end_hangs_up(leg, 17)
        script.dial_ends(caller, leg, status)
        script.dial_ends(caller, leg, "CANCEL")
        if queue and room:
            script.unanswered(caller, phone, status)
            script.stays(caller, queue, 1, joined)
        script.gone(leg, 26)
    if queue and room and life["orphaned"]:
        script.wait(5)
        script.joins(caller, queue)
        room = False
    if isinstance(life["answer"], str):
        if queue and room:
            leg = script.rings_for(caller, life["answer"], queue, 1, joined)
            script.picks_up(caller, leg)
        else:
            leg = script.rings(caller, life["answer"], queue)
            script.picks_up(caller, leg, queue)
        if life["hold"]:
            script.holds(leg)
            script.resumes(leg)
        if isinstance(life["blind"], str):
            script.blind_transfer(leg, "1003")
            script.leaves_bridge(caller)
            script.gone(leg, 26)
            leg = script.rings(caller, life["blind"])
            script.picks_up(caller, leg)
        script.far_end_hangs_up(caller if life["client_ends"] else leg, 16)
        script.gone(leg)
    elif queue:
        if life["client_ends"]:
            script.far_end_hangs_up(caller)
        elif room:
            script.leaves_room(caller, queue, "timed_out")
        if not room:
            script.leaves(caller, queue, unserved=True)
    script.gone(caller, 0 if life["client_ends"] else 16)
    return events_of(script.bytes())


@settings(max_examples=150, deadline=None)
@given(lives=st.lists(LIFE, min_size=1, max_size=5))
def test_whole_streams_end_with_every_call_ended_and_nothing_unknown(lives: list[dict[str, object]]) -> None:
    events = sorted(
        (event for index, life in enumerate(lives) for event in tell(index, life)),
        key=lambda event: event.at or 0,
    )
    floor, changes = play(events)
    changes += later(floor, 1)
    check(floor, changes)
    joined = Counter(change.call for change in changes if isinstance(change, LineJoined))
    assert all(times == 1 for times in joined.values()), "from room to queue and back is one wait"
    arrived = [change.call for change in changes if isinstance(change, CallArrived)]
    ended = [change.call for change in changes if isinstance(change, CallEnded)]
    assert sorted(arrived) == sorted(ended) == sorted(set(arrived))
    assert not floor.unknown
    later(floor, GRACE_S + 1)
    assert floor.calls == {}
    assert all(not queue.waiting for queue in floor.queues.values())


@settings(max_examples=250, deadline=None)
@given(lives=st.lists(LIFE, min_size=1, max_size=4), data=st.data())
def test_damaged_streams_never_break_the_floor(lives: list[dict[str, object]], data: st.DataObject) -> None:
    """Dropped, repeated, cut at both ends, reordered by up to a few events."""
    events = sorted(
        (event for index, life in enumerate(lives) for event in tell(index, life)),
        key=lambda event: event.at or 0,
    )
    size = len(events)
    dropped = data.draw(st.sets(st.integers(0, size - 1), max_size=size // 3))
    repeated = data.draw(st.sets(st.integers(0, size - 1), max_size=5))
    shifts = data.draw(st.dictionaries(st.integers(0, size - 1), st.integers(-4, 4), max_size=10))
    order = sorted(range(size), key=lambda index: (index + shifts.get(index, 0), index))
    begin, end = sorted((data.draw(st.integers(0, size)), data.draw(st.integers(0, size))))
    mutated = [
        events[index]
        for index in order[begin:end]
        if index not in dropped
        for _ in range(2 if index in repeated else 1)
    ]
    floor, changes = play(mutated)
    for seconds in (2.0, GRACE_S + 1, GRACE_S + 1):
        changes += later(floor, seconds)
        check(floor, changes)
    assert all(call.legs for call in floor.calls.values()), "no call without a leg stays"


# Anything at all

IDS = st.sampled_from([f"c{number}" for number in range(6)])
VALUES: dict[str, st.SearchStrategy[object]] = {
    "at": st.one_of(st.none(), st.floats(0, 100), st.floats(0, 1e10)),
    "channel": IDS,
    "second": IDS,
    "caller": IDS,
    "one": IDS,
    "two": IDS,
    "source": st.one_of(st.none(), IDS),
    "call": IDS,
    "second_call": IDS,
    "caller_call": IDS,
    "two_call": IDS,
    "source_call": st.one_of(st.none(), IDS),
    "cause": st.sampled_from([0, 16, 17, 21, 26, 34]),
    "state": st.sampled_from(list(LegState)),
    "result": st.sampled_from(list(RingResult)),
    "bridge": st.sampled_from(["b1", "b2"]),
    "queue": st.sampled_from(["sales", "support"]),
    "position": st.integers(-1, 4),
    "interface": st.sampled_from([*PHONES, "Local/1@agents"]),
    "device": st.sampled_from(PHONES),
    "dial": st.sampled_from(["1001", "PJSIP/1002", "7916@trunk", ""]),
    "paused": st.booleans(),
    "there": st.booleans(),
    "threeway": st.booleans(),
    "alone": st.booleans(),
    "succeeded": st.booleans(),
    "fields": st.just({}),
    "priority": st.one_of(st.none(), st.integers(0, 3)),
    "joined_at": st.one_of(st.none(), st.floats(0, 100), st.floats(0, 1e10)),
    "timed_out": st.booleans(),
}
CHANNEL_NAMES = st.sampled_from(
    [
        "PJSIP/trunk-1",
        "PJSIP/1001-1",
        "PJSIP/1002-1",
        "Local/1@agents-1;1",
        "Local/1@agents-1;2",
        "CBAnn/x",
        "",
    ]
)


def anything(kind: type) -> st.SearchStrategy[object]:
    fields = [field.name for field in msgspec.structs.fields(kind)]
    values = {name: VALUES.get(name, CHANNEL_NAMES) for name in fields}
    if kind is happened.DeviceStateChanged:
        values["state"] = st.sampled_from(list(DeviceState))
    return st.builds(kind, **values)


@settings(max_examples=500, deadline=None)
@given(events=st.lists(st.one_of([anything(kind) for kind in get_args(Event)]), max_size=60))
def test_any_events_at_all_never_break_the_floor(events: list[Event]) -> None:
    floor, changes = play(events)
    for seconds in (2.0, GRACE_S + 1, GRACE_S + 1):
        changes += later(floor, seconds)
        check(floor, changes)
    assert all(call.legs for call in floor.calls.values())


# Any words in any header

RECORDED = {Framer().feed(block + END)[0].name: block for story in recorded()[0] for block in story}
CHANNEL_IDS = ["c1", "c2", "c3"]
WORDS = st.one_of(
    st.sampled_from([*CHANNEL_IDS, "", "0", "-1", "1e308", "nan", "inf", "<unknown>", "Success", *PHONES]),
    st.text(st.characters(exclude_characters="\r\n"), max_size=12),
    st.floats(0, 1e12).map(str),
    st.integers().map(str),
)


def reworded(block: bytes, words: dict[str, str]) -> Message:
    lines = [line.partition(": ") for line in block.decode("utf-8", "surrogateescape").split("\r\n")]
    text = "\r\n".join(f"{name}{colon}{words.get(name, value)}" for name, colon, value in lines)
    (message,) = Framer().feed(text.encode("utf-8", "surrogatepass") + END)
    return message


MESSAGES = st.builds(
    reworded,
    st.sampled_from([block for name, block in sorted(RECORDED.items()) if name in WANTED]),
    st.dictionaries(
        st.sampled_from(sorted(name.decode() for name in recorded()[1] if name)), WORDS, max_size=8
    ),
)


@settings(max_examples=200, deadline=None)
@given(messages=st.lists(MESSAGES, max_size=20), seconds=st.floats(0, 100))
def test_any_words_in_any_header_are_refused_or_understood(messages: list[Message], seconds: float) -> None:
    floor = Floor(PbxId("p"))
    changes: list[Change] = []
    for message in messages:
        try:
            event = translate(message)
        except TranslateError:
            continue
        changes += floor.apply(event) if event is not None else []
        changes += floor.tick(floor.now + seconds)
    check(floor, changes)
