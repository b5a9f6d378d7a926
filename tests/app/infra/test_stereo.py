"""The switch's raw stereo becomes a WAV file: sides changed, nothing lost, nothing added."""

import stat
import wave
from array import array
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.infra import stereo
from app.infra.stereo import write_wav

pytestmark = pytest.mark.unit

sample = st.integers(-32768, 32767)


@given(st.lists(st.tuples(sample, sample), max_size=50), st.binary(max_size=3))
def test_the_client_comes_to_the_left(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, int]], half: bytes
) -> None:
    folder = tmp_path_factory.mktemp("stereo")
    raw, wav = folder / "one.raw", folder / "one.wav"
    raw.write_bytes(array("h", [one for pair in pairs for one in pair]).tobytes() + half)
    sound = write_wav(raw, wav)
    with wave.open(str(wav)) as written:
        assert (written.getnchannels(), written.getframerate(), written.getsampwidth()) == (2, 8000, 2)
        heard = array("h", written.readframes(written.getnframes()))
    assert list(zip(heard[1::2], heard[0::2], strict=True)) == pairs
    assert sound.length_s == len(pairs) / 8000
    assert sound.size == wav.stat().st_size
    assert sound.sha256 == sha256(wav.read_bytes()).digest()
    assert stat.S_IMODE(wav.stat().st_mode) == 0o600


@settings(max_examples=5)
@given(st.integers(0, 5))
def test_chunks_have_no_seam(tmp_path_factory: pytest.TempPathFactory, more: int) -> None:
    folder = tmp_path_factory.mktemp("stereo")
    raw, wav = folder / "one.raw", folder / "one.wav"
    pairs = stereo.RATE * 40 + more
    raw.write_bytes(array("h", [number % 30000 for number in range(pairs * 2)]).tobytes())
    write_wav(raw, wav)
    with wave.open(str(wav)) as written:
        heard = array("h", written.readframes(pairs))
    assert heard[0::2] == array("h", [number % 30000 for number in range(1, pairs * 2, 2)])
    assert heard[1::2] == array("h", [number % 30000 for number in range(0, pairs * 2, 2)])


def test_an_empty_recording_is_a_sound_of_no_length(tmp_path: Path) -> None:
    raw = tmp_path / "one.raw"
    raw.touch()
    assert write_wav(raw, tmp_path / "one.wav").length_s == 0
    with wave.open(str(tmp_path / "one.wav")) as written:
        assert written.getnframes() == 0
