"""The name of a file says whose it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.recordings.rules import Named, file_name, place_of, read_name
from telephony.ami.actions import to_actions
from telephony.commands import RecordStart
from telephony.ids import CallId, ChannelId, Interface, PbxId

pytestmark = pytest.mark.unit


def test_a_name_is_read_back() -> None:
    file = file_name(CallId("main-1795374968.0"), Interface("PJSIP/1001"), 1795374969.131)
    assert file == "main-1795374968.0_1795374969131_PJSIP-1001"
    assert read_name(file) == Named(CallId("main-1795374968.0"), 1795374969.131, Interface("PJSIP/1001"))
    assert place_of(PbxId("main"), file, 1795374969.131) == f"main/2026/11/22/{file}.wav"


@pytest.mark.parametrize(
    "file", ["", "voicemail", "main-1.0", "main-1.0_123_PJSIP-1001", "a/b_1795374969131_x"]
)
def test_what_is_not_ours_has_no_such_name(file: str) -> None:
    assert read_name(file) is None


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60), st.floats(0, 9e9))
def test_whatever_a_switch_calls_things_the_name_is_one_it_takes(call: str, device: str, at: float) -> None:
    file = file_name(CallId(f"m{call}"), Interface(device), at)
    assert "/" not in file
    assert to_actions(RecordStart(ChannelId("main-1.0"), file))
    named = read_name(file)
    assert named is not None
    assert named.started == pytest.approx(at, abs=0.001)
