"""Rows of Asterisk's `queue_log`, the book that QueueMetrics and FreePBX reports read.

`parse_row` and `format_row` know its form, `Bookkeeper` writes it from what the floor reports, in the words of
app_queue. So the book can be compared with our own, and kept on for calls that app_queue does not distribute.
"""

from collections.abc import Callable, Iterable

import msgspec

from telephony.changes import (
    CallAnswered,
    CallEnded,
    CallTransferred,
    Change,
    LineJoined,
    LineLeaving,
    LineLeft,
    RingEnded,
    RingResult,
    RingStarted,
    TalkEnded,
)
from telephony.ids import CallId, Interface, QueueName

NOBODY = "NONE"
"""What the book says where no agent belongs."""

WORDS = frozenset({
    "ENTERQUEUE", "CONNECT", "COMPLETEAGENT", "COMPLETECALLER", "ABANDON", "EXITWITHTIMEOUT", "RINGNOANSWER",
    "BLINDTRANSFER", "ATTENDEDTRANSFER",
})  # fmt: skip
"""What `Bookkeeper` writes. app_queue writes its members' comings, goings and pauses itself, in every mode."""

_TOGETHER_S = 0.5
"""What one step of the switch causes comes within it."""

_NOT_TAKEN = frozenset({RingResult.NO_ANSWER, RingResult.BUSY, RingResult.REJECTED})


class BadRow(ValueError):
    """A line that is no row of the book. Says what is wrong."""


class Row(msgspec.Struct, frozen=True):
    """`at`: seconds since the epoch by the switch's clock. `call`: Uniqueid of the caller's channel. `agent`: the
    member's name or interface. `data`: by word, see `Bookkeeper`."""

    at: float
    call: str
    queue: str
    agent: str
    word: str
    data: tuple[str, ...] = ()


def parse_row(line: str) -> Row:
    """`epoch|call|queue|agent|word|data…`. Raises `BadRow`."""
    at, *fields = line.rstrip("\r\n").split("|")
    if len(fields) < 4:
        raise BadRow(f"{len(fields) + 1} fields; a row has at least 5: time|call|queue|agent|event")
    try:
        moment = float(at)
    except ValueError:
        raise BadRow(f"{at!r} is no time in seconds since 1970") from None
    if not 0.0 < moment < 1e11:
        raise BadRow(f"{at!r} is no time in seconds since 1970")
    call, queue, agent, word, *data = fields
    return Row(moment, call, queue, agent, word, tuple(data))


def format_row(row: Row) -> str:
    """As a line of the file, without its end."""
    return "|".join((str(int(row.at)), row.call, row.queue, row.agent, row.word, *row.data))


class _Place:
    """A caller on a line, from joining to the end of the talk."""

    __slots__ = (
        "agent",
        "answered_at",
        "before",
        "joined_at",
        "position",
        "queue",
        "rings",
        "talked",
        "transfer",
        "waited",
    )

    def __init__(self, queue: QueueName, position: int, joined_at: float) -> None:
        self.queue = queue
        self.position = position
        self.joined_at = joined_at
        self.rings: dict[Interface, float] = {}
        self.agent: Interface | None = None
        self.answered_at = 0.0
        self.waited = 0.0
        self.talked: float | None = None
        self.before: _Place | None = None
        self.transfer: CallTransferred | None = None

    @property
    def ended_at(self) -> float:
        """Of the talk."""
        return self.answered_at + (self.talked or 0.0)


