"""What callers are told of their place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.match import match
from routing.places import Caller
from routing.positions import positions
from routing.reserve import NO_RESERVE
from routing.room import Room
from routing.skills import Step
from routing.staff import Agent

pytestmark = pytest.mark.unit

BILLING, TECH = frozenset({("billing", 1)}), frozenset({("tech", 1)})


def test_higher_tiers_and_earlier_callers_go_before() -> None:
    room = Room()
    room.sign_on(Agent("a"), 0.0)
    for id_, tier, joined in (("x", "standard", 0.0), ("y", "standard", 5.0), ("z", "vip", 9.0)):
        room.join(Caller(id_, tier, joined), 10.0)
    assert positions(room) == {"z": 1, "x": 2, "y": 3}


def test_who_needs_other_agents_is_not_before_anybody() -> None:
    room = Room()
    room.sign_on(Agent("b", BILLING), 0.0)
    room.sign_on(Agent("t", TECH), 0.0)
    room.join(Caller("bill", "vip", 0.0, (Step(0.0, BILLING),)), 1.0)
    room.join(Caller("tech", "standard", 1.0, (Step(0.0, TECH),)), 1.0)
    assert positions(room) == {"bill": 1, "tech": 1}
    room.sign_on(Agent("both", BILLING | TECH), 0.0)
    assert positions(room) == {"bill": 1, "tech": 2}


@given(
    st.lists(st.tuples(st.sampled_from(["standard", "priority", "vip"]), st.integers(0, 2000)), max_size=15)
)
@settings(deadline=None)
def test_the_place_told_is_the_place_in_which_they_are_served(callers: list[tuple[str, int]]) -> None:
    room = Room()
    room.sign_on(Agent("a"), 0.0)
    for number, (tier, joined) in enumerate(callers):
        room.join(Caller(str(number), tier, float(joined)), 2000.0)
    told = positions(room)
    served = []
    while len(room):
        room.idle("a", 2000.0)
        served += [one.caller.id for one in match(room, NO_RESERVE, 2000.0)]
    assert served == sorted(told, key=lambda caller: told[caller])
