"""Orders to record, and what came of them: the switch takes an order without a word on whether it will record, so each is
held against what the floor is told afterwards.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from typing import NamedTuple, Protocol

from app.recorder.rules import of_whom, talking_leg
from app.recorder.schemas import RecordingReport, Wish
from app.recordings.rules import file_name
from telephony.calls import Call, Leg, Recording, RecordingState
from telephony.commands import (
    Command,
    CommandOutcome,
    Done,
    LinkLost,
    RecordPause,
    RecordResume,
    RecordStart,
    RecordStop,
    Refused,
    TimedOut,
)
from telephony.floor import Floor
from telephony.ids import ChannelId, Interface, PbxId

TOLD_WITHIN_S = 2.0
"""The switch's own event comes within a tenth of a second."""

STARTS_WITHIN_S = 1.2
"""Longer than the switch waits for another digit of a code (`featuredigittimeout`): two orders never make one code."""

TRIES = 3
"""A leg that changes its bridge in this very moment does not listen."""

BETWEEN_BRIDGES_S = 0.3
_LOOK_EVERY_S = 0.02

ORDERED_FOR_S = 30.0


class Switches(Protocol):
    async def execute(self, pbx: PbxId, command: Command) -> CommandOutcome: ...


class Ordered(NamedTuple):
    """A recording we asked for. `by`: a user; None: the policy."""

    because: str
    by: int | None
    since: float


class Orders:
    """Of all switches: two of them may name their files alike."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._ordered: dict[tuple[PbxId, str], Ordered] = {}
        self._stopping: dict[tuple[PbxId, str], int] = {}
        self._beginning: set[tuple[PbxId, ChannelId]] = set()
        self._listening: set[asyncio.Future[None]] = set()

    def of(self, pbx: PbxId, file: str) -> Ordered | None:
        return self._ordered.get((pbx, file))

    def stopped_by(self, pbx: PbxId, file: str) -> int | None:
        """The user who wants it stopped."""
        return self._stopping.get((pbx, file))

    def stopping(self, pbx: PbxId, file: str, user: int) -> None:
        self._stopping[pbx, file] = user

    def over(self, pbx: PbxId, file: str) -> None:
        self._ordered.pop((pbx, file), None)
        self._stopping.pop((pbx, file), None)

    def files(self, pbx: PbxId) -> Collection[str]:
        """Files of this switch that may be about to be written."""
        too_old = time.monotonic() - ORDERED_FOR_S
        for key in [key for key, order in self._ordered.items() if order.since < too_old]:
            del self._ordered[key]
        return [file for at, file in self._ordered if at == pbx]

    def told(self) -> None:
        """The floor has heard something of recordings: whoever waits looks again."""
        for waiting in self._listening:
            if not waiting.done():
                waiting.set_result(None)

    async def begin(
        self,
        floor: Floor,
        call: Call,
        interface: Interface,
        because: str,
        by: int | None,
        unwanted: Callable[[], bool],
    ) -> CommandOutcome:
        """`Done` when the switch said that it records, or when there is nothing left to record. `unwanted()`: a person
        has said stop meanwhile."""
        outcome: CommandOutcome = Done("there is no talk to record")
        for _ in range(TRIES):
            leg = talking_leg(call, interface)
            if leg is None or unwanted():
                return Done("there is no talk to record")
            key = (floor.pbx, leg.id)
            if leg.recording is not None:
                return Done("it is recorded")
            if key in self._beginning:
                await self.until(lambda leg=leg: leg.recording is not None or leg.gone, STARTS_WITHIN_S)  # type: ignore[misc]
                continue
            self._beginning.add(key)
            try:
                outcome = await self._start(floor, call, leg, Ordered(because, by, time.monotonic()))
            finally:
                self._beginning.discard(key)
            if not isinstance(outcome, TimedOut):
                return outcome
        return outcome

    async def _start(self, floor: Floor, call: Call, leg: Leg, order: Ordered) -> CommandOutcome:
        await in_a_bridge(leg)
        file = file_name(call.id, of_whom(leg), floor.now)
        self._ordered[floor.pbx, file] = order
        outcome = await self._switches.execute(floor.pbx, RecordStart(leg.id, file))
        if not isinstance(outcome, Done):
            return outcome
        begun = await self.until(lambda: leg.recording is not None or leg.gone, STARTS_WITHIN_S)
        return outcome if begun else TimedOut(STARTS_WITHIN_S)

    async def change(self, pbx: PbxId, leg: Leg, recording: Recording, wish: Wish) -> CommandOutcome:
        """`Done` when the switch said that it is so, or that the recording is over."""
        orders: dict[Wish, tuple[Command, RecordingState]] = {
            "pause": (RecordPause(leg.id), RecordingState.PAUSED),
            "resume": (RecordResume(leg.id), RecordingState.ON),
            "stop": (RecordStop(leg.id), RecordingState.OFF),
        }
        command, wanted = orders[wish]
        outcome = await self._switches.execute(pbx, command)
        ended_or = (wanted, RecordingState.OFF)
        if isinstance(outcome, Done) and not await self.until(lambda: recording.state in ended_or):
            return TimedOut(TOLD_WITHIN_S)
        return outcome

    async def until(self, true: Callable[[], bool], within_s: float | None = None) -> bool:
        """Whether the floor came to say so in time."""
        try:
            async with asyncio.timeout(TOLD_WITHIN_S if within_s is None else within_s):
                while not true():
                    news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    self._listening.add(news)
                    try:
                        await news
                    finally:
                        self._listening.discard(news)
        except TimeoutError:
            return False
        return True


async def in_a_bridge(leg: Leg) -> None:
    """A leg that goes from one bridge to another, as when the switch takes a Local channel out between two talkers, is in
    none for some milliseconds: nobody hears it, and it hears no code. The floor tells no change when it is back."""
    for _ in range(round(BETWEEN_BRIDGES_S / _LOOK_EVERY_S)):
        if leg.bridge is not None or leg.gone:
            return
        await asyncio.sleep(_LOOK_EVERY_S)


def report(interface: Interface, outcome: CommandOutcome, state: RecordingState) -> RecordingReport:
    word, message = told(outcome)
    return RecordingReport.model_validate(
        {"interface": interface, "outcome": word, "message": message, "state": state.value}
    )


def told(outcome: CommandOutcome) -> tuple[str, str]:
    match outcome:
        case Done(message):
            return "done", message
        case Refused(message):
            return "refused", message
        case TimedOut(after_s):
            return (
                "timed_out",
                f"the switch did not say within {after_s:g} s that it happened (see docs/how-to/recordings.md)",
            )
        case LinkLost():
            return "link_lost", "the connection to the PBX broke"
