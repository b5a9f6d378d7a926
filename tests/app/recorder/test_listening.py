"""Who may see and hear what was recorded."""

import pytest

from app.errors import NotFound
from app.infra.db import Database
from app.recorder.listening import ListeningService
from tests.app.recorder.setting import Setting, setting, user
from tests.fakes.troubled_place import TroubledPlace

pytestmark = pytest.mark.db


def listening(one: Setting, place: TroubledPlace) -> ListeningService:
    return ListeningService(
        one.database, place, lambda pbx: one.switch.floor if pbx == one.switch.pbx else None
    )


async def test_an_agent_sees_his_call_before_anything_of_it_is_stored(
    floor_database: Database, place: TroubledPlace
) -> None:
    """And a colleague who is only rung, or not even that, does not."""
    async with setting(floor_database) as one:
        client = one.switch.arrives()
        one.switch.answers(client, "PJSIP/1001")
        one.switch.script.rings(client, "PJSIP/1002")
        one.switch.tell()
        await one.quiet()
        service, call = listening(one, place), one.switch.call_id
        assert await service.of_call(user(), "test", call) == []
        for other in (user(device="PJSIP/1002"), user(device="PJSIP/1003")):
            with pytest.raises(NotFound):
                await service.of_call(other, "test", call)
        with pytest.raises(NotFound):
            await service.of_call(user(), "elsewhere", call)


async def test_who_took_part_sees_it_when_the_floor_has_forgotten_the_call(
    floor_database: Database, place: TroubledPlace
) -> None:
    async with setting(floor_database) as one:
        client = one.switch.arrives()
        one.switch.answers(client, "PJSIP/1001")
        await one.quiet()
        (row,) = await one.stored()
        again = Setting(floor_database, type(one.switch)(), {})
        (seen,) = await listening(again, place).of_call(user(), "test", row["call_id"])
        assert (seen.interface, seen.state) == ("PJSIP/1001", "recording")
        with pytest.raises(NotFound):
            await listening(again, place).of_call(user(device="PJSIP/1002"), "test", row["call_id"])
