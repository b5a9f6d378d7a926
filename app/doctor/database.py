"""Is the database there, of the right shape, and does it keep projects apart?"""

import asyncpg

from app.doctor.findings import Finding, failed, ok, warning
from app.errors import Unavailable
from app.infra.db import Database

OLDEST_SERVER = 150000


async def examine(database: Database) -> list[Finding]:
    try:
        async with database.connection() as connection:
            number = int(await connection.fetchval("SHOW server_version_num"))
            version = await connection.fetchval("SHOW server_version")
    except (Unavailable, OSError, asyncpg.PostgresError) as error:
        return [
            failed(
                "database",
                f"no connection: {error.__cause__ or error}",
                "Check TIERLINE_DATABASE_URL and that PostgreSQL accepts this role from this machine.",
            )
        ]
    findings = [
        ok("database", f"PostgreSQL {version}")
        if number >= OLDEST_SERVER
        else failed("database", f"PostgreSQL {version} is too old", "Use PostgreSQL 15 or newer.")
    ]
    return [*findings, await _migrations(database), await _isolation(database)]


async def _migrations(database: Database) -> Finding:
    has, wanted = await database.revisions()
    if has == wanted:
        return ok("migrations", f"up to date ({has})")
    return failed(
        "migrations",
        f"the database is at {has or 'nothing yet'}, this version wants {wanted}",
        "Start `tierline serve` with TIERLINE_MIGRATIONS_URL of the tables' owner: it migrates at start.",
    )


async def _isolation(database: Database) -> Finding:
    if await database.sees_all_projects():
        return warning(
            "row-level security",
            "the role of TIERLINE_DATABASE_URL is a superuser or has BYPASSRLS: projects are not kept apart",
            "Give Tierline a role of its own (NOSUPERUSER NOBYPASSRLS) and the owner only for migrations.",
        )
    return ok("row-level security", "the role sees only the project it was given")
