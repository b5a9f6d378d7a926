"""One viewer's stream: numbered deltas, a bounded backlog, and when to start over. No I/O, no clock.

The backlog serves two ends at once: what is not yet taken by a slow viewer's socket, and what a reconnecting one
missed. Deltas that fell out of it untaken make a fresh snapshot due; nobody ever waits for a slow viewer.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from screenpop.messages import CardShown, Viewer
from screenpop.sources import Instant

BACKLOG = 512
UNACKNOWLEDGED = 32
_STAMPS = b'{"event_at":%.6f,"card_at":%.6f,"sent_at":%.6f}'


class Pop(NamedTuple):
    """`event`: the switch told that the call came to this viewer; `card`: the card was ready."""

    call: str
    event: Instant
    card: Instant


class Frame(NamedTuple):
    """One delta as JSON, cut open where the number goes: the parts are made once for all viewers.

    Of a pop, `tail` ends before its stamps.
    """

    head: bytes
    tail: bytes
    pop: Pop | None = None


class Delta(NamedTuple):
    """Ready for the socket, as UTF-8. `pop`: set when it shows a card for the first time."""

    text: bytes
    pop: Pop | None


class SentPop(NamedTuple):
    pop: Pop
    sent: Instant


class Stream:
    """`seq`: number of the last delta pushed; `sent`: of the last one taken by the socket.

    `wake`: called on news while a socket is attached, with True when a pop is among them; must not block.
    """

    def __init__(self, id: str, viewer: Viewer, backlog: int = BACKLOG) -> None:
        self.id = id
        self.viewer = viewer
        self.seq = 0
        self.sent = 0
        self.wake: Callable[[bool], None] | None = None
        self._backlog: deque[Frame] = deque(maxlen=backlog)
        self._snapshot_due = True
        self._unacknowledged: dict[int, SentPop] = {}

    @property
    def snapshot_due(self) -> bool:
        return self._snapshot_due or self.seq - self.sent > len(self._backlog)

    @property
    def has_news(self) -> bool:
        return self._snapshot_due or self.seq > self.sent

    def push(self, *frames: Frame) -> None:
        self.seq += len(frames)
        self._backlog.extend(frames)
        if self.wake is not None:
            self.wake(any(frame.pop is not None for frame in frames))

    def resume(self, seq: int) -> None:
        """The viewer has everything up to `seq`; what he says is not believed beyond what was sent."""
        if 0 <= seq <= self.seq and self.seq - seq <= len(self._backlog):
            self.sent, self._snapshot_due = seq, False
        else:
            self._snapshot_due = True

    def started_over(self) -> None:
        """A snapshot with number `seq` was made: it contains everything so far."""
        self.sent, self._snapshot_due = self.seq, False

    def take(self, at: Instant, limit: int = 64) -> list[Delta]:
        """The next deltas, oldest first. Ask `snapshot_due` before: then there are none."""
        if self.snapshot_due:
            return []
        start = len(self._backlog) - (self.seq - self.sent)
        count = min(limit, self.seq - self.sent)
        return [self._render(self._backlog[index], at) for index in range(start, start + count)]

    def _render(self, frame: Frame, at: Instant) -> Delta:
        self.sent += 1
        if frame.pop is None:
            return Delta(b"%b%d%b" % (frame.head, self.sent, frame.tail), None)
        pop = frame.pop
        self._unacknowledged[self.sent] = SentPop(pop, at)
        if len(self._unacknowledged) > UNACKNOWLEDGED:
            del self._unacknowledged[next(iter(self._unacknowledged))]
        stamps = _STAMPS % (pop.event.epoch, pop.card.epoch, at.epoch)
        return Delta(b"%b%d%b%b}" % (frame.head, self.sent, frame.tail, stamps), pop)

    def shown(self, message: CardShown) -> SentPop | None:
        """The browser says that a pop is on the screen; None when it is no pop of this stream or said twice."""
        sent = self._unacknowledged.get(message.seq)
        if sent is None or sent.pop.call != message.call:
            return None
        return self._unacknowledged.pop(message.seq)
