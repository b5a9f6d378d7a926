"""Chunks of lines -> clients, their numbers and revenue, inside one transaction. On raw asyncpg.

New clients come with nothing that could refer to anybody else's rows, so their foreign keys are true by construction;
an owner who may (`GRANT SET ON PARAMETER session_replication_role`) leaves the row-by-row check of those keys out,
which is half the time of a first import. Clients that were there before are always checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from app.importing.rows import Shape

if TYPE_CHECKING:
    import asyncpg

MAPPING_NAME = "clients"
_STATEMENT_SETTINGS = ("SET LOCAL work_mem = '64MB'", "SET LOCAL temp_buffers = '64MB'")


class Counts(NamedTuple):
    """Of one chunk. `twice`: (line, earlier key) of rows whose client came before in the same file."""

    new: int
    changed: int
    unchanged: int
    twice: list[int]


async def remembered(connection: asyncpg.Connection) -> dict[str, list[str]]:
    stored = await connection.fetchval("SELECT mapping FROM import_mappings WHERE name = $1", MAPPING_NAME)
    return msgspec.json.decode(stored, type=dict[str, list[str]]) if stored else {}


async def remember(connection: asyncpg.Connection, said: Mapping[str, Sequence[str]]) -> None:
    await connection.execute(
        "INSERT INTO import_mappings AS known (name, mapping) VALUES ($1, $2::jsonb)"
        " ON CONFLICT (project_id, name) DO UPDATE SET mapping = excluded.mapping, updated_at = now()"
        " WHERE known.mapping <> excluded.mapping",
        *(MAPPING_NAME, msgspec.json.encode(said).decode()),
    )


async def forget(connection: asyncpg.Connection) -> None:
    await connection.execute("DELETE FROM import_mappings WHERE name = $1", MAPPING_NAME)


class ClientLoader:
    """Of one transaction that has set the project. `arpu_months`: first days of those that one figure stands for."""

    def __init__(
        self, connection: asyncpg.Connection, project_id: int, shape: Shape, arpu_months: Sequence[date]
    ) -> None:
        self._connection = connection
        self._shape = shape
        self._project = int(project_id)
        self._resolve = _resolve(shape, self._project)
        self._new = _new_clients(shape, arpu_months, self._project)
        self._changes = _changes(shape, arpu_months)
        self._checks_off = False

    async def begin(self) -> None:
        """Two imports into one project take turns; what is imported can no longer lose its project meanwhile."""
        run, listed = self._connection.execute, ", ".join(" ".join(one) for one in self._shape.columns)
        for setting in _STATEMENT_SETTINGS:
            await run(setting)
        await run("SELECT pg_advisory_xact_lock(hashtextextended('tierline import', $1))", self._project)
        await run("SELECT FROM projects WHERE id = $1 FOR KEY SHARE", self._project)
        await run(f"CREATE TEMP TABLE chunk ({listed}) ON COMMIT DROP")
        await run(
            "CREATE TEMP TABLE resolved ON COMMIT DROP AS"
            " SELECT chunk.*, NULL::bigint AS id, NULL::text AS fate FROM chunk WITH NO DATA"
        )
        await run("CREATE TEMP TABLE met (id bigint PRIMARY KEY) ON COMMIT DROP")
        await run("CREATE TEMP TABLE altered (id bigint PRIMARY KEY) ON COMMIT DROP")
        self._checks_off = await self._connection.fetchval(
            "SELECT has_parameter_privilege('session_replication_role', 'SET')"
        )

    async def load(self, data: bytes) -> Counts:
        run = self._connection.execute
        await run("TRUNCATE chunk, resolved, altered")
        await self._connection.copy_to_table(
            "chunk",
            source=BytesIO(data),
            columns=[name for name, _ in self._shape.columns],
            format="text",
        )
        await run(self._resolve)
        fates = dict(await self._connection.fetch("SELECT fate, count(*) FROM resolved GROUP BY fate"))
        if fates.get("new"):
            await self._add()
        changed = await self._change() if fates.get("known") else 0
        twice: list[int] = []
        if fates.get("twice"):
            rows = await self._connection.fetch(
                "SELECT line FROM resolved WHERE fate = 'twice' ORDER BY line"
            )
            twice = [row[0] for row in rows]
        return Counts(fates.get("new", 0), changed, fates.get("known", 0) - changed, twice)

    async def _add(self) -> None:
        if self._checks_off:
            await self._connection.execute("SET LOCAL session_replication_role = replica")
        for statement in self._new:
            await self._connection.execute(statement)
        if self._checks_off:
            await self._connection.execute("SET LOCAL session_replication_role = origin")

    async def _change(self) -> int:
        for statement in self._changes:
            await self._connection.execute(statement)
        return int(await self._connection.fetchval("SELECT count(*) FROM altered"))


def _resolve(shape: Shape, project: int) -> str:
    """Who each row is: by the key, or else by number and name.

    A row of this transaction, or one in `met`, came earlier in the same file. The look-up stands in a LATERAL with a
    LIMIT so that each row asks the index, however little the planner knows yet of a table that is being filled.
    """
    if shape.by_external_id:
        key = 'external_id COLLATE "C"'
        found = (
            "SELECT c.id, c.xmin FROM clients c"  # noqa: S608 -- put together from our own words
            f" WHERE c.project_id = {project} AND c.external_id = chunk.external_id LIMIT 1"
        )
    else:
        same = " AND c.name_key = chunk.name_key" if shape.has_name else ""
        key = "phone_0, name_key" if shape.has_name else "phone_0"
        found = (
            "SELECT c.id, c.xmin FROM client_phones p"  # noqa: S608 -- the same
            " JOIN clients c ON c.project_id = p.project_id AND c.id = p.client_id"
            f" WHERE p.project_id = {project} AND p.phone = chunk.phone_0 AND c.merged_into IS NULL{same}"
            " ORDER BY p.is_primary DESC, c.id LIMIT 1"
        )
    columns = ", ".join(name for name, _ in shape.columns)
    again = (
        ""
        if shape.by_external_id
        else " OR (c.id IS NOT NULL AND row_number() OVER (PARTITION BY c.id ORDER BY line) > 1)"
    )
    return f"""
