"""When recordings begin and end, and that a person's word stands through transfers, races and restarts."""

import asyncio

import msgspec
import pytest

from app.errors import Conflict, NotAllowed, NotFound
from app.infra.db import Database
from telephony.commands import RecordPause, RecordStart, RecordStop
from tests.app.recorder.setting import ALL, Setting, setting, user

pytestmark = pytest.mark.db


async def test_it_begins_with_the_talk_and_says_why(floor_database: Database) -> None:
    async with setting(floor_database) as one:
        client = one.switch.arrives()
        one.switch.tell()
        await one.quiet()
        assert one.switch.taken == []
        leg = one.switch.answers(client, "PJSIP/1001")
        await one.quiet()
        assert one.switch.state(leg) == "on"
        (row,) = await one.stored()
        assert row["because"] == "policy 3, no recording rule names it: every talk"
        assert (row["state"], row["interface"]) == ("recording", "PJSIP/1001")
        one.switch.hangs_up(leg)
        await one.quiet()
        (row,) = await one.stored()
        assert (row["state"], row["ended_at"] > row["started_at"]) == ("ended", True)
        assert one.keepers[one.switch.pbx].count == 1


@pytest.mark.parametrize(
    ("rule", "recorded"),
    [
        ({"lines": ["support"], "tiers": ["vip"], "agents": ["PJSIP/1001"], "percent": 100}, True),
        ({"percent": 0}, False),
    ],
)
async def test_the_policy_decides(floor_database: Database, rule: dict[str, object], recorded: bool) -> None:
    async with setting(floor_database, {"recording": [rule], "record": not recorded}) as one:
        leg = one.switch.answers(one.switch.arrives(), "PJSIP/1001")
        await one.quiet()
        assert one.switch.state(leg) == ("on" if recorded else "off")


async def test_an_order_without_effect_is_given_once_more(floor_database: Database) -> None:
    async with setting(floor_database) as one:
        one.switch.deaf = 1
        leg = one.switch.answers(one.switch.arrives(), "PJSIP/1001")
        await one.quiet()
        assert one.switch.state(leg) == "on"
        assert len(one.switch.taken) == 2


