"""One-time tickets: good once, for a while, for the session that asked."""

import pytest

from app.live.tickets import LASTS_S, MOST, Holder, Tickets
from screenpop.messages import Viewer

pytestmark = pytest.mark.unit

HOLDER = Holder(
    Viewer(user_id=1, login="anna", name="Anna", role="agent", language="en", pbx=None, interface=None),
    b"session",
)


def test_a_ticket_is_good_once() -> None:
    tickets = Tickets()
    ticket = tickets.issue(HOLDER, now=100.0)
    assert tickets.redeem(ticket, now=100.0) == HOLDER
    assert tickets.redeem(ticket, now=100.0) is None


def test_a_ticket_is_good_for_a_while_only() -> None:
    tickets = Tickets()
    in_time, late = tickets.issue(HOLDER, now=100.0), tickets.issue(HOLDER, now=100.0)
    assert tickets.redeem(in_time, now=100.0 + LASTS_S - 0.1) == HOLDER
    assert tickets.redeem(late, now=100.0 + LASTS_S) is None


def test_tickets_of_a_session_that_ended_are_void() -> None:
    tickets = Tickets()
    other = HOLDER._replace(session=b"another")
    mine, his = tickets.issue(HOLDER, now=1.0), tickets.issue(other, now=1.0)
    tickets.void({b"session"})
    assert tickets.redeem(mine, now=1.0) is None
    assert tickets.redeem(his, now=1.0) == other


def test_whoever_asks_for_tickets_without_end_only_voids_the_oldest() -> None:
    tickets = Tickets()
    first = tickets.issue(HOLDER, now=1.0)
    last = [tickets.issue(HOLDER, now=1.0) for _ in range(MOST)][-1]
    assert tickets.redeem(first, now=1.0) is None
    assert tickets.redeem(last, now=1.0) == HOLDER
