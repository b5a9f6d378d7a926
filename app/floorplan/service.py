"""Makes lines and agents what the plan says. What the plan does not name stays as it is."""

from typing import TYPE_CHECKING

import asyncpg
import msgspec

from app.errors import Conflict
from app.floorplan.schemas import AgentPlan, FloorPlan, LinePlan
from app.infra.db import Database

if TYPE_CHECKING:
    from app.infra.db import Connection


_JSON = ("targets", "holidays")
_COLUMNS = (
    *("name_ru", "name_en", "pbx", "queue", "vip_queue", "executor", "is_default", "position", "targets"),
    *(
        "time_zone",
        "hours",
        "holidays",
        "closed_message",
        "after_hours",
        "reply_minutes",
        "topics",
        "announce",
    ),
    *("overflow_to", "overflow_line", "overflow_wait_s", "overflow_per_agent"),
)
_GIVEN = [f"${at}::text::jsonb" if name in _JSON else f"${at}" for at, name in enumerate(_COLUMNS, 2)]
_LINE = (
    f"INSERT INTO lines (code, {', '.join(_COLUMNS)}) VALUES ($1, {', '.join(_GIVEN)})"  # noqa: S608 -- constants
    f" ON CONFLICT (project_id, code) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS)}"
    " RETURNING id"
)


async def load(database: Database, project_id: int, plan: FloorPlan) -> None:
    """All or nothing. Raises `Conflict` when a queue, number or device belongs to another line or agent."""
    try:
        async with database.raw(project_id) as connection:
            lines = {line.code: await _line(connection, line, place) for place, line in enumerate(plan.lines)}
            for agent in plan.agents:
                await _agent(connection, agent, [lines[code] for code in agent.lines])
    except asyncpg.UniqueViolationError as error:
        raise Conflict(
            f"Somebody else in the database has this already: {error.detail or error}. Nothing was changed."
        ) from None


async def _line(connection: "Connection", line: LinePlan, position: int) -> int:
    if line.default:
        await connection.execute(
            "UPDATE lines SET is_default = false WHERE pbx = $1 AND code <> $2", line.pbx, line.code
        )
    overflow = line.overflow
    values = line.model_dump(include=set(_COLUMNS)) | {
        "queue": line.queue_name,
        "is_default": line.default,
        "position": position,
        "targets": msgspec.json.encode(line.targets).decode(),
        "holidays": msgspec.json.encode(line.holidays).decode(),
        "overflow_to": overflow.to if overflow else None,
        "overflow_line": overflow.line if overflow else None,
        "overflow_wait_s": overflow.wait_s if overflow else None,
        "overflow_per_agent": overflow.waiting_per_agent if overflow else None,
    }
    line_id: int = await connection.fetchval(_LINE, line.code, *(values[name] for name in _COLUMNS))
    await connection.execute("DELETE FROM line_numbers WHERE line_id = $1", line_id)
    await connection.executemany(
        "INSERT INTO line_numbers (pbx, dnis, line_id, topic) VALUES ($1, $2, $3, $4)",
        [(line.pbx, number, line_id, line.number_topics.get(number)) for number in line.numbers],
    )
    return line_id


async def _agent(connection: "Connection", agent: AgentPlan, lines: list[int]) -> None:
    agent_id = await connection.fetchval(
        "INSERT INTO agents (code, name, pbx, interface, language) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (project_id, code) DO UPDATE SET name = excluded.name, pbx = excluded.pbx,"
        " interface = excluded.interface, language = excluded.language, disabled = false RETURNING id",
        *(agent.code, agent.name, agent.pbx, agent.interface, agent.language),
    )
    await connection.execute("DELETE FROM line_agents WHERE agent_id = $1", agent_id)
    await connection.executemany(
        "INSERT INTO line_agents (line_id, agent_id) VALUES ($1, $2)", [(line, agent_id) for line in lines]
    )
