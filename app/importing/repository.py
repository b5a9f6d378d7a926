"""Chunks of lines -> clients, their numbers and revenue, inside one transaction. On raw asyncpg.

New clients come with nothing that could refer to anybody else's rows, so their foreign keys are true by construction;
an owner who may (`GRANT SET ON PARAMETER session_replication_role`) leaves the row-by-row check of those keys out,
which is half the time of a first import. Clients that were there before are always checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from app.importing.rows import Shape

if TYPE_CHECKING:
    import asyncpg

MAPPING_NAME = "clients"
_STATEMENT_SETTINGS = ("SET LOCAL work_mem = '64MB'", "SET LOCAL temp_buffers = '64MB'")


class Counts(NamedTuple):
    """Of one chunk. `twice`: lines of rows whose client came in an earlier chunk."""

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
    """Of one transaction that has set the project. `arpu_months`: what the card's mean is taken over, latest first."""

    def __init__(
        self, connection: asyncpg.Connection, project_id: int, shape: Shape, arpu_months: Sequence[date]
    ) -> None:
        self._connection = connection
        self._shape = shape
        self._project = int(project_id)
        self._find = _find(shape, self._project)
        self._new = _new_clients(shape, arpu_months, self._project)
        self._changes = _changes(shape, arpu_months, self._project)
        self._checks_off = False

    async def begin(self) -> None:
        """Two imports into one project take turns; what is imported can no longer lose its project meanwhile."""
        run, listed = self._connection.execute, ", ".join(" ".join(one) for one in self._shape.columns)
        for setting in _STATEMENT_SETTINGS:
            await run(setting)
        await run("SELECT pg_advisory_xact_lock(hashtextextended('tierline import', $1))", self._project)
        await run("SELECT FROM projects WHERE id = $1 FOR KEY SHARE", self._project)
        sequence = await self._connection.fetchval("SELECT pg_get_serial_sequence('clients', 'id')")
        await run(
            f"CREATE TEMP TABLE chunk ({listed}, id bigint DEFAULT nextval('{sequence}')) ON COMMIT DROP"
        )
        await run("CREATE TEMP TABLE known (LIKE chunk, twice boolean) ON COMMIT DROP")
        await run("CREATE TEMP TABLE met (id bigint PRIMARY KEY) ON COMMIT DROP")
        await run("CREATE TEMP TABLE altered (id bigint PRIMARY KEY) ON COMMIT DROP")
        self._checks_off = await self._connection.fetchval(
            "SELECT has_parameter_privilege('session_replication_role', 'SET')"
        )

    async def load(self, data: bytes) -> Counts:
        """`data`: COPY text in which each client comes once.

        Few round trips: each answer would have to wait until the thread that reads the file lets go of the interpreter.
        """
        columns = [name for name, _ in self._shape.columns]
        whole = memoryview(data)  # bytes would be taken for a path, and a file would be read in a thread
        copied = _count(
            await self._connection.copy_to_table("chunk", source=whole, columns=columns, format="text")
        )
        found = _count(await self._connection.execute(self._find))
        changed, twice = 0, []
        if found:
            if found < copied:
                await self._connection.execute("DELETE FROM chunk USING known WHERE chunk.line = known.line")
            rows = await self._connection.fetch("DELETE FROM known WHERE twice RETURNING line")
            twice = sorted(row[0] for row in rows)
            changed = await self._change()
        await self._add(any_new=found < copied)
        return Counts(copied - found, changed, found - len(twice) - changed, twice)

    async def _add(self, *, any_new: bool) -> None:
        """Also makes room for the next chunk."""
        statements = self._new if any_new else []
        if any_new and self._checks_off:
            role = "SET LOCAL session_replication_role = "
            statements = [role + "replica", *statements, role + "origin"]
        await self._connection.execute(";\n".join([*statements, "TRUNCATE chunk, known, altered"]))

    async def _change(self) -> int:
        statements = ["INSERT INTO met SELECT id FROM known", *self._changes]
        await self._connection.execute(";\n".join(statements))
        return int(await self._connection.fetchval("SELECT count(*) FROM altered"))


def _count(status: str) -> int:
    """Rows in a command tag: `INSERT 0 7`, `COPY 7`."""
    return int(status.rpartition(" ")[2])