async def test_a_switch_that_does_not_begin_is_a_finding_and_not_a_wish_shown(
    floor_database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    async with setting(floor_database) as one:
        one.switch.deaf = 9
        leg = one.switch.answers(one.switch.arrives(), "PJSIP/1001")
        await one.quiet()
        assert one.switch.state(leg) == "off"
        assert one.rows == []
        assert "recording_not_started" in capsys.readouterr().out
        report = await one.service.command(user(), "test", one.switch.call_id, "start")
        assert [(out.outcome, out.state) for out in report.outcomes] == [("timed_out", "off")]


async def test_what_the_switch_refuses_is_told_in_its_words(floor_database: Database) -> None:
    async with setting(floor_database) as one:
        leg = one.switch.answers(one.switch.arrives(), "PJSIP/1001")
        await one.quiet()
        one.switch.refuses = "No such channel"
        report = await one.service.command(user(), "test", one.switch.call_id, "pause")
        (out,) = report.outcomes
        assert (out.outcome, out.message, out.state) == ("refused", "No such channel", "on")
        assert one.switch.state(leg) == "on"


async def test_a_stop_wins_over_a_beginning_under_way(floor_database: Database) -> None:
    """The order to record is given, the switch has not said yet that it does."""
    async with setting(floor_database) as one:
        one.switch.held_back = True
        leg = one.switch.answers(one.switch.arrives(), "PJSIP/1001")
        await asyncio.sleep(0)
        assert one.switch.taken_of(RecordStart)
        report = await one.service.command(user(), "test", one.switch.call_id, "stop")
        assert report.outcomes == []
        one.switch.held_back = False
        one.switch.tell()
        await one.quiet()
        assert one.switch.state(leg) == "off"
        assert one.switch.taken_of(RecordStop)


async def test_stop_and_pause_go_with_the_client_to_the_next_agent(floor_database: Database) -> None:
    async with setting(floor_database) as one:
        client = one.switch.arrives()
        first = one.switch.answers(client, "PJSIP/1001")
        await one.quiet()
        await one.service.command(user(), "test", one.switch.call_id, "pause")
        one.switch.hangs_up(first)
        second = one.switch.answers(client, "PJSIP/1002", None)
        await one.quiet()
        assert one.switch.state(second) == "paused"
        assert len(one.switch.taken_of(RecordPause)) == 2
        await one.service.command(user(device="PJSIP/1002"), "test", one.switch.call_id, "stop")
        one.switch.hangs_up(second)
        third = one.switch.answers(client, "PJSIP/1001", None)
        await one.quiet()
        assert one.switch.state(third) == "off"
        report = await one.service.command(user(), "test", one.switch.call_id, "start")
        assert [(out.outcome, out.state) for out in report.outcomes] == [("done", "on")]


async def test_on_hold_there_is_silence_and_a_persons_pause_outlasts_it(floor_database: Database) -> None:
    async with setting(floor_database) as one:
        leg = one.switch.answers(one.switch.arrives(), "PJSIP/1001")
        await one.quiet()
        for ask, afterwards in ((None, "on"), ("pause", "paused")):
            if ask is not None:
                await one.service.command(user(), "test", one.switch.call_id, "pause")
            one.switch.script.holds(leg)
            one.switch.tell()
            await one.quiet()
            assert one.switch.state(leg) == "paused"
            one.switch.script.resumes(leg)
            one.switch.tell()
            await one.quiet()
            assert one.switch.state(leg) == afterwards


async def test_a_leg_that_only_changes_its_bridge_is_recorded_on(floor_database: Database) -> None:
    """As after a consultation, when the switch takes its Local channel out from between client and agent."""
    async with setting(floor_database) as one:
        leg = one.switch.answers(one.switch.arrives(), "PJSIP/1001")
        await one.quiet()
        one.switch.script.leaves_bridge(leg)
        one.switch.tell()
        assert one.switch.call().talking == {}
        await asyncio.sleep(0)  # whoever would stop it, has begun to
        one.switch.script.enters(leg, "bridge-1")
        one.switch.tell()
        await one.quiet()
        assert one.switch.state(leg) == "on"
        assert one.switch.taken_of(RecordStop) == []
        assert len(one.switch.taken_of(RecordStart)) == 1


async def test_a_leg_that_leaves_the_client_for_good_is_recorded_no_more(floor_database: Database) -> None:
    async with setting(floor_database) as one:
        leg = one.switch.answers(one.switch.arrives(), "PJSIP/1001")
        await one.quiet()
        one.switch.script.leaves_bridge(leg)
        one.switch.tell()
        await one.quiet()
        assert one.switch.state(leg) == "off"


async def test_a_stop_is_remembered_by_another_process(floor_database: Database) -> None:
    async with setting(floor_database) as one:
        client = one.switch.arrives()
        leg = one.switch.answers(client, "PJSIP/1001")
        await one.quiet()
        await one.service.command(user(role="supervisor"), "test", one.switch.call_id, "stop")
        (row,) = await one.stored()
        assert row["state"] == "ended"
        again = Setting(floor_database, one.switch, ALL)
        again.service.rebuilt(one.switch.floor)
        await again.quiet()
        assert one.switch.state(leg) == "off"


async def test_a_talk_that_began_while_we_were_away_is_recorded_from_now_on(floor_database: Database) -> None:
    async with setting(floor_database, {}) as one:
        leg = one.switch.answers(one.switch.arrives(), "PJSIP/1001")
        await one.quiet()
        again = Setting(floor_database, one.switch, ALL)
        again.service.rebuilt(one.switch.floor)
        await again.quiet()
        assert one.switch.state(leg) == "on"


async def test_pauses_are_kept_in_order_however_often_they_are_stored(floor_database: Database) -> None:
    async with setting(floor_database) as one:
        one.switch.answers(one.switch.arrives(), "PJSIP/1001")
        await one.quiet()
        for wish in ("pause", "resume", "pause", "resume", "pause"):
            one.switch.script.wait(1.0)
            await one.service.command(user(), "test", one.switch.call_id, wish)
        (row,) = await one.stored()
        pauses = msgspec.json.decode(row["pauses"])
        assert [set(pause) for pause in pauses] == [{"from", "to"}, {"from", "to"}, {"from"}]
        assert all(0.9 < pause["to"] - pause["from"] < 1.1 for pause in pauses[:2])


async def test_who_is_not_in_the_call_changes_nothing(floor_database: Database) -> None:
    async with setting(floor_database) as one:
        leg = one.switch.answers(one.switch.arrives(), "PJSIP/1001")
        await one.quiet()
        with pytest.raises(NotAllowed):
            await one.service.command(user(device="PJSIP/1002"), "test", one.switch.call_id, "stop")
        with pytest.raises(NotFound):
            await one.service.command(user(project=2), "test", one.switch.call_id, "stop")
        with pytest.raises(NotFound):
            await one.service.command(user(), "nowhere", one.switch.call_id, "stop")
        assert one.switch.state(leg) == "on"


async def test_a_switch_whose_files_cannot_be_fetched_is_not_asked_to_record(
    floor_database: Database,
) -> None:
    async with setting(floor_database) as one:
        one.keepers.clear()
        leg = one.switch.answers(one.switch.arrives(), "PJSIP/1001")
        await one.quiet()
        assert one.switch.state(leg) == "off"
        with pytest.raises(Conflict, match="TIERLINE_PBX__TEST__RECORDINGS"):
            await one.service.command(user(), "test", one.switch.call_id, "start")
        with pytest.raises(Conflict, match="Nothing is recorded"):
            await one.service.command(user(), "test", one.switch.call_id, "pause")


async def test_what_is_recorded_is_unknown_while_the_floor_is(floor_database: Database) -> None:
    async with setting(floor_database) as one:
        one.switch.answers(one.switch.arrives(), "PJSIP/1001")
        await one.quiet()
        known = one.service.recorded(one.switch.pbx)
        assert known is not None
        assert len(known) == 1
        one.switch.floor.mark_stale()
        assert one.service.recorded(one.switch.pbx) is None
