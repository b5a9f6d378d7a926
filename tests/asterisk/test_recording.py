"""Recordings of real calls with sound: what is in the file, what is not, and where it ends up."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from app.infra.asterisk import LocalAsterisk
from app.infra.db import Database
from app.infra.sipp import Caller, Placed, Sipp
from app.policies.service import publish
from app.projects.models import DEFAULT_PROJECT
from tests.asterisk import sounds
from tests.asterisk.ami import Ears
from tests.asterisk.backend import SUPPORT, VIP, Backend, backend
from tests.asterisk.sounds import HEARD, Heard, Recorded
from tests.conftest import Urls
from tests.fakes.page import Page

pytestmark = pytest.mark.pbx

AGENT_HZ, OTHER_HZ = 1000, 700
EDGE_S = 0.2
"""A recording begins, pauses and ends within so much of what its marks say: phones on a busy machine send their sound late."""
STEADY = 0.8
"""Share of the tenths of a second in which a tone must be there."""
ADRIFT_S = 0.7
"""How far a mark may be from the place in the sound that it means: what a busy machine does not send is not recorded."""

POLICY = """{"recording": [{"lines": ["sales"], "percent": 0}, {"agents": ["PJSIP/1003"], "percent": 0},
    {"tiers": ["vip", "standard"], "percent": 100}]}"""
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
async def recording(
    asterisk: LocalAsterisk, module_urls: Urls, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Backend]:
    """Records every call but those of line `sales` and agent 1003."""
    async with Database(module_urls.app, migrations_url=module_urls.owner) as database:
        async with database.raw(DEFAULT_PROJECT) as connection:
            await publish(connection, POLICY)
        async with backend(database, asterisk, tmp_path_factory.mktemp("recording")) as one:
            yield one


class Talk:
    """A client and an agent who talk."""

    def __init__(self, placed: Placed, page: Page, key: str) -> None:
        self.placed = placed
        self.page = page
        self.key = key

    async def until(self, true: Callable[[Rows], bool], page: Page | None = None) -> Rows:
        """The call's recordings, once they are so."""
        async with asyncio.timeout(60):
            while True:
                rows = await self.rows(page)
                if true(rows):
                    return rows
                await asyncio.sleep(0.05)

    async def rows(self, page: Page | None = None) -> Rows:
        answer = await (page or self.page).http.get(f"/api/calls/{self.key}/recordings")
        assert answer.status_code == 200, answer.text
        rows: Rows = answer.json()
        return rows

    async def stored(self, count: int = 1) -> Rows:
        return await self.until(
            lambda rows: len(rows) == count and all(row["state"] == "stored" for row in rows)
        )

    async def say(self, wish: str, page: Page | None = None) -> Rows:
        answer = await (page or self.page).http.post(f"/api/calls/{self.key}/recording/{wish}")
        assert answer.status_code == 200, answer.text
        outcomes: Rows = answer.json()["outcomes"]
        assert all(one["outcome"] == "done" for one in outcomes), outcomes
        return outcomes

    async def sound(self, row: dict[str, Any], folder: Path, agent_hz: int = AGENT_HZ) -> Recorded:
        answer = await self.page.http.get(f"/api/recordings/{row['id']}/audio")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
        assert len(answer.content) == row["size"]
        assert sha256(answer.content).hexdigest() == row["sha256"]
        return Recorded(answer.content, folder / f"{row['id']}.wav", agent_hz)


@asynccontextmanager
async def talking(
    recording: Backend, sipp: Sipp, folder: Path, *, agent_talks_s: float = 600.0, dnis: str = SUPPORT
) -> AsyncIterator[Talk]:
    """The client VIP talks with agent 1001, who goes home afterwards."""
    await sounds.phone(sipp, folder, "1001", AGENT_HZ, agent_talks_s)
    async with recording.page("1001") as agent:
        await agent.become("available")
        placed = await sounds.call(sipp, folder, Caller(number=f"+{VIP[1]}", dnis=dnis))
        call = await agent.until(lambda: agent.told_call(VIP[0], "talking"))
        yield Talk(placed, agent, call["call"])
        await agent.become("offline")


