"""What an administrator finds in the database after `tierline import clients`."""

import asyncio
import csv
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.clients.card import card_by_client, cards_by_phone
from app.errors import BadInput, Unavailable
from app.importing import rows
from app.infra.db import Database
from routing.policy import DEFAULT_POLICY
from tests.app.importing.conftest import TODAY, Import, figures

pytestmark = pytest.mark.db

Stored = Callable[..., Awaitable[list[Any]]]

PLAIN = """external_id,name,phone,arpu
C-1,Anna Example,8 (916) 000-00-01,450.50
C-2,Boris Example,+79160000002,"1200,00"
C-3,Clara Example,00 7 916 000 00 03,
"""

SNAPSHOT = """
SELECT (SELECT array_agg(t.xmin::text || t::text ORDER BY t.id) FROM clients t),
  (SELECT array_agg(t.xmin::text || t::text ORDER BY t.client_id, t.phone) FROM client_phones t),
  (SELECT array_agg(t.xmin::text || t::text ORDER BY t.client_id, t.month) FROM client_revenue t),
  (SELECT array_agg(t.xmin::text || t::text) FROM import_mappings t)"""


def reported(tmp_path: Path) -> list[tuple[int, str, str, str]]:
    with (tmp_path / "clients.bad.csv").open(encoding="utf-8-sig", newline="") as file:
        heading, *found = csv.reader(file)
    assert heading == ["line", "column", "value", "reason"]
    return [(int(line), column, value, reason) for line, column, value, reason in found]


async def test_a_plain_file_becomes_clients_that_are_recognised(
    load: Import, database: Database, project_id: int
) -> None:
    assert figures(await load(PLAIN)) == (3, 0, 0, 0)
    async with database.connection() as connection:
        for phone, name, arpu in (
            (79160000001, "Anna Example", 450.5),
            (79160000002, "Boris Example", 1200.0),
            (79160000003, "Clara Example", None),
        ):
            (card,) = (await cards_by_phone(connection, project_id, phone, TODAY)).cards(DEFAULT_POLICY)
            assert (card.name, card.arpu, card.phones) == (name, arpu, [f"+{phone}"])


async def test_the_same_file_twice_changes_nothing(load: Import, stored: Stored) -> None:
    await load(PLAIN, "phone=phone")
    before = await stored(SNAPSHOT)
    assert figures(await load(PLAIN, "phone=phone")) == (0, 0, 3, 0)
    assert await stored(SNAPSHOT) == before


