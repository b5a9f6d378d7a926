"""Call stories out of a stream: what `tierline replay` prints, and what tests compare."""

from collections.abc import Iterable, Iterator
from typing import Any

from telephony.ami.translate import WANTED, TranslateError, translate
from telephony.ami.wire import Framer, Message
from telephony.calls import Call
from telephony.changes import CallArrived, Change
from telephony.events import Event
from telephony.floor import Floor
from telephony.ids import CallId, PbxId

Story = dict[str, Any]
"""`{call_id, ani, dnis, lines, started, ended, rings, transfers, outcome}` with plain values: see `story`."""


def stories(stream: Iterable[Message | Event], floor: Floor | None = None) -> list[Story]:
    """Every call of a stream in order of arrival, those still open at its end too. A stream may begin and end
    anywhere; messages that are not ours or damaged are left out. Calls that became part of another have no
    story of their own. `floor`: one that knows more, for example the agents' phones."""
    floor = floor or Floor(PbxId("replay"))
    calls: dict[CallId, list[Call]] = {}
    for event in _events(stream):
        for change in floor.apply(event):
            _remember(change, floor, calls)
    return [story(call) for told in calls.values() for call in told if call.merged_into is None]


def stories_of_capture(chunks: Iterable[bytes]) -> list[Story]:
    """The same from raw bytes, as they were captured. Raises `WireError` when they are no AMI stream."""
    framer = Framer(WANTED)
    return stories(message for chunk in chunks for message in framer.feed(chunk))


def _events(stream: Iterable[Message | Event]) -> Iterator[Event]:
    for item in stream:
        if not isinstance(item, Message):
            yield item
        elif item.name:
            try:
                event = translate(item)
            except TranslateError:
                continue
            if event is not None:
                yield event


def _remember(change: Change, floor: Floor, calls: dict[CallId, list[Call]]) -> None:
    if isinstance(change, CallArrived):
        told = calls.setdefault(change.call, [])
        call = floor.calls.get(change.call)
        if call is not None and call not in told:
            told.append(call)


def story(call: Call) -> Story:
    """Times are seconds of the switch's clock with microseconds, null where there is none (yet)."""
    return {
        "call_id": call.id,
        "ani": call.ani,
        "dnis": call.dnis,
        "lines": [place.queue for place in call.lines],
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
