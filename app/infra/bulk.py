"""Many rows at once. COPY goes into a temporary table first: PostgreSQL does not COPY into tables under row-level security."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.infra.db import Connection


async def copy_to_temporary(
    connection: Connection, table: str, columns: Sequence[str], records: Iterable[Sequence[Any]]
) -> str:
    """Makes a temporary table with these columns of `table`, types and all, fills it, and returns its name.

    It goes when the transaction ends. Table and columns are our own words, never a user's.
    """
    name, listed = f"copied_{table}", ", ".join(columns)
    await connection.execute(f"DROP TABLE IF EXISTS {name}")
    await connection.execute(
        f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS SELECT {listed} FROM {table} WITH NO DATA"  # noqa: S608
    )
    await connection.copy_records_to_table(name, columns=list(columns), records=records)
    return name


async def insert_many(
    connection: Connection, table: str, columns: Sequence[str], records: Iterable[Sequence[Any]]
) -> None:
    """All or none, inside the caller's transaction, which has set the project."""
    name, listed = await copy_to_temporary(connection, table, columns, records), ", ".join(columns)
    await connection.execute(f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {name}")  # noqa: S608


async def reserve_ids(connection: Connection, table: str, count: int) -> list[int]:
    """Ids that nobody else will get, for rows that other rows of the same load point at."""
    query = "SELECT nextval(pg_get_serial_sequence($1, 'id')) FROM generate_series(1, $2::int)"
    return [row[0] for row in await connection.fetch(query, table, count)]
