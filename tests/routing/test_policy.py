"""A policy that cannot work is refused with sentences that say where and what to change."""

import json
from typing import Any

import pytest

from routing.policy import DEFAULT_POLICY, BadPolicy, Policy, Rules, read_policy

pytestmark = pytest.mark.unit

THREE: list[dict[str, Any]] = [
    {"name": "standard"},
    {"name": "priority", "arpu_from": 300, "head_start_s": 900},
    {"name": "vip", "arpu_from": 1000, "always_first": True, "treatment": "straight"},
]


def problems_of(body: str | dict[str, Any]) -> list[str]:
    with pytest.raises(BadPolicy) as refused:
        read_policy(body, version=1)
    return refused.value.problems


def test_an_empty_body_means_the_defaults() -> None:
    assert read_policy("{}", version=7) == Policy(Rules(), version=7)
    assert [tier.name for tier in DEFAULT_POLICY.rules.tiers] == ["standard", "priority", "vip"]


def test_text_and_decoded_json_read_alike() -> None:
    body = {"tiers": THREE, "record": True}
    assert read_policy(body, version=3) == read_policy(json.dumps(body), version=3)


def test_thresholds_must_rise() -> None:
    tiers = [THREE[0], THREE[1], {**THREE[2], "arpu_from": 300}]
    assert problems_of({"tiers": tiers}) == [
        "tier 'vip': arpu_from 300 must be above 300 of 'priority' below it"
    ]


def test_thresholds_of_one_currency_must_rise_too() -> None:
    tiers = [THREE[0], {**THREE[1], "arpu_from_in": {"USD": 2000}}, THREE[2]]
    assert problems_of({"tiers": tiers}) == [
        "tier 'vip': arpu_from 1000 USD must be above 2000 of 'priority' below it"
    ]


def test_the_lowest_tier_takes_everybody() -> None:
    (problem,) = problems_of({"tiers": [{"name": "standard", "arpu_from": 10}]} | {"service_levels": {}})
    assert "lowest" in problem
    assert "arpu_from must be 0" in problem


def test_all_problems_are_told_at_once() -> None:
    body = {"tiers": THREE[:2], "unknown_tier": "bronze"}
    problems = problems_of(body)
    assert any(problem.startswith("service_levels.vip: no tier 'vip'") for problem in problems)
    assert any(problem.startswith("unknown_tier: no tier 'bronze'") for problem in problems)


def test_a_tier_above_one_that_is_always_first_must_be_so_too() -> None:
    tiers = [*THREE, {"name": "golden", "arpu_from": 5000}]
    assert problems_of({"tiers": tiers}) == [
        "tier 'golden' stands above 'vip', which is always first: set always_first"
    ]


def test_a_higher_tier_cannot_have_the_smaller_head_start() -> None:
    tiers = [{"name": "standard", "head_start_s": 1000}, THREE[1], THREE[2]]
    (problem,) = problems_of({"tiers": tiers})
    assert "head_start_s 900 is less than 1000 of 'standard'" in problem


def test_a_name_stands_once() -> None:
    tiers = [THREE[0], {**THREE[1], "name": "standard"}, THREE[2]]
    assert "tiers: 'standard' stands twice; give each tier its own name" in problems_of({"tiers": tiers})


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("{", "not JSON"),
        ('{"tiers": []}', "policy.tiers"),
        ('{"tiers": [{"name": "standard", "colour": "red"}]}', "colour"),
        ('{"tiers": [{"name": "standard", "head_start_s": 90000}]}', "policy.tiers[0].head_start_s"),
        ('{"blocked": "shout"}', "policy.blocked"),
        ("[]", "Expected `object`"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(body: str, place: str) -> None:
    (problem,) = problems_of(body)
    assert place in problem
