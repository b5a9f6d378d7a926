"""From the spool to the place: nothing lost, nothing half, whatever is away."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from app.infra.db import Database
from app.infra.places import Place, S3Place
from app.projects.models import DEFAULT_PROJECT
from app.recorder.tasks import MISSING_AFTER_S, SETTLED_S, Keeper
from telephony.ids import PbxId
from tests.fakes.s3_server import S3Server
from tests.fakes.troubled_place import TroubledPlace

pytestmark = pytest.mark.db

ONE = "main-1795374968.0_1795374969131_PJSIP-1001"
TWO = "main-1795374970.4_1795374971131_PJSIP-1002"
SOUND = bytes(range(256)) * 125  # one second


class Setting:
    def __init__(self, database: Database, spool: Path, place: Place) -> None:
        self.database = database
        self.spool = spool
        self.place = place
        self.recorded: set[str] | None = set()
        self.now = 1000.0
        self.keeper = self.another()

    def another(self) -> Keeper:
        """After a restart: nothing is remembered."""
        return Keeper(
            PbxId("main"),
            self.spool,
            self.place,
            self.database,
            DEFAULT_PROJECT,
            lambda: self.recorded,
            clock=lambda: self.now,
        )

    async def pass_by(self, seconds: float) -> int:
        self.now += seconds
        return await self.keeper.look()

    async def twice(self) -> int:
        """Long enough for a file that stays as it is."""
        await self.keeper.look()
        return await self.pass_by(SETTLED_S)

    async def rows(self) -> list[dict[str, Any]]:
        async with self.database.raw(DEFAULT_PROJECT) as connection:
            found = await connection.fetch("SELECT * FROM recordings ORDER BY started_at")
        return [dict(one) for one in found]

    def kept(self) -> list[str]:
        return sorted(str(path.relative_to(self.place.name)) for path in Path(self.place.name).rglob("*.wav"))


@pytest.fixture
def setting(floor_database: Database, spool: Path, place: TroubledPlace) -> Setting:
    return Setting(floor_database, spool, place)


def failures(why: str) -> float:
    return REGISTRY.get_sample_value("tierline_recordings_failed_total", {"pbx": "main", "why": why}) or 0.0


def write(spool: Path, file: str, data: bytes = SOUND) -> Path:
    path = spool / f"{file}.raw"
    path.write_bytes(data)
    return path


async def test_a_finished_file_is_stored_and_only_then_deleted(setting: Setting) -> None:
    raw = write(setting.spool, ONE)
    assert await setting.keeper.look() == 1
    assert raw.exists(), "it may still be written: look again before it is taken"
    assert await setting.pass_by(SETTLED_S) == 0
    assert not raw.exists()
    assert setting.kept() == [f"main/2026/11/22/{ONE}.wav"]
    (row,) = await setting.rows()
    assert (row["state"], row["length_s"], row["size"], row["channels"]) == (
        "stored",
        1.0,
        44 + len(SOUND),
        2,
    )


async def test_a_file_nobody_saw_recorded_tells_by_its_name_whose_it_is(setting: Setting) -> None:
    write(setting.spool, TWO)
    await setting.twice()
    (row,) = await setting.rows()
    assert (row["call_id"], row["interface"]) == ("main-1795374970.4", "PJSIP/1002")
    assert row["agent_id"] is not None
    assert row["started_at"].timestamp() == 1795374971.131
    assert (row["ended_at"] - row["started_at"]).total_seconds() == 1.0


async def test_a_file_that_grows_or_is_recorded_is_left_alone(setting: Setting) -> None:
    growing, recorded = write(setting.spool, ONE), write(setting.spool, TWO)
    setting.recorded = {TWO}
    await setting.keeper.look()
    for _ in range(3):
        growing.write_bytes(growing.read_bytes() + SOUND)
        await setting.pass_by(SETTLED_S)
    assert growing.exists()
    assert recorded.exists()
    await setting.pass_by(SETTLED_S)
    assert not growing.exists()
    assert recorded.exists()


async def test_while_nobody_can_say_what_is_recorded_nothing_is_touched(setting: Setting) -> None:
    raw = write(setting.spool, ONE)
    setting.recorded = None
    for _ in range(3):
        await setting.pass_by(SETTLED_S)
    assert raw.exists()
    assert setting.kept() == []


async def test_what_is_not_ours_is_never_touched(setting: Setting) -> None:
    others = [setting.spool / name for name in ("voicemail.raw", f"{ONE}.wav", "1001-in.raw")]
    for path in others:
        path.write_bytes(SOUND)
    (setting.spool / f"{TWO}.raw").symlink_to(others[0])
    await setting.twice()
    assert all(path.exists() for path in others)
    assert setting.kept() == []


async def test_a_full_place_is_found_and_loses_nothing(setting: Setting, place: TroubledPlace) -> None:
    raw, before = write(setting.spool, ONE), failures("no_space")
    place.full()
    assert await setting.twice() == 1
    assert failures("no_space") == before + 1
    assert raw.read_bytes() == SOUND
    assert list(setting.place.staging.iterdir()) == [], "nothing half is left there"
    place.trouble = None
    assert await setting.pass_by(1) == 0
    assert setting.kept() == [f"main/2026/11/22/{ONE}.wav"]


async def test_a_file_that_comes_back_damaged_is_not_deleted(setting: Setting, place: TroubledPlace) -> None:
    raw, before = write(setting.spool, ONE), failures("damaged")
    place.damages = True
    await setting.twice()
    assert failures("damaged") == before + 1
    assert raw.exists()
    assert await setting.rows() == []
    place.damages = False
    await setting.pass_by(1)
    assert not raw.exists()
    assert [row["state"] for row in await setting.rows()] == ["stored"]


async def test_killed_between_storing_and_noting_it_is_stored_once_more(setting: Setting) -> None:
    raw = write(setting.spool, ONE)
    await setting.twice()
    (before,) = await setting.rows()
    raw.write_bytes(SOUND)  # as if the process had been killed before it deleted the file
    setting.keeper = setting.another()
    await setting.twice()
    (after,) = await setting.rows()
    assert (after["id"], after["sha256"]) == (before["id"], before["sha256"])
    assert not raw.exists()


async def test_a_recording_without_a_file_is_missed_after_a_while(setting: Setting) -> None:
    async with setting.database.raw(DEFAULT_PROJECT) as connection:
        await connection.execute(
            "INSERT INTO recordings (pbx, call_id, file, started_at) VALUES ('main', 'main-1.0', $1, now())",
            ONE,
        )
    setting.recorded = {ONE}
    await setting.twice()
    assert [row["state"] for row in await setting.rows()] == ["recording"]
    setting.recorded = set()
    await setting.keeper.look()
    assert [row["state"] for row in await setting.rows()] == ["ended"]
    await setting.pass_by(MISSING_AFTER_S)
    assert [row["state"] for row in await setting.rows()] == ["missing"]
    write(setting.spool, ONE)
    await setting.twice()
    assert [row["state"] for row in await setting.rows()] == ["stored"], "late is better than never"


async def test_a_folder_that_is_not_there_yet_is_no_trouble_and_one_that_went_away_is(
    setting: Setting,
) -> None:
    before = failures("away")
    setting.spool.rmdir()
    setting.spool.parent.rmdir()
    await setting.keeper.look()
    assert failures("away") == before, "the switch makes it with the first recording"
    setting.spool.mkdir(parents=True)
    await setting.keeper.look()
    setting.spool.rmdir()
    await setting.keeper.look()
    assert failures("away") == before + 1


async def test_a_bucket_that_goes_away_and_comes_back_gets_everything(
    floor_database: Database, spool: Path, tmp_path: Path
) -> None:
    with S3Server(tmp_path / "s3.log") as server:
        place = S3Place(tmp_path / "way", server.bucket, endpoint=server.url, key="key", secret="secret")
        one = Setting(floor_database, spool, place)
        raw, before = write(spool, ONE), failures("away")
        server.stop()
        assert await one.twice() == 1
        assert failures("away") == before + 1
        assert raw.read_bytes() == SOUND
        server.start()
        assert await one.pass_by(1) == 0
        assert not raw.exists()
        (row,) = await one.rows()
        sound = b"".join([part async for part in place.read(row["place"], 0, row["size"])])
        assert sha256(sound).digest() == row["sha256"]
        assert list(place.staging.iterdir()) == []
