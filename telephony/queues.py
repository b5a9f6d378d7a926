"""A queue of the switch, who waits in it and who serves it.

The switch says "abandoned" for everything that leaves a queue unserved. What it was shows only afterwards,
so a place in a queue has a life of its own; it is over when the reason is known.
"""

from bisect import bisect_right
from enum import StrEnum

from telephony.changes import LineLeaving
from telephony.ids import CallId, ChannelId, Interface, QueueName


class PlaceStage(StrEnum):
    WAITING = "waiting"
    UNSERVED = "unserved"  # the switch gave him up, he still stands in the queue
    TAKEN = "taken"  # out of the queue, probably to an agent
    OUT = "out"  # out of the queue unserved: hung up, timed out or sent elsewhere?
    ANSWERED = "answered"
    ABANDONED = "abandoned"
    TIMED_OUT = "timed_out"
    MOVED = "moved"


class PlaceStep(StrEnum):
    GIVEN_UP = "given_up"
    LEFT = "left"
    CONNECTED = "connected"
    CALLER_HUNG_UP = "caller_hung_up"
    SWITCH_HUNG_UP = "switch_hung_up"
    SEEN_ELSEWHERE = "seen_elsewhere"  # the caller lives on: another queue, another phone
    NOTHING_MORE = "nothing_more"  # the caller lives on and says nothing: back in the dialplan
    BACK = "back"  # out of the queue only to wait in our room: the same wait goes on


PLACE_LIFE: dict[tuple[PlaceStage, PlaceStep], PlaceStage] = {
    (PlaceStage.WAITING, PlaceStep.GIVEN_UP): PlaceStage.UNSERVED,
    (PlaceStage.WAITING, PlaceStep.LEFT): PlaceStage.TAKEN,
    (PlaceStage.WAITING, PlaceStep.CONNECTED): PlaceStage.ANSWERED,
    (PlaceStage.WAITING, PlaceStep.CALLER_HUNG_UP): PlaceStage.ABANDONED,
    (PlaceStage.WAITING, PlaceStep.SWITCH_HUNG_UP): PlaceStage.TIMED_OUT,
    (PlaceStage.WAITING, PlaceStep.SEEN_ELSEWHERE): PlaceStage.MOVED,
    (PlaceStage.UNSERVED, PlaceStep.LEFT): PlaceStage.OUT,
    (PlaceStage.UNSERVED, PlaceStep.BACK): PlaceStage.WAITING,
    (PlaceStage.UNSERVED, PlaceStep.CONNECTED): PlaceStage.ANSWERED,
    (PlaceStage.UNSERVED, PlaceStep.CALLER_HUNG_UP): PlaceStage.ABANDONED,
    (PlaceStage.UNSERVED, PlaceStep.SWITCH_HUNG_UP): PlaceStage.TIMED_OUT,
    (PlaceStage.UNSERVED, PlaceStep.SEEN_ELSEWHERE): PlaceStage.MOVED,
    (PlaceStage.TAKEN, PlaceStep.CONNECTED): PlaceStage.ANSWERED,
    (PlaceStage.TAKEN, PlaceStep.CALLER_HUNG_UP): PlaceStage.ABANDONED,
    (PlaceStage.TAKEN, PlaceStep.SWITCH_HUNG_UP): PlaceStage.MOVED,
    (PlaceStage.TAKEN, PlaceStep.SEEN_ELSEWHERE): PlaceStage.MOVED,
    (PlaceStage.TAKEN, PlaceStep.NOTHING_MORE): PlaceStage.MOVED,
    (PlaceStage.TAKEN, PlaceStep.BACK): PlaceStage.WAITING,
    (PlaceStage.OUT, PlaceStep.CONNECTED): PlaceStage.ANSWERED,
    (PlaceStage.OUT, PlaceStep.CALLER_HUNG_UP): PlaceStage.ABANDONED,
    (PlaceStage.OUT, PlaceStep.SWITCH_HUNG_UP): PlaceStage.TIMED_OUT,
    (PlaceStage.OUT, PlaceStep.SEEN_ELSEWHERE): PlaceStage.MOVED,
    (PlaceStage.OUT, PlaceStep.NOTHING_MORE): PlaceStage.TIMED_OUT,
    (PlaceStage.OUT, PlaceStep.BACK): PlaceStage.WAITING,
}

REASONS: dict[PlaceStage, LineLeaving] = {
    PlaceStage.ANSWERED: LineLeaving.ANSWERED,
    PlaceStage.ABANDONED: LineLeaving.ABANDONED,
    PlaceStage.TIMED_OUT: LineLeaving.TIMED_OUT,
    PlaceStage.MOVED: LineLeaving.MOVED,
}

SETTLE_S = 1.0
"""Seconds of the switch's clock after which a caller who left unserved and said nothing is taken to live on."""


class NoSuchPlaceStep(Exception):
    """A place in a queue cannot take this step from where it is."""

    def __init__(self, stage: PlaceStage, step: PlaceStep) -> None:
        super().__init__(f"place in a queue: {stage} + {step}")


def place_step(stage: PlaceStage, step: PlaceStep) -> PlaceStage:
    try:
        return PLACE_LIFE[stage, step]
    except KeyError:
        raise NoSuchPlaceStep(stage, step) from None


class Place:
    """One wait of one call in one queue. `priority`: None when the switch did not say. `room`: he waits in our own room
    of that line, app_queue does not know him. `calling`: the agent whom he is about to ring by our order.

    `left_at` is when he was out of the queue; `reason` may come a little later.
    """

    __slots__ = (
        "call",
        "calling",
        "channel",
        "joined_at",
        "left_at",
        "priority",
        "queue",
        "reason",
        "room",
        "stage",
    )

    def __init__(self, call: CallId, channel: ChannelId, queue: QueueName, joined_at: float) -> None:
        self.call = call
        self.channel = channel
        self.queue = queue
        self.joined_at = joined_at
        self.left_at: float | None = None
        self.priority: int | None = None
        self.room = False
        self.calling: Interface | None = None
        self.stage = PlaceStage.WAITING
        self.reason: LineLeaving | None = None


class Queue:
    """`waiting` in the switch's own order, first to be served first. `members`: who serves it, in order of
    joining (their pauses stand in `floor.agents`)."""

    __slots__ = ("members", "name", "waiting")

    def __init__(self, name: QueueName) -> None:
        self.name = name
        self.waiting: list[Place] = []
        self.members: dict[Interface, None] = {}

    def insert(self, place: Place, position: int) -> int:
        """The switch counts from 1; what it says is followed as far as the list goes."""
        index = min(max(position - 1, 0), len(self.waiting))
        self.waiting.insert(index, place)
        return index + 1

    def rank(self, place: Place) -> int:
        """Puts him where his priority says, among equals where his age does; his position, from 1."""
        return self.insert(place, bisect_right(self.waiting, _rank(place), key=_rank) + 1)

    def remove(self, place: Place, position: int | None = None) -> bool:
        """`position`, where the switch says he was, saves the search."""
        waiting = self.waiting
        if position is not None and 0 < position <= len(waiting) and waiting[position - 1] is place:
            del waiting[position - 1]
            return True
        if place in waiting:
            waiting.remove(place)
            return True
        return False

    def positions(self) -> dict[CallId, int]:
        """Where each waiting call stands now, from 1: made on demand, because one caller moves all behind him."""
        return {place.call: index for index, place in enumerate(self.waiting, 1)}


def _rank(place: Place) -> tuple[int, float]:
    return -(place.priority or 0), place.joined_at
