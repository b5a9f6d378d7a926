"""What the directed executor needs of the rest of the app."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from app.directing.rules import Decided
from routing.places import Caller
from routing.policy import Policy
from routing.reserve import Seen
from telephony.agents import Agent
from telephony.calls import Call
from telephony.commands import Command, CommandOutcome
from telephony.ids import CallId, Interface, PbxId, QueueName
from telephony.queues import Queue


class Switches(Protocol):
    async def execute(self, pbx: PbxId, command: Command) -> CommandOutcome: ...

    async def reachable(self, pbx: PbxId) -> None:
        """Returns when commands can be sent."""


class Callbacks(Protocol):
    """The promised calls, as far as this executor serves them."""

    def due(self, pbx: PbxId, now: float) -> Iterable[Caller]: ...

    def start(self, caller: str, agent: Interface) -> None: ...


class Pulse(Protocol):
    """How the lines do."""

    def seen(self, pbx: PbxId, line: str, reader: str) -> Seen: ...

    def wait(self, pbx: PbxId, line: str, tier: str, ahead: int) -> float | None: ...


class Known(Protocol):
    """What the records say, from memory. `directed_lines`: {queue: code} of a switch; `line_of`: of any queue."""

    def directed_lines(self, pbx: PbxId) -> Mapping[QueueName, str]: ...

    def line_of(self, pbx: PbxId, queue: QueueName) -> str | None: ...

    def skills(self, pbx: PbxId, interface: Interface) -> Mapping[str, int]: ...

    def decided(self, pbx: PbxId, call: CallId) -> Decided | None: ...

    def policy(self) -> Policy: ...


class Floor(Protocol):
    """As much of `telephony.floor.Floor` as is looked at."""

    stale: bool

    @property
    def pbx(self) -> PbxId: ...

    @property
    def calls(self) -> Mapping[CallId, Call]: ...

    @property
    def agents(self) -> Mapping[Interface, Agent]: ...

    @property
    def queues(self) -> Mapping[QueueName, Queue]: ...
