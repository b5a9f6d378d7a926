"""One client's whole conversation, over all its legs and transfers: its life cycle and what is known of it."""

from enum import StrEnum

from telephony.changes import Outcome, RingResult
from telephony.events import LegState
from telephony.ids import BridgeId, CallId, ChannelId, Interface, PbxId, QueueName
from telephony.names import device_of, is_inner
from telephony.queues import Place


class Stage(StrEnum):
    ARRIVED = "arrived"  # in the dialplan: announcements, self-service, between two lines
    WAITING = "waiting"  # on a line, nobody is rung
    RINGING = "ringing"  # an agent is rung, from a line or straight
    TALKING = "talking"
    HELD = "held"  # every agent in it holds
    ENDED = "ended"


class Step(StrEnum):
    JOINED_LINE = "joined_line"
    LEFT_LINE = "left_line"
    RANG = "rang"
    RING_OVER = "ring_over"  # the last ring; the call is on no line
    RING_OVER_ON_LINE = "ring_over_on_line"
    ANSWERED = "answered"
    ALL_HELD = "all_held"
    RESUMED = "resumed"
    TALK_OVER = "talk_over"  # the last agent is out of it, the client is not
    TALK_OVER_RINGS = "talk_over_rings"
    LAST_LEG_GONE = "last_leg_gone"


CALL_LIFE: dict[tuple[Stage, Step], Stage] = {
    (Stage.ARRIVED, Step.JOINED_LINE): Stage.WAITING,
    (Stage.ARRIVED, Step.RANG): Stage.RINGING,
    (Stage.ARRIVED, Step.ANSWERED): Stage.TALKING,
    (Stage.ARRIVED, Step.LAST_LEG_GONE): Stage.ENDED,
    (Stage.WAITING, Step.LEFT_LINE): Stage.ARRIVED,
    (Stage.WAITING, Step.RANG): Stage.RINGING,
    (Stage.WAITING, Step.ANSWERED): Stage.TALKING,
    (Stage.WAITING, Step.LAST_LEG_GONE): Stage.ENDED,
    (Stage.RINGING, Step.RANG): Stage.RINGING,
    (Stage.RINGING, Step.JOINED_LINE): Stage.RINGING,
    (Stage.RINGING, Step.LEFT_LINE): Stage.RINGING,
    (Stage.RINGING, Step.RING_OVER): Stage.ARRIVED,
    (Stage.RINGING, Step.RING_OVER_ON_LINE): Stage.WAITING,
    (Stage.RINGING, Step.ANSWERED): Stage.TALKING,
    (Stage.RINGING, Step.LAST_LEG_GONE): Stage.ENDED,
    (Stage.TALKING, Step.RANG): Stage.TALKING,
    (Stage.TALKING, Step.RING_OVER): Stage.TALKING,
    (Stage.TALKING, Step.RING_OVER_ON_LINE): Stage.TALKING,
    (Stage.TALKING, Step.LEFT_LINE): Stage.TALKING,
    (Stage.TALKING, Step.ANSWERED): Stage.TALKING,
    (Stage.TALKING, Step.ALL_HELD): Stage.HELD,
    (Stage.TALKING, Step.TALK_OVER): Stage.ARRIVED,
    (Stage.TALKING, Step.TALK_OVER_RINGS): Stage.RINGING,
    (Stage.TALKING, Step.LAST_LEG_GONE): Stage.ENDED,
    (Stage.HELD, Step.RANG): Stage.HELD,
    (Stage.HELD, Step.RING_OVER): Stage.HELD,
    (Stage.HELD, Step.RING_OVER_ON_LINE): Stage.HELD,
    (Stage.HELD, Step.LEFT_LINE): Stage.HELD,
    (Stage.HELD, Step.ANSWERED): Stage.TALKING,
    (Stage.HELD, Step.RESUMED): Stage.TALKING,
    (Stage.HELD, Step.TALK_OVER): Stage.ARRIVED,
    (Stage.HELD, Step.TALK_OVER_RINGS): Stage.RINGING,
    (Stage.HELD, Step.LAST_LEG_GONE): Stage.ENDED,
}


class NoSuchStep(Exception):
    """A call cannot take this step from where it is."""

    def __init__(self, stage: Stage, step: Step) -> None:
        super().__init__(f"call: {stage} + {step}")


def call_step(stage: Stage, step: Step) -> Stage:
    try:
        return CALL_LIFE[stage, step]
    except KeyError:
        raise NoSuchStep(stage, step) from None


class Direction(StrEnum):
    """`inbound`: the first leg came in from a device that is no agent's. `outbound`: an agent's phone or the
    switch itself began it and somebody outside is dialled. `internal`: nobody outside (so far)."""

    INBOUND = "inbound"
    INTERNAL = "internal"
    OUTBOUND = "outbound"


class Part(StrEnum):
    """What a leg is in its call."""

    OUTSIDE = "outside"  # the client, or somebody else beyond a trunk
    PHONE = "phone"  # an agent's device
    INNER = "inner"  # Local halves, announcers, recorders: never a party
    UNKNOWN = "unknown"


