"""What the last days say about each line, so that a restart does not begin with a guess."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from app.infra.db import Connection


class Past(NamedTuple):
    """`talk_s`: mean; `recent`: calls that came since the second moment asked for."""

    pbx: str
    line: str
    tier: str | None
    talks: int
    talk_s: float
    recent: int


async def past_of_lines(connection: "Connection", since: datetime, lately: datetime) -> Sequence[Past]:
    rows = await connection.fetch(
        "SELECT pbx, line, tier, count(talk_s) AS talks, coalesce(avg(talk_s), 0)::float8 AS talk_s,"
        " count(*) FILTER (WHERE started_at >= $2) AS recent"
        " FROM calls WHERE started_at >= $1 AND line IS NOT NULL GROUP BY pbx, line, tier",
        since,
        lately,
    )
    return [Past(*row) for row in rows]