def _find(shape: Shape, project: int) -> str:
    """Fills `known` with the rows whose client is there: by his key, or else by number and name.

    One of this transaction, or in `met`, came in an earlier chunk. The look-up stands in a LATERAL with a LIMIT so that
    each row asks the index, however little the planner knows yet of a table that is being filled.
    """
    again = "c.xmin = pg_current_xact_id()::xid OR (SELECT m.id FROM met m WHERE m.id = c.id) IS NOT NULL"
    if shape.by_external_id:
        client = (
            "SELECT c.id, c.xmin FROM clients c"  # noqa: S608 -- put together from our own words
            f" WHERE c.project_id = {project} AND c.external_id = chunk.external_id LIMIT 1"
        )
    else:
        again += " OR row_number() OVER (PARTITION BY c.id ORDER BY line) > 1"
        same = " AND c.name_key = chunk.name_key" if shape.has_name else ""
        client = (
            "SELECT c.id, c.xmin FROM client_phones p"  # noqa: S608 -- the same
            " JOIN clients c ON c.project_id = p.project_id AND c.id = p.client_id"
            f" WHERE p.project_id = {project} AND p.phone = chunk.phone_0 AND c.merged_into IS NULL{same}"
            " ORDER BY p.is_primary DESC, c.id LIMIT 1"
        )
    columns = ", ".join(name for name, _ in shape.columns)
    return (
        f"INSERT INTO known ({columns}, id, twice) SELECT {columns}, c.id, {again}"  # noqa: S608
        f" FROM chunk CROSS JOIN LATERAL ({client}) c"
    )


def _name(shape: Shape) -> str:
    """A client without a name is called by his key or number: a card needs a heading."""
    name = ["k.name"] if shape.has_name else []
    other = "k.external_id" if shape.by_external_id else "'+' || k.phone_0"
    return f"coalesce({', '.join([*name, other])})"


def _amounts(shape: Shape, arpu_months: Sequence[date], table: str) -> str:
    """(id, month, amount) of all rows. One figure stands in the latest full month: the mean of what is known is it."""
    columns = {month: f"amount_{month:%Y_%m}" for month in shape.months}
    if shape.has_arpu:
        columns[arpu_months[0]] = "arpu"
    return " UNION ALL ".join(
        f"SELECT id, date '{month}' AS month, {column} AS amount FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608
        for month, column in columns.items()
    )


def _phones(shape: Shape, table: str) -> str:
    return " UNION ALL ".join(
        f"SELECT id, phone_{number} AS phone, {number == 0} AS is_primary FROM {table}"  # noqa: S608
        f" WHERE phone_{number} IS NOT NULL"
        for number in range(shape.phones)
    )


_DEFAULTS = {"kind": "'person'", "currency": "'RUB'", "blocked": "false"}


def _new_clients(shape: Shape, arpu_months: Sequence[date], project: int) -> list[str]:
    """Fields that the row leaves empty get the table's defaults."""
    sources = {"project_id": str(project), "id": "k.id", "name": _name(shape), "name_key": "k.name_key"}
    if shape.by_external_id:
        sources["external_id"] = "k.external_id"
    for one in shape.fields:
        sources[one] = f"coalesce(k.{one}, {_DEFAULTS[one]})" if one in _DEFAULTS else f"k.{one}"
    if shape.has_facts:
        sources["facts"] = "k.facts"
    statements = [
        f"INSERT INTO clients ({', '.join(sources)}) SELECT {', '.join(sources.values())} FROM chunk k"  # noqa: S608
    ]
    if phones := _phones(shape, "chunk"):
        statements.append(
            "INSERT INTO client_phones (project_id, client_id, phone, is_primary)"  # noqa: S608
            f" SELECT {project}, id, phone, is_primary FROM ({phones}) k"
        )
    if amounts := _amounts(shape, arpu_months, "chunk"):
        statements.append(
            "INSERT INTO client_revenue (project_id, client_id, month, amount)"  # noqa: S608
            f" SELECT {project}, id, month, amount FROM ({amounts}) k"
        )
    return statements


