"""One number however it is written; and callers who have none are no error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.infra.numbers import parse

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "raw",
    [
        "8 (916) 123-45-67",
        "+7 916 123 45 67",
        "+79161234567",
        "79161234567",
        "007 916 1234567",
        "9161234567",
        "<+79161234567>",
        "sip:+79161234567@127.0.0.2",
        "tel:+7-916-123-45-67",
    ],
)
def test_one_number_written_in_many_ways(raw: str) -> None:
    assert parse(raw, "RU") == ("telephone", 79161234567)


@pytest.mark.parametrize("raw", ["+442079460000", "442079460000", "00442079460000", "8 10 44 20 7946 0000"])
def test_a_foreign_number(raw: str) -> None:
    assert parse(raw, "RU") == ("telephone", 442079460000)


def test_the_region_decides_what_a_national_number_means() -> None:
    assert parse("020 7946 0000", "GB") == ("telephone", 442079460000)


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        "  ",
        "anonymous",
        "Anonymous",
        "unknown",
        "<unknown>",
        "Restricted",
        "private",
        "anonymous@anonymous.invalid",
        "sip:anonymous@anonymous.invalid",
    ],
)
def test_withheld(raw: str | None) -> None:
    assert parse(raw, "RU") == ("withheld", None)


@pytest.mark.parametrize("raw", ["1001", "112", "7", "100-200"])
def test_internal(raw: str) -> None:
    assert parse(raw, "RU") == ("internal", None)


@pytest.mark.parametrize(
    "raw",
    [
        "alice",
        "+7916",
        "+",
        "12345678901234567890",
        "79161234567; DROP",
        "9" * 1000,
        "٩١٦١٢٣٤٥٦٧",
        "+7916\r\n1234567",
    ],
)
def test_malformed(raw: str) -> None:
    assert parse(raw, "RU") == ("malformed", None)


@given(st.none() | st.text(max_size=80) | st.from_regex(r"\+?[0-9 ()\-]{0,30}", fullmatch=True))
def test_never_raises_and_only_telephone_numbers_have_digits(raw: str | None) -> None:
    kind, e164 = parse(raw, "RU")
    assert (e164 is not None) == (kind == "telephone")
    if e164 is not None:
        assert parse(f"+{e164}", "RU") == ("telephone", e164)


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_the_short_way_reads_as_the_long_way(plain: str) -> None:
    """A space before the last digit makes it take the long way."""
    assert parse(plain, "RU") == parse(f"{plain[:-1]} {plain[-1]}", "RU")
