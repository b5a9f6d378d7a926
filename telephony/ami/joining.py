"""From the first list asked for to a floor that is what the switch says: what stands between login and live link.

The lists are asked for all at once and answered one after another; events that come meanwhile are held back and told
after them, so that the last word on each thing wins. The consumer's rebuild is taken in time slices, because with
thousands of calls the loop has others to serve.
"""

from collections.abc import Callable, Iterator

from telephony.ami.consumer import Consumer, Counters, Limits
from telephony.ami.looks import OURS as LOOKS
from telephony.ami.resync import SNAPSHOT_ACTIONS, SnapshotBuilder
from telephony.ami.translate import TranslateError, translate
from telephony.ami.wire import Message
from telephony.events import Event

FULLY_BOOTED = b"FullyBooted"
OURS = "snapshot-"
"""How the ids of our actions begin: what answers them is no event."""

HELD_AT_ONCE = 200
"""Held events that are told at a time: some milliseconds of a consumer's work."""


class Joining:
    """`begin`, then `take` every message until `live` is called; after an overflow or a loss `begin` again.

    `send(action, headers, action_id)`; `later`: calls back after the loop has served others; `whole`: all lists are there
    and the consumer rebuilds; `live(anew)`: events may go straight to it, and when `anew` all must be asked for again, for
    the switch was still loading; `overflow`: too many were held back, with the reason.
    """

    def __init__(
        self,
        consumer: Consumer,
        counters: Counters,
        limits: Limits,
        clock: Callable[[], float],
        *,
        send: Callable[[str, dict[str, str], str], None],
        later: Callable[[Callable[[], None]], None],
        whole: Callable[[], None],
        live: Callable[[bool], None],
        overflow: Callable[[str], None],
    ) -> None:
        self._consumer = consumer
        self._counters = counters
        self._limits = limits
        self._clock = clock
        self._send = send
        self._later = later
        self._whole = whole
        self._live = live
        self._overflow = overflow
        self._round = 0
        self._builder = SnapshotBuilder()
        self._asked: dict[str, tuple[str, bytes]] = {}
        self._answers = 0
        self._booted_late = False
        self._held: list[Event] = []
        self._held_since = 0.0
        self._rebuilding: Iterator[None] | None = None
        self._telling = False

    @property
    def unanswered(self) -> str:
        """Names of the lists that are still open."""
        return ", ".join(name for name, _ in self._asked.values())

    def begin(self) -> None:
        """All lists at once: the switch answers one after another, never mixed with events."""
        self._round += 1
        self._builder = SnapshotBuilder()
        self._answers = 0
        self._booted_late = False
        self._asked = {}
        for number, (name, headers, completing) in enumerate(SNAPSHOT_ACTIONS):
            action_id = f"{OURS}{self._round}-{number}"
            self._asked[action_id] = (name, completing)
            self._send(name, headers, action_id)

    def take(self, message: Message, since: float) -> None:
        action_id = message.get(b"ActionID") or ""
        asked = self._asked.get(action_id)
        if asked is not None:
            self._answers += 1
            self._builder.add(message)
            refused = message.is_response and message.get(b"Response") == "Error"
            if refused or message.name == asked[1]:
                del self._asked[action_id]
                if not self._asked:
                    self._rebuild(since)
        elif message.name == FULLY_BOOTED:
            if self._answers and self._asked:  # it answered while its modules were still loading
                self.begin()
            elif self._answers:
                self._booted_late = True
        elif message.name and not action_id.startswith((OURS, LOOKS)):
            self._hold(message, since)

    def stop(self, *, in_order: bool = True) -> None:
        """The floor will not be believed. A rebuild that was begun is carried to its end, because what it found out is
        told once only; unless, not `in_order`, the consumer has failed. What was held back is thrown away."""
        rebuilding, self._rebuilding = self._rebuilding, None
        self._telling = False
        self._held = []
        if in_order:
            for _ in rebuilding or ():
                pass

    def _hold(self, message: Message, since: float) -> None:
        name = message.name.decode("ascii", "replace")
        try:
            event = translate(message)
        except TranslateError:
            self._counters.untranslatable[name] += 1
            return
        if event is None:
            self._counters.ignored[name] += 1
            return
        if not self._held:
            self._held_since = since
        self._held.append(event)
        if len(self._held) > self._limits.held_events:
            self._overflow(f"{len(self._held)} events came before the snapshot was complete")

    def _rebuild(self, since: float) -> None:
        self._whole()
        snapshot = self._builder.done()
        self._counters.snapshots += 1
        self._counters.missing = snapshot.missing
        self._rebuilding = iter(self._consumer.snapshot(snapshot, since) or ())
        self._rebuild_on()

    def _rebuild_on(self) -> None:
        """One slice; then whoever else has something to do."""
        if self._rebuilding is None:  # stopped meanwhile
            return
        until = self._clock() + self._limits.slice_s
        for _ in self._rebuilding:
            if self._clock() >= until:
                self._later(self._rebuild_on)
                return
        self._rebuilding = None
        self._telling = True
        self._tell_held()

    def _tell_held(self) -> None:
        """A portion; what comes now stands behind it."""
        if not self._telling:  # stopped meanwhile
            return
        portion, self._held = self._held[:HELD_AT_ONCE], self._held[HELD_AT_ONCE:]
        if portion:
            self._counters.events += len(portion)
            self._consumer.events(portion, self._held_since)
        if self._held:
            self._later(self._tell_held)
        else:
            self._telling = False
            self._live(self._booted_late)
