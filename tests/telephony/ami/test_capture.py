import errno
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.ami.capture import Capture, replay
from telephony.ami.wire import Framer

pytestmark = pytest.mark.unit

STREAM = b"".join(b"Event: Newchannel\r\nUniqueid: a.%d\r\nName: \xd0\x96\r\n\r\n" % n for n in range(20))
GREETED = b"Asterisk Call Manager/11.0.0\r\n" + STREAM


def read(path: Path) -> bytes:
    return b"".join(replay(path, chunk=7))


def test_a_capture_replays_to_what_was_read(tmp_path: Path) -> None:
    capture = Capture(tmp_path / "main.ami")
    for at in range(0, len(GREETED), 13):
        capture.write(GREETED[at : at + 13])
    capture.close()
    assert read(tmp_path / "main.ami") == GREETED
    assert capture.written == len(GREETED)


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    (tmp_path / "main.ami").touch(0o644)
    Capture(tmp_path / "main.ami").close()
    assert stat.S_IMODE(os.stat(tmp_path / "main.ami").st_mode) == 0o600


def test_a_second_capture_appends(tmp_path: Path) -> None:
    for _ in range(2):
        capture = Capture(tmp_path / "main.ami")
        capture.write(GREETED)
        capture.close()
    assert read(tmp_path / "main.ami") == GREETED * 2


@given(begin=st.integers(1, len(STREAM) - 60), chunk=st.integers(1, 100))
def test_a_capture_begun_in_mid_stream_begins_with_a_whole_message(
    tmp_path_factory: pytest.TempPathFactory, begin: int, chunk: int
) -> None:
    path = tmp_path_factory.mktemp("capture") / "main.ami"
    capture = Capture(path)
    for at in range(begin, len(STREAM), chunk):
        capture.write(STREAM[at : at + chunk])
    capture.close()
    recorded = read(path)
    assert STREAM.endswith(recorded)
    assert recorded.startswith(b"Event: Newchannel")


def test_files_stay_bounded_and_each_replays_alone(tmp_path: Path) -> None:
    path = tmp_path / "main.ami"
    capture = Capture(path, limit=200, keep=2)
    for at in range(0, len(GREETED), 31):
        capture.write(GREETED[at : at + 31])
    capture.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["main.ami", "main.ami.1", "main.ami.2"]
    assert all(p.stat().st_size <= 200 + 31 for p in tmp_path.iterdir())
    ordered = [path.with_name("main.ami.2"), path.with_name("main.ami.1"), path]
    assert GREETED.endswith(b"".join(read(p) for p in ordered))
    for file in ordered:
        framer = Framer()
        assert framer.feed(read(file)) or file == path
        assert framer.malformed == 0


def test_a_connection_lost_in_mid_message_does_not_spoil_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "main.ami"
    capture = Capture(path)
    capture.write(GREETED[:-10])
    capture.end_of_stream()
    capture.write(GREETED)
    capture.close()
    framer = Framer()
    messages = framer.feed(read(path))
    assert len([m for m in messages if m.get(b"Name") == "Ж"]) >= 39
    assert framer.malformed == 0


def test_a_full_disk_ends_the_capture_and_nothing_else(tmp_path: Path) -> None:
    capture = Capture(Path("/dev/full"), limit=10**9)
    capture.write(GREETED)
    assert capture.failed is not None
    assert capture.failed.errno == errno.ENOSPC
    capture.write(GREETED)
    capture.end_of_stream()
    capture.close()


def test_a_capture_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file or directory"):
        Capture(tmp_path / "nowhere" / "main.ami")
