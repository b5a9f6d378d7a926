"""What an agent can do against what a call needs."""

import pytest

from routing.policy import BadPolicy, read_policy
from routing.skills import ANYBODY, Step, level, steps_for, told

pytestmark = pytest.mark.unit

RULES = [
    {"topics": ["billing"], "languages": ["de"], "steps": [{"need": {"german": 6}}]},
    {
        "topics": ["billing"],
        "steps": [{"need": {"billing": 7}}, {"need": {"billing": 2}, "after_s": 30}, {"after_s": 90}],
    },
]


def test_the_first_rule_that_names_a_call_decides_what_it_needs() -> None:
    rules = read_policy({"skills": RULES}, 1).rules.skills
    assert steps_for(rules, "main", "billing", "de") == (Step(0.0, frozenset({("german", 6)})),)
    assert [step.after_s for step in steps_for(rules, "main", "billing", "en")] == [0, 30, 90]
    assert steps_for(rules, "main", "delivery", "de") == ANYBODY


@pytest.mark.parametrize(
    ("has", "expected"),
    [({"billing": 9, "tech": 1}, 9), ({"billing": 4}, 4), ({"billing": 3}, None), ({"tech": 10}, None)],
)
def test_the_level_is_that_of_the_skill_asked_for(has: dict[str, int], expected: int | None) -> None:
    assert level(frozenset(has.items()), frozenset({("billing", 4)})) == expected


def test_a_need_can_be_read() -> None:
    assert told(frozenset({("billing", 5), ("arabic", 3)})) == "arabic 3+, billing 5+"
    assert told(frozenset()) == "anybody"


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        (
            [{"need": {"a": 3}, "after_s": 5}],
            "skills.0.steps.0.after_s: the first step holds from the beginning",
        ),
        ([{"need": {"a": 3}}, {"need": {}}], "skills.0.steps.1.after_s: must be more than 0"),
        (
            [{"need": {"a": 3}}, {"need": {"b": 1}, "after_s": 9}],
            "asks for b 1, more than the step before it",
        ),
        (
            [{"need": {"a": 3}}, {"need": {"a": 4}, "after_s": 9}],
            "asks for a 4, more than the step before it",
        ),
    ],
)
def test_steps_that_cannot_be_taken_are_refused(steps: list[object], problem: str) -> None:
    with pytest.raises(BadPolicy, match=problem):
        read_policy({"skills": [{"topics": ["x"], "steps": steps}]}, 1)


def test_a_rule_that_hides_all_below_it_is_refused() -> None:
    with pytest.raises(BadPolicy, match=r"skills\.0 names every call"):
        read_policy({"skills": [{"steps": [{}]}, {"topics": ["x"], "steps": [{}]}]}, 1)