def _changes(shape: Shape, arpu_months: Sequence[date], project: int) -> list[str]:
    """An empty cell leaves what is stored; numbers are added and none removed; what a row does not change is not written.

    What differs is looked up row by row, and by the primary key: sub-selects that the planner must leave alone, because
    a join it plans for tables without statistics may read all clients again for each row.
    """
    statements = []
    if assignments := _assignments(shape):
        pairs = ", ".join(f"{one} = {value}" for one, value in assignments.items())
        differs = " OR ".join(f"c.{one} IS DISTINCT FROM {value}" for one, value in assignments.items())
        statements.append(
            "UPDATE clients c SET " + pairs + ", updated_at = now() FROM"  # noqa: S608
            " (SELECT k.* FROM known k CROSS JOIN LATERAL"
            f"   (SELECT * FROM clients c WHERE c.project_id = {project} AND c.id = k.id OFFSET 0) c"
            f"   WHERE {differs} OFFSET 0) k"
            f" WHERE c.project_id = {project} AND c.id = k.id RETURNING c.id"
        )
    if shape.phones:
        statements += _changed_phones(_phones(shape, "known"), project)
    if amounts := _amounts(shape, arpu_months, "known"):
        statements.append(
            "INSERT INTO client_revenue AS r (project_id, client_id, month, amount)"  # noqa: S608
            f" SELECT {project}, k.id, k.month, k.amount FROM ({amounts}) k"
            " WHERE (SELECT o.amount FROM client_revenue o"
            f"   WHERE o.project_id = {project} AND o.client_id = k.id AND o.month = k.month"
            "   ) IS DISTINCT FROM k.amount"
            " ON CONFLICT (project_id, client_id, month) DO UPDATE SET amount = excluded.amount"
            " RETURNING r.client_id"
        )
    if shape.has_arpu:
        others = ", ".join(f"date '{month}'" for month in arpu_months[1:])
        statements.append(
            "INSERT INTO client_revenue AS r (project_id, client_id, month, amount)"  # noqa: S608
            f" SELECT {project}, k.id, o.month, k.arpu FROM known k CROSS JOIN LATERAL"
            f"   (SELECT r.month FROM client_revenue r WHERE r.project_id = {project} AND r.client_id = k.id"
            f"    AND r.month IN ({others}) AND r.amount <> k.arpu OFFSET 0) o"
            " ON CONFLICT (project_id, client_id, month) DO UPDATE SET amount = excluded.amount"
            " RETURNING r.client_id"
        )
    return [
        *(
            f"WITH done (id) AS ({one}) INSERT INTO altered SELECT id FROM done ON CONFLICT DO NOTHING"  # noqa: S608
            for one in statements
        ),
        "UPDATE clients c SET updated_at = now() FROM altered a WHERE c.id = a.id AND c.updated_at <> now()",
    ]


def _assignments(shape: Shape) -> dict[str, str]:
    """Column of `clients` -> what it becomes."""
    assignments = {one: f"coalesce(k.{one}, c.{one})" for one in shape.fields}
    if shape.has_name:
        assignments["name"] = "coalesce(k.name, c.name)"
        assignments["name_key"] = "CASE WHEN k.name IS NULL THEN c.name_key ELSE k.name_key END"
    if shape.has_facts:
        assignments["facts"] = "c.facts || k.facts"
    return assignments


def _changed_phones(phones: str, project: int) -> list[str]:
    """The first column's number becomes the client's main one."""
    return [
        "INSERT INTO client_phones AS p (project_id, client_id, phone, is_primary)"  # noqa: S608
        f" SELECT {project}, k.id, k.phone, k.is_primary FROM ({phones}) k WHERE (SELECT o.phone FROM client_phones o"
        f"   WHERE o.project_id = {project} AND o.client_id = k.id AND o.phone = k.phone) IS NULL"
        " RETURNING p.client_id",
        "INSERT INTO client_phones AS p (project_id, client_id, phone, is_primary)"  # noqa: S608
        f" SELECT {project}, k.id, o.phone, o.phone = k.phone_0 FROM known k CROSS JOIN LATERAL"
        f"   (SELECT p.phone FROM client_phones p WHERE p.project_id = {project} AND p.client_id = k.id"
        "     AND k.phone_0 IS NOT NULL AND p.is_primary <> (p.phone = k.phone_0) OFFSET 0) o"
        " ON CONFLICT (project_id, client_id, phone) DO UPDATE SET is_primary = excluded.is_primary"
        " RETURNING p.client_id",
    ]
