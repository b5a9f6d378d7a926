"""The core loop of one switch. Read this first: everything live passes through here, in order.

    bytes → reader → events → `floor.apply` → changes → screens (who sees it) and effects (what is stored and done)

It is synchronous: nothing here waits for a database, a browser or another switch.
"""

import time
from collections.abc import Callable, Iterator
from typing import Protocol

import structlog
from prometheus_client import Counter, Gauge

from screenpop.project import LinkState as LinkWord
from screenpop.sources import Instant
from telephony.ami import connection
from telephony.ami.connection import LinkState
from telephony.changes import Change
from telephony.clock import SwitchClock
from telephony.events import Event
from telephony.floor import Floor
from telephony.rebuild import Snapshot

log = structlog.get_logger(__name__)

CHANGES = Counter("tierline_changes", "Changes of the floor", ["pbx", "kind"])
LINK_UP = Gauge("tierline_pbx_believed", "1 while the floor is what the switch says", ["pbx"])
REBUILDS = Counter("tierline_floor_rebuilds", "Times the floor was built anew from the switch", ["pbx"])
CALLS_LIVE = Gauge("tierline_calls_live", "Calls on the floor", ["pbx"])


class Screens(Protocol):
    def batch(self, floor: Floor, changes: list[Change], received: Instant) -> None: ...

    def rebuilt(self, floor: Floor) -> None: ...

    def link(self, pbx: str, state: LinkWord, why: str | None) -> None: ...


class Effects(Protocol):
    def batch(self, floor: Floor, changes: list[Change]) -> None: ...

    def rebuilt(self, floor: Floor) -> None: ...


class CoreLoop:
    """The consumer of one reader. The floor's moments are our clock's: here, and only here, the switch's become so.

    `link`: the last word on the link, None before the first. `clock_was_set`: told when the switch's own timestamps
    show that its clock was set, so that somebody compares it anew.
    """

    def __init__(
        self,
        floor: Floor,
        screens: Screens,
        effects: Effects,
        clock: SwitchClock,
        clock_was_set: Callable[[], None] = lambda: None,
        our_time: Callable[[], float] = time.time,
    ) -> None:
        self.floor = floor
        self.link: LinkWord | None = None
        self._screens = screens
        self._effects = effects
        self._clock = clock
        self._clock_was_set = clock_was_set
        self._our_time = our_time
        self._log = log.bind(pbx=floor.pbx)
        self._rebuilding = False
        self._told: dict[type[Change], Counter] = {}
        CALLS_LIVE.labels(floor.pbx).set_function(lambda: len(floor.calls))
        self.floor.mark_stale()

    def events(self, events: list[Event], received: float) -> None:
        changes: list[Change] = []
        clock, now = self._clock, self._our_time()
        for event in events:
            if event.at is not None and clock.heard(event.at, now):
                self._set_clock()
                self._clock_was_set()
            changes += self.floor.apply(event)
        if changes:
            self._report(changes, received)

    def snapshot(self, snapshot: Snapshot, received: float) -> Iterator[None]:
        """In steps: with a thousand calls the other switches, the webhook and the screens get their turn in between."""
        pbx = self.floor.pbx
        self._rebuilding = True
        for changes in self.floor.rebuilding(snapshot, self._our_time()):
            if changes:
                self._report(changes, received)
            yield
        self._rebuilding = False
        self._log.info("floor_rebuilt", calls=len(self.floor.calls), missing=snapshot.missing)
        REBUILDS.labels(pbx).inc()
        LINK_UP.labels(pbx).set(1)
        self._screens.rebuilt(self.floor)
        self._tell_link("up", None)
        self._effects.rebuilt(self.floor)

    def stale(self, why: str) -> None:
        self._log.warning("floor_stale", why=why)
        LINK_UP.labels(self.floor.pbx).set(0)
        self.floor.mark_stale()
        self._tell_link("resyncing", why)

    def link_state(self, state: LinkState) -> None:
        """While it tries again and again, the word stays what the last attempt said."""
        word: LinkWord
        match state:
            case connection.Connecting():
                if self.link in ("down", "refused"):
                    return
                word, why = "connecting", None
            case connection.Up():
                word, why = "resyncing", None
            case connection.Refused(words, _):
                word, why = "refused", words
            case connection.Down(words, _):
                word, why = "down", words
        if why is not None:
            self._log.warning("pbx_link", state=word, why=why)
        self._tell_link(word, why)

    def clock_compared(self) -> None:
        """The clock of the constructor was compared; from the next event on it counts."""
        if self.floor.clock_offset != self._clock.offset:
            self._set_clock()

    def tick(self) -> None:
        """Once a second: what is over although the switch says nothing more of it."""
        if not self.floor.stale and not self._rebuilding:
            changes = self.floor.tick(self._our_time())
            if changes:
                self._report(changes, time.monotonic())

    def _set_clock(self) -> None:
        offset = self._clock.offset
        self._log.warning("pbx_clock_set", before=self.floor.clock_offset, offset=offset)
        self.floor.set_clock(offset)

    def _tell_link(self, word: LinkWord, why: str | None) -> None:
        self.link = word
        self._screens.link(self.floor.pbx, word, why)

    def _report(self, changes: list[Change], received: float) -> None:
        self._screens.batch(self.floor, changes, instant(received))
        self._effects.batch(self.floor, changes)
        for change in changes:
            self._counter(type(change)).inc()

    def _counter(self, kind: type[Change]) -> Counter:
        counter = self._told.get(kind)
        if counter is None:
            counter = self._told[kind] = CHANGES.labels(self.floor.pbx, kind.__name__)
        return counter


def instant(received: float) -> Instant:
    """A monotonic moment by both clocks of ours."""
    return Instant(time.time() - (time.monotonic() - received), received)
