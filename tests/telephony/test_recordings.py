"""What the floor believes about recordings is what the switch says, also after a break and without a last word."""

import pytest

from telephony.ami.resync import SNAPSHOT_ACTIONS, Snapshot, SnapshotBuilder
from telephony.ami.wire import Framer
from telephony.calls import Leg, RecordingState
from telephony.changes import (
    Change,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
    RecordingStopped,
    TalkEnded,
)
from telephony.floor import Floor
from telephony.ids import PbxId
from tests.fakes.ami_script import AmiScript, Channel
from tests.telephony.floors import Watched, events_of
from tests.telephony.test_rebuild import answer, row, status

pytestmark = pytest.mark.unit

FILE = "pbx-1795000000.1_1795000002000_PJSIP-1001"
KINDS = (RecordingStarted, RecordingPaused, RecordingResumed, RecordingStopped)


class Talk:
    """A client of a line and agent 1001 who talk, and what is said of the agent's leg."""

    def __init__(self) -> None:
        self.script = script = AmiScript()
        self.watched = Watched(script)
        script.member("support", "PJSIP/1001")
        self.client = script.arrives("79160000001", "74950000001")
        script.joins(self.client, "support")
        self.agent = script.rings(self.client, "PJSIP/1001", "support")
        script.picks_up(self.client, self.agent, "support", "bridge-1")
        self.watched.hear()

    @property
    def floor(self) -> Floor:
        return self.watched.floor

    @property
    def leg(self) -> Leg:
        (call,) = self.floor.calls.values()
        return next(leg for leg in call.legs.values() if leg.id == self.agent.uniqueid)

    def named(self, file: str = FILE) -> None:
        self.script.say(
            "UserEvent",
            {"UserEvent": "TierlineRecording", **_of(self.agent), "File": file},
        )

    def says(self, event: str, **more: str) -> None:
        self.script.say(event, {**self.agent.headers(), **more})

    def hear(self) -> list[Change]:
        return [change for change in self.watched.hear() if isinstance(change, (*KINDS, TalkEnded))]


def _of(channel: Channel) -> dict[str, str]:
    return {"Channel": channel.name, "Uniqueid": channel.uniqueid, "Linkedid": channel.linkedid}


def test_a_recording_is_what_the_switch_says_of_it() -> None:
    talk = Talk()
    talk.named()
    assert talk.hear() == [], "named is not begun"
    talk.says("MixMonitorStart")
    (started,) = talk.hear()
    assert started == RecordingStarted(
        started.at, talk.leg.call.id, talk.leg.id, talk.leg.interface, FILE, started.at
    )
    talk.says("MixMonitorMute", Direction="both", State="1")
    talk.says("MixMonitorMute", Direction="both", State="1")
    assert [type(one) for one in talk.hear()] == [RecordingPaused], "the same again is no news"
    assert talk.leg.recording is not None
    assert talk.leg.recording.state is RecordingState.PAUSED
    talk.says("MixMonitorMute", Direction="both", State="0")
    assert [type(one) for one in talk.hear()] == [RecordingResumed]
    talk.says("MixMonitorStop")
    assert [type(one) for one in talk.hear()] == [RecordingStopped]
    assert talk.leg.recording is None


def test_one_side_muted_is_no_pause() -> None:
    talk = Talk()
    talk.says("MixMonitorStart")
    talk.hear()
    talk.says("MixMonitorMute", Direction="read", State="1")
    assert talk.hear() == []


def test_a_leg_that_is_hung_up_ends_its_recording_without_a_word() -> None:
    talk = Talk()
    talk.named()
    talk.says("MixMonitorStart")
    talk.hear()
    talk.script.leaves_bridge(talk.agent)
    talk.script.gone(talk.agent)
    assert [type(one) for one in talk.hear()] == [TalkEnded, RecordingStopped]


def test_a_recording_that_is_not_ours_has_no_file() -> None:
    talk = Talk()
    talk.says("MixMonitorStart")
    (started,) = talk.hear()
    assert isinstance(started, RecordingStarted)
    assert started.file is None


def test_words_without_a_recording_change_nothing() -> None:
    talk = Talk()
    talk.says("MixMonitorMute", Direction="both", State="1")
    talk.says("MixMonitorStop")
    assert talk.hear() == []


@pytest.mark.parametrize("paused", [True, False])
def test_a_restarted_backend_finds_a_recording_again(paused: bool) -> None:
    talk = Talk()
    fresh = Floor(PbxId("test"))
    changes = fresh.rebuild(_snapshot(talk, FILE, paused), talk.script.now)
    told = [change for change in changes if isinstance(change, KINDS)]
    assert [type(change) for change in told] == [RecordingStarted, RecordingPaused][: 1 + paused]
    assert {change.file for change in told} == {FILE}
    assert fresh.rebuild(_snapshot(talk, FILE, paused), talk.script.now) == []


def test_after_a_broken_link_what_was_missed_is_told() -> None:
    talk = Talk()
    talk.named()
    talk.says("MixMonitorStart")
    talk.hear()
    for file, paused, told in (
        (FILE, True, [RecordingPaused]),
        (FILE, False, [RecordingResumed]),
        ("another", False, [RecordingStopped, RecordingStarted]),
        ("", False, [RecordingStopped]),
    ):
        changes = talk.floor.rebuild(_snapshot(talk, file, paused), talk.script.now)
        assert [type(change) for change in changes if isinstance(change, KINDS)] == told


def test_another_ones_recording_is_believed_through_a_broken_link() -> None:
    talk = Talk()
    talk.says("MixMonitorStart")
    talk.hear()
    assert talk.floor.rebuild(_snapshot(talk, "", False), talk.script.now) == []
    assert talk.leg.recording is not None


def _snapshot(talk: Talk, file: str, paused: bool) -> Snapshot:
    """The switch writes `(null)` for what a channel has not."""
    now = talk.script.now
    channels = [(channel, row(channel, now)) for channel in (talk.client, talk.agent)]
    ours = (
        f"Variable: TIERLINE_RECORDING={file}\r\nVariable: TIERLINE_RECORDING_PAUSED={'1' if paused else ''}"
    )
    nobody = "Variable: TIERLINE_RECORDING=(null)\r\nVariable: TIERLINE_RECORDING_PAUSED=(null)"
    text = answer(*(("CoreShowChannel", one) for _, one in channels), complete="CoreShowChannelsComplete")
    for channel, _ in channels:
        said = ours if channel is talk.agent else nobody
        lines = {"Event": "Status", "ActionID": "s", **status(channel, now)}
        text += "Response: Success\r\nActionID: s\r\n\r\n" if channel is talk.client else ""
        text += "".join(f"{header}: {value}\r\n" for header, value in lines.items()) + f"{said}\r\n\r\n"
    text += "Event: StatusComplete\r\nActionID: s\r\nItems: 2\r\n\r\n"
    builder = SnapshotBuilder(SNAPSHOT_ACTIONS[:2])
    for message in Framer(
        frozenset({b"CoreShowChannel", b"CoreShowChannelsComplete", b"Status", b"StatusComplete"})
    ).feed(text.encode()):
        builder.add(message)
    snapshot = builder.done()
    assert snapshot.missing == ()
    return snapshot


def test_translation_knows_the_three_words() -> None:
    talk = Talk()
    before = len(talk.script.blocks)
    talk.says("MixMonitorStart")
    talk.says("MixMonitorMute", Direction="both", State="1")
    talk.says("MixMonitorStop")
    words = events_of(b"".join(talk.script.blocks[before:]))
    assert [type(word).__name__ for word in words] == ["RecorderStarted", "RecorderMuted", "RecorderStopped"]
