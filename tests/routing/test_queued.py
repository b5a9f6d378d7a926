"""The reserve as pauses, where Asterisk distributes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.queued import ACTIONS_PER_CALL, AGAIN_S, SAVED, Member, Pauses, Reservation, pauses

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


@settings(deadline=None)
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


AGENTS = [f"agent-{number}" for number in range(10)]


class Line:
    """Ten agents, a switch that carries orders out when told to, and callers that come and go."""

    def __init__(self) -> None:
        self.now = 0.0
        self.reservation = Reservation()
        self.idle: dict[str, float] = {}
        self.on_duty: set[str] = set()
        self.paused: set[str] = set()
        self.orders: list[tuple[str, bool]] = []
        self.actions = self.calls = 0
        self.reservation.want(0, 0.0)

    def tell(self, agent: str) -> None:
        if agent in self.on_duty:
            self.reservation.member(agent, True, self.idle.get(agent), agent in self.paused)
        else:
            self.paused.discard(agent)
            self.reservation.gone(agent)
        self.ask()

    def ask(self) -> None:
        free, keep = self.reservation.due(self.now)
        new = [(one, False) for one in free] + [(one, True) for one in keep]
        under_way = {agent for agent, _ in self.orders}
        assert not under_way & {agent for agent, _ in new}, "two orders for one agent"
        self.orders += new
        self.actions += len(new)

    def carry_out(self, done: bool = True) -> None:
        while self.orders:
            agent, kept = self.orders.pop(0)
            if done and agent in self.on_duty:
                (self.paused.add if kept else self.paused.discard)(agent)
            self.reservation.answered(agent, done, self.now)
            self.tell(agent)

    def step(self, what: str, agent: str, kept: int) -> None:
        self.now += 1.0
        if what == "want":
            self.reservation.want(kept, self.now)
        elif what == "off":
            self.on_duty.discard(agent)
            self.idle.pop(agent, None)
        elif what == "rest" or agent not in self.on_duty:
            self.on_duty.add(agent)
            self.idle[agent] = self.now
        else:
            self.calls += 1
            self.reservation.came()
            self.idle.pop(agent, None)
        self.tell(agent)


steps = st.lists(
    st.tuples(
        st.sampled_from(["want", "off", "rest", "rest", "rest", "call", "call"]),
        st.sampled_from(AGENTS),
        st.integers(0, 8),
        st.sampled_from(["done", "done", "later", "refused"]),
    ),
    max_size=120,
)


@settings(deadline=None)
@given(steps)
def test_pauses_settle_and_are_few_whatever_the_switch_does(those: list[tuple[str, str, int, str]]) -> None:
    one = Line()
    for what, agent, kept, answer in those:
        one.step(what, agent, kept)
        if answer != "later":
            one.carry_out(done=answer == "done")
        assert one.actions <= SAVED + ACTIONS_PER_CALL * one.calls + len(AGENTS) // 2
    for _ in range(3):  # what was refused is asked again, and everything is done now
        one.now += AGAIN_S + 1
        one.ask()
        one.carry_out()
    assert len(one.paused) <= len(one.on_duty) // 2
    assert one.paused <= one.idle.keys()
    for _ in range(200):
        one.reservation.came()
    one.ask()
    one.carry_out()
    assert len(one.paused) == min(one.reservation.wanted, len(one.idle))
    quiet = one.actions
    for agent in AGENTS:
        one.tell(agent)
    assert one.actions == quiet
