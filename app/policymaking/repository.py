"""What a policy is checked against: lines, who serves them with what skills, and the calls of the last weeks. On raw
asyncpg, inside a transaction that has set the project."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]


class LinePool(NamedTuple):
    """`agents`: who may serve it; `aht_s`: mean talk; `vip_per_hour`: calls of the named tiers in a busy hour (its 95th
    percentile over the hours with calls). None: no call of the line was stored since."""

    line: str
    agents: int
    aht_s: float | None
    vip_per_hour: float | None


_POOLS = """
SELECT l.code AS line,
    (SELECT count(*) FROM line_agents la JOIN agents a ON a.id = la.agent_id
     WHERE la.line_id = l.id AND a.pbx = l.pbx AND NOT a.disabled) AS agents,
    talks.aht_s, busy.vip_per_hour
FROM lines l
LEFT JOIN (SELECT line, avg(talk_s)::float8 AS aht_s FROM calls WHERE started_at >= $1 AND talk_s > 0 GROUP BY line)
    talks ON talks.line = l.code
LEFT JOIN (SELECT line, percentile_disc(0.95) WITHIN GROUP (ORDER BY came)::float8 AS vip_per_hour
    FROM (SELECT line, count(*) FILTER (WHERE tier = ANY($2::text[])) AS came FROM calls
          WHERE started_at >= $1 AND joined_at IS NOT NULL GROUP BY line, date_trunc('hour', started_at)) hours
    GROUP BY line) busy ON busy.line = l.code
ORDER BY l.position, l.code
"""


async def pools(connection: Connection, since: datetime, highest: Sequence[str]) -> list[LinePool]:
    """`highest`: the tiers that are promised something."""
    return [LinePool(*row) for row in await connection.fetch(_POOLS, since, list(highest))]


async def skills_of_agents(connection: Connection) -> list[dict[str, int]]:
    """Of every agent who may work: skill -> level."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for row in await connection.fetch(
        "SELECT a.id, s.code, x.level FROM agents a LEFT JOIN agent_skills x ON x.agent_id = a.id"
        " LEFT JOIN skills s ON s.id = x.skill_id WHERE NOT a.disabled"
    ):
        known = found[row["id"]]
        if row["code"] is not None:
            known[row["code"]] = row["level"]
    return list(found.values())
