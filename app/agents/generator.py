"""A floor for trying out: twelve agents in two teams, two lines, their users. Names are made up."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from faker import Faker

from app.infra.bulk import insert_many, reserve_ids

if TYPE_CHECKING:
    from app.infra.db import Connection
    from routing.facts import Executor

FIRST_CODE = 1001
LINES = (
    ("support", "Поддержка", "Support", "74950000001"),
    ("sales", "Продажи", "Sales", "74950000002"),
)
"""Code (also the queue's name), names, number. The numbers belong to a range that is not in service."""
TARGETS = {"vip": 5, "priority": 20, "standard": 60}
TEAMS = (("first", "Первая линия"), ("second", "Вторая линия"))
SKILLS = (("mobile", "Мобильная связь"), ("billing", "Счета и оплата"), ("english", "English"))


async def load_floor(
    connection: Connection,
    *,
    pbx: str,
    password_hash: str | None,
    agents: int = 12,
    seed: int = 1,
    executor: Executor = "queued",
) -> None:
    """Once: a project that has agents or lines is left alone. The transaction has set the project.

    Users: `admin`, `supervisor`, and one per agent whose login is his code; all with the same password. `executor`: of both
    lines.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('tierline load_floor'))")
    if await connection.fetchval("SELECT EXISTS (SELECT FROM agents) OR EXISTS (SELECT FROM lines)"):
        return
    names = _names(agents, seed)
    codes = [str(FIRST_CODE + number) for number in range(agents)]
    bosses = [("admin", "Administrator", "admin"), ("supervisor", "Supervisor", "supervisor")]
    users = bosses + [(code, name, "agent") for code, name in zip(codes, names, strict=True)]
    user_ids = await reserve_ids(connection, "users", len(users))
    await insert_many(
        connection,
        "users",
        ("id", "login", "name", "role", "password_hash", "language", "theme"),
        [
            (user_id, *user, password_hash, "ru", "auto")
            for user_id, user in zip(user_ids, users, strict=True)
        ],
    )
    ids = await reserve_ids(connection, "agents", agents)
    await insert_many(
        connection,
        "agents",
        ("id", "code", "name", "pbx", "interface", "language", "user_id"),
        [
            (agent_id, code, name, pbx, f"PJSIP/{code}", "ru", user_id)
            for agent_id, code, name, user_id in zip(ids, codes, names, user_ids[len(bosses) :], strict=True)
        ],
    )
    await _load_lines(connection, pbx, ids, executor)
    await _load_teams_and_skills(connection, ids, random.Random(seed))  # noqa: S311 -- not a secret


async def _load_lines(connection: Connection, pbx: str, agents: list[int], executor: Executor) -> None:
    ids = await reserve_ids(connection, "lines", len(LINES))
    for position, (line_id, (code, name_ru, name_en, number)) in enumerate(zip(ids, LINES, strict=True)):
        await connection.execute(
            "INSERT INTO lines (id, code, name_ru, name_en, pbx, queue, is_default, position, executor,"
            " targets) VALUES ($1, $2, $3, $4, $5, $2, $6, $7, $8,"
            " jsonb_build_object('vip', $9::int, 'priority', $10::int, 'standard', $11::int))",
            *(line_id, code, name_ru, name_en, pbx, position == 0, position, executor, *TARGETS.values()),
        )
        await connection.execute(
            "INSERT INTO line_numbers (pbx, dnis, line_id) VALUES ($1, $2, $3)", pbx, number, line_id
        )
    pairs = [(line_id, agent) for line_id in ids for agent in agents]
    await insert_many(connection, "line_agents", ("line_id", "agent_id"), pairs)


async def _load_teams_and_skills(connection: Connection, agents: list[int], chance: random.Random) -> None:
    for table, rows in (("teams", TEAMS), ("skills", SKILLS)):
        await insert_many(connection, table, ("code", "name"), rows)
    teams = [row[0] for row in await connection.fetch("SELECT id FROM teams ORDER BY id")]
    skills = [row[0] for row in await connection.fetch("SELECT id FROM skills ORDER BY id")]
    membership = [(agent, teams[number % len(teams)]) for number, agent in enumerate(agents)]
    await insert_many(connection, "agent_teams", ("agent_id", "team_id"), membership)
    levels = [(agent, skill, chance.randint(3, 10)) for agent in agents for skill in chance.sample(skills, 2)]
    await insert_many(connection, "agent_skills", ("agent_id", "skill_id", "level"), levels)


def _names(count: int, seed: int) -> list[str]:
    fake = Faker("ru_RU")
    fake.seed_instance(seed)
    return [f"{fake.first_name_female()} {fake.last_name_female()}" for _ in range(count)]
