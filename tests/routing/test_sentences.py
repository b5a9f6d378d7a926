"""Sentences for supervisors: every step of every decision can be told in both languages, and reads as one."""

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.decide import decide
from routing.facts import Because, Facts, LineFacts, Load, OtherLine, Overflow, Promise
from routing.hours import OPEN, OpenState
from routing.match import match
from routing.phrases import OUTCOMES, STEPS
from routing.places import Caller
from routing.policy import DEFAULT_POLICY, Policy, read_policy
from routing.reserve import NO_RESERVE
from routing.room import Room
from routing.sentences import (
    LANGUAGES,
    Attempt,
    Ending,
    attempt_told,
    candidate_told,
    duration,
    ending_told,
    passed_told,
    step_told,
)
from routing.skills import line_skill, steps_on_line
from routing.staff import Agent
from routing.why import Candidate, Hindrance, PassedOver, hindrance, sentence
from telephony.changes import Outcome, RingResult
from tests.routing.test_decide import any_facts

pytestmark = pytest.mark.unit

WAITING = read_policy({"tiers": [{"name": "standard", "personal_wait_s": 10}], "service_levels": {}}, 1)
"""Under it callers wait for agents of their own."""


closed = st.builds(
    OpenState,
    st.just(False),
    st.sampled_from(["outside_hours", "holiday", "forced"]),
    st.just("2026-11-22T10:05+03:00"),
    st.sampled_from([None, "2026-11-23T09:00+03:00"]),
    reason=st.just("fire drill"),
)
others = st.builds(OtherLine, st.just("other"), st.just("q"), open=st.booleans(), full=st.booleans())
limits = st.builds(
    Overflow,
    st.sampled_from(["line", "callback", "voicemail"]),
    wait_s=st.none() | st.just(60.0),
    per_agent=st.none() | st.just(1.0),
    other=st.none() | others,
)
lines = st.builds(
    LineFacts,
    st.just("sales"),
    st.just("q-sales"),
    by_default=st.booleans(),
    open=st.sampled_from([OPEN, OpenState(True, "hours", "2026-11-22T10:05+03:00")]) | closed,
    after_hours=st.sampled_from(["goodbye", "voicemail", "callback"]),
    topic=st.none() | st.just("billing"),
    overflow=st.none() | limits,
    announce=st.lists(st.sampled_from(["position", "wait"]), unique=True).map(tuple),
)
promises = st.none() | st.builds(Promise, st.just(5), st.just(1e9), st.none() | st.just("billing"))
loads = st.builds(Load, st.integers(0, 9), st.integers(0, 9), st.just({"vip": 90.0, "standard": None}))


@st.composite
def any_call(draw: st.DrawFn) -> Facts:
    """Also on lines that close, overflow and announce; of clients who were promised a callback."""
    facts = draw(any_facts)
    clients = tuple(msgspec.structs.replace(one, promise=draw(promises)) for one in facts.clients)
    line, load = draw(lines), draw(st.none() | loads)
    return msgspec.structs.replace(
        facts, clients=clients, line=line, load=load, self_served=draw(st.booleans())
    )


@settings(deadline=None)
@given(any_call(), st.sampled_from([DEFAULT_POLICY, WAITING]))
def test_whatever_is_decided_has_a_sentence_of_its_own_in_both_languages(one: Facts, policy: Policy) -> None:
    for step in decide(one, policy, 1e9).because:
        for language in LANGUAGES:
            told = step_told(step, language)
            own = step.so in told and step.saw in told and "→" in told
            assert not own, f"{step.rule}.{step.code} has no sentence"


@settings(deadline=None)
@given(st.text(max_size=8), st.sampled_from(["", "by_revenue", "{x}", "several"]), st.sampled_from(LANGUAGES))
def test_a_step_nobody_wrote_a_sentence_for_is_told_in_its_own_words(
    rule: str, code: str, language: str
) -> None:
    told = step_told(Because(rule, "what was seen", "what followed", code), language)  # type: ignore[arg-type]
    assert "what was seen → what followed" in told


def test_a_known_step_with_other_values_is_told_in_its_own_words() -> None:
    step = Because("tier", "an old way to say it", "vip", "by_contract", {"tier": "vip"})
    assert step_told(step, "en") == "Tier: an old way to say it → vip."
    assert step_told(step, "ru") == "Категория: an old way to say it → vip."


def test_both_languages_tell_the_same_values() -> None:
    for key, (english, russian) in STEPS.items():
        named = [set(re.findall(r"\{(\w+)\}", text)) for text in (english, russian)]
        assert named[0] == named[1], key
        assert re.search("[а-яё]", russian), key


