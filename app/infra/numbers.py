"""Telephone numbers as switches, files and people write them -> E.164 digits.

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
_PLAIN = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
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


@lru_cache(maxsize=10_000)  # reading a number would take longer than the decision about it
def _parse(text: str, region: str) -> Number:
    if _PLAIN.fullmatch(text) and (e164 := _plain(text[1:])) is not None:
        return Number("telephone", e164)
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


class _Plan(NamedTuple):
    """Of one country code: lengths its national numbers have, and what may stand before them by mistake."""

    lengths: frozenset[int]
    prefix: re.Pattern[str]


@lru_cache(maxsize=300)
def _plan(country_code: int) -> _Plan | None:
    """None: no such country, or its numbers are rewritten while they are read."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(country_code)
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(regions[0]) if regions else None
    if metadata is None or metadata.national_prefix_transform_rule or metadata.general_desc is None:
        return None
    return _Plan(
        frozenset(metadata.general_desc.possible_length),
        re.compile(metadata.national_prefix_for_parsing or "0"),
    )


def _plain(digits: str) -> int | None:
    """The short way for what trunks send nearly always: `+` and all digits. None: read it the long way."""
    for length in (1, 2, 3):
        plan = _plan(int(digits[:length]))
        if plan is not None:
            national = digits[length:]
            if len(national) in plan.lengths and national[0] != "0" and not plan.prefix.match(national):
                return int(digits)
            return None
    return None


def _read(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _has_a_right_length(number: phonenumbers.PhoneNumber) -> bool:
    return phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE


class BulkNumbers:
    """`parse` for millions of numbers of one region, meant to give the same answers (a property test compares them).

    Numbers that differ in their last digits alone are read alike: their beginning is put in order by `phonenumbers`
    once and kept, the last digits are appended. Where two readings compete (`8 495 …` could be Moscow or Viet Nam)
    patterns that look deeper into the number decide, and so fewer digits are left free: there, and for national numbers
    of ten digits without a prefix, little is gained.
    """

    def __init__(self, region: str) -> None:
        self.region = region
        self._heads: tuple[dict[str, Number | str | None], ...] = tuple({} for _ in _FREE_DIGITS)

    def parse(self, raw: str) -> Number:
        if _PLAIN.fullmatch(raw) and (e164 := _plain(raw[1:])) is not None:
            return Number("telephone", e164)
        if raw.isdigit() and raw.isascii():
            written = raw
        elif len(raw) <= _LONGEST_RAW and _WRITTEN.fullmatch(raw):
            digits = _NOT_DIGITS.sub("", raw)
            written = "+" + digits if raw[0] == "+" else digits
        else:
            return parse(raw, self.region)
        for free, heads in zip(_FREE_DIGITS, self._heads, strict=True):
            beginning = written[:-free]
            head = heads.get(beginning)
            if head is None and beginning not in heads:
                head = heads[beginning] = self._learn(written, free)
            if head.__class__ is str:
                return Number("telephone", int(head + written[-free:]))
            if head is not None:
                return head  # type: ignore[return-value]
        return parse(raw, self.region)

    def _learn(self, written: str, free: int) -> Number | str | None:
        """What stands before the free digits; or an answer for all; None: look deeper."""
        if not _SHORTEST_LEARNT <= len(written) <= _LONGEST_LEARNT:
            return None
        if free == _FREE_DIGITS[0] and _looks_deep(written, self.region):
            return None
        number = parse(written, self.region)
        if number.e164 is None:
            return number
        head, tail = str(number.e164)[:-free], str(number.e164)[-free:]
        return head if tail == written[-free:] else None


_FREE_DIGITS = (5, 3)
_SHORTEST_LEARNT, _LONGEST_LEARNT = 10, 20
_COUNTRY_READ_BY = 12
"""Digits of a number with an exit code (`00`, `810`) whose country is surely told before the free ones begin."""


def _looks_deep(written: str, region: str) -> bool:
    """The country code may reach into the last digits, or several numbers of a right length may be meant."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    exit_code = metadata.international_prefix if metadata else None
    if len(written) < _COUNTRY_READ_BY and re.match(f"00|{exit_code or '00'}", written):
        return True
    if written.startswith(("+", "00")):
        return False
    readings = (_read(written, region), _read("+" + written, region))
    right = [one for one in readings if one is not None and _has_a_right_length(one)]
    return len({(one.country_code, one.national_number) for one in right}) > 1
