"""Clients as they stand in the database. On raw asyncpg, inside a transaction that has set the project."""

from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from app.clients.rules import name_key

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]


async def has_phone(connection: "Connection", client_id: int, phone: int) -> bool:
    query = "SELECT EXISTS (SELECT FROM client_phones WHERE client_id = $1 AND phone = $2)"
    return bool(await connection.fetchval(query, client_id, phone))


async def remember_choice(connection: "Connection", phone: int, client_id: int) -> None:
    """From now on this number is this client's, until somebody chooses another."""
    await connection.execute(
        "INSERT INTO client_choices (phone, client_id) VALUES ($1, $2)"
        " ON CONFLICT (project_id, phone) DO UPDATE SET client_id = excluded.client_id, chosen_at = now()",
        *(phone, client_id),
    )


async def add_client(connection: "Connection", name: str, language: str | None, phone: int | None) -> int:
    client_id: int = await connection.fetchval(
        "INSERT INTO clients (name, name_key, language) VALUES ($1, $2, $3) RETURNING id",
        *(name, name_key(name), language),
    )
    if phone is not None:
        await connection.execute(
            "INSERT INTO client_phones (client_id, phone, is_primary) VALUES ($1, $2, true)",
            *(client_id, phone),
        )
    return client_id
