"""A project's rows are out of reach of any other project, whichever way one asks."""

import asyncpg
import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError

from app.clients.models import Client, ClientPhone
from app.infra.db import Database
from app.schema import metadata
from tests.conftest import Urls

pytestmark = pytest.mark.db

OURS, THEIRS = 1, 2


@pytest.fixture
async def two_projects(database: Database) -> Database:
    async with database.connection() as connection:
        await connection.execute("INSERT INTO projects (code, name) VALUES ('other', 'Other')")
    for project in (OURS, THEIRS):
        async with database.sessions(project) as session:
            client = Client(name=f"Client of {project}")
            session.add(client)
            await session.flush()
            session.add(ClientPhone(client_id=client.id, phone=79000000001))
    return database


async def test_orm_sees_and_changes_its_own_project_only(two_projects: Database) -> None:
    async with two_projects.sessions(OURS) as session:
        assert (await session.scalars(select(Client.name))).all() == ["Client of 1"]
        assert (await session.scalars(select(Client).where(Client.project_id == THEIRS))).all() == []
        changed = await session.execute(update(Client).values(name="x").returning(Client.project_id))
        assert [row.project_id for row in changed] == [OURS]
    async with two_projects.sessions(THEIRS) as session:
        assert (await session.scalars(select(Client.name))).all() == ["Client of 2"]


async def test_raw_sql_sees_its_own_project_only(two_projects: Database) -> None:
    async with two_projects.raw(THEIRS) as connection:
        rows = await connection.fetch("SELECT project_id FROM client_phones WHERE phone = 79000000001")
        assert [row["project_id"] for row in rows] == [THEIRS]
        assert await connection.execute("DELETE FROM clients WHERE project_id = 1") == "DELETE 0"


async def test_without_a_project_there_are_no_rows_and_no_error(two_projects: Database) -> None:
    async with two_projects.raw(OURS):
        pass  # the setting of this transaction must not stay on the connection
    async with two_projects.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM clients") == 0


async def test_rows_cannot_be_put_into_another_project(two_projects: Database) -> None:
    async with two_projects.raw(OURS) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            async with connection.transaction():
                await connection.execute("INSERT INTO clients (project_id, name) VALUES (2, 'smuggled')")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            async with connection.transaction():
                await connection.execute("UPDATE clients SET project_id = 2")
    with pytest.raises(DBAPIError, match="row-level security"):
        async with two_projects.sessions(OURS) as session:
            await session.execute(insert(Client).values(project_id=THEIRS, name="smuggled"))


async def test_a_row_cannot_point_into_another_project(two_projects: Database) -> None:
    async with two_projects.raw(THEIRS) as connection:
        client = await connection.fetchval("SELECT id FROM clients")
    async with two_projects.raw(OURS) as connection:
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            async with connection.transaction():
                await connection.execute("INSERT INTO notes (client_id, body) VALUES ($1, 'theirs')", client)


async def test_the_app_role_cannot_step_around(two_projects: Database) -> None:
    assert not await two_projects.sees_all_projects()
    async with two_projects.raw(OURS) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("ALTER TABLE clients DISABLE ROW LEVEL SECURITY")


async def test_the_owner_is_bound_too(two_projects: Database, urls: Urls) -> None:
    owner = await asyncpg.connect(urls.owner)
    assert await owner.fetchval("SELECT count(*) FROM clients") == 0
    await owner.close()


async def test_every_table_is_isolated_and_every_key_begins_with_the_project(
    database: Database, urls: Urls
) -> None:
    owned = {name for name, table in metadata.tables.items() if "project_id" in table.columns}
    assert set(metadata.tables) - owned == {"projects"}
    async with database.connection() as connection:
        isolated = await connection.fetch(
            "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid"
            " WHERE relrowsecurity AND relforcerowsecurity"
        )
        unique = await connection.fetch(
            "SELECT t.relname, i.relname AS index, a.attname FROM pg_index x"
            " JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid"
            " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]"
            " WHERE x.indisunique AND t.relname = ANY($1)",
            list(owned),
        )
        foreign = await connection.fetch(
            "SELECT conname, pg_get_constraintdef(oid) AS text FROM pg_constraint"
            " WHERE contype = 'f' AND confrelid <> 'projects'::regclass"
        )
    assert {row["relname"] for row in isolated} == owned
    assert unique
    assert [row["index"] for row in unique if row["attname"] != "project_id"] == []
    assert foreign
    assert [
        row["conname"] for row in foreign if not row["text"].startswith("FOREIGN KEY (project_id, ")
    ] == []
