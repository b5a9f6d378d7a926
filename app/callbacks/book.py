"""What the scheduler keeps in memory: open callbacks, those being tried, and who is on the telephone. No I/O."""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping

from app.callbacks.rules import Promise, Served
from telephony.ids import CallId, Interface, PbxId

MOST_GONE = 1000


class Flight:
    """One try that goes on. `seen`: the switch has shown its call; `picked_up`: the agent has; `over`: how it ended is
    decided, the call itself may go on."""

    __slots__ = ("agent", "begun", "call", "ordered", "over", "pbx", "picked_up", "promise", "seen")

    def __init__(self, promise: Promise, pbx: PbxId, call: CallId, agent: Interface, begun: float) -> None:
        self.promise = promise
        self.pbx = pbx
        self.call = call
        self.agent = agent
        self.begun = begun
        self.ordered: float | None = None  # when the switch was told
        self.seen = False
        self.picked_up = False
        self.over = False


class Book:
    """Open callbacks by id and by client. `gone`: the last ones that were, (line, client) by id."""

    def __init__(self) -> None:
        self.gone: OrderedDict[int, tuple[str, int]] = OrderedDict()
        self.lines: Mapping[str, Served] = {}
        self.flights: dict[tuple[PbxId, CallId], Flight] = {}
        self._open: dict[int, Promise] = {}
        self._of_client: dict[int, set[int]] = {}
        self._talks: dict[tuple[PbxId, CallId], set[int]] = {}
        self._busy: Counter[int] = Counter()

    def __iter__(self) -> Iterator[Promise]:
        return iter(list(self._open.values()))

    def get(self, callback: int) -> Promise | None:
        return self._open.get(callback)

    def put(self, promise: Promise) -> None:
        self.drop(promise.id)
        self._open[promise.id] = promise
        self._of_client.setdefault(promise.client, set()).add(promise.id)

    def drop(self, callback: int) -> None:
        promise = self._open.pop(callback, None)
        if promise is not None:
            self.gone[callback] = promise.line, promise.client
            if len(self.gone) > MOST_GONE:
                self.gone.popitem(last=False)
            same = self._of_client[promise.client]
            same.discard(callback)
            if not same:
                del self._of_client[promise.client]

    def of(self, clients: Iterable[int], phone: int | None, line: str | None) -> list[Promise]:
        """Those of any of these clients, or of the number when nobody knew whose it is; the oldest first."""
        keys = [*clients] if phone is None else [*clients, -phone]
        found = [self._open[one] for key in keys for one in self._of_client.get(key, ())]
        return sorted(
            (one for one in found if line is None or one.line == line), key=lambda one: (one.asked_at, one.id)
        )

    # Who is on the telephone: nobody is called while he calls us

    def comes(self, pbx: PbxId, call: CallId, client: int | None) -> None:
        """`client`: as `Promise.client`."""
        if client is None:
            return
        known = self._talks.setdefault((pbx, call), set())
        if client not in known:
            known.add(client)
            self._busy[client] += 1

    def goes(self, pbx: PbxId, call: CallId) -> None:
        for client in self._talks.pop((pbx, call), ()):
            self._busy[client] -= 1
            if not self._busy[client]:
                del self._busy[client]

    def forget(self, pbx: PbxId) -> None:
        """The floor of this switch is told anew."""
        for where, call in list(self._talks):
            if where == pbx:
                self.goes(where, call)

    def busy(self, promise: Promise) -> bool:
        return bool(self._busy.get(promise.client) or self._busy.get(-promise.phone))

    # Tries that go on

    def flying(self) -> set[int]:
        """Clients."""
        return {flight.promise.client for flight in self.flights.values()}

    def taken(self, pbx: PbxId) -> set[Interface]:
        """Agents."""
        return {flight.agent for flight in self.flights.values() if flight.pbx == pbx}

    def flight_of(self, callback: int) -> Flight | None:
        return next((one for one in self.flights.values() if one.promise.id == callback), None)