WITH placed AS (
  INSERT INTO resolved ({columns}, id, fate)
  SELECT {columns}, coalesce(c.id, nextval('clients_id_seq')),
    CASE WHEN nth > 1 OR c.xmin = pg_current_xact_id()::xid OR EXISTS (SELECT FROM met WHERE met.id = c.id){again}
      THEN 'twice' WHEN c.id IS NULL THEN 'new' ELSE 'known' END
  FROM (SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY line) AS nth FROM chunk) chunk
  LEFT JOIN LATERAL ({found}) c ON true
  RETURNING id, fate)
INSERT INTO met SELECT id FROM placed WHERE fate = 'known'
ON CONFLICT DO NOTHING"""  # noqa: S608 -- put together from our own words


def _name(shape: Shape) -> str:
    """A client without a name is called by his key or number: a card needs a heading."""
    name = ["k.name"] if shape.has_name else []
    other = "k.external_id" if shape.by_external_id else "'+' || k.phone_0"
    return f"coalesce({', '.join([*name, other])})"


def _amounts(shape: Shape, arpu_months: Sequence[date]) -> str:
    """(id, fate, month, amount) of each row. Of the months that one figure stands for none stays as it was."""
    parts = [
        f"SELECT id, fate, date '{month}' AS month, amount_{month:%Y_%m} AS amount FROM resolved"  # noqa: S608
        for month in shape.months
    ]
    if shape.has_arpu and arpu_months:
        months = ", ".join(f"(date '{month}')" for month in arpu_months)
        parts.append(
            f"SELECT id, fate, month, arpu AS amount FROM resolved, (VALUES {months}) AS m (month)"  # noqa: S608
        )
    return " UNION ALL ".join(parts)


def _phones(shape: Shape) -> str:
    return " UNION ALL ".join(
        f"SELECT id, fate, phone_{number} AS phone, {number == 0} AS is_primary FROM resolved"  # noqa: S608
        for number in range(shape.phones)
    )


def _new_clients(shape: Shape, arpu_months: Sequence[date], project: int) -> list[str]:
    """Fields that the row leaves empty get the table's defaults."""
    targets, values = (
        ["project_id", "id", "name", "name_key"],
        [str(project), "k.id", _name(shape), "k.name_key"],
    )
    if shape.by_external_id:
        targets.append("external_id")
        values.append("k.external_id")
    for one in shape.fields:
        targets.append(one)
        values.append(f"coalesce(k.{one}, {_DEFAULTS[one]})" if one in _DEFAULTS else f"k.{one}")
    if shape.has_facts:
        targets.append("facts")
        values.append("k.facts")
    statements = [
        f"INSERT INTO clients ({', '.join(targets)}) SELECT {', '.join(values)} FROM resolved k WHERE fate = 'new'"  # noqa: S608
    ]
    if shape.phones:
        statements.append(
            "INSERT INTO client_phones (project_id, client_id, phone, is_primary)"  # noqa: S608
            f" SELECT {project}, id, phone, is_primary FROM ({_phones(shape)}) k WHERE fate = 'new' AND phone IS NOT NULL"
        )
    if amounts := _amounts(shape, arpu_months):
        statements.append(
            "INSERT INTO client_revenue (project_id, client_id, month, amount)"  # noqa: S608
            f" SELECT {project}, id, month, amount FROM ({amounts}) k WHERE fate = 'new' AND amount IS NOT NULL"
        )
    return statements


