"""Starts recordings when agent and client talk and the policy says so, ends them with the talk, and carries out what people
ask for. What is recorded is always read from the floor, so from the switch: a wish is never taken for it.

A person's stop and pause are meant for the client's whole call, also after a transfer: nothing of it is recorded again,
or with sound, until a person says so.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any, Protocol

import msgspec
import structlog
from prometheus_client import Counter

from app.errors import Conflict, NotAllowed, NotFound, Unavailable
from app.infra.auth import SignedIn
from app.infra.db import AWAY, Database
from app.recorder.orders import Orders, Switches, in_a_bridge, report, told
from app.recorder.rules import files_of, of_whom, recorded, talking_leg
from app.recorder.schemas import RecordingReport, RecordingReports, Wish
from app.recordings.repository import Seen, stopped_calls
from routing.policy import Policy
from routing.recording import Talk, records
from telephony.calls import Call, Leg, Recording, RecordingState
from telephony.changes import (
    CallAnswered,
    CallEnded,
    CallHeld,
    CallResumed,
    Change,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
    RecordingStopped,
    TalkEnded,
)
from telephony.commands import (
    Done,
    RecordPause,
    RecordResume,
    RecordStop,
)
from telephony.floor import Floor
from telephony.ids import CallId, ChannelId, Interface, PbxId, QueueName

log = structlog.get_logger(__name__)

NOT_STARTED = Counter("tierline_recordings_not_started", "Recordings the switch did not begin", ["pbx"])

RESTORE_EVERY_S = 2.0

RecordingChange = RecordingStarted | RecordingPaused | RecordingResumed | RecordingStopped


class Keepers(Protocol):
    """Those who fetch finished files, by switch; a switch that is not in it leaves none to be fetched."""

    def nudge(self) -> None: ...


class RecorderService:
    """`floor(pbx)`: None for an unknown switch. `line_of(pbx, queue)`, `tier_of(pbx, call)`: what the policy looks at.
    `put(project, row)`: stores a `Seen`. `keepers` are filled by the wiring."""

    def __init__(
        self,
        database: Database,
        project_id: int,
        switches: Switches,
        floor: Callable[[PbxId], Floor | None],
        policy: Callable[[], Policy],
        line_of: Callable[[PbxId, QueueName], str | None],
        tier_of: Callable[[PbxId, CallId], str | None],
        put: Callable[[int, bytes], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        keepers: Mapping[PbxId, Keepers],
    ) -> None:
        self._database = database
        self._project_id = project_id
        self._switches = switches
        self._floor = floor
        self._policy = policy
        self._line_of = line_of
        self._tier_of = tier_of
        self._put = put
        self._spawn = spawn
        self._keepers = keepers
        self._orders = Orders(switches)
        self._stopped: set[tuple[PbxId, CallId]] = set()
        self._paused: set[tuple[PbxId, CallId]] = set()
        self._hushed: set[tuple[PbxId, CallId, ChannelId]] = set()
        self._restored: set[PbxId] = set()
        self._restoring: set[PbxId] = set()

    # What the floor tells

    def batch(self, floor: Floor, changes: list[Change]) -> None:
        told = False
        for change in changes:
            match change:
                case CallAnswered():
                    if floor.pbx in self._restored:
                        self._consider(floor, change.call, change.interface)
                    self._lift(floor, change)
                case TalkEnded():
                    self._cut(floor, change)
                case CallHeld() | CallResumed():
                    self._hush(floor, change)
                case RecordingStarted() | RecordingPaused() | RecordingResumed() | RecordingStopped():
                    self._note(floor, change)
                    told = True
                case CallEnded():
                    self._stopped.discard((floor.pbx, change.call))
                    self._paused.discard((floor.pbx, change.call))
                    self._hushed = {one for one in self._hushed if one[:2] != (floor.pbx, change.call)}
                    told = True
        if told:
            self._orders.told()

    def rebuilt(self, floor: Floor) -> None:
        if floor.pbx not in self._restoring:
            self._restoring.add(floor.pbx)
            self._spawn(self._restore(floor))

    def recorded(self, pbx: PbxId) -> Collection[str] | None:
        """Files the switch writes now, or may be about to; None while the floor is not to be believed."""
        floor = self._floor(pbx)
        if floor is None or floor.stale:
            return None
        return {*files_of(floor), *self._orders.files(pbx)}

    async def _restore(self, floor: Floor) -> None:
        """Whose recording a person stopped must be known before the policy may begin one."""
        pbx = floor.pbx
        try:
            while True:
                calls = [call.id for call in floor.calls.values() if call.ended is None]
                try:
                    async with self._database.raw(self._project_id) as connection:
                        stopped = await stopped_calls(connection, pbx, calls)
                    break
                except AWAY as error:
                    log.warning("recordings_not_restored", pbx=pbx, error=str(error))
                    await asyncio.sleep(RESTORE_EVERY_S)
        finally:
            self._restoring.discard(pbx)
        self._stopped |= {(pbx, CallId(call)) for call in stopped}
        self._restored.add(pbx)
        for call in [call for call in floor.calls.values() if call.ended is None]:
            for interface in list(call.talking):
                self._consider(floor, call.id, interface)

    def _consider(self, floor: Floor, call_id: CallId, interface: Interface) -> None:
        call = floor.calls.get(call_id)
        if call is None or (floor.pbx, call_id) in self._stopped:
            return
        leg = talking_leg(call, interface)
        if leg is None or leg.recording is not None:
            return
        queue = call.lines[-1].queue if call.lines else None
        line = self._line_of(floor.pbx, queue) if queue is not None else None
        talk = Talk(floor.pbx, call_id, line, self._tier_of(floor.pbx, call_id), interface)
        verdict = records(talk, self._policy())
        if not verdict.records:
            return
        if floor.pbx in self._keepers:
            self._spawn(self._begin_quietly(floor, call, interface, verdict.because))
        else:
            NOT_STARTED.labels(floor.pbx).inc()
            log.error("recording_not_started", pbx=floor.pbx, call=call_id, why=_no_folder(floor.pbx))

    def _cut(self, floor: Floor, change: TalkEnded) -> None:
        """His talk with the client is over and his leg goes on: he consults, say."""
        call = floor.calls.get(change.call)
        for leg, _ in recorded(call) if call is not None else []:
            if leg.talk_since is None and of_whom(leg) == change.interface:
                self._spawn(self._end_quietly(floor, change, leg))

    def _hush(self, floor: Floor, change: CallHeld | CallResumed) -> None:
        """On hold the client speaks to nobody, and the agent to a colleague, say: silence, unless a person wants it so
        longer."""
        if isinstance(change, CallResumed):
            self._lift(floor, change)
            return
        call = floor.calls.get(change.call)
        for leg, recording in recorded(call) if call is not None else []:
            ours = recording.file is not None and of_whom(leg) == change.interface
            if ours and recording.state is RecordingState.ON:
                self._hushed.add((floor.pbx, change.call, leg.id))
                self._spawn(self._quietly(floor.pbx, RecordPause(leg.id), leg))

    def _lift(self, floor: Floor, change: CallAnswered | CallResumed) -> None:
        """He hears the client again: the silence of the hold is over. One that is not ours is a person's."""
        call = floor.calls.get(change.call)
        for leg, _ in recorded(call) if call is not None else []:
            silence = (floor.pbx, change.call, leg.id)
            if of_whom(leg) != change.interface or silence not in self._hushed:
                continue
            self._hushed.discard(silence)
            if (floor.pbx, change.call) not in self._paused:
                self._spawn(self._quietly(floor.pbx, RecordResume(leg.id), leg))

    def _note(self, floor: Floor, change: RecordingChange) -> None:
        key = (floor.pbx, change.call)
        if isinstance(change, RecordingStarted):
            self._spawn(self._obey(floor, key, change))
        if change.file is None:
            return
        order = self._orders.of(floor.pbx, change.file)
        row = Seen(
            floor.pbx,
            change.call,
            change.file,
            change.channel,
            change.interface,
            change.since,
            ended_at=change.at if isinstance(change, RecordingStopped) else None,
            paused_at=change.at if isinstance(change, RecordingPaused) else None,
            resumed_at=change.at if isinstance(change, RecordingResumed) else None,
            because=order.because if order else None,
            started_by=order.by if order else None,
            stopped_by=self._orders.stopped_by(floor.pbx, change.file),
        )
        self._put(self._project_id, msgspec.json.encode(row))
        if isinstance(change, RecordingStopped):
            self._orders.over(floor.pbx, change.file)
            if floor.pbx in self._keepers:
                self._keepers[floor.pbx].nudge()

    async def _obey(self, floor: Floor, key: tuple[PbxId, CallId], change: RecordingStarted) -> None:
        """One that began after a person said stop or pause, or after the hold."""
        call = floor.calls.get(change.call)
        leg = call.legs.get(change.channel) if call is not None else None
        if leg is None or change.file is None:
            return
        if key in self._stopped:
            await self._switches.execute(floor.pbx, RecordStop(leg.id))
        elif key in self._paused or leg.held:
            if key not in self._paused:
                self._hushed.add((*key, leg.id))
            await self._switches.execute(floor.pbx, RecordPause(leg.id))

    async def _begin_quietly(self, floor: Floor, call: Call, interface: Interface, because: str) -> None:
        key = (floor.pbx, call.id)
        outcome = await self._orders.begin(
            floor, call, interface, because, None, lambda: key in self._stopped
        )
        if not isinstance(outcome, Done):
            NOT_STARTED.labels(floor.pbx).inc()
            log.error("recording_not_started", pbx=floor.pbx, call=call.id, why=told(outcome)[1])

    async def _end_quietly(self, floor: Floor, change: TalkEnded, leg: Leg) -> None:
        """Not when the talk goes on in another bridge; and when it went on just too late, a new recording begins."""
        await in_a_bridge(leg)
        if leg.talk_since is not None or leg.gone or leg.recording is None:
            return
        await self._quietly(floor.pbx, RecordStop(leg.id), leg)
        await self._orders.until(lambda: leg.recording is None)
        if leg.talk_since is not None:
            self._consider(floor, change.call, change.interface)

    async def _quietly(self, pbx: PbxId, command: RecordPause | RecordResume | RecordStop, leg: Leg) -> None:
        outcome = await self._switches.execute(pbx, command)
        if not isinstance(outcome, Done) and not leg.gone:
            what, why = type(command).__name__, told(outcome)[1]
            log.error("recording_not_changed", pbx=pbx, channel=leg.id, command=what, why=why)

    # What people ask for

    async def command(self, user: SignedIn, pbx: str, call_id: str, wish: Wish) -> RecordingReports:
        """`start`: an agent's own part, or everybody's for a supervisor. The others: all recordings of the call.
        Raises `NotFound`, `NotAllowed`, `Conflict`, `Unavailable`."""
        floor, call = self._call(user, PbxId(pbx), CallId(call_id))
        key = (floor.pbx, call.id)
        if wish == "start":
            if floor.pbx not in self._keepers:
                raise Conflict(_no_folder(floor.pbx))
            self._stopped.discard(key)
            own = (
                [Interface(user.interface)] if user.role == "agent" and user.interface else list(call.talking)
            )
            because = f"asked for by {user.login}"
            work = [self._report_begin(floor, call, one, because, user.user_id) for one in own]
            return RecordingReports(outcomes=list(await asyncio.gather(*work)))
        running = [(leg, one) for leg, one in recorded(call) if one.file is not None]
        if wish == "stop":
            self._stopped.add(key)
            for _, one in running:
                if one.file is not None:
                    self._orders.stopping(floor.pbx, one.file, user.user_id)
        elif wish == "pause":
            self._paused.add(key)
        else:
            self._paused.discard(key)
        if not running and wish != "stop":
            raise Conflict("Nothing is recorded in this call now.")
        done = [self._report(floor, leg, one, wish) for leg, one in running]
        return RecordingReports(outcomes=list(await asyncio.gather(*done)))

    def _call(self, user: SignedIn, pbx: PbxId, call_id: CallId) -> tuple[Floor, Call]:
        floor = self._floor(pbx)
        call = floor.calls.get(call_id) if floor is not None else None
        if floor is None or call is None or call.ended is not None or user.project_id != self._project_id:
            raise NotFound("This call is over, or it is not yours.")
        if user.role == "agent" and (user.pbx != pbx or user.interface not in call.talking):
            raise NotAllowed("You are not in this call.")
        if floor.stale:
            raise Unavailable(f"PBX {pbx} is not reachable now: try again.")
        return floor, call

    async def _report_begin(
        self, floor: Floor, call: Call, interface: Interface, because: str, by: int
    ) -> RecordingReport:
        outcome = await self._orders.begin(floor, call, interface, because, by, lambda: False)
        leg = talking_leg(call, interface)
        state = leg.recording.state if leg is not None and leg.recording is not None else RecordingState.OFF
        return report(interface, outcome, state)

    async def _report(self, floor: Floor, leg: Leg, recording: Recording, wish: Wish) -> RecordingReport:
        outcome = await self._orders.change(floor.pbx, leg, recording, wish)
        return report(of_whom(leg), outcome, recording.state)


def _no_folder(pbx: PbxId) -> str:
    return (
        f"Recordings of PBX {pbx} cannot be fetched: set TIERLINE_PBX__{pbx.upper()}__RECORDINGS to its folder"
        " monitor/tierline."
    )
