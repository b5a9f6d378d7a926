"""Places of recordings: a whole file or none, and the same words for all of them."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.infra.places import PLACE_AWAY, LocalPlace, Place, S3Place, chosen_place
from app.settings import RecordingSettings, Settings
from tests.fakes.s3_server import S3Server

pytestmark = pytest.mark.unit

KEY = "main/2026/11/22/main-1.0_1795374968123_PJSIP-1001.wav"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("s3") / "server.log") as server:
        yield server


def bucket(server: S3Server, folder: Path, **more: str) -> S3Place:
    return S3Place(folder, server.bucket, endpoint=server.url, key="key", secret="secret", **more)


@pytest.fixture(params=["local", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "local":
        return LocalPlace(tmp_path / "kept")
    return bucket(request.getfixturevalue("s3"), tmp_path / "way", prefix="calls/")


def stage(place: Place, data: bytes) -> Path:
    place.ready()
    staged = place.staging / "one.wav"
    staged.write_bytes(data)
    return staged


async def read(place: Place, key: str, first: int, size: int) -> bytes:
    return b"".join([part async for part in place.read(key, first, size)])


@pytest.mark.parametrize("size", [1, 1000, 20 << 20], ids=["byte", "small", "in-parts"])
async def test_what_is_kept_comes_back_whole_and_in_parts(place: Place, size: int) -> None:
    data = os.urandom(size)
    staged = stage(place, data)
    await place.keep(KEY, staged)
    assert not staged.exists()
    assert await read(place, KEY, 0, size) == data
    assert await read(place, KEY, size // 2, size - size // 2) == data[size // 2 :]
    assert await read(place, KEY, 0, 1) == data[:1]


async def test_a_key_that_is_kept_again_is_replaced(place: Place) -> None:
    await place.keep(KEY, stage(place, b"old"))
    await place.keep(KEY, stage(place, b"newer"))
    assert await read(place, KEY, 0, 5) == b"newer"


async def test_a_file_that_is_not_there_is_said_so(place: Place) -> None:
    place.ready()
    with pytest.raises(PLACE_AWAY):
        await read(place, "main/none.wav", 0, 1)


async def test_a_local_file_belongs_to_the_service_alone(tmp_path: Path) -> None:
    place = LocalPlace(tmp_path / "kept")
    staged = stage(place, b"sound")
    staged.chmod(0o600)
    await place.keep(KEY, staged)
    kept = tmp_path / "kept" / KEY
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.stat().st_uid == os.geteuid()
    for folder in list(kept.parents)[:5]:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


async def test_a_key_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    place = LocalPlace(tmp_path / "kept")
    staged = stage(place, b"sound")
    for key in ("../out.wav", "/etc/out.wav", "main/../../out.wav"):
        with pytest.raises(OSError, match="leads out"):
            await place.keep(key, staged)
    assert staged.exists()


async def test_a_bucket_that_is_away_takes_nothing_and_says_so(tmp_path: Path) -> None:
    with S3Server(tmp_path / "log") as server:
        place = bucket(server, tmp_path / "way")
        staged = stage(place, b"sound")
    with pytest.raises(PLACE_AWAY):
        await place.keep(KEY, staged)
    assert staged.read_bytes() == b"sound"


async def test_a_bucket_that_does_not_exist_is_said_so(s3: S3Server, tmp_path: Path) -> None:
    place = S3Place(tmp_path, "nowhere", endpoint=s3.url, key="key", secret="secret")
    with pytest.raises(PLACE_AWAY):
        await place.keep(KEY, stage(place, b"sound"))


def test_the_settings_choose(tmp_path: Path) -> None:
    def chosen(**recordings: object) -> Place:
        given = RecordingSettings.model_validate(recordings)
        return chosen_place(Settings(_env_file=None, data_dir=tmp_path, recordings=given))

    assert chosen().name == str(tmp_path / "recordings")
    assert chosen(folder=tmp_path / "there").name == str(tmp_path / "there")
    assert chosen(s3_bucket="calls", s3_prefix="main/").name == "s3://calls/main/"
    with pytest.raises(ValidationError, match="s3_endpoint"):
        chosen(s3_bucket="calls", s3_endpoint="not a url")