def spool(recording: Backend) -> list[Path]:
    return sorted((recording.pbx.run_dir / "spool" / "monitor" / "tierline").glob("*.raw"))


def both_speak(pieces: list[Heard]) -> bool:
    heard = [one.client > HEARD and one.agent > HEARD for one in pieces]
    return len(heard) > 2 and sum(heard) >= STEADY * len(heard)


def paused_in(sound: Recorded, pause: dict[str, Any]) -> tuple[float, float]:
    """Where it is silent in the sound, held against the marks."""
    begin, end = sound.silence()
    assert begin == pytest.approx(pause["from_s"], abs=ADRIFT_S)
    length_s = pause["to_s"] - pause["from_s"]
    assert end == pytest.approx(pause["to_s"], abs=ADRIFT_S + length_s / 5)
    assert end - begin > length_s / 2
    return begin, end


async def lasts(ears: Ears, seconds: float) -> None:
    """So much sound passes: there is nothing else to wait for."""
    await asyncio.sleep(seconds)


async def test_a_talk_has_two_sides_and_the_length_of_the_talk(
    recording: Backend, sipp: Sipp, ears: Ears, tmp_path: Path
) -> None:
    async with talking(recording, sipp, tmp_path, agent_talks_s=3.0) as talk:
        (going_on,) = await talk.until(lambda rows: len(rows) == 1)
        assert going_on["because"].startswith("policy 1, recording rule 3 (tier vip, standard)")
        await talk.placed.finished()
        (row,) = await talk.stored()
        assert row["agent"]
        assert (row["interface"], row["channels"]) == ("PJSIP/1001", 2)
        sound = await talk.sound(row, tmp_path)
        answered = await ears.wait_for("AgentConnect")
        began = await ears.wait_for("MixMonitorStart")
        ended = await ears.wait_for("Hangup", Uniqueid=answered["DestUniqueid"])
        began_s, ended_s = (float(one["Timestamp"]) - float(answered["Timestamp"]) for one in (began, ended))
        assert began_s < 2.0, "a first order that the leg did not hear is given again"
        assert sound.length_s == pytest.approx(ended_s - began_s, abs=2 * EDGE_S)
        assert row["length_s"] == pytest.approx(sound.length_s)
        pieces = list(sound.stretches(EDGE_S, sound.length_s - 2 * EDGE_S))
        assert both_speak(pieces)
        assert all(heard.crossed < HEARD / 10 for heard in pieces)
        assert spool(recording) == []


async def test_a_pause_is_silence_between_its_marks(
    recording: Backend, sipp: Sipp, ears: Ears, tmp_path: Path
) -> None:
    async with talking(recording, sipp, tmp_path) as talk:
        await ears.wait_for("MixMonitorStart")
        await lasts(ears, 1.0)
        assert [one["state"] for one in await talk.say("pause")] == ["paused"]
        (row,) = await talk.until(lambda rows: rows[0]["state"] == "paused")
        assert row["pauses"][0]["to_s"] is None
        await lasts(ears, 1.0)
        assert [one["state"] for one in await talk.say("resume")] == ["on"]
        await lasts(ears, 1.0)
        await talk.placed.stop()
        await recording.pbx.hang_up_all()
        (row,) = await talk.stored()
        (pause,) = row["pauses"]
        sound = await talk.sound(row, tmp_path)
        assert 0.9 < pause["to_s"] - pause["from_s"] < 5.0
        begin, end = paused_in(sound, pause)
        for from_s, to_s in ((EDGE_S, begin - EDGE_S), (end + EDGE_S, sound.length_s - 2 * EDGE_S)):
            assert both_speak(list(sound.stretches(from_s, to_s)))


