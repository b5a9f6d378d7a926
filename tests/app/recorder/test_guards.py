"""What the recorder does when talk, hold and orders come in each other's way."""

import asyncio
from collections.abc import Callable

import pytest

from app.infra.db import Database
from app.recorder import orders
from telephony.commands import Command, RecordPause, RecordResume, RecordStart, RecordStop
from tests.app.recorder.setting import Setting, setting, user
from tests.fakes.ami_script import Channel

pytestmark = pytest.mark.db


async def talks(one: Setting) -> tuple[Channel, Channel]:
    """A client and agent 1001, who is recorded."""
    client = one.switch.arrives()
    leg = one.switch.answers(client, "PJSIP/1001")
    await one.quiet()
    assert one.switch.state(leg) == "on"
    return client, leg


async def until_taken(one: Setting, kind: Callable[..., Command]) -> None:
    async with asyncio.timeout(5):
        while not one.switch.taken_of(kind):  # noqa: ASYNC110 -- the switch of the tests tells nobody what it takes
            await asyncio.sleep(0)


async def being_stopped(one: Setting) -> Channel:
    """A recorded leg that left the bridge: the order to stop is taken and not yet carried out."""
    _, leg = await talks(one)
    one.switch.at_leisure.clear()
    one.switch.script.leaves_bridge(leg)
    one.switch.tell()
    await until_taken(one, RecordStop)
    return leg


async def test_a_talk_that_goes_on_just_too_late_is_recorded_anew(
    floor_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent was out of the bridge for so long that the stop was ordered; before it was carried out he is back."""
    monkeypatch.setattr(orders, "BETWEEN_BRIDGES_S", 0.0)
    async with setting(floor_database) as one:
        leg = await being_stopped(one)
        one.switch.script.wait(1.0)
        one.switch.script.enters(leg, "bridge-1")
        one.switch.tell()
        assert one.switch.call().talking
        one.switch.at_leisure.set()
        await one.quiet()
        assert one.switch.state(leg) == "on"
        assert [row["state"] for row in await one.stored()] == ["ended", "recording"]


async def test_a_person_who_stopped_it_meanwhile_is_obeyed(
    floor_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "BETWEEN_BRIDGES_S", 0.0)
    async with setting(floor_database) as one:
        leg = await being_stopped(one)
        one.switch.script.enters(leg, "bridge-1")
        one.switch.tell()
        said = asyncio.create_task(one.service.command(user(), "test", one.switch.call_id, "stop"))
        await asyncio.sleep(0)
        one.switch.at_leisure.set()
        await said
        await one.quiet()
        assert one.switch.state(leg) == "off"
        assert len(one.switch.taken_of(RecordStart)) == 1


async def test_a_second_order_while_the_first_is_on_its_way_is_none(floor_database: Database) -> None:
    """Agent and policy want the same in the same moment."""
    async with setting(floor_database) as one:
        one.switch.at_leisure.clear()
        leg = one.switch.answers(one.switch.arrives(), "PJSIP/1001")
        await until_taken(one, RecordStart)
        asked = asyncio.create_task(one.service.command(user(), "test", one.switch.call_id, "start"))
        await asyncio.sleep(0)
        one.switch.at_leisure.set()
        assert [(out.outcome, out.state) for out in (await asked).outcomes] == [("done", "on")]
        await one.quiet()
        assert one.switch.state(leg) == "on"
        assert len(one.switch.taken_of(RecordStart)) == 1


async def test_a_call_set_aside_is_silent_until_its_agent_is_back_in_it(floor_database: Database) -> None:
    """His phone takes another call without a word of hold, and comes back without one."""
    async with setting(floor_database) as one:
        _, leg = await talks(one)
        other = one.switch.answers(one.switch.arrives(), "PJSIP/1001", bridge="bridge-2")
        await one.quiet()
        assert one.switch.state(leg) == "paused"
        one.switch.hangs_up(other)
        await one.quiet()
        assert one.switch.state(leg) == "on"
        assert len(one.switch.taken_of(RecordPause)) == len(one.switch.taken_of(RecordResume)) == 1


async def test_the_silence_of_a_call_set_aside_is_over_when_he_answers_it_again(
    floor_database: Database,
) -> None:
    """He leaves its bridge and comes back into it: no end of a hold is told, only a talk."""
    async with setting(floor_database) as one:
        _, leg = await talks(one)
        one.switch.answers(one.switch.arrives(), "PJSIP/1001", bridge="bridge-2")
        await one.quiet()
        assert one.switch.state(leg) == "paused"
        one.switch.script.leaves_bridge(leg)
        one.switch.tell()
        one.switch.script.enters(leg, "bridge-1")
        one.switch.tell()
        await one.quiet()
        assert one.switch.state(leg) == "on"
        assert one.switch.taken_of(RecordStop) == []


@pytest.mark.parametrize(("pause", "afterwards"), [(False, "on"), (True, "paused")])
async def test_what_begins_on_hold_begins_silent(
    floor_database: Database, pause: bool, afterwards: str
) -> None:
    """The hold is over, and so is the silence, unless a person wants it."""
    async with setting(floor_database) as one:
        one.switch.at_leisure.clear()
        leg = one.switch.answers(one.switch.arrives(), "PJSIP/1001")
        await until_taken(one, RecordStart)
        one.switch.script.holds(leg)
        one.switch.tell()
        one.switch.at_leisure.set()
        await one.quiet()
        assert one.switch.state(leg) == "paused"
        if pause:
            await one.service.command(user(), "test", one.switch.call_id, "pause")
        one.switch.script.resumes(leg)
        one.switch.tell()
        await one.quiet()
        assert one.switch.state(leg) == afterwards
