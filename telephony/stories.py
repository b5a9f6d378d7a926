"""Call stories out of a stream: what `tierline replay` prints, and what tests compare."""

from collections.abc import Iterable
from typing import Any

from telephony.ami.resync import Snapshot, SnapshotBuilder
from telephony.ami.translate import WANTED, TranslateError, translate
from telephony.ami.wire import Framer, Message
from telephony.calls import Call
from telephony.changes import CallArrived, Change
from telephony.events import Event
from telephony.floor import Floor
from telephony.ids import CallId, PbxId

SNAPSHOT_TAG = "snapshot-"
"""How the ActionIDs of the lists begin; the first list's end with `-0`."""

Story = dict[str, Any]
"""`{call_id, ani, dnis, lines, waited, started, ended, rings, transfers, outcome}` with plain values: see `story`."""


def stories(stream: Iterable[Message | Event], floor: Floor | None = None) -> list[Story]:
    """Every call of a stream in order of arrival, those still open at its end too. A stream may begin and end
    anywhere; messages that are not ours or damaged are left out. Calls that became part of another have no
    story of their own. `floor`: one that knows more, for example the agents' phones."""
    floor = floor or Floor(PbxId("replay"))
    calls: dict[CallId, list[Call]] = {}
    heard = _Heard(floor)
    for item in stream:
        for change in heard.hear(item):
            _remember(change, floor, calls)
    for change in heard.end():
        _remember(change, floor, calls)
    return [story(call) for told in calls.values() for call in told if call.merged_into is None]


def stories_of_capture(chunks: Iterable[bytes]) -> list[Story]:
    """The same from raw bytes, as they were captured. Raises `WireError` when they are no AMI stream."""
    framer = Framer(WANTED)
    return stories(message for chunk in chunks for message in framer.feed(chunk))


class _Heard:
    """A capture that holds snapshots, as those of `telephony.ami.stream` do, is believed as the live floor does:
    what happens while one is collected is told after it."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._collected: SnapshotBuilder | None = None
        self._held: list[Event] = []

    def hear(self, item: Message | Event) -> list[Change]:
        if isinstance(item, Message) and (item.get(b"ActionID") or "").startswith(SNAPSHOT_TAG):
            self._collect(item)
        elif (event := _event(item)) is not None:
            if self._collected is None:
                return self._floor.apply(event)
            self._held.append(event)
        if self._collected is None or not self._collected.complete or not self._held:
            return []
        return self.end()

    def end(self) -> list[Change]:
        """Of the stream; a snapshot that is not whole by then is not believed."""
        held, self._held = self._held, []
        snapshot, self._collected = self._collected, None
        changes: list[Change] = []
        if snapshot is not None and snapshot.complete:
            seen = snapshot.done()
            after = next((event.at for event in held if event.at is not None), None)
            changes = self._floor.rebuild(seen, _moment(seen, self._floor.now, after))
        return changes + [change for event in held for change in self._floor.apply(event)]

    def _collect(self, item: Message) -> None:
        if item.is_response and (item.get(b"ActionID") or "").endswith("-0"):
            self._collected = SnapshotBuilder()
        if self._collected is not None:  # else the capture begins in the middle of one
            self._collected.add(item)


def _moment(snapshot: Snapshot, before: float, after: float | None) -> float:
    """When the snapshot was taken, which it does not say: as old as its channels are, by the second they were created
    in, with which Asterisk begins their ids. Between the events `before` and `after` it."""
    channels = snapshot.channels or []
    born = ((row.channel.rpartition("-")[2].partition(".")[0], row.age_s) for row in channels)
    told = max((float(second) + age + 1.0 for second, age in born if second.isdecimal()), default=before)
    return max(before, told if after is None else min(told, after)) or after or 0.0


def _event(item: Message | Event) -> Event | None:
    if not isinstance(item, Message):
        return item
    try:
        return translate(item) if item.name else None
    except TranslateError:
        return None


def _remember(change: Change, floor: Floor, calls: dict[CallId, list[Call]]) -> None:
    if isinstance(change, CallArrived):
        told = calls.setdefault(change.call, [])
        call = floor.calls.get(change.call)
        if call is not None and call not in told:
            told.append(call)


def story(call: Call) -> Story:
    """Times are seconds of the switch's clock with microseconds, null where there is none (yet); `waited`: seconds on
    all lines together, without a wait that still goes on."""
    return {
        "call_id": call.id,
        "ani": call.ani,
        "dnis": call.dnis,
        "lines": [place.queue for place in call.lines],
        "waited": round(call.waited(), 6),
        "started": _time(call.started),
        "ended": _time(call.ended),
        "rings": [
            {
                "agent": ring.interface,
                "rang_at": _time(ring.rang_at),
                "answered_at": _time(ring.answered_at),
                "ended_at": _time(ring.ended_at),
                "result": ring.result,
            }
            for ring in call.rings
        ],
        "transfers": [
            {"kind": transfer.kind, "by": transfer.by, "to": transfer.to, "at": _time(transfer.at)}
            for transfer in call.transfers
        ],
        "outcome": call.outcome,
    }


def _time(at: float | None) -> float | None:
    return None if at is None else round(at, 6)