async def test_after_stop_nothing_is_recorded_until_somebody_says_start(
    recording: Backend, sipp: Sipp, ears: Ears, tmp_path: Path
) -> None:
    async with talking(recording, sipp, tmp_path) as talk:
        await ears.wait_for("MixMonitorStart")
        await lasts(ears, 1.0)
        assert [one["state"] for one in await talk.say("stop")] == ["off"]
        stopped = await ears.wait_for("MixMonitorStop")
        (first,) = await talk.stored()
        assert spool(recording) == [], "and no other file is being written, two seconds after it"
        sound = await talk.sound(first, tmp_path)
        length_s = float(stopped["Timestamp"]) - first["started_at"]
        assert sound.length_s == pytest.approx(length_s, abs=2 * EDGE_S)
        assert [one["state"] for one in await talk.say("start")] == ["on"]
        await lasts(ears, 1.2)
        await talk.placed.stop()
        await recording.pbx.hang_up_all()
        first_again, second = await talk.stored(2)
        assert first_again == first
        assert second["because"] == "asked for by 1001"
        assert second["started_at"] > float(stopped["Timestamp"])
        again = await talk.sound(second, tmp_path)
        assert both_speak(list(again.stretches(EDGE_S, again.length_s - 2 * EDGE_S)))


async def test_a_transfer_is_followed_and_a_stop_goes_with_it(
    recording: Backend, sipp: Sipp, ears: Ears, tmp_path: Path
) -> None:
    await sounds.phone(sipp, tmp_path, "1002", OTHER_HZ)
    async with talking(recording, sipp, tmp_path) as talk, recording.page("supervisor") as boss:
        await ears.wait_for("MixMonitorStart")
        await lasts(ears, 1.0)
        await _transfer(ears, "1001", "1002")
        other = await ears.wait_for("MixMonitorStart", count=2)
        assert other["Channel"].startswith("PJSIP/1002-")
        await lasts(ears, 1.0)
        await talk.say("stop", boss)
        await _transfer(ears, "1002", "1001")
        await boss.until(lambda: boss.agents["main/PJSIP/1001"]["state"] == "in_call")
        await lasts(ears, 1.0)
        await talk.placed.stop()
        await recording.pbx.hang_up_all()
        first, second = await talk.stored(2)
        assert [row["interface"] for row in (first, second)] == ["PJSIP/1001", "PJSIP/1002"]
        assert first["ended_at"] <= second["started_at"]
        for row, hz in ((first, AGENT_HZ), (second, OTHER_HZ)):
            sound = await talk.sound(row, tmp_path, hz)
            assert both_speak(list(sound.stretches(2 * EDGE_S, sound.length_s - EDGE_S)))
        assert len([one for one in ears.heard if one["Event"] == "MixMonitorStart"]) == 2


async def test_a_consultation_is_not_recorded_and_who_takes_over_is(
    recording: Backend, sipp: Sipp, ears: Ears, tmp_path: Path
) -> None:
    await sounds.phone(sipp, tmp_path, "1002", OTHER_HZ)
    async with talking(recording, sipp, tmp_path) as talk, recording.page("1002") as other:
        started = await ears.wait_for("MixMonitorStart")
        await lasts(ears, 1.0)
        answer = await ears.ask("Atxfer", Channel=started["Channel"], Context="agents", Exten="1002")
        assert answer["Response"] == "Success", answer
        held = await ears.wait_for("MixMonitorMute", State="1")
        assert held["Channel"] == started["Channel"]
        await ears.wait_for("DialEnd", DialStatus="ANSWER", count=2)
        await lasts(ears, 1.0)
        await ears.ask("Hangup", Channel=started["Channel"])
        await ears.wait_for("AttendedTransfer")
        await ears.wait_for("MixMonitorStart", count=2)
        await lasts(ears, 1.0)
        await talk.placed.stop()
        await recording.pbx.hang_up_all()
        first, second = await talk.stored(2)
        assert (first["interface"], second["interface"]) == ("PJSIP/1001", "PJSIP/1002")
        assert [row["interface"] for row in await talk.rows(other)] == ["PJSIP/1001", "PJSIP/1002"]
        (pause,) = first["pauses"]
        sound = await talk.sound(first, tmp_path)
        begin, _ = paused_in(sound, pause)
        assert sound.between(begin - 3 * EDGE_S, begin - EDGE_S).client > HEARD
        taken_over = await talk.sound(second, tmp_path, OTHER_HZ)
        assert taken_over.length_s > 0.6
        assert both_speak(list(taken_over.stretches(2 * EDGE_S, taken_over.length_s - EDGE_S)))
        assert second["pauses"] == []


