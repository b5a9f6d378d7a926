"""The fast way to read numbers gives the answers of the exact one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.infra.numbers import BulkNumbers, parse

pytestmark = pytest.mark.unit

REGIONS = ("RU", "KZ", "BY", "GB", "US", "DE", "IN", "AR", "MX", "CN")
BULK = {region: BulkNumbers(region) for region in REGIONS}
"""Kept from one example to the next: what one number taught is used for others."""

BEGINNINGS = (
    "",
    "+",
    "00",
    "8",
    "7",
    "+7",
    "8495",
    "8800",
    "810",
    "8916",
    "916",
    "84",
    "86",
    "0",
    "1",
    "+44",
    "+39",
)


@st.composite
def likeness(draw: st.DrawFn) -> list[str]:
    """Numbers that differ in their last digits."""
    beginning = draw(st.sampled_from(BEGINNINGS)) + draw(st.from_regex(r"[0-9]{0,7}", fullmatch=True))
    return [beginning + draw(st.from_regex(r"[0-9]{3,6}", fullmatch=True)) for _ in range(4)]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(REGIONS), likeness())
def test_alike_numbers(region: str, numbers: list[str]) -> None:
    for raw in numbers:
        assert BULK[region].parse(raw) == parse(raw, region), raw


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=70) | st.from_regex(r"\+?[0-9 ()./\-]{0,30}", fullmatch=True))
def test_whatever_stands_in_a_file(raw: str) -> None:
    assert BULK["RU"].parse(raw) == parse(raw, "RU")


def test_one_number_written_in_many_ways() -> None:
    written = (
        "8 (916) 123-45-67",
        "+79161234567",
        "0079161234567",
        "9161234567",
        "7 916 123 45 67",
        "tel:+79161234567",
    )
    assert {BULK["RU"].parse(raw).e164 for raw in written} == {79161234567}
