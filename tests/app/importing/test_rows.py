"""How a file is cut into what the database is given at once."""

from pathlib import Path

import pytest

from app.importing import rows
from app.importing.mapping import find_columns
from app.importing.rows import RowReader, shape_of
from app.importing.source import Rows, open_source

pytestmark = pytest.mark.unit


def test_the_database_gets_its_first_rows_soon_and_never_too_many(tmp_path: Path) -> None:
    file, count = tmp_path / "clients.csv", 2 * rows.CHUNK_ROWS + 17
    file.write_text("id\n" + "".join(f"C-{number}\n" for number in range(count)))
    source = open_source(file)
    columns = find_columns(source.headings, {}, {})
    reader = RowReader(columns, shape_of(columns, invents_phones=False), "RU", invents_phones=False)
    opened = Rows(source)
    chunks = list(reader.chunks(opened))
    opened.close()
    sizes = [chunk.rows for chunk in chunks]
    assert sizes[0] <= rows.CHUNK_ROWS // 10
    assert max(sizes) <= rows.CHUNK_ROWS
    lines = [line for chunk in chunks for line in chunk.data.decode().splitlines()]
    assert [line.split("\t")[1] for line in lines] == [f"C-{number}" for number in range(count)]
    assert [chunk.data.count(b"\n") for chunk in chunks] == sizes
