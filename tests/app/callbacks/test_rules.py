"""The life of a callback, and who calls whom."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.callbacks.rules import (
    AGAIN_S,
    CALLBACK_LIFE,
    OPEN,
    NoSuchStep,
    Promise,
    State,
    Step,
    assigned,
    callback_step,
    deadline_of,
    may_be_called,
    missed,
    next_try,
    result_of,
)
from routing.policy import Callbacks
from telephony.changes import RingResult
from telephony.ids import Interface

pytestmark = pytest.mark.unit

RULES = Callbacks()
NOW = 1_800_000_000.0
DAY = 86_400.0


def promise(number: int = 1, **more: object) -> Promise:
    known = Promise(
        id=number,
        client_id=number,
        phone=79160000000 + number,
        line="support",
        tier="standard",
        topic=None,
        language=None,
        note="",
        asked_by="caller",
        asked_at=NOW,
        joined_at=NOW - 60,
        wanted_at=None,
        not_before=None,
        deadline=NOW + DAY,
        state=State.WAITING,
        attempts=0,
    )
    return msgspec.structs.replace(known, **more)


def test_every_state_that_is_not_over_leads_to_an_end_and_ends_lead_nowhere() -> None:
    reached = set(OPEN)
    assert {before for before, _ in CALLBACK_LIFE} == reached
    for state in OPEN:
        seen, todo = {state}, [state]
        while todo:
            here = todo.pop()
            for (before, _), after in CALLBACK_LIFE.items():
                if before is here and after not in seen:
                    seen.add(after)
                    todo.append(after)
        assert seen >= {State.DONE, State.CANCELLED, State.EXPIRED, State.FAILED}, state


def test_a_step_that_cannot_be_taken_says_which() -> None:
    with pytest.raises(NoSuchStep, match=r"callback: done \+ started"):
        callback_step(State.DONE, Step.STARTED)
    with pytest.raises(NoSuchStep):
        callback_step(State.RINGING_CLIENT, Step.CANCELLED)


@pytest.mark.parametrize(
    ("far", "dialled", "result"),
    [
        (RingResult.BUSY, True, "busy"),
        (RingResult.REJECTED, True, "rejected"),
        (RingResult.NO_ANSWER, True, "no_answer"),
        (RingResult.CANCELLED, True, "no_answer"),
        (RingResult.FAILED, True, "failed"),
        (None, True, "no_answer"),
        (None, False, "failed"),
    ],
)
def test_what_became_of_a_call_that_he_did_not_answer(
    far: RingResult | None, dialled: bool, result: str
) -> None:
    assert result_of(far, dialled) == result


def test_after_a_vain_call_he_is_left_in_peace_for_the_gap_and_after_the_last_one_for_good() -> None:
    assert [missed(attempts, RULES) for attempts in (1, 2, 3, 4)] == [Step.CLIENT_MISSED] * 3 + [
        Step.LAST_MISSED
    ]
    assert next_try(Step.CLIENT_MISSED, NOW, RULES) == NOW + RULES.min_gap_s
    assert next_try(Step.AGENT_MISSED, NOW, RULES) == NOW + AGAIN_S
    assert next_try(Step.LAST_MISSED, NOW, RULES) is None


def test_a_golden_contract_shortens_the_deadline() -> None:
    assert deadline_of(NOW, None, RULES) == NOW + DAY
    assert deadline_of(NOW, 60, RULES) == NOW + 3600
    assert deadline_of(NOW, 10_000, RULES) == NOW + DAY


@pytest.mark.parametrize(
    ("phone", "prefixes", "may"),
    [
        (79161234567, (), True),
        (447400123456, (), False),
        (447400123456, ("44",), True),
        (79161234567, ("7495",), False),
        (78091234567, (), False),
    ],
)
def test_strangers_have_us_call_our_own_country_or_what_the_policy_names(
    phone: int, prefixes: tuple[str, ...], may: bool
) -> None:
    assert may_be_called(phone, "RU", prefixes) is may


def test_before_its_time_or_after_its_deadline_nothing_is_due() -> None:
    assert promise().due(NOW)
    assert not promise(not_before=NOW + 1).due(NOW)
    assert not promise(deadline=NOW).due(NOW)
    assert not promise(state=State.RINGING_AGENT).due(NOW)


ANNA, BORIS = Interface("PJSIP/1001"), Interface("PJSIP/1002")


def test_a_promise_about_to_break_takes_an_idle_agent_where_no_one_is_spare() -> None:
    patient, urgent = promise(1), promise(2, deadline=NOW + DAY / 20, asked_at=NOW - DAY * 19 / 20)
    found = assigned([patient, urgent], {"support": []}, {"support": [ANNA]}, (), (), NOW)
    assert found == [(urgent, ANNA)]


def test_a_tier_that_is_always_first_does_not_wait_for_spare_agents() -> None:
    vip = promise(1, tier="vip")
    assert assigned([vip], {}, {"support": [ANNA]}, (), (), NOW, {"vip"}) == [(vip, ANNA)]


agents = st.lists(st.sampled_from([Interface(f"PJSIP/{n}") for n in range(1001, 1007)]), unique=True)
lines = st.sampled_from(["support", "sales"])


@given(
    wishes=st.lists(st.tuples(st.integers(1, 5), lines, st.booleans()), max_size=15),
    idle=st.fixed_dictionaries({"support": agents, "sales": agents}),
    cut=st.integers(0, 6),
    taken=st.sets(st.sampled_from([Interface(f"PJSIP/{n}") for n in range(1001, 1007)])),
    flying=st.sets(st.integers(1, 5)),
)
def test_never_two_for_one_client_or_one_agent_and_never_an_agent_who_is_not_free(
    wishes: list[tuple[int, str, bool]],
    idle: dict[str, list[Interface]],
    cut: int,
    taken: set[Interface],
    flying: set[int],
) -> None:
    due = [
        promise(number, client_id=client, line=line, tier="vip" if vip else "standard")
        for number, (client, line, vip) in enumerate(wishes)
    ]
    spare = {line: some[cut:] for line, some in idle.items()}
    found = assigned(due, spare, idle, taken, flying, NOW, {"vip"})
    given_out = [agent for _, agent in found]
    called = [one.client for one, _ in found]
    assert len(set(given_out)) == len(given_out)
    assert not taken & set(given_out)
    assert len(set(called)) == len(called)
    assert not flying & set(called)
    for one, agent in found:
        assert agent in (idle if one.tier == "vip" else spare)[one.line]
    left = [one for one in due if one.client not in called]
    for one in left:  # nobody is passed over who might have been called
        if one.client not in flying:
            free = (idle if one.tier == "vip" else spare)[one.line]
            assert set(free) <= taken | set(given_out)
