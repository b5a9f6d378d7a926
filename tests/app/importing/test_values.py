"""What people write into cells, and what is refused."""

import pytest

from app.importing import values
from app.importing.mapping import find_columns, read_said
from app.importing.values import BadValue

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("450", "450"),
        ("450.5", "450.5"),
        ("450,5", "450.5"),
        ("1 234,50", "1234.50"),
        ("1\u00a0234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1,234,567", "1234567"),
        ("450 ₽", "450"),
        ("$99.9", "99.9"),
        ("450 руб.", "450"),
        ("0", "0"),
    ],
)
def test_amounts(cell: str, amount: str) -> None:
    assert values.money(cell) == amount


@pytest.mark.parametrize(
    "cell", ["-5", "nan", "inf", "1e5", "1_000", "12345678901", "x", "5,", "١٢", "1,2,3"]
)
def test_what_is_no_amount(cell: str) -> None:
    with pytest.raises(BadValue):
        values.money(cell)


@pytest.mark.parametrize("cell", ["1980-12-31", "31.12.1980", "19801231", "1980-12-31 10:00:00"])
def test_days(cell: str) -> None:
    assert values.day(cell) == "1980-12-31"


@pytest.mark.parametrize("cell", ["31/12/1980", "1980-02-30", "0001-01-01", "today"])
def test_what_is_no_day(cell: str) -> None:
    with pytest.raises(BadValue):
        values.day(cell)


def test_words_of_closed_sets() -> None:
    assert [values.language(one) for one in ("RU", "русский", "en-US")] == ["ru", "ru", "en"]
    assert [values.service_level(one) for one in ("VIP", "Золотой", "standard")] == [
        "vip",
        "golden",
        "standard",
    ]
    assert [values.yes_or_no(one) for one in ("Да", "0", "TRUE")] == ["true", "false", "true"]
    assert [values.currency(one) for one in ("rub", "₽", "руб.")] == ["RUB", "RUB", "RUB"]
    with pytest.raises(BadValue, match="one of ru, en is expected"):
        values.language("de")


def test_said_goes_before_remembered_and_that_before_names() -> None:
    headings = ("id", "code", "title", "name", "phone", "mobile", "city")
    columns = find_columns(headings, {"name": ["title"]}, {"external_id": ["code"], "name": ["city"]})
    assert columns.fields == {"name": (2,), "external_id": (1,), "phone": (4, 5)}
    assert [heading for _, heading in columns.facts] == ["id", "name", "city"]


def test_a_remembered_column_that_is_gone_is_found_by_its_name_again() -> None:
    assert find_columns(("id", "fio"), {}, {"external_id": ["code"]}).of("external_id") == (0,)


def test_a_field_can_be_taken_from_no_column() -> None:
    columns = find_columns(("id", "segment"), read_said(["segment="]), {})
    assert columns.facts == ((1, "segment"),)