_DEFAULTS: Mapping[str, Any] = {"kind": "'person'", "currency": "'RUB'", "blocked": "false"}


def _changes(shape: Shape, arpu_months: Sequence[date]) -> list[str]:
    """An empty cell leaves what is stored; numbers are added and none removed; rows that say nothing new are not touched."""
    assignments = {one: f"coalesce(k.{one}, c.{one})" for one in shape.fields}
    if shape.has_name:
        assignments["name"] = "coalesce(k.name, c.name)"
        assignments["name_key"] = "CASE WHEN k.name IS NULL THEN c.name_key ELSE k.name_key END"
    if shape.has_facts:
        assignments["facts"] = "c.facts || k.facts"
    statements = []
    if assignments:
        pairs = ", ".join(f"{one} = {value}" for one, value in assignments.items())
        differs = " OR ".join(f"c.{one} IS DISTINCT FROM {value}" for one, value in assignments.items())
        statements.append(
            _noting(
                f"UPDATE clients c SET {pairs}, updated_at = now() FROM resolved k"  # noqa: S608
                f" WHERE k.fate = 'known' AND c.id = k.id AND ({differs}) RETURNING c.id"
            )
        )
    if shape.phones:
        statements += [_noting(one) for one in _changed_phones(_phones(shape))]
    if amounts := _amounts(shape, arpu_months):
        statements.append(
            _noting(
                "INSERT INTO client_revenue AS r (client_id, month, amount)"  # noqa: S608
                f" SELECT k.id, k.month, k.amount FROM ({amounts}) k"
                " LEFT JOIN client_revenue o ON o.client_id = k.id AND o.month = k.month"
                " WHERE k.fate = 'known' AND k.amount IS NOT NULL AND o.amount IS DISTINCT FROM k.amount"
                " ON CONFLICT (project_id, client_id, month) DO UPDATE SET amount = excluded.amount"
                " RETURNING r.client_id"
            )
        )
    statements.append(
        "UPDATE clients c SET updated_at = now() FROM altered a WHERE c.id = a.id AND c.updated_at <> now()"
    )
    return statements


def _changed_phones(phones: str) -> list[str]:
    """The first column's number becomes the client's main one."""
    return [
        f"INSERT INTO client_phones AS p (client_id, phone, is_primary)"  # noqa: S608
        f" SELECT k.id, k.phone, k.is_primary FROM ({phones}) k"
        " WHERE k.fate = 'known' AND k.phone IS NOT NULL AND NOT EXISTS"
        "   (SELECT FROM client_phones o WHERE o.client_id = k.id AND o.phone = k.phone)"
        " RETURNING p.client_id",
        "UPDATE client_phones p SET is_primary = (p.phone = k.phone_0) FROM resolved k"
        " WHERE k.fate = 'known' AND k.phone_0 IS NOT NULL AND p.client_id = k.id"
        " AND p.is_primary <> (p.phone = k.phone_0) RETURNING p.client_id",
    ]


def _noting(statement: str) -> str:
    return f"WITH done (id) AS ({statement}) INSERT INTO altered SELECT id FROM done ON CONFLICT DO NOTHING"  # noqa: S608
