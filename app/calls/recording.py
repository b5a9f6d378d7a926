"""From what the floor reports to rows of `calls` and `call_events`. Pure: who stores them stands elsewhere."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from telephony.calls import Call
from telephony.changes import (
    AgentChanged,
    CallAnswered,
    CallArrived,
    CallDoubtful,
    CallEnded,
    Change,
    LineJoined,
    QueueChanged,
)
from telephony.floor import Floor
from telephony.ids import CallId, PbxId, QueueName

_WORTH_A_ROW = (CallArrived, LineJoined, CallAnswered, CallEnded, CallDoubtful)
_NOT_OF_A_CALL = (AgentChanged, QueueChanged)


class Identity(msgspec.Struct, frozen=True):
    """What the app knows of a call and the switch does not."""

    client_id: int | None = None
    tier: str | None = None
    priority: int | None = None
    topic: str | None = None


NOBODY = Identity()


class Recorder:
    """`line_of(pbx, queue)`: the line's code. `number(raw)`: as calls are stored."""

    def __init__(
        self,
        line_of: Callable[[PbxId, QueueName], str | None],
        number: Callable[[str | None], str | None],
    ) -> None:
        self._line_of = line_of
        self._number = number

    def events(self, pbx: PbxId, changes: Iterable[Change]) -> list[dict[str, Any]]:
        """One row for each change of a call."""
        rows = []
        for change in changes:
            if not isinstance(change, _NOT_OF_A_CALL):
                data = msgspec.to_builtins(change)
                kind, at, call = data.pop("type"), data.pop("at"), data.pop("call")
                rows.append({"at": moment(at), "pbx": pbx, "call_id": call, "kind": kind, "data": data})
        return rows

    def calls(
        self, floor: Floor, changes: Iterable[Change], identity: Callable[[PbxId, CallId], Identity]
    ) -> list[dict[str, Any]]:
        """One row for each call that reached a mark worth keeping: the whole of it as known now."""
        ended_by = {c.call: c.by for c in changes if isinstance(c, CallEnded)}
        marked = dict.fromkeys(c.call for c in changes if isinstance(c, _WORTH_A_ROW))
        return [
            self._row(call, identity(floor.pbx, call_id), ended_by.get(call_id))
            for call_id in marked
            if (call := floor.calls.get(call_id)) is not None
        ]

    def _row(self, call: Call, identity: Identity, by: str | None) -> dict[str, Any]:
        last = call.lines[-1] if call.lines else None
        answers = [ring for ring in call.rings if ring.answered_at is not None]
        first = min(answers, key=lambda ring: ring.answered_at or 0.0, default=None)
        talks = [
            max(0.0, (ring.ended_at or call.ended or 0.0) - (ring.answered_at or 0.0)) for ring in answers
        ]
        waits = [
            max(0.0, left - place.joined_at)
            for place in call.lines
            if (left := place.left_at or call.ended) is not None
        ]
        return {
            "started_at": moment(call.started),
            "pbx": call.pbx,
            "call_id": call.id,
            "ani": self._number(call.ani),
            "ani_name": call.ani_name,
            "dnis": self._number(call.dnis),
            "client_id": identity.client_id,
            "line": self._line_of(call.pbx, last.queue) if last else None,
            "topic": identity.topic,
            "tier": identity.tier,
            "priority": identity.priority,
            "outcome": call.outcome,
            "ended_by": by,
            "joined_at": moment(last.joined_at) if last else None,
            "answered_at": moment(call.answered_at),
            "ended_at": moment(call.ended),
            "wait_s": waits[-1] if waits else None,
            "total_wait_s": sum(waits) if waits else None,
            "talk_s": sum(talks) if answers and call.ended is not None else None,
            "answered_by": first.interface if first else None,
            "doubtful": call.doubtful is not None,
        }


def moment(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
