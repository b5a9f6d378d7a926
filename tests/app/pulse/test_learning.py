"""A restart begins with what the last days say, not with a guess."""

from datetime import UTC, datetime, timedelta

import pytest

from app.infra.db import Database
from app.projects.models import DEFAULT_PROJECT
from app.pulse.service import Pulse
from routing.policy import DEFAULT_POLICY
from routing.pulse import GUESSED_AHT_S
from telephony.ids import PbxId
from tests.app.pulse.test_service import PBX, Directory

pytestmark = pytest.mark.db

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def call(
    database: Database, number: int, line: str, tier: str, ago: timedelta, talk_s: float | None
) -> None:
    async with database.raw(DEFAULT_PROJECT) as connection:
        await connection.execute(
            "INSERT INTO calls (started_at, pbx, call_id, line, tier, talk_s) VALUES ($1, $2, $3, $4, $5, $6)",
            *(NOW - ago, PBX, str(number), line, tier, talk_s),
        )


async def learned(database: Database) -> Pulse:
    pulse = Pulse(
        database,
        DEFAULT_PROJECT,
        Directory(),
        lambda: DEFAULT_POLICY,
        lambda pbx, call: None,
        NOW.timestamp,
    )
    await pulse.learn()
    return pulse


async def test_handling_time_is_the_mean_of_the_last_week_and_vips_of_the_last_minutes_count(
    database: Database,
) -> None:
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    await call(database, 1, "support", "vip", 5 * minute, 100.0)
    await call(database, 2, "support", "vip", 6 * minute, None)
    await call(database, 3, "support", "standard", hour, 400.0)
    await call(database, 4, "support", "vip", 24 * 8 * hour, 9999.0)
    await call(database, 5, "sales", "standard", hour, 60.0)
    pulse = await learned(database)
    support = pulse.line(PBX, "support")
    assert support.aht_s == pytest.approx(250.0)
    assert support.vip_per_s == pytest.approx(2 / 900)
    assert pulse.line(PBX, "sales").aht_s == pytest.approx(60.0)


async def test_without_calls_it_is_a_guess(database: Database) -> None:
    load = (await learned(database)).line(PbxId("elsewhere"), "support")
    assert (load.aht_s, load.vip_per_s) == (GUESSED_AHT_S, 0.0)
