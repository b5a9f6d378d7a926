"""A switch that records: takes the commands, says the events a real one says, and feeds floor and service with them."""

import asyncio
from collections.abc import Callable

from app.recorder.service import RecorderService
from telephony.calls import Call
from telephony.commands import (
    Command,
    CommandOutcome,
    Done,
    RecordPause,
    RecordResume,
    RecordStart,
    RecordStop,
    Refused,
)
from telephony.floor import Floor
from telephony.ids import CallId, ChannelId, PbxId
from tests.fakes.ami_script import AmiScript, Channel
from tests.telephony.floors import Watched


class RecordingSwitch:
    """`deaf`: so many orders to record have no effect, as when a leg is not in its bridge yet. `held_back`: events of
    orders wait until `tell()`. `at_leisure`: orders are taken, and carried out when it is set."""

    def __init__(self) -> None:
        self.script = AmiScript()
        self.watched = Watched(self.script)
        self.service: RecorderService
        self.taken: list[Command] = []
        self.deaf = 0
        self.held_back = False
        self.refuses: str | None = None
        self.at_leisure = asyncio.Event()
        self.at_leisure.set()
        self._legs: dict[str, Channel] = {}

    @property
    def floor(self) -> Floor:
        return self.watched.floor

    @property
    def pbx(self) -> PbxId:
        return self.floor.pbx

    def call(self) -> Call:
        return next(call for call in self.floor.calls.values() if call.ended is None)

    def arrives(self) -> Channel:
        client = self.script.arrives("79160000001", "74950000001")
        self.script.joins(client, "support")
        return client

    def answers(
        self, client: Channel, phone: str, queue: str | None = "support", bridge: str = "bridge-1"
    ) -> Channel:
        leg = self.script.rings(client, phone, queue)
        self.script.picks_up(client, leg, queue, bridge)
        self._legs[leg.uniqueid] = leg
        self.tell()
        return leg

    def hangs_up(self, *legs: Channel) -> None:
        for leg in legs:
            if leg.bridge is not None:
                self.script.leaves_bridge(leg)
            self.script.gone(leg)
        self.tell()

    def tell(self) -> None:
        self.service.batch(self.floor, self.watched.hear())

    async def execute(self, pbx: PbxId, command: Command) -> CommandOutcome:
        assert pbx == self.pbx
        self.taken.append(command)
        await self.at_leisure.wait()
        if self.refuses is not None:
            return Refused(self.refuses)
        match command:
            case RecordStart(channel, file):
                if self.deaf > 0:
                    self.deaf -= 1
                    return Done("")
                leg = self._legs[channel]
                names = {"Channel": leg.name, "Uniqueid": leg.uniqueid, "Linkedid": leg.linkedid}
                self.script.say("UserEvent", {"UserEvent": "TierlineRecording", **names, "File": file})
                self._says(channel, "MixMonitorStart")
            case RecordPause(channel):
                self._says(channel, "MixMonitorMute", Direction="both", State="1")
            case RecordResume(channel):
                self._says(channel, "MixMonitorMute", Direction="both", State="0")
            case RecordStop(channel):
                self._says(channel, "MixMonitorStop")
        if not self.held_back:
            self.tell()
        return Done("")

    def _says(self, channel: ChannelId, event: str, **more: str) -> None:
        self.script.say(event, {**self._legs[channel].headers(), **more})

    def taken_of(self, kind: Callable[..., Command]) -> list[Command]:
        return [one for one in self.taken if isinstance(one, kind)]  # type: ignore[arg-type]

    def state(self, leg: Channel) -> str:
        known = self.call().legs[ChannelId(leg.uniqueid)]
        return known.recording.state.value if known.recording is not None else "off"

    @property
    def call_id(self) -> CallId:
        return self.call().id