@pytest.mark.parametrize(
    ("step", "english", "russian"),
    [
        (
            Because("priority", "", "", "head_start", {"tier": "priority", "head_start_s": 900}),
            "Stands in the queue as if he had come 15 min earlier.",
            "Стоит в очереди так, будто пришёл на 15 мин раньше.",
        ),
        (
            Because("caller", "", "", "one", {"client": 7, "lookup": "late"}),
            "The number belongs to client 7. Known from an earlier call.",
            "Номер принадлежит клиенту 7. Известно по прежнему звонку.",
        ),
        (
            Because(
                "hours",
                "",
                "",
                "holiday",
                {"local": "2026-11-22T10:05+03:00", "opens": "2026-11-23T09:00+03:00", "reason": None},
            ),
            "A holiday of the line (2026-11-22 10:05); it opens 2026-11-23 09:00.",
            "У линии выходной (22.11.2026 10:05); откроется 23.11.2026 09:00.",
        ),
        (
            Because("hours", "", "", "forced", {"local": None, "opens": None, "reason": "fire drill"}),
            "A supervisor closed the line (fire drill); when it opens is not known.",
            "Линию закрыл супервизор (fire drill); когда откроется, неизвестно.",
        ),
        (
            Because("treatment", "", "", "closed", {"treatment": "closed", "after": "voicemail"}),
            "The line is closed: he is told so and may leave a message.",
            "Линия закрыта: ему об этом сообщают, можно оставить сообщение.",
        ),
        (
            Because("treatment", "", "", "blocked", {"clients": "7", "treatment": "refused"}),
            "Blocked (client 7): the call is refused.",
            "Заблокирован (клиент 7): звонок отклоняется.",
        ),
        (
            Because(
                "tier",
                "",
                "",
                "by_revenue",
                {"tier": "low", "arpu": 12.5, "currency": "USD", "threshold": 0.0, "of": 2},
            ),
            "Tier low: 12.5 USD a month is below every threshold. The highest tier among 2 clients with this number.",
            "Категория low: 12,5 USD в месяц ниже всех порогов. Старшая категория из 2 клиентов с этим номером.",
        ),
    ],
)
def test_a_step_reads_as_a_sentence(step: Because, english: str, russian: str) -> None:
    assert step_told(step, "en") == english
    assert step_told(step, "ru") == russian


@pytest.mark.parametrize(
    ("seconds", "english", "russian"),
    [
        (0, "0 s", "0 с"),
        (4.25, "4.2 s", "4,2 с"),
        (59.4, "59 s", "59 с"),
        (60, "1 min", "1 мин"),
        (3599.7, "1 h", "1 ч"),
        (3900, "1 h 5 min", "1 ч 5 мин"),
    ],
)
def test_how_long(seconds: float, english: str, russian: str) -> None:
    assert (duration(seconds, "en"), duration(seconds, "ru")) == (english, russian)


@pytest.mark.parametrize("result", RingResult)
def test_every_end_of_an_attempt_has_its_words(result: RingResult) -> None:
    assert result.value in OUTCOMES
    told = [attempt_told(Attempt("Anna", 12.0, 3, False, result.value), language) for language in LANGUAGES]
    assert told[0].startswith("After waiting 12 s offered to Anna (one of 3 idle): ")
    assert told[1].startswith("Через 12 с ожидания предложен оператору Anna (свободных было 3): ")


@pytest.mark.parametrize("outcome", Outcome)
def test_every_end_of_a_call_has_its_sentence(outcome: Outcome) -> None:
    for language in LANGUAGES:
        told = ending_told(Ending(outcome.value, 5.0, "Anna", True), language)
        assert told.endswith(" Не всё было видно." if language == "ru" else " Not all of it was seen.")
        assert outcome.value + "." not in told
    assert ending_told(Ending(None, None, None, False), "en") == "The call is not over yet."


def test_who_was_passed_over_and_who_was_not_chosen() -> None:
    waits = Hindrance("nobody_idle", "billing 3+", 0, 0)
    assert passed_told(PassedOver("1.2", "low", 70.0, waits), "en") == (
        "Caller 1.2 could not start (low, waiting 1 min 10 s): Nobody who can do billing 3+ is idle."
    )
    later = PassedOver("1.3", "low", 7.0, Hindrance("later", "anybody", 2, 0))
    assert passed_told(later, "ru") == "Следом стоял звонящий 1.3 (low, ждал 7 с)."
    lower = Candidate("PJSIP/2", 3, 40.0, "lower_level")
    assert candidate_told(lower, "Boris", "en") == "Boris was idle too, but can do it less well (3)."


def test_where_nothing_is_needed_nobody_is_told_of_needs() -> None:
    assert sentence(Hindrance("nobody_idle", "anybody", 0, 0), "ru") == (
        "Нет свободных операторов, которые могли бы его принять."
    )
    assert sentence(Hindrance("nobody_on_duty", "anybody", 0, 0), "en") == (
        "Nobody who could take him is on duty."
    )


def test_that_an_agent_must_serve_the_line_goes_without_saying() -> None:
    room = Room()
    steps = steps_on_line((), "sales", None, None)
    skills = frozenset({(line_skill("sales"), 1)})
    room.join(Caller("x", "vip", 0.0, steps), 0.0)
    assert sentence(hindrance(room, NO_RESERVE, "x"), "en") == "Nobody who could take him is on duty."
    for agent in ("a", "b"):
        room.sign_on(Agent(agent, skills), 0.0)
        room.idle(agent, 0.0)
    (assignment,) = match(room, NO_RESERVE, 1.0)
    assert assignment.need == "anybody"
    assert [one.level for one in assignment.candidates] == [0]
