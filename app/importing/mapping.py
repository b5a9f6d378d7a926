"""Which column of a file means what: said by the administrator, remembered from the last time, or recognised by its name."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.errors import BadInput
from app.importing import values

MONTH = re.compile(r"revenue:([12][0-9]{3})-(0[1-9]|1[0-2])", re.ASCII)
IGNORED = "ignore"
"""Columns under this word are stored nowhere."""

SEVERAL = {"name", "phone", IGNORED}
"""Fields that may have several columns: parts of a name in their order, numbers with the main one first."""

CONVERT: dict[str, values.Convert] = {
    "external_id": values.text_of(200),
    "name": values.text_of(300),
    "kind": values.kind,
    "segment": values.text_of(100),
    "language": values.language,
    "currency": values.currency,
    "email": values.email,
    "born_on": values.day,
    "client_since": values.day,
    "blocked": values.yes_or_no,
    "service_level": values.service_level,
}
"""Fields that are columns of `clients`."""

FIELDS = (*CONVERT, "phone", "arpu", IGNORED)

_SYNONYMS = {
    "external_id": "external id, client id, customer id, account id, subscriber id, crm id, id, uid, client number,"
    " customer number, account number, код, код клиента, ид, ид клиента, номер клиента, лицевой счет, внешний код",
    "name": "name, full name, client name, customer name, display name, client, customer, фио, имя клиента, клиент,"
    " наименование, название, полное имя, абонент",
    "phone": "phone, phone number, telephone, telephone number, mobile, mobile phone, cell, cell phone, msisdn,"
    " home phone, work phone, contact phone, primary phone, additional phone, телефон, номер телефона, мобильный,"
    " мобильный телефон, сотовый, сотовый телефон, домашний телефон, рабочий телефон, контактный телефон,"
    " доп телефон, дополнительный телефон, тел",
    "arpu": "arpu, monthly revenue, monthly charges, monthly charge, monthly fee, monthly amount, average revenue,"
    " средний чек, доход в месяц, выручка в месяц, абонентская плата, ежемесячный платеж, средний доход",
    "language": "language, lang, preferred language, язык",
    "segment": "segment, client segment, customer segment, сегмент",
    "kind": "kind, client type, customer type, client kind, тип клиента, вид клиента, тип лица",
    "service_level": "service level, sla level, уровень обслуживания, уровень сервиса, класс обслуживания",
    "currency": "currency, currency code, валюта",
    "email": "email, mail, email address, электронная почта, почта, эл почта",
    "born_on": "born on, birth date, date of birth, birthday, birthdate, dob, дата рождения, день рождения",
    "client_since": "client since, customer since, registered, registration date, created, клиент с, дата регистрации,"
    " дата подключения",
    "blocked": "blocked, is blocked, blacklisted, заблокирован, блокировка, черный список",
}
_NAME_PARTS = (
    "last name, surname, family name, first name, given name, middle name, patronymic, фамилия, имя, отчество"
)
_NOT_WORD = re.compile(r"[\W_]+")
_COUNTED = re.compile(r"(?<=\D)[0-9]$")


def _plain(heading: str) -> str:
    return _NOT_WORD.sub("", heading.casefold().replace("ё", "е"))


_MEANING = {_plain(synonym): field for field, listed in _SYNONYMS.items() for synonym in listed.split(",")}
_PARTS = {_plain(part) for part in _NAME_PARTS.split(",")}

Said = Mapping[str, Sequence[str]]
"""field -> headings of its columns, in order; none: no column means this field."""


@dataclass(frozen=True)
class Columns:
    """`fields`: field (or `revenue:YYYY-MM`) -> places in a row. `facts`: (place, heading) of all others."""

    headings: tuple[str, ...]
    fields: Mapping[str, tuple[int, ...]]
    facts: tuple[tuple[int, str], ...]

    def of(self, field: str) -> tuple[int, ...]:
        return self.fields.get(field, ())

    @property
    def months(self) -> dict[str, int]:
        """`YYYY-MM` -> place."""
        return {field[-7:]: places[0] for field, places in self.fields.items() if MONTH.fullmatch(field)}

    def told(self) -> list[tuple[str, str]]:
        """(heading, what it means) in the order of the file, for people."""
        means = {place: field for field, places in self.fields.items() for place in places}
        means |= {place: "a fact" for place, _ in self.facts}
        return [(heading, means.get(place, IGNORED)) for place, heading in enumerate(self.headings)]


def read_said(options: Iterable[str]) -> dict[str, list[str]]:
    """`field=Column` each; `field=` takes no column. Raises `BadInput`."""
    said: dict[str, list[str]] = {}
    for option in options:
        field, equals, heading = (part.strip() for part in option.partition("="))
        if not equals or (field not in FIELDS and not MONTH.fullmatch(field)):
            raise BadInput(
                f"--map {option}: field=Column is expected, and the field is one of"
                f" {', '.join(FIELDS)}, revenue:YYYY-MM."
            )
        columns = said.setdefault(field, [])
        if heading:
            columns.append(heading)
    for field, columns in said.items():
        if len(columns) > 1 and field not in SEVERAL:
            raise BadInput(f"--map {field}: only {', '.join(sorted(SEVERAL))} may have several columns.")
    return said


def find_columns(headings: Sequence[str], said: Said, remembered: Said) -> Columns:
    """Said goes before remembered, and that before names. Raises `BadInput` for columns that are not there."""
    places = {heading: place for place, heading in reversed(list(enumerate(headings))) if heading}
    fields: dict[str, tuple[int, ...]] = {}
    for field, columns in said.items():
        missing = [column for column in columns if column not in places]
        if missing:
            there = ", ".join(repr(heading) for heading in headings if heading)
            raise BadInput(f"--map {field}: the file has no column {missing[0]!r}; it has {there}.")
        fields[field] = tuple(places[column] for column in columns)
    for field, columns in remembered.items():
        if field not in fields and all(column in places for column in columns):
            fields[field] = tuple(places[column] for column in columns)
    _recognise(headings, fields)
    used = {place for found in fields.values() for place in found}
    fields = {field: found for field, found in fields.items() if found and field != IGNORED}
    if not fields.get("external_id") and not fields.get("phone"):
        raise BadInput(
            "No column tells the clients apart: name the one with the client's key or with his number,"
            " --map external_id=Column or --map phone=Column."
        )
    facts = tuple((place, one) for place, one in enumerate(headings) if one and place not in used)
    return Columns(tuple(headings), fields, facts)


def _recognise(headings: Sequence[str], fields: dict[str, tuple[int, ...]]) -> None:
    """Adds what the headings say themselves, without taking a column or a field that has been given away."""
    used = {place for places in fields.values() for place in places}
    found: dict[str, list[int]] = {}
    parts: list[int] = []
    for place, heading in enumerate(headings):
        plain = _plain(heading)
        month = heading.strip().casefold()
        field = (
            month if MONTH.fullmatch(month) else _MEANING.get(plain) or _MEANING.get(_COUNTED.sub("", plain))
        )
        if place in used:
            continue
        if plain in _PARTS:
            parts.append(place)
        elif field and field not in fields and (field in SEVERAL - {"name"} or field not in found):
            found.setdefault(field, []).append(place)
    if parts and "name" not in found and "name" not in fields:
        found["name"] = parts
    fields |= {field: tuple(places) for field, places in found.items()}
