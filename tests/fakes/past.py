"""Two days of calls that were stored long ago."""

from datetime import datetime, timedelta

import msgspec

from app.calls.repository import store_calls
from app.infra.db import Database
from app.projects.models import DEFAULT_PROJECT

MONDAY = datetime.fromisoformat("2026-03-02T08:00:00+03:00")


async def fill_past(database: Database) -> None:
    """60 calls of a line on each of two Moscow days, every sixth a VIP's, every tenth given up, one taken by nobody."""
    calls = [
        {
            **{"pbx": "main", "call_id": f"{day}.{number}", "line": "sales", "doubtful": False},
            "tier": "vip" if number % 6 == 0 else "priority" if number % 2 else "standard",
            **({"outcome": "abandoned"} if number % 10 == 9 else {"outcome": "answered", "talk_s": 90.0}),
            **({} if number % 10 == 9 else {"answered_by": f"PJSIP/{1001 + number % 3}"}),
            "wait_s": 12.5,
            "started_at": at - timedelta(seconds=5),
            "joined_at": at,
            "ended_at": at + timedelta(seconds=120),
        }
        for day in range(2)
        for number in range(60)
        for at in [MONDAY + timedelta(days=day, seconds=60 * number)]
    ]
    calls[1]["outcome"] = "unanswered"
    async with database.raw(DEFAULT_PROJECT) as connection:
        await connection.execute(
            "INSERT INTO lines (code, name_ru, name_en, pbx, queue, time_zone)"
            " VALUES ('sales', 'Продажи', 'Sales', 'main', 'sales', 'Europe/Moscow')"
        )
        await store_calls(connection, [msgspec.json.encode(call) for call in calls])
