"""Telephone numbers as switches, files and people write them -> E.164 digits; and back for screens.

`8 (916) 123-45-67`, `+79161234567`, `79161234567` and `007916…` are one number.
"""

import re
from functools import lru_cache
from typing import Literal, NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

NumberKind = Literal["telephone", "withheld", "malformed", "internal"]

_WITHHELD = {
    "",
    "anonymous",
    "unknown",
    "restricted",
    "private",
    "withheld",
    "unavailable",
    "blocked",
    "none",
    "null",
}
_LONGEST_RAW = 64
_LONGEST_INTERNAL = 6
_WRITTEN = re.compile(r"\+?[0-9(][0-9 ()./\-\u00a0]*", re.ASCII)
_NOT_DIGITS = re.compile(r"[^0-9]")


class Number(NamedTuple):
    """`e164`: digits without the plus as an integer; None unless `kind` is `telephone`."""

    kind: NumberKind
    e164: int | None


def parse(raw: str | None, region: str) -> Number:
    """Never raises. `region`: country of numbers written without one (`RU`).

    Numbers of a right length count even when no operator was assigned their range: numbering plans change faster
    than their tables, and a wrong guess only finds no client.
    """
    text = (raw or "").strip().removeprefix("sip:").removeprefix("tel:").strip("<>\"' ").partition("@")[0]
    return _parse(text[: _LONGEST_RAW + 1], region)


@lru_cache(maxsize=10_000)
def _parse(text: str, region: str) -> Number:
    """Kept in memory, because reading a number takes longer than everything else in a decision."""
    if text.lower() in _WITHHELD:
        return Number("withheld", None)
    if len(text) > _LONGEST_RAW or not _WRITTEN.fullmatch(text):
        return Number("malformed", None)
    digits = _NOT_DIGITS.sub("", text)
    if text.startswith("+"):
        readings = [_read("+" + digits, region)]
    elif digits.startswith("00"):
        readings = [_read("+" + digits[2:], region)]
    elif len(digits) <= _LONGEST_INTERNAL:
        return Number("internal", None)
    else:
        readings = [_read(digits, region), _read("+" + digits, region)]
    for good in (phonenumbers.is_valid_number, _has_a_right_length):
        for number in readings:
            if number is not None and good(number):
                written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
                return Number("telephone", int(written[1:]))
    return Number("malformed", None)


def _read(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _has_a_right_length(number: phonenumbers.PhoneNumber) -> bool:
    return phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE


def on_screen(e164: int, region: str) -> str:
    """National form for numbers of `region` (`8 (916) 123-45-67`), international for others (`+44 20 7946 0000`)."""
    number = phonenumbers.parse(f"+{e164}", None)
    at_home = number.country_code == phonenumbers.country_code_for_region(region)
    form = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)
