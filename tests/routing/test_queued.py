"""The reserve as pauses, where Asterisk distributes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.queued import Member, Pauses, pauses

pytestmark = pytest.mark.unit


def test_the_shortest_idle_are_kept_because_the_queue_rings_the_longest_idle() -> None:
    members = [
        Member("a", 1.0, False),
        Member("b", 3.0, False),
        Member("c", 2.0, False),
        Member("d", None, False),
    ]
    assert pauses(members, 2) == Pauses((), ("b", "c"))


def test_who_is_kept_stays_kept_while_he_is_idle() -> None:
    assert pauses([Member("a", 1.0, True), Member("b", 3.0, False)], 1) == Pauses((), ())


def test_a_kept_member_who_took_a_vip_is_replaced() -> None:
    assert pauses([Member("a", None, True), Member("b", 3.0, False)], 1) == Pauses(("a",), ("b",))


def test_a_smaller_reserve_frees_the_rest() -> None:
    assert pauses([Member("a", 1.0, True), Member("b", 3.0, True)], 1) == Pauses(("a",), ())
    assert pauses([Member("a", 1.0, True), Member("b", 3.0, True)], 0) == Pauses(("a", "b"), ())


members = st.lists(
    st.builds(
        Member,
        st.sampled_from("abcdefgh"),
        st.one_of(st.none(), st.floats(0, 100)),
        st.booleans(),
    ),
    unique_by=lambda one: one.interface,
)


@given(members, st.integers(0, 5))
def test_afterwards_as_many_idle_ones_are_kept_as_asked_and_no_others(those: list[Member], kept: int) -> None:
    change = pauses(those, kept)
    after = {one.interface for one in those if one.kept} - set(change.free) | set(change.keep)
    idle = {one.interface for one in those if one.idle_since is not None}
    assert after <= idle
    assert len(after) == min(kept, len(idle))
    assert not set(change.free) & set(change.keep)
    settled = [one._replace(kept=one.interface in after) for one in those]
    assert pauses(settled, kept) == Pauses((), ())