class RecordingState(StrEnum):
    OFF = "off"
    ON = "on"
    PAUSED = "paused"  # silence is recorded


class RecordingStep(StrEnum):
    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    STOPPED = "stopped"


class Recording:
    """Of one leg. `file`: its name without folder and suffix, None for one that is not ours. `since`: when we learnt
    that it began."""

    __slots__ = ("file", "since", "state")

    def __init__(self, file: str | None, since: float) -> None:
        self.file = file
        self.since = since
        self.state = RecordingState.OFF


class Ring:
    """One attempt to ring one agent. `queue` is None when he was dialled straight.

    `ended_at` is the end of the attempt, or of his talk when he answered; None while either goes on.
    `rang_at` is None when the ring began before we looked.
    """

    __slots__ = ("answered_at", "ended_at", "interface", "legs", "queue", "rang_at", "result")

    def __init__(self, interface: Interface, queue: QueueName | None, rang_at: float | None) -> None:
        self.interface = interface
        self.queue = queue
        self.rang_at = rang_at
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.result: RingResult | None = None
        self.legs: list[Leg] = []  # the device first; behind a Local member the real phones follow


class Leg:
    """One channel. `cause`: Q.850 of its far end's hang-up, None while the far end has not asked for one. `aside`: it is
    held by nobody's word, only because another call has the agent."""

    __slots__ = (
        "aside",
        "bridge",
        "call",
        "cause",
        "gone",
        "held",
        "id",
        "interface",
        "linked",
        "name",
        "pair",
        "part",
        "recording",
        "ring",
        "state",
        "talk_since",
    )

    def __init__(self, channel: ChannelId, name: str, linked: CallId, call: "Call") -> None:
        self.id = channel
        self.name = name
        self.linked = linked
        self.call = call
        self.interface = device_of(name)
        self.part = Part.INNER if is_inner(name) else Part.UNKNOWN
        self.state = LegState.OTHER
        self.bridge: BridgeId | None = None
        self.pair: Leg | None = None
        self.ring: Ring | None = None
        self.recording: Recording | None = None
        self.cause: int | None = None
        self.talk_since: float | None = None
        self.held = False
        self.aside = False
        self.gone = False

    @property
    def put_on_hold(self) -> bool:
        """His phone said so: he may leave the bridge and come back."""
        return self.held and not self.aside


class Transfer:
    """`kind`: blind or attended. `by` is None when it was not an agent. `to`: as dialled."""

    __slots__ = ("at", "by", "kind", "to")

    def __init__(self, kind: str, by: Interface | None, to: str, at: float) -> None:
        self.kind = kind
        self.by = by
        self.to = to
        self.at = at


class Call:
    """Everything known of a call. Moments are seconds since the epoch by the floor's clock.

    `place` is where it waits now, `lines` every wait so far; `ringing` the rings going on, `rings` all of
    them; `talking` since when each agent and the client hear each other; `held` who of them holds.
    """

    __slots__ = (
        "ani",
        "ani_name",
        "announced",
        "answered_at",
        "client",
        "client_end",
        "direction",
        "dnis",
        "doubtful",
        "ended",
        "far_result",
        "held",
        "id",
        "last_asked",
        "legs",
        "lines",
        "linkedids",
        "merged_into",
        "origin",
        "outcome",
        "pbx",
        "place",
        "ringing",
        "rings",
        "spoken",
        "stage",
        "started",
        "talking",
        "transfers",
    )

    def __init__(self, call: CallId, pbx: PbxId, started: float) -> None:
        self.id = call
        self.pbx = pbx
        self.started = started
        self.ended: float | None = None
        self.stage = Stage.ARRIVED
        self.direction = Direction.INBOUND
        self.ani: str | None = None
        self.ani_name: str | None = None
        self.dnis: str | None = None
        self.legs: dict[ChannelId, Leg] = {}
        self.origin: ChannelId | None = None  # the first leg's id; it may be gone already
        self.client: Leg | None = None
        self.client_end: tuple[bool, int] | None = None  # did his end hang up, and the cause
        self.place: Place | None = None
        self.lines: list[Place] = []
        self.rings: list[Ring] = []
        self.ringing: dict[Interface, Ring] = {}
        self.talking: dict[Interface, float] = {}
        self.held: set[Interface] = set()
        self.answered_at: float | None = None  # the first answer
        self.transfers: list[Transfer] = []
        self.doubtful: str | None = None  # why the story is not whole
        self.outcome: Outcome | None = None
        self.announced = False
        self.spoken = False
        self.last_asked: Part | None = None  # whose far end hung up last
        self.far_result: RingResult | None = None  # of a number dialled outside
        self.linkedids: set[CallId] = {call}
        self.merged_into: CallId | None = None

    @property
    def queue(self) -> QueueName | None:
        return self.place.queue if self.place else None

    @property
    def joined_at(self) -> float | None:
        return self.place.joined_at if self.place else None

    def waited(self, now: float | None = None) -> float:
        """Seconds on lines, all of them together, through every transfer; the wait going on counts up to `now`."""
        ends = ((place, now if place.left_at is None else place.left_at) for place in self.lines)
        return sum(max(0.0, end - place.joined_at) for place, end in ends if end is not None)