async def test_a_consultation_that_is_given_up_is_silence_between_two_talks(
    recording: Backend, sipp: Sipp, ears: Ears, tmp_path: Path
) -> None:
    await sounds.phone(sipp, tmp_path, "1002", OTHER_HZ)
    async with talking(recording, sipp, tmp_path) as talk:
        started = await ears.wait_for("MixMonitorStart")
        await lasts(ears, 1.0)
        answer = await ears.ask("Atxfer", Channel=started["Channel"], Context="agents", Exten="1002")
        assert answer["Response"] == "Success", answer
        await ears.wait_for("MixMonitorMute", State="1")
        await ears.wait_for("DialEnd", DialStatus="ANSWER", count=2)
        await lasts(ears, 0.7)
        answer = await ears.ask("CancelAtxfer", Channel=started["Channel"])
        assert answer["Response"] == "Success", answer
        lifted = await ears.wait_for("MixMonitorMute", State="0")
        assert lifted["Channel"] == started["Channel"]
        await lasts(ears, 2.0)
        await talk.placed.stop()
        await recording.pbx.hang_up_all()
        (row,) = await talk.stored()
        (pause,) = row["pauses"]
        sound = await talk.sound(row, tmp_path)
        begin, end = paused_in(sound, pause)
        back_s = end + 4 * EDGE_S  # lifted when he gives up, and then he goes back to the client
        for from_s, to_s in ((EDGE_S, begin - EDGE_S), (back_s, sound.length_s - EDGE_S)):
            assert both_speak(list(sound.stretches(from_s, to_s)))
        assert len([one for one in ears.heard if one["Event"] == "MixMonitorStart"]) == 1


async def test_nothing_of_a_line_that_is_not_recorded_reaches_a_disk(
    recording: Backend, sipp: Sipp, ears: Ears, tmp_path: Path
) -> None:
    async with talking(recording, sipp, tmp_path, agent_talks_s=1.0, dnis="74950000002") as talk:
        await talk.placed.finished()
        await ears.wait_for("AgentComplete")
        assert [one for one in ears.heard if one["Event"].startswith("MixMonitor")] == []
        assert await talk.rows() == []
        assert spool(recording) == []


async def test_a_recording_goes_on_through_a_killed_backend(
    recording: Backend, sipp: Sipp, ears: Ears, tmp_path: Path
) -> None:
    async with talking(recording, sipp, tmp_path) as talk:
        await talk.until(lambda rows: [row["state"] for row in rows] == ["recording"])
        await lasts(ears, 0.5)
        await talk.say("pause")
        (before,) = await talk.until(lambda rows: bool(rows) and rows[0]["state"] == "paused")
        await recording.service.kill()
        await lasts(ears, 0.5)
        await recording.service.start()
        async with recording.page("1001") as agent:
            again = Talk(talk.placed, agent, talk.key)
            (after,) = await again.until(lambda rows: rows[0]["state"] == "paused")
            assert (after["id"], after["started_at"]) == (before["id"], before["started_at"])
            await again.say("resume")
            await lasts(ears, 1.2)
            await talk.placed.stop()
            await recording.pbx.hang_up_all()
            (row,) = await again.stored()
            assert (row["id"], row["started_at"], len(row["pauses"])) == (
                before["id"],
                before["started_at"],
                1,
            )
            sound = await again.sound(row, tmp_path)
            (pause,) = row["pauses"]
            assert pause["to_s"] - pause["from_s"] > 1.0, "the pause lasted through the restart"
            _, end = paused_in(sound, pause)
            assert sound.between(end + EDGE_S, end + 4 * EDGE_S).client > HEARD
    assert len([one for one in ears.heard if one["Event"] == "MixMonitorStart"]) == 1


