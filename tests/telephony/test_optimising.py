"""A Local channel that the switch takes out in mid-talk: for a millisecond the agent is in no bridge, and his talk goes on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from telephony.changes import CallAnswered, Change, TalkEnded
from telephony.events import BridgeEntered, ChannelHungUp, Event, OptimisationBegan, OptimisationEnded
from telephony.floor import Floor
from telephony.ids import Interface, PbxId
from tests.telephony.floors import events_of

pytestmark = pytest.mark.unit

STORIES = Path(__file__).parents[1] / "fixtures" / "ami" / "stories"
AGENT = Interface("PJSIP/1002")
EVENTS = events_of((STORIES / "attended-transfer-of-two-who-speak.ami").read_bytes())
BEGAN = next(at for at, event in enumerate(EVENTS) if isinstance(event, OptimisationBegan))
BACK = next(at for at, event in enumerate(EVENTS) if at > BEGAN and isinstance(event, BridgeEntered))
ENDED = next(at for at, event in enumerate(EVENTS) if isinstance(event, OptimisationEnded))


def of_agent(floor: Floor, events: list[Event]) -> list[Change]:
    changes = [change for event in events for change in floor.apply(event)]
    return [one for one in changes if isinstance(one, CallAnswered | TalkEnded) and one.interface == AGENT]


def test_the_talk_is_told_once_and_whole() -> None:
    answered, ended = of_agent(Floor(PbxId("test")), EVENTS)
    assert isinstance(answered, CallAnswered)
    assert isinstance(ended, TalkEnded)
    assert ended.talked == pytest.approx(ended.at - answered.at)
    assert EVENTS[BEGAN].at is not None
    assert ended.at > EVENTS[BEGAN].at > answered.at


def test_who_comes_into_no_bridge_talks_no_more_since_he_left() -> None:
    floor = Floor(PbxId("test"))
    assert len(of_agent(floor, EVENTS[:ENDED])) == 1
    floor = Floor(PbxId("test"))
    rest = [event for at, event in enumerate(EVENTS[: ENDED + 1]) if at != BACK]
    answered, ended = of_agent(floor, rest)
    left = EVENTS[BEGAN + 1].at
    assert (type(answered), type(ended), ended.at) == (CallAnswered, TalkEnded, left)


@pytest.mark.parametrize(
    "lost",
    [
        lambda at: at == ENDED,
        lambda at: at in (BACK, ENDED),
        lambda at: at >= BACK and not isinstance(EVENTS[at], ChannelHungUp),
    ],
    ids=["end", "arrival and end", "all but hang-ups"],
)
def test_a_lost_word_leaves_nobody_talking(lost: Callable[[int], bool]) -> None:
    floor = Floor(PbxId("test"))
    told = of_agent(floor, [event for at, event in enumerate(EVENTS) if not lost(at)])
    assert [type(one) for one in told] == [CallAnswered, TalkEnded]
    assert not any(agent.talking for agent in floor.agents.values())
