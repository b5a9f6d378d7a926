"""Passwords, secrets and attempts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadInput
from app.identity.rules import (
    FAILURES_PER_ADDRESS,
    FAILURES_PER_LOGIN,
    WINDOW_S,
    Throttle,
    check_password,
    check_scopes,
    clean_login,
    digest,
    handed_out,
    network_of,
    taken_apart,
)

pytestmark = pytest.mark.unit


def fail(throttle: Throttle, times: int, login: str = "anna", address: str = "192.0.2.1") -> None:
    for _ in range(times):
        throttle.count(login, address, 0.0)


def test_the_last_allowed_failure_closes_the_door_until_the_window_ends() -> None:
    throttle = Throttle()
    fail(throttle, FAILURES_PER_LOGIN - 1)
    assert throttle.wait("anna", "192.0.2.1", 1.0) == 0
    fail(throttle, 1)
    assert throttle.wait("anna", "192.0.2.1", 1.0) == WINDOW_S - 1
    assert throttle.wait("anna", "192.0.2.1", WINDOW_S) == 0


def test_one_login_s_failures_do_not_hinder_his_neighbours_or_himself_elsewhere() -> None:
    throttle = Throttle()
    fail(throttle, FAILURES_PER_LOGIN)
    assert throttle.wait("boris", "192.0.2.1", 1.0) == 0
    assert throttle.wait("anna", "192.0.2.2", 1.0) == 0


def test_trying_many_logins_from_one_address_is_stopped_too() -> None:
    throttle = Throttle()
    for number in range(FAILURES_PER_ADDRESS):
        fail(throttle, 1, login=f"user{number}")
    assert throttle.wait("fresh", "192.0.2.1", 1.0) > 0


def test_a_whole_office_may_sign_in_from_one_address() -> None:
    throttle = Throttle()
    for number in range(FAILURES_PER_ADDRESS * 3):
        assert throttle.wait(f"user{number}", "192.0.2.1", 1.0) == 0
        throttle.count(f"user{number}", "192.0.2.1", 1.0)
        throttle.succeeded(f"user{number}", "192.0.2.1", 1.0)


def test_memory_is_bounded() -> None:
    throttle = Throttle(size=20)
    for number in range(500):
        throttle.count(f"user{number}", f"192.0.2.{number % 250}", 0.0)
    assert len(throttle._counts) == 20


def test_changing_the_address_inside_one_s_own_network_does_not_help() -> None:
    throttle = Throttle()
    for number in range(FAILURES_PER_LOGIN):
        throttle.count("anna", f"2001:db8::{number:x}", 0.0)
    assert throttle.wait("anna", "2001:db8::ffff", 1.0) > 0
    assert network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("testclient") == "testclient"


@given(st.integers(0, 10**17), st.text("abcXYZ019-_", min_size=1, max_size=80))
def test_what_was_handed_out_is_recognised(project_id: int, secret: str) -> None:
    assert taken_apart(handed_out(project_id, secret)) == (project_id, digest(secret))


@pytest.mark.parametrize(
    "value", [None, "", ".", "1.", ".x", "x.y", "-1.x", "²3.x", "1" * 30 + ".x", "1." + "x" * 101]
)
def test_what_we_never_handed_out_is_refused_without_a_question_to_the_database(value: str | None) -> None:
    assert taken_apart(value) is None


@given(st.text(max_size=120))
def test_any_text_at_all_may_stand_in_the_cookie(value: str) -> None:
    apart = taken_apart(value)
    assert apart is None or 0 <= apart[0] < 10**18


def test_logins_are_the_same_in_upper_and_lower_case() -> None:
    assert clean_login("  Anna.Petrova ") == "anna.petrova"


@pytest.mark.parametrize("login", ["", "   ", "two words", "tab\there", "x" * 101])
def test_odd_logins_are_refused(login: str) -> None:
    with pytest.raises(BadInput, match="1–100 characters"):
        clean_login(login)


@pytest.mark.parametrize(
    ("password", "because"), [("short", "too short"), ("x" * 201, "too long"), ("Supervisor", "equals")]
)
def test_weak_passwords_are_refused_with_the_reason(password: str, because: str) -> None:
    with pytest.raises(BadInput, match=because):
        check_password(password, "supervisor")


def test_scopes_are_a_closed_list() -> None:
    check_scopes(["routing", "metrics"])
    with pytest.raises(BadInput, match="Unknown scope everything: choose from routing, "):
        check_scopes(["routing", "everything"])
    with pytest.raises(BadInput, match="of no use"):
        check_scopes([])
