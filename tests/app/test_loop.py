"""A real session through the core loop, on switches whose clocks are wrong or set in the middle of calls."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.calls.recording import Identity, Recorder
from app.loop import CoreLoop
from screenpop.sources import Instant
from telephony.ami.translate import WANTED, translate
from telephony.ami.wire import Framer
from telephony.changes import CallAnswered, CallEnded, Change, TalkEnded
from telephony.clock import SwitchClock
from telephony.events import Event
from telephony.floor import Floor
from telephony.ids import PbxId

pytestmark = pytest.mark.unit

SESSION = Path(__file__).parents[1] / "fixtures" / "ami" / "session-40-calls.ami"
LATE_S = 0.003
"""How long an event is on its way."""

OurMoment = Callable[[float], float]


def told() -> list[Event]:
    """Of a session of 41 calls, with the switch's timestamps."""
    events = (translate(one) for one in Framer(WANTED).feed(SESSION.read_bytes()) if one.name)
    return [event for event in events if event is not None and event.at is not None]


EVENTS = told()
TRUE_TIMES = [event.at or 0.0 for event in EVENTS]
BEGAN, TOOK = TRUE_TIMES[0], TRUE_TIMES[-1] - TRUE_TIMES[0]


class Listeners:
    """Screens and effects: what is shown and what is stored."""

    def __init__(self, floor: Floor) -> None:
        self.changes: list[Change] = []
        self.rows: dict[str, dict[str, Any]] = {}
        self._floor = floor
        self._recorder = Recorder(lambda pbx, queue: str(queue), lambda raw: raw)

    def batch(self, floor: Floor, changes: list[Change], received: Instant | None = None) -> None:
        if received is not None:  # the screens' call; the effects' has none
            self.changes += changes
            for row in self._recorder.calls(floor, changes, lambda *_: Identity()):
                self.rows[row["call_id"]] = row

    def rebuilt(self, floor: Floor) -> None:
        raise AssertionError("nothing is rebuilt here")

    def link(self, pbx: str, state: str, why: str | None) -> None:
        raise AssertionError("the link holds")


def heard(wrong: Callable[[float], float]) -> Listeners:
    """The session on a switch whose clock is `wrong(true moment)` seconds ahead."""
    floor, now, clock = Floor(PbxId("main")), [0.0], SwitchClock()
    listeners = Listeners(floor)
    loop = CoreLoop(floor, listeners, listeners, clock, our_time=lambda: now[0])
    clock.compared(BEGAN, BEGAN + wrong(BEGAN), BEGAN)
    loop.clock_compared()
    for event, at in zip(told(), TRUE_TIMES, strict=True):
        now[0] = at + LATE_S
        event = type(event)(**{**fields(event), "at": at + wrong(at)})
        loop.events([event], 0.0)
    return listeners


def fields(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


RIGHT = heard(lambda _: 0.0)


@pytest.mark.parametrize("wrong", [-3600.0, 3600.0, 86_400.0 * 400])
def test_a_clock_that_is_wrong_all_the_time_changes_nothing_that_is_shown_or_stored(wrong: float) -> None:
    assert_alike(heard(lambda _: wrong), within_s=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.floats(0.0, 1.0), st.floats(-7200.0, 7200.0)),
        min_size=1,
        max_size=5,
    )
)
def test_a_clock_that_is_set_in_mid_call_makes_no_wait_negative(steps: list[tuple[float, float]]) -> None:
    """`steps`: at which part of the session it is set, and how far from the truth."""
    marks = sorted((BEGAN + share * TOOK, ahead) for share, ahead in steps)

    def wrong(at: float) -> float:
        return next((ahead for since, ahead in reversed(marks) if at >= since), 0.0)

    listeners = heard(wrong)
    for change in listeners.changes:
        assert not isinstance(change, CallAnswered) or change.waited >= 0.0
        assert not isinstance(change, TalkEnded) or change.talked >= 0.0
    for row in listeners.rows.values():
        for length in (row["wait_s"], row["total_wait_s"], row["talk_s"]):
            assert length is None or length >= 0.0
        assert row["ended_at"] is None or row["started_at"] <= row["ended_at"]


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("ahead", [-3600.0, 3600.0])
def test_a_clock_that_is_set_by_an_hour_costs_no_call_its_times(share: float, ahead: float) -> None:
    """To the precision with which an event tells the time: it may be as wrong as the event is late."""
    set_at = BEGAN + share * TOOK
    assert_alike(heard(lambda at: ahead if at >= set_at else 0.0), within_s=0.3)


def assert_alike(listeners: Listeners, within_s: float) -> None:
    assert listeners.rows.keys() == RIGHT.rows.keys()
    assert sum(isinstance(change, CallEnded) for change in listeners.changes) == 41
    for call, row in listeners.rows.items():
        for name, value in row.items():
            right = RIGHT.rows[call][name]
            if isinstance(right, float):
                assert value == pytest.approx(right, abs=within_s), (call, name)
            elif hasattr(right, "timestamp"):
                assert value.timestamp() == pytest.approx(right.timestamp(), abs=within_s), (call, name)
            else:
                assert value == right, (call, name)