class Bookkeeper:
    """Changes of one floor -> rows. Words and data (times in whole seconds, as in the book, rings in ms):

    ENTERQUEUE `|caller|position`, CONNECT `wait||ring`, COMPLETEAGENT and COMPLETECALLER `wait|talk|position`,
    ABANDON and EXITWITHTIMEOUT `position|position|wait`, RINGNOANSWER `ms`, BLINDTRANSFER `to||wait|talk|position`,
    ATTENDEDTRANSFER `|to|wait|talk|position`. The position is always the one at joining.
    `name(interface)`: how the book calls an agent. `ani(call)`: the caller's number as presented, "" when withheld.
    `moved`: callers whom somebody took out of a line; what that means, whoever did it writes.
    """

    def __init__(
        self, name: Callable[[Interface], str], ani: Callable[[CallId], str] = lambda call: ""
    ) -> None:
        self._name = name
        self._ani = ani
        self._places: dict[CallId, _Place] = {}
        self.moved: set[tuple[CallId, QueueName]] = set()

    def rows(self, changes: Iterable[Change]) -> list[Row]:
        rows: list[Row] = []
        for change in changes:
            rows += self._settled(change)
            rows += self._rows(change)
        return rows

    def _settled(self, change: Change) -> list[Row]:
        """The talk on the line before is over; whether by a transfer is told a moment after he joined the next line."""
        call = getattr(change, "call", None)
        place = self._places.get(call) if call is not None else None
        before = place.before if place is not None else None
        if call is None or place is None or before is None:
            return []
        if not isinstance(change, CallEnded) and change.at - before.ended_at <= _TOGETHER_S:
            return []
        place.before = None
        return self._completed(call, before, agent_ended=False)

    def _rows(self, change: Change) -> list[Row]:
        if isinstance(change, LineJoined):
            return self._joined(change)
        call = getattr(change, "call", None)
        place = self._places.get(call) if call is not None else None
        if call is None or place is None:
            return []
        match change:
            case LineLeft():
                return self._left(call, place, change)
            case RingStarted(queue=queue) if queue is not None:
                place.rings[change.interface] = change.at
            case RingEnded():
                return self._rang(call, place, change)
            case CallAnswered(queue=queue) if queue == place.queue and place.agent is None:
                return [self._answered(call, place, change)]
            case CallTransferred():
                giver = place.before or place
                giver.transfer = change
                return self._given_away(call, giver)
            case TalkEnded() if change.interface == place.agent and place.talked is None:
                place.talked = change.talked
                return self._given_away(call, place)
            case CallEnded():
                del self._places[call]
                went_on = change.at - place.ended_at > _TOGETHER_S
                return self._completed(call, place, agent_ended=change.by == "agent" and not went_on)
        return []

    def _joined(self, change: LineJoined) -> list[Row]:
        before = self._places.get(change.call)
        place = self._places[change.call] = _Place(change.queue, change.position, change.at)
        rows: list[Row] = []
        if before is not None and before.transfer is None and change.at - before.ended_at <= _TOGETHER_S:
            place.before = before
        elif before is not None:
            rows = self._completed(change.call, before, agent_ended=False)
        data = ("", self._ani(change.call), str(change.position))
        return [*rows, Row(change.at, change.call, place.queue, NOBODY, "ENTERQUEUE", data)]

    def _left(self, call: CallId, place: _Place, change: LineLeft) -> list[Row]:
        words = {LineLeaving.ABANDONED: "ABANDON", LineLeaving.TIMED_OUT: "EXITWITHTIMEOUT"}
        if change.reason is LineLeaving.ANSWERED:
            return []
        del self._places[call]
        word = words.get(change.reason)
        if word is None:
            self.moved.add((call, place.queue))
            return []
        data = (str(place.position), str(place.position), _whole(change.at - place.joined_at))
        return [Row(change.at, call, place.queue, NOBODY, word, data)]

    def _rang(self, call: CallId, place: _Place, change: RingEnded) -> list[Row]:
        since = place.rings.get(change.interface)
        if since is None or change.result not in _NOT_TAKEN:
            return []
        del place.rings[change.interface]
        milliseconds = str(round((change.at - since) * 1000))
        return [self._row(change.at, call, place, change.interface, "RINGNOANSWER", (milliseconds,))]

    def _answered(self, call: CallId, place: _Place, change: CallAnswered) -> Row:
        place.agent, place.answered_at, place.waited = change.interface, change.at, change.waited
        rang = change.at - place.rings.get(change.interface, change.at)
        data = (_whole(change.waited), "", _whole(rang))
        return self._row(change.at, call, place, change.interface, "CONNECT", data)

    def _given_away(self, call: CallId, place: _Place) -> list[Row]:
        """A transfer that ends this agent's part; what follows is no longer the line's. One that leaves him in the
        talk does not: the switch tells of both in either order."""
        transfer = place.transfer
        if transfer is None or place.talked is None or place.agent is None:
            return []
        if abs(transfer.at - place.ended_at) > _TOGETHER_S:
            return []
        now = self._places[call]
        if now is place:
            del self._places[call]
        else:
            now.before = None
        blind = transfer.kind == "blind"
        to = (transfer.to, "") if blind else ("", transfer.to)
        times = (_whole(place.waited), _whole(place.talked), str(place.position))
        word = "BLINDTRANSFER" if blind else "ATTENDEDTRANSFER"
        return [self._row(place.ended_at, call, place, place.agent, word, (*to, *times))]

    def _completed(self, call: CallId, place: _Place, *, agent_ended: bool) -> list[Row]:
        """When the call goes on without the agent it was not he who left."""
        if place.agent is None or place.talked is None:
            return []
        data = (_whole(place.waited), _whole(place.talked), str(place.position))
        word = "COMPLETEAGENT" if agent_ended else "COMPLETECALLER"
        return [self._row(place.ended_at, call, place, place.agent, word, data)]

    def _row(
        self, at: float, call: CallId, place: _Place, agent: Interface, word: str, data: tuple[str, ...]
    ) -> Row:
        return Row(at, call, place.queue, self._name(agent), word, data)


def _whole(seconds: float) -> str:
    return str(max(0, int(seconds)))
