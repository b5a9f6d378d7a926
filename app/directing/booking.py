"""The book of queues (`queue_log`) for callers who wait with us: app_queue writes nothing of them, so that we do."""

from collections.abc import Iterable

from telephony.calls import Call
from telephony.changes import CallEnded, Change, LineJoined
from telephony.commands import WriteQueueLog
from telephony.floor import Floor
from telephony.ids import CallId, ChannelId, Interface, QueueName
from telephony.queue_log import Bookkeeper


class Booking:
    """`since`: when we began. What happened before it, told again by a floor built anew, whoever was there then wrote.

    While app_queue has a caller of ours, it books for him; what comes after he is back, we write again.
    """

    def __init__(self, floor: Floor, since: float) -> None:
        self._floor = floor
        self._since = since
        self._keeper = Bookkeeper(self._name, self._ani)
        self._ours: dict[CallId, set[QueueName]] = {}

    def commands(self, changes: Iterable[Change]) -> list[WriteQueueLog]:
        found = []
        for change in changes:
            self._look(change)
            for row in self._keeper.rows([change]):
                queue = QueueName(row.queue)
                if row.at >= self._since and queue in self._ours.get(CallId(row.call), ()):
                    found.append(WriteQueueLog(queue, ChannelId(row.call), row.agent, row.word, row.data))
            if isinstance(change, CallEnded):
                self._ours.pop(change.call, None)
        return found

    def _look(self, change: Change) -> None:
        call: Call | None = self._floor.calls.get(getattr(change, "call", CallId("")))
        if call is None or call.place is None:
            return
        if call.place.room:
            self._ours.setdefault(call.id, set()).add(call.place.queue)
        elif not isinstance(change, LineJoined):
            self._ours.get(call.id, set()).discard(call.place.queue)

    def _name(self, interface: Interface) -> str:
        agent = self._floor.agents.get(interface)
        return (agent.name if agent is not None else "") or interface

    def _ani(self, call_id: CallId) -> str:
        call: Call | None = self._floor.calls.get(call_id)
        return (call.ani if call is not None else None) or ""
