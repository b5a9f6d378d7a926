"""A priority that we changed: the switch tells it in no event of its own, ours stands in its stream."""

import pytest

from telephony.ami.translate import TranslateError, translate
from telephony.ami.wire import Framer
from telephony.changes import QueueChanged
from tests.fakes.ami_script import AmiScript, Channel
from tests.telephony.floors import Watched

pytestmark = pytest.mark.unit


@pytest.fixture
def seen() -> Watched:
    return Watched()


@pytest.fixture
def waiting(seen: Watched) -> list[Channel]:
    """Three callers of one line, in the order of their coming."""
    callers = [seen.script.arrives(str(number)) for number in (1, 2, 3)]
    for position, caller in enumerate(callers, 1):
        seen.script.joins(caller, "sales", position)
    seen.hear()
    return callers


def tell(seen: Watched, caller: Channel, position: int, behind: Channel | None, queue: str = "sales") -> None:
    told = {"UserEvent": "TierlinePriority", "Queue": queue, "Caller": caller.uniqueid, "Priority": "9"}
    seen.script.say(
        "UserEvent", {**told, "Position": str(position), "Behind": behind.uniqueid if behind else ""}
    )
    seen.hear()


def order(seen: Watched) -> list[str]:
    return [place.channel for place in seen.floor.queues["sales"].waiting]  # type: ignore[index]


def test_a_raised_caller_stands_before_the_others(seen: Watched, waiting: list[Channel]) -> None:
    first, second, third = waiting
    tell(seen, third, 1, None)
    assert order(seen) == [third.uniqueid, first.uniqueid, second.uniqueid]
    assert [p.priority for p in seen.floor.queues["sales"].waiting] == [9, None, None]  # type: ignore[index]
    assert seen.changes[-1] == QueueChanged(seen.changes[-1].at, "sales")  # type: ignore[arg-type]


def test_he_stands_right_behind_whom_the_switch_said(seen: Watched, waiting: list[Channel]) -> None:
    first, second, third = waiting
    tell(seen, third, 2, first)
    assert order(seen) == [first.uniqueid, third.uniqueid, second.uniqueid]


def test_that_one_may_have_moved_on_by_then(seen: Watched, waiting: list[Channel]) -> None:
    """He was second when asked; before it was told a newcomer of great weight joined in front."""
    first, second, third = waiting
    vip = seen.script.arrives("4")
    seen.script.joins(vip, "sales", 1)
    tell(seen, third, 2, first)
    assert order(seen) == [vip.uniqueid, first.uniqueid, third.uniqueid, second.uniqueid]


def test_when_that_one_has_left_he_stands_where_that_one_stood(seen: Watched, waiting: list[Channel]) -> None:
    first, second, third = waiting
    seen.script.leaves(first, "sales", 1)
    tell(seen, third, 2, first)
    assert order(seen) == [third.uniqueid, second.uniqueid]


def test_who_waits_no_more_or_elsewhere_stays_where_he_is(seen: Watched, waiting: list[Channel]) -> None:
    first, second, third = waiting
    tell(seen, third, 1, None, queue="support")
    seen.script.leaves(second, "sales", 2)
    tell(seen, second, 1, None)
    assert order(seen) == [first.uniqueid, third.uniqueid]
    assert seen.floor.unknown.total() == 2


@pytest.mark.parametrize(
    "headers",
    [{}, {"Queue": "sales"}, {"Queue": "sales", "Caller": "a.1", "Priority": "much", "Position": "1"}],
)
def test_half_a_word_is_no_event(headers: dict[str, str]) -> None:
    script = AmiScript()
    script.say("UserEvent", {"UserEvent": "TierlinePriority", **headers})
    (message,) = Framer(None).feed(b"Asterisk Call Manager/11.0.0\r\n" + b"".join(script.blocks))
    with pytest.raises(TranslateError):
        translate(message)
