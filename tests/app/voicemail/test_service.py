"""Messages: filed once, owed an answer in time, attached to the right client or to nobody."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from app.agents.generator import load_floor
from app.clients.repository import add_client
from app.errors import Conflict, NotFound
from app.infra.auth import SignedIn
from app.infra.db import Database
from app.recordings.repository import Kept, store_kept
from app.voicemail.rules import due
from app.voicemail.schemas import VoicemailView
from app.voicemail.service import VoicemailService

pytestmark = pytest.mark.db

NOW = 1_800_000_000.0
PHONE = 79160000001
OPENS = NOW + 9 * 3600


@dataclass
class Post:
    database: Database
    service: VoicemailService
    boss: SignedIn

    async def keep(self, *, call: str = "main-1.1", length_s: float = 8.0, times: int = 1) -> None:
        kept = Kept(
            *("main", f"{call}_1800000000000_voicemail-support", call, "voicemail/support", NOW),
            *(length_s, "somewhere", 100, b"digest"),
        )
        for _ in range(times):
            async with self.database.raw(1) as connection:
                await store_kept(connection, kept)
                await self.service.file(connection, kept)

    async def decided(self, ani: int | None, client: int | None, call: str = "main-1.1") -> None:
        async with self.database.raw(1) as connection:
            await connection.execute(
                "INSERT INTO decisions (pbx, call_id, facts, answer, because, took_ms)"
                " VALUES ('main', $1, $2::text::json, $3::text::json, '[]', 1)",
                *(call, _json({"ani": ani}), _json({"client_id": client, "topic": "repair"})),
            )

    async def rows(self) -> list[VoicemailView]:
        return await self.service.listed(handled=False)

    async def cases(self) -> list[dict[str, Any]]:
        async with self.database.raw(1) as connection:
            return [dict(row) for row in await connection.fetch("SELECT * FROM cases ORDER BY id")]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


@pytest.fixture
async def post(database: Database) -> Post:
    async with database.raw(1) as connection:
        await load_floor(connection, pbx="main", password_hash=None, agents=2)
        boss = await connection.fetchval("SELECT id FROM users WHERE login = 'supervisor'")
    return Post(
        database,
        VoicemailService(database, 1, lambda _: 60, lambda _line, _since: OPENS, clock=lambda: NOW + 100),
        SignedIn(b"", 1, boss, "supervisor", "S", "supervisor", "en", "auto", None, None, None),
    )


async def anna(post: Post, sla: int | None = None) -> int:
    async with post.database.raw(1) as connection:
        client = await add_client(connection, "Anna", "ru", PHONE)
        if sla is not None:
            service = await connection.fetchval(
                "INSERT INTO services (code, name) VALUES ('s', 'S') RETURNING id"
            )
            await connection.execute(
                "INSERT INTO contracts (client_id, service_id, number, service_level, starts_on, sla_minutes)"
                " VALUES ($1, $2, 'G-1', 'golden', '2020-01-01', $3)",
                *(client, service, sla),
            )
        await connection.execute(
            "INSERT INTO client_personal_agents (client_id, agent_id, rank)"
            " SELECT $1, id, 1 FROM agents WHERE code = '1002'",
            client,
        )
    return client


async def test_a_message_becomes_a_case_that_is_due_after_the_line_opens(post: Post) -> None:
    client = await anna(post)
    await post.decided(PHONE, client)
    await post.keep()
    (row,) = await post.rows()
    assert (row.client, row.ani, row.line, row.topic) == ("Anna", f"+{PHONE}", "support", "repair")
    assert row.due_at == datetime.fromtimestamp(OPENS, UTC) + timedelta(minutes=60)
    (case,) = await post.cases()
    assert (case["id"], case["client_id"], case["topic"], case["due_at"]) == (
        *(row.case_id, client, "repair", row.due_at),
    )
    async with post.database.raw(1) as connection:
        agent = await connection.fetchval("SELECT code FROM agents WHERE id = $1", case["agent_id"])
        told = await connection.fetchrow("SELECT * FROM interactions WHERE client_id = $1", client)
        kind = await connection.fetchval("SELECT kind FROM recordings")
    assert (agent, told["call_id"], told["duration_s"], kind) == ("1002", "main-1.1", 8, "voicemail")


async def test_the_minutes_of_a_golden_contract_count_from_the_message(post: Post) -> None:
    client = await anna(post, sla=30)
    await post.decided(PHONE, client)
    await post.keep()
    (row,) = await post.rows()
    assert row.due_at == datetime.fromtimestamp(NOW, UTC) + timedelta(minutes=30)


async def test_filing_twice_owes_once(post: Post) -> None:
    await post.decided(PHONE, await anna(post))
    await post.keep(times=3)
    assert (len(await post.rows()), len(await post.cases())) == (1, 1)


async def test_a_message_is_kept_whoever_left_it(post: Post) -> None:
    """Withheld; unknown; a call that nothing is known of."""
    await post.decided(None, None, call="main-1.2")
    await post.decided(79990000000, None, call="main-1.3")
    for call in ("main-1.2", "main-1.3", "main-1.4"):
        await post.keep(call=call)
    rows = await post.rows()
    assert sorted(row.ani or "" for row in rows) == ["", "", "+79990000000"]
    assert all(row.client_id is None and row.case_id is None for row in rows)
    assert all(row.due_at.timestamp() == OPENS + 3600 for row in rows)


async def test_a_number_that_one_client_has_is_his_though_the_look_up_was_late(post: Post) -> None:
    client = await anna(post)
    await post.decided(PHONE, None)
    await post.keep()
    (row,) = await post.rows()
    assert row.client_id == client


async def test_of_several_clients_nobody_is_guessed_and_one_may_be_linked(post: Post) -> None:
    client = await anna(post)
    async with post.database.raw(1) as connection:
        other = await add_client(connection, "Boris", "ru", PHONE)
    await post.decided(PHONE, None)
    await post.keep()
    (row,) = await post.rows()
    assert (row.client_id, await post.cases()) == (None, [])
    linked = await post.service.link(row.id, client)
    assert linked.client == "Anna"
    assert [case["client_id"] for case in await post.cases()] == [client]
    await post.service.link(row.id, client)
    assert len(await post.cases()) == 1
    with pytest.raises(Conflict, match="already"):
        await post.service.link(row.id, other)


async def test_an_answered_message_leaves_the_list_and_closes_its_case(post: Post) -> None:
    await post.decided(PHONE, await anna(post))
    await post.keep()
    (row,) = await post.rows()
    done = await post.service.handled(post.boss, row.id)
    assert (done.handled_by, await post.rows()) == ("supervisor", [])
    (case,) = await post.cases()
    assert (case["status"], case["closed_at"]) == ("closed", done.handled_at)
    assert [one.id for one in await post.service.listed(handled=True)] == [row.id]


async def test_who_hangs_up_at_the_tone_left_nothing_to_answer(post: Post) -> None:
    await post.keep(length_s=0.4)
    assert await post.rows() == []
    async with post.database.raw(1) as connection:
        assert await connection.fetchval("SELECT count(*) FROM recordings") == 1


async def test_what_is_not_there_is_told(post: Post) -> None:
    with pytest.raises(NotFound, match="no message 5"):
        await post.service.handled(post.boss, 5)
    await post.keep()
    (row,) = await post.rows()
    with pytest.raises(NotFound, match="no client 77"):
        await post.service.link(row.id, 77)


def test_a_line_that_never_opens_owes_from_the_message_on() -> None:
    assert due(NOW, None, 60, lambda _: None) == NOW + 3600
