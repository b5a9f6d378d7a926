"""Made-up clients for trying out, loaded in seconds; and whom of them to let call."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from app.clients import generator_words as words
from app.clients.card import months_before
from app.clients.generator_rows import COLUMNS, make_clients
from app.infra.bulk import insert_many, reserve_ids

if TYPE_CHECKING:
    from app.infra.db import Connection, Database


async def load_demo(
    database: Database, project_id: int, *, now: datetime, seed: int = 1, clients: int = 10_000
) -> bool:
    """False when the project has clients already: nothing is touched then. All or nothing.

    Agents that are there already appear in the histories: load the floor first. `now`: what deadlines hang on.
    """
    async with database.raw(project_id) as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('tierline load_demo'))")
        if await connection.fetchval("SELECT EXISTS (SELECT FROM clients)"):
            return False
        ids = await reserve_ids(connection, "clients", clients)
        contract_ids = await reserve_ids(connection, "contracts", 2 * clients)
        agents = [row[0] for row in await connection.fetch("SELECT id FROM agents ORDER BY code")]
        service_ids = await reserve_ids(connection, "services", len(words.SERVICES))
        services = [(one, *service[:2]) for one, service in zip(service_ids, words.SERVICES, strict=True)]
        await insert_many(connection, "services", ("id", "code", "name"), services)
        made = make_clients(
            seed=seed, now=now, ids=ids, contract_ids=contract_ids, service_ids=service_ids, agents=agents
        )
        for table, columns in COLUMNS.items():
            await insert_many(connection, table, columns, made[table])
    await database.analyze()
    return True


async def numbers_by_tier(
    connection: Connection, today: date, thresholds: tuple[float, float] = (300, 1000)
) -> dict[str, list[int]]:
    """Numbers that belong to one client alone, by that client's ARPU: whom a trial lets call. Blocked ones are left out."""
    rows = await connection.fetch(
        "SELECT phone, arpu FROM (SELECT phone, min(client_id) AS client_id FROM client_phones"
        "   GROUP BY phone HAVING count(*) = 1) p"
        " JOIN clients c ON c.id = p.client_id AND NOT c.blocked"
        " JOIN (SELECT client_id, avg(amount)::float8 AS arpu FROM client_revenue"
        "   WHERE month >= $1 AND month < $2 GROUP BY client_id) r ON r.client_id = p.client_id ORDER BY phone",
        *(months_before(today, 3), today.replace(day=1)),
    )
    tiers: dict[str, list[int]] = {"standard": [], "priority": [], "vip": []}
    for phone, arpu in rows:
        tiers["standard" if arpu < thresholds[0] else "priority" if arpu < thresholds[1] else "vip"].append(
            phone
        )
    return tiers
