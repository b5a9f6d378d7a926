"""What is being recorded, as the switch says it: which leg, into which file, with silence now or not.

Asterisk tells that a recording began and never of what; our dialplan names the file a moment before, and keeps the
name on the leg, where a snapshot finds it. A leg that is hung up ends its recording without a word.
"""

from collections.abc import Iterable

from telephony.board import Board
from telephony.calls import Leg, Recording, RecordingState, RecordingStep, Stage
from telephony.changes import RecordingPaused, RecordingResumed, RecordingStarted, RecordingStopped
from telephony.events import RecorderMuted, RecorderStarted, RecorderStopped, UserSignalled
from telephony.ids import ChannelId
from telephony.legs import Legs
from telephony.rebuild import SeenChannel

NAMED = "TierlineRecording"
"""The dialplan's event before a recording; its `File` is the name without folder and suffix."""

RECORDING_LIFE: dict[tuple[RecordingState, RecordingStep], RecordingState] = {
    (RecordingState.OFF, RecordingStep.STARTED): RecordingState.ON,
    (RecordingState.ON, RecordingStep.PAUSED): RecordingState.PAUSED,
    (RecordingState.PAUSED, RecordingStep.RESUMED): RecordingState.ON,
    (RecordingState.ON, RecordingStep.STOPPED): RecordingState.OFF,
    (RecordingState.PAUSED, RecordingStep.STOPPED): RecordingState.OFF,
}

_Told = type[RecordingStarted] | type[RecordingPaused] | type[RecordingResumed] | type[RecordingStopped]
_TOLD: dict[RecordingStep, _Told] = {
    RecordingStep.STARTED: RecordingStarted,
    RecordingStep.PAUSED: RecordingPaused,
    RecordingStep.RESUMED: RecordingResumed,
    RecordingStep.STOPPED: RecordingStopped,
}


class Recordings:
    def __init__(self, board: Board, legs: Legs) -> None:
        self._board = board
        self._legs = legs
        self._named: dict[ChannelId, str] = {}

    def signalled(self, event: UserSignalled, at: float) -> None:
        file = event.fields.get("File")
        if event.name == NAMED and event.channel is not None and file:
            self._named[event.channel] = file

    def started(self, event: RecorderStarted, at: float) -> None:
        file = self._named.pop(event.channel, None)
        leg = self._legs.seen(event.channel, event.call, event.name, at)
        if leg is not None and leg.recording is None:
            leg.recording = Recording(file, at)
            self._step(leg, leg.recording, RecordingStep.STARTED, at)

    def muted(self, event: RecorderMuted, at: float) -> None:
        leg = self._legs.known(event.channel, event.call)
        if leg is not None and leg.recording is not None:
            step = RecordingStep.PAUSED if event.muted else RecordingStep.RESUMED
            self._step(leg, leg.recording, step, at)

    def stopped(self, event: RecorderStopped, at: float) -> None:
        leg = self._legs.known(event.channel, event.call)
        if leg is not None:
            self.over(leg, at)

    def over(self, leg: Leg, at: float) -> None:
        """Also when the leg is gone: nothing of it can be recorded any more."""
        self._named.pop(leg.id, None)
        if leg.recording is not None:
            self._step(leg, leg.recording, RecordingStep.STOPPED, at)
            leg.recording = None

    def compare(self, rows: Iterable[SeenChannel], at: float) -> None:
        """After a break: what the legs themselves say of our recordings. Others' (without a file) are not noted
        anywhere, so what is believed of them stays."""
        for row in rows:
            leg = self._legs.by_id.get(row.channel)
            if leg is None or leg.gone:
                continue
            if leg.recording is not None and leg.recording.file not in (None, row.recording):
                self.over(leg, at)
            if row.recording is None:
                continue
            if leg.recording is None:
                leg.recording = Recording(row.recording, at)
                self._step(leg, leg.recording, RecordingStep.STARTED, at)
            paused = RecordingStep.PAUSED if row.recording_paused else RecordingStep.RESUMED
            self._step(leg, leg.recording, paused, at)

    def _step(self, leg: Leg, recording: Recording, step: RecordingStep, at: float) -> None:
        """A step that leads nowhere from here repeats what is known."""
        state = RECORDING_LIFE.get((recording.state, step))
        if state is None:
            return
        recording.state = state
        told, call = _TOLD[step], leg.call
        if call.stage is not Stage.ENDED:  # else an afterthought of the switch
            self._board.tell(
                call, told(at, call.id, leg.id, self._legs.interface(leg), recording.file, recording.since)
            )
