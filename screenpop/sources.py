"""What a project's screen is made of besides the floor: what the app knows of calls, agents, lines and time."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

import msgspec

from screenpop.messages import Card, Language
from telephony.agents import Agent as Device
from telephony.calls import Call
from telephony.ids import CallId, Interface, PbxId, QueueName
from telephony.queues import Queue


class Instant(NamedTuple):
    """One moment by both clocks of our server: `epoch` to show (s since 1970), `monotonic` to measure with (s)."""

    epoch: float
    monotonic: float


class CardText(msgspec.Struct, frozen=True, eq=False):
    """A `Card` as its JSON: browsers get it as it is, and thousands of calls are known that nobody looks at."""

    json: str

    @classmethod
    def of(cls, card: Card) -> "CardText":
        return cls(card.model_dump_json())

    def read(self) -> Card:
        return Card.model_validate_json(self.json)


class Known(msgspec.Struct, frozen=True):
    """What the app found out about a call: by the webhook before it appears, or any time later; the whole anew.

    `card_at`: when the card was ready. `made_for`: the agent for whom we make this call: it rings at his device before
    anybody outside is called, and the switch does not call that a ring.
    """

    tier: str | None
    priority: int | None
    client_id: int | None = None
    client_name: str | None = None
    card: CardText | None = None
    card_at: Instant | None = None
    made_for: Interface | None = None


class Line(msgspec.Struct, frozen=True):
    """`targets`: seconds within which a call of that tier shall be answered."""

    code: str
    name: dict[Language, str]
    targets: dict[str, float]


class Agent(msgspec.Struct, frozen=True):
    id: int | None
    name: str


class Floor(Protocol):
    """As much of `telephony.floor.Floor` as a screen reads. Its moments are by our server's clock."""

    @property
    def calls(self) -> Mapping[CallId, Call]: ...

    @property
    def agents(self) -> Mapping[Interface, Device]: ...

    @property
    def queues(self) -> Mapping[QueueName, Queue]: ...


class Directory(Protocol):
    """The app's records as the screen needs them: plain look-ups in memory, called often."""

    @property
    def tiers(self) -> tuple[str, ...]:
        """Highest first; a call whose tier is not known counts with the last."""

    def lines(self) -> Iterable[Line]: ...

    def line_of(self, pbx: PbxId, queue: QueueName) -> str | None:
        """Code of the line that owns this queue; None when it is none of ours."""

    def served_before(self, pbx: PbxId, queue: QueueName) -> QueueName | None:
        """The queue of the same line whose callers all go before those of this one."""

    def agents(self) -> Iterable[tuple[PbxId, Interface]]:
        """Devices of all agents, signed in or not. The same name on two switches is two devices."""

    def agent(self, pbx: PbxId, interface: Interface) -> Agent | None: ...

    def number(self, raw: str | None) -> str | None:
        """E.164 with +, or as heard when it is not a number; None when withheld."""


class Day(msgspec.Struct):
    """Figures of one line and tier since local midnight."""

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    answered_in_target: int = 0
    abandoned_in_target: int = 0