async def test_a_place_that_is_away_holds_up_no_call_and_gets_everything_later(
    recording: Backend, sipp: Sipp, ears: Ears, tmp_path: Path
) -> None:
    place = recording.recordings
    aside = place.with_name("aside")
    if place.exists():
        place.rename(aside)
    place.write_text("a file where the folder should be")
    async with talking(recording, sipp, tmp_path, agent_talks_s=1.0) as talk:
        (seen,) = await talk.placed.finished()
        assert seen.ended_by == "agent"
        await talk.until(lambda rows: [row["state"] for row in rows] == ["ended"])
        await _until_logged(recording, "recordings_not_stored")
        assert len(spool(recording)) == 1
        place.unlink()
        if aside.exists():
            aside.rename(place)
        (row,) = await talk.stored()
        sound = await talk.sound(row, tmp_path)
        assert sound.length_s == pytest.approx(row["length_s"])
        assert spool(recording) == []


async def test_who_may_listen_and_that_it_is_noted(recording: Backend, sipp: Sipp, tmp_path: Path) -> None:
    async with talking(recording, sipp, tmp_path, agent_talks_s=1.0) as talk:
        await talk.placed.finished()
        (row,) = await talk.stored()
        address = f"/api/recordings/{row['id']}/audio"
        async with recording.page("1002") as stranger, recording.page("supervisor") as boss:
            for url in (address, f"/api/calls/{talk.key}/recordings"):
                assert (await stranger.http.get(url)).status_code == 404
            whole = (await boss.http.get(address)).content
            part = await boss.http.get(address, headers={"range": "bytes=44-1043"})
            assert (part.status_code, part.content) == (206, whole[44:1044])
            assert part.headers["content-range"] == f"bytes 44-1043/{len(whole)}"
            last = await boss.http.get(address, headers={"range": "bytes=-4"})
            assert last.content == whole[-4:]
            beyond = await boss.http.get(address, headers={"range": f"bytes={len(whole)}-"})
            assert (beyond.status_code, beyond.json()["code"]) == (416, "range")
            again = await talk.sound(row, tmp_path)
            assert again.length_s > 0.5
        async with recording.database.raw(DEFAULT_PROJECT) as connection:
            noted = await connection.fetch(
                "SELECT u.login, l.first FROM recording_listenings l JOIN users u ON u.id = l.user_id"
                " WHERE recording_id = $1 ORDER BY l.id",
                row["id"],
            )
        assert [tuple(one) for one in noted] == [
            ("supervisor", 0),
            ("supervisor", 44),
            ("supervisor", len(whole) - 4),
            ("1001", 0),
        ]
        modes = {file.stat().st_mode & 0o777 for file in recording.recordings.rglob("*.wav")}
        assert modes == {0o600}


async def test_an_agent_cannot_touch_the_recording_of_another(
    recording: Backend, sipp: Sipp, ears: Ears, tmp_path: Path
) -> None:
    async with talking(recording, sipp, tmp_path) as talk, recording.page("1002") as stranger:
        await ears.wait_for("MixMonitorStart")
        for wish in ("pause", "stop", "start", "resume"):
            answer = await stranger.http.post(f"/api/calls/{talk.key}/recording/{wish}")
            assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
        await talk.until(lambda rows: [row["state"] for row in rows] == ["recording"])
        await talk.placed.stop()
        await recording.pbx.hang_up_all()
        await talk.stored()


async def _transfer(ears: Ears, by: str, to: str) -> None:
    rows = [one for one in ears.heard if one["Event"] == "BridgeEnter" and f"PJSIP/{by}-" in one["Channel"]]
    answer = await ears.ask("BlindTransfer", Channel=rows[-1]["Channel"], Context="agents", Exten=to)
    assert answer["Response"] == "Success", answer


async def _until_logged(recording: Backend, event: str) -> None:
    async with asyncio.timeout(60):
        while event not in recording.service.log_path.read_text():  # noqa: ASYNC110 -- another process writes it
            await asyncio.sleep(0.1)
