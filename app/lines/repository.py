"""Lines as they stand in the database: for people through a session, for the webhook on raw asyncpg."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import asyncpg
import msgspec
from sqlalchemy import select

from app.lines.models import Line, LineAgent
from routing.facts import AfterHours, Announced, Executor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncpg.pool import PoolConnectionProxy
    from sqlalchemy.ext.asyncio import AsyncSession

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]


class DialledLine(NamedTuple):
    """A line and one number that leads to it; `dnis` is None for a line nobody can dial. `closed_…`: of the closing in
    force, `closed_since` None: none. Moments: seconds since 1970.
    """

    pbx: str
    dnis: str | None
    topic: str | None
    code: str
    queue: str
    vip_queue: str | None
    is_default: bool
    executor: Executor
    time_zone: str
    hours: list[str]
    holidays: str
    closed_message: str | None
    after_hours: AfterHours
    reply_minutes: int
    topics: list[str]
    announce: list[Announced]
    overflow_to: Literal["line", "callback", "voicemail"] | None
    overflow_line: str | None
    overflow_wait_s: float | None
    overflow_per_agent: float | None
    closed_since: float | None
    closed_until: float | None
    closed_reason: str | None
    closing_message: str | None

    @property
    def days_off(self) -> dict[str, list[str]]:
        """Holidays as written."""
        found: dict[str, list[str]] = msgspec.json.decode(self.holidays)
        return found


async def dialled(connection: Connection) -> list[DialledLine]:
    """All lines of the project with all their numbers, the first line of a PBX first."""
    rows = await connection.fetch(
        "SELECT l.pbx, n.dnis, n.topic, l.code, l.queue, l.vip_queue, l.is_default, l.executor, l.time_zone, l.hours,"
        "  l.holidays, l.closed_message, l.after_hours, l.reply_minutes, l.topics, l.announce, l.overflow_to,"
        "  l.overflow_line, l.overflow_wait_s, l.overflow_per_agent, date_part('epoch', c.at),"
        "  date_part('epoch', c.until), c.reason, c.message"
        " FROM lines l LEFT JOIN line_numbers n ON n.line_id = l.id AND n.pbx = l.pbx"
        "  LEFT JOIN line_closings c ON c.line_id = l.id AND c.over_at IS NULL"
        " ORDER BY l.position, l.id"
    )
    return [DialledLine(*row) for row in rows]


async def all_lines(session: AsyncSession) -> Sequence[Line]:
    """In the order screens show them."""
    return (await session.scalars(select(Line).order_by(Line.position, Line.code))).all()


async def lines_by_agent(session: AsyncSession, agent_id: int | None = None) -> dict[int, list[Line]]:
    """{agent id: the lines he serves}; of one agent when `agent_id` is given. Only lines of his own switch
    can ring him, but that is for the caller to tell."""
    query = select(LineAgent.agent_id, Line).join(Line, Line.id == LineAgent.line_id)
    if agent_id is not None:
        query = query.where(LineAgent.agent_id == agent_id)
    found: dict[int, list[Line]] = defaultdict(list)
    for agent, line in await session.execute(query.order_by(Line.position, Line.code)):
        found[agent].append(line)
    return found
