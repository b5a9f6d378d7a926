"""Cells of a file -> values of the database, as text. What cannot be one is refused with a reason a person can act on."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime

Convert = Callable[[str], str]
"""A cell, not empty and stripped -> what COPY is given. Raises `BadValue`."""


class BadValue(ValueError):
    """Its text is the reason in the report."""


def text_of(longest: int) -> Convert:
    def convert(cell: str) -> str:
        if len(cell) > longest:
            raise BadValue(f"longer than {longest} characters")
        return cell

    return convert


_PLAIN = re.compile(r"[0-9]{1,10}(?:\.[0-9]+)?", re.ASCII)
_MONEY = re.compile(r"([0-9]{1,3}(?:[ ,.'\u00a0\u202f]?[0-9]{3})*|[0-9]+)(?:[.,]([0-9]+))?", re.ASCII)
_AROUND_MONEY = re.compile(r"^[$€£₽]|(?:[$€£₽]|руб\.?|р\.|rub|usd|eur)$", re.IGNORECASE)
_NOT_DIGITS = re.compile(r"[^0-9]")
_MOST_DIGITS = 10


def money(cell: str) -> str:
    """`1 234,50`, `1234.5`, `450 ₽`. One separator before one to two or four and more digits is the decimal one."""
    if _PLAIN.fullmatch(cell):
        return cell
    bare = _AROUND_MONEY.sub("", cell).strip()
    whole, separator, part = _split_decimals(bare)
    if not _MONEY.fullmatch(bare) or (separator and not part):
        raise BadValue("not an amount: digits with a decimal point or comma are expected, not negative")
    digits = _NOT_DIGITS.sub("", whole)
    if len(digits.lstrip("0")) > _MOST_DIGITS:
        raise BadValue(f"more than {_MOST_DIGITS} digits")
    return f"{digits or '0'}.{part}" if part else digits


def _split_decimals(bare: str) -> tuple[str, str, str]:
    at = max(bare.rfind("."), bare.rfind(","))
    if at < 0:
        return bare, "", ""
    separator, part = bare[at], bare[at + 1 :]
    groups = bare.count(separator) > 1
    return (bare, "", "") if groups else (bare[:at], separator, part)


def one_of(words: Mapping[str, str]) -> Convert:
    """`words`: what files say, in lower case -> ours."""
    ours = ", ".join(dict.fromkeys(words.values()))

    def convert(cell: str) -> str:
        found = words.get(cell.casefold())
        if found is None:
            raise BadValue(f"one of {ours} is expected")
        return found

    return convert


language = one_of(
    {
        **dict.fromkeys(("ru", "rus", "ru-ru", "ru_ru", "russian", "русский", "рус"), "ru"),
        **dict.fromkeys(("en", "eng", "en-us", "en-gb", "en_us", "en_gb", "english", "английский"), "en"),
    }
)
kind = one_of(
    {
        **dict.fromkeys(
            ("person", "individual", "private", "b2c", "физлицо", "физ. лицо", "фл", "физическое лицо"),
            "person",
        ),
        **dict.fromkeys(
            ("company", "business", "b2b", "legal", "юрлицо", "юр. лицо", "юл", "юридическое лицо", "ип"),
            "company",
        ),
    }
)
service_level = one_of(
    {
        **dict.fromkeys(("standard", "стандарт", "стандартный", "обычный"), "standard"),
        **dict.fromkeys(("vip", "вип"), "vip"),
        **dict.fromkeys(("golden", "gold", "золотой"), "golden"),
    }
)
yes_or_no = one_of(
    {
        **dict.fromkeys(("yes", "y", "true", "t", "1", "да", "истина"), "true"),
        **dict.fromkeys(("no", "n", "false", "f", "0", "нет", "ложь"), "false"),
    }
)

_CURRENCY_NAMES = {"₽": "RUB", "руб": "RUB", "руб.": "RUB", "р.": "RUB", "$": "USD", "€": "EUR"}
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


def currency(cell: str) -> str:
    code = _CURRENCY_NAMES.get(cell.casefold(), cell.upper())
    if not _CURRENCY.fullmatch(code):
        raise BadValue("a currency code of three letters (RUB) is expected")
    return code


_EMAIL = re.compile(r"[^\s@,;<>]{1,64}@[^\s@,;<>]+\.[^\s@,;<>.]{2,}")


def email(cell: str) -> str:
    if len(cell) > 254 or not _EMAIL.fullmatch(cell):
        raise BadValue("not an e-mail address")
    return cell


_DAY_FORMS = ("%Y-%m-%d", "%d.%m.%Y", "%Y%m%d")


def day(cell: str) -> str:
    """`1980-12-31`, `31.12.1980`; a time behind it is left out. Forms with slashes mean different days in different countries."""
    written = cell.replace("T", " ").partition(" ")[0]
    for form in _DAY_FORMS:
        try:
            found: date = datetime.strptime(written, form).date()  # noqa: DTZ007 -- a day has no zone
        except ValueError:
            continue
        if found.year < 1900:
            break
        return found.isoformat()
    raise BadValue("not a day: 1980-12-31 or 31.12.1980 is expected")
