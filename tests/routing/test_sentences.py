"""Sentences for supervisors: every step of every decision can be told in both languages, and reads as one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.decide import decide
from routing.facts import Because, Facts
from routing.policy import DEFAULT_POLICY
from routing.sentences import (
    LANGUAGES,
    OUTCOMES,
    STEPS,
    Attempt,
    Ending,
    attempt_told,
    candidate_told,
    duration,
    ending_told,
    passed_told,
    step_told,
)
from routing.why import Candidate, Hindrance, PassedOver, sentence
from telephony.changes import Outcome, RingResult
from tests.routing.test_decide import any_facts

pytestmark = pytest.mark.unit


@given(any_facts)
def test_whatever_is_decided_has_a_sentence_of_its_own_in_both_languages(one: Facts) -> None:
    for step in decide(one, DEFAULT_POLICY, 1e9).because:
        for language in LANGUAGES:
            told = step_told(step, language)
            assert "→" not in told or "→" in str(step.values), f"{step.rule}.{step.code} has no sentence"


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
    assert sentence(Hindrance("nobody_idle", "anybody", 0, 0), "ru") == "Свободных операторов нет."
    assert sentence(Hindrance("nobody_on_duty", "anybody", 0, 0), "en") == "Nobody is on duty."