async def test_files_longer_than_a_chunk(
    load: Import, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a client who comes again in a later chunk is taken once, new or known."""
    monkeypatch.setattr(rows, "CHUNK_ROWS", 2)
    content = PLAIN + "C-4,Denis,+79160000004,1\nC-1,Another Anna,+79160000009,7\n"
    assert figures(await load(content)) == (4, 0, 0, 1)
    before = await stored(SNAPSHOT)
    assert figures(await load(content)) == (0, 0, 4, 1)
    assert await stored(SNAPSHOT) == before


async def test_a_chunk_of_new_known_and_repeated_clients(
    load: Import, stored: Stored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is told apart also when one chunk holds all of them, and each chunk begins with nothing of the one before."""
    await load("external_id,name\nC-9,Known\nC-8,Same\n")
    monkeypatch.setattr(rows, "CHUNK_ROWS", 4)
    content = (
        "external_id,name,phone,arpu\n"
        "C-1,Anna,+79160000001,1\nC-2,Boris,+79160000002,2\nC-3,Clara,,\nC-4,Denis,,\n"
        "C-1,Anna Again,+79160000009,9\nC-5,Eva,+79160000005,5\nC-9,Renamed,,\nC-8,Same,,\n"
        "C-9,Renamed Again,,\nC-6,Felix,,6\n"
    )
    assert figures(await load(content)) == (6, 1, 1, 2)
    assert [line for line, *_ in reported(tmp_path)] == [6, 10]
    found = await stored(
        "SELECT c.external_id, c.name, p.phone, r.amount::int FROM clients c LEFT JOIN client_phones p ON"
        " p.client_id = c.id LEFT JOIN client_revenue r ON r.client_id = c.id ORDER BY c.external_id"
    )
    assert [tuple(one) for one in found] == [
        ("C-1", "Anna", 79160000001, 1),
        ("C-2", "Boris", 79160000002, 2),
        ("C-3", "Clara", None, None),
        ("C-4", "Denis", None, None),
        ("C-5", "Eva", 79160000005, 5),
        ("C-6", "Felix", None, 6),
        ("C-8", "Same", None, None),
        ("C-9", "Renamed", None, None),
    ]


async def test_a_client_who_comes_twice_is_reported_with_his_line(load: Import, tmp_path: Path) -> None:
    assert figures(await load(PLAIN + "C-2,Boris Again,,5\n")) == (3, 0, 0, 1)
    assert reported(tmp_path) == [(5, "", "C-2", rows.TWICE)]


async def test_only_what_differs_is_changed_and_empty_cells_erase_nothing(
    load: Import, stored: Stored
) -> None:
    await load(PLAIN)
    changed = PLAIN.replace("Anna Example", "Anna Married").replace("+79160000002,", ",")
    assert figures(await load(changed)) == (0, 1, 2, 0)
    found = await stored("SELECT name, name_key, updated_at > created_at FROM clients ORDER BY external_id")
    assert [tuple(one) for one in found] == [
        ("Anna Married", "anna married", True),
        ("Boris Example", "boris example", False),
        ("Clara Example", "clara example", False),
    ]
    assert len(await stored("SELECT FROM client_phones")) == 3


async def test_a_new_number_is_added_and_becomes_the_main_one(load: Import, stored: Stored) -> None:
    await load(PLAIN)
    assert figures(await load(PLAIN.replace("8 (916) 000-00-01", "+79160000077"))) == (0, 1, 2, 0)
    found = await stored(
        "SELECT phone, is_primary FROM client_phones p JOIN clients c ON c.id = p.client_id"
        " WHERE c.external_id = 'C-1' ORDER BY phone"
    )
    assert [tuple(one) for one in found] == [(79160000001, False), (79160000077, True)]


async def test_the_arpu_of_the_card_is_the_figure_also_when_the_months_go_by(
    load: Import, stored: Stored, database: Database, project_id: int
) -> None:
    async def arpu(day: date) -> float | None:
        (client,) = await stored("SELECT id FROM clients WHERE external_id = 'C-1'")
        async with database.connection() as connection:
            (card,) = (await card_by_client(connection, project_id, client[0], day)).cards(DEFAULT_POLICY)
        return card.arpu

    await load(PLAIN)
    assert await arpu(TODAY) == 450.5
    for month in (4, 5):
        later = date(2026, month, 2)
        await load(PLAIN.replace("450.50", f"{month}00"), today=later)
        assert await arpu(later) == month * 100


async def test_months_of_their_own_say_more_than_one_figure(load: Import, stored: Stored) -> None:
    await load('id,arpu,revenue:2026-01,revenue:2026-02\nC-1,999,100,"300,5"\n')
    found = await stored("SELECT month, amount::text FROM client_revenue ORDER BY month")
    assert [tuple(one) for one in found] == [(date(2026, 1, 1), "100.00"), (date(2026, 2, 1), "300.50")]
    assert (await stored("SELECT facts->>'arpu' FROM clients"))[0][0] == "999"


async def test_bad_rows_are_told_and_the_rest_is_stored(load: Import, tmp_path: Path) -> None:
    content = (
        "external_id,name,phone,arpu,born_on,language\r\n"
        'C-1,"Anna\r\nof two lines",+79160000001,10,31.12.1980,ru\r\n'
        "C-2,Boris,123,minus one,31/12/1980,xx\r\n"
        ",Nobody,+79160000003,1,,\r\n"
        "C-4,Denis,+79160000004,1\r\n"
        f"C-5,{'x' * 301},+79160000005,1,,\r\n"
        f"C-6,{'x' * 200_000},+79160000006,1,,\r\n"
        "C-7,Nul\0l,+79160000007,1,,\r\n"
        "\r\n"
        "C-8,Helen,79160000008,1,1980-01-02,EN\r\n"
    )
    assert figures(await load(content)) == (2, 0, 0, 6)
    assert [(line, column) for line, column, _, _ in reported(tmp_path)] == [
        *((4, one) for one in ("arpu", "born_on", "language", "phone")),
        (5, "external_id"),
        (6, ""),
        (7, "name"),
        (8, ""),
        (9, ""),
    ]
    assert figures(await load(PLAIN)) == (2, 1, 0, 0)
    assert not (tmp_path / "clients.bad.csv").exists()


async def test_a_dry_run_tells_and_stores_nothing(load: Import, stored: Stored) -> None:
    await load(PLAIN)
    before = await stored(SNAPSHOT)
    content = PLAIN.replace("450.50", "451") + "C-9,New,+79160000099,1\nC-10,Bad,12,1\n"
    assert figures(await load(content, "phone=phone", dry_run=True)) == (1, 1, 2, 1)
    assert await stored(SNAPSHOT) == before


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
async def test_encodings_delimiters_and_russian_headings(
    load: Import, stored: Stored, encoding: str, delimiter: str
) -> None:
    lines = [
        ("Код клиента", "Фамилия", "Имя", "Телефон", "Телефон 2", "Тип клиента", "Дата рождения", "Город"),
        ("К-1", "Пример", "Ёлка", "8 (916) 000-00-01", "+7 495 000-00-01", "Юрлицо", "01.02.1990", "Москва"),
    ]
    content = "\n".join(delimiter.join(one) for one in lines).encode(encoding)
    assert figures(await load(content)) == (1, 0, 0, 0)
    (client,) = await stored(
        "SELECT external_id, name, name_key, kind, born_on, facts, ARRAY(SELECT phone FROM client_phones p"
        " WHERE p.client_id = c.id ORDER BY is_primary DESC) FROM clients c"
    )
    assert tuple(client) == (
        *("К-1", "Пример Ёлка", "пример елка", "company", date(1990, 2, 1), '{"Город": "Москва"}'),
        [79160000001, 74950000001],
    )


async def test_broken_bytes_spoil_their_row_alone(load: Import, tmp_path: Path) -> None:
    content = "id,name\nC-1,Анна\nC-2,Бор".encode() + b"\xff" + "ис\nC-3,Клара\n".encode()
    assert figures(await load(content)) == (2, 0, 0, 1)
    assert reported(tmp_path)[0][3] == "bytes that are not utf-8"


async def test_without_a_key_number_and_name_tell_clients_apart(load: Import, stored: Stored) -> None:
    content = "name,phone,city\nAnna,+79160000001,Moscow\nBoris,+79160000001,Omsk\n,+79160000002,Ufa\nNo number,,x\n"
    assert figures(await load(content)) == (3, 0, 0, 1)
    before = await stored(SNAPSHOT)
    assert figures(await load(content)) == (0, 0, 3, 1)
    assert await stored(SNAPSHOT) == before
    assert figures(await load(content.replace("Omsk", "Tver"))) == (0, 1, 2, 1)
    names = await stored("SELECT name FROM clients ORDER BY id")
    assert [one[0] for one in names] == ["Anna", "Boris", "+79160000002"]


async def test_what_was_said_is_remembered_until_it_is_forgotten(load: Import, stored: Stored) -> None:
    content = "Nr,Who,Secret\nC-1,Anna,x\n"
    await load(content, "external_id=Nr", "name=Who", "ignore=Secret")
    await load(content.replace("C-1", "C-2"))
    found = await stored("SELECT external_id, name, facts FROM clients ORDER BY id")
    assert [tuple(one) for one in found] == [("C-1", "Anna", "{}"), ("C-2", "Anna", "{}")]
    with pytest.raises(BadInput, match="--map external_id"):
        await load(content, forget=True)
    await load(content, "external_id=Nr", forget=True, remember=False)
    assert await stored("SELECT FROM import_mappings") == []


async def test_made_up_numbers_are_the_same_each_time(load: Import, stored: Stored) -> None:
    content = "customerID,MonthlyCharges\nA-1,29.85\nA-2,56.95\n"
    assert figures(await load(content, generate_phones=True)) == (2, 0, 0, 0)
    assert figures(await load(content, generate_phones=True)) == (0, 0, 2, 0)
    phones = [one[0] for one in await stored("SELECT phone FROM client_phones")]
    assert len(phones) == 2
    assert all(79_420_000_000 <= phone < 79_490_000_000 for phone in phones)


async def test_another_project_neither_sees_nor_loses_anything(
    load: Import, urls: Any, database: Database, stored: Stored
) -> None:
    superuser = await asyncpg.connect(urls.superuser)
    other = await superuser.fetchval(
        "INSERT INTO projects (code, name) VALUES ('other', 'Other') RETURNING id"
    )
    await superuser.execute(
        "INSERT INTO clients (project_id, external_id, name) VALUES ($1, 'C-1', 'Theirs')", other
    )
    assert figures(await load(PLAIN)) == (3, 0, 0, 0)
    assert await superuser.fetchval("SELECT name FROM clients WHERE project_id = $1", other) == "Theirs"
    await superuser.close()


async def test_an_owner_without_the_extra_right_gets_the_same(
    load: Import, urls: Any, database: Database
) -> None:
    """The app's role may import too: then every foreign key is checked row by row."""
    async with Database(urls.app) as humble:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(humble, "analyze", database.analyze)
            assert figures(await load(PLAIN, into=humble)) == (3, 0, 0, 0)
            assert figures(await load(PLAIN.replace("450.50", "1"), into=humble)) == (0, 1, 2, 0)


async def test_a_connection_that_breaks_leaves_nothing_half(
    load: Import, urls: Any, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "CHUNK_ROWS", 1)
    superuser = await asyncpg.connect(urls.superuser)
    await superuser.execute(
        "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'"
    )
    await superuser.execute(
        "CREATE TRIGGER cut BEFORE INSERT ON clients FOR EACH ROW"
        " WHEN (NEW.external_id = 'C-3') EXECUTE FUNCTION cut()"
    )
    await superuser.execute("ALTER TABLE clients ENABLE ALWAYS TRIGGER cut")
    await superuser.close()
    with pytest.raises(Unavailable, match="nothing of it was stored"):
        await load(PLAIN, "phone=phone")
    assert await stored(SNAPSHOT) == [(None, None, None, None)]


async def test_two_imports_at_once_take_turns(load: Import, stored: Stored) -> None:
    both = await asyncio.gather(load(PLAIN, name="one.csv"), load(PLAIN, name="other.csv"))
    assert sorted(figures(one) for one in both) == [(0, 0, 3, 0), (3, 0, 0, 0)]


@pytest.mark.parametrize(
    ("content", "said", "message"),
    [
        ("", (), "is empty"),
        ("C-1,Anna,+79160000001\n", (), "must name the columns"),
        ("name,city\nAnna,Omsk\n", (), "--map external_id=Column or --map phone=Column"),
        ("id,name,name\n", (), "two columns are named 'name'"),
        ("id,name\n", ("name=Name",), "no column 'Name'; it has 'id', 'name'"),
        ("id,name\n", ("nmae=name",), "the field is one of"),
        ("id,name\n", ("arpu=id", "arpu=name"), "may have several columns"),
        (b"PK\x03\x04\x00\x00\x08", (), "is no CSV text"),
        ("id,name\n".encode("utf-16"), (), "UTF-16: save it as CSV UTF-8"),
    ],
)
async def test_files_that_cannot_be_used_are_told_so(
    load: Import, content: str | bytes, said: tuple[str, ...], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        await load(content, *said)
