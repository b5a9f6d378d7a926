"""How fast pops are: the screen-pop is a service level of its own."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from prometheus_client import Counter, Histogram

from screenpop.messages import Viewer
from screenpop.sources import Instant
from screenpop.stream import Pop, SentPop

_BUCKETS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
TO_CARD = Histogram(
    "tierline_pop_event_to_card_seconds",
    "Switch event read to card ready; 0 when the card was there first",
    buckets=_BUCKETS,
)
TO_SOCKET = Histogram(
    "tierline_pop_event_to_socket_seconds", "Switch event read to pop written to the socket", buckets=_BUCKETS
)
TO_ACK = Histogram(
    "tierline_pop_event_to_ack_seconds",
    "Switch event read to the browser's word that the card is on the screen",
    buckets=_BUCKETS,
)
UNKNOWN_ACKS = Counter("tierline_pop_unknown_acks", "Browsers acknowledged a pop that was not sent or twice")

KEPT = 20_000


class PopShown(msgspec.Struct, frozen=True):
    """One acknowledged pop. Moments: epoch seconds, server clock; durations: seconds by the monotonic clock."""

    call: str
    user_id: int
    interface: str | None
    event_at: float
    card_at: float
    sent_at: float
    shown_at: float
    event_to_ack: float


def pop_row(pop: PopShown) -> bytes:
    """An acknowledged pop as an event of its call (`calls.repository.store_events`)."""
    pbx, _, call_id = pop.call.partition("/")
    at = datetime.fromtimestamp(pop.shown_at, UTC)
    data = msgspec.structs.asdict(pop)
    del data["call"]
    return msgspec.json.encode({"at": at, "pbx": pbx, "call_id": call_id, "kind": "CardShown", "data": data})


class Quantiles(msgspec.Struct, frozen=True):
    """Milliseconds; None while nothing was measured."""

    count: int
    p50: float | None
    p95: float | None
    p99: float | None


def quantiles(seconds: list[float]) -> Quantiles:
    """Nearest rank: a value that was really measured."""
    ordered = sorted(seconds)

    def rank(share: float) -> float | None:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 3) if ordered else None

    return Quantiles(len(ordered), rank(0.50), rank(0.95), rank(0.99))


class PopTimes:
    """The last `KEPT` pops; `on_shown` hears of each acknowledged one."""

    def __init__(self, on_shown: Callable[[PopShown], None] | None = None) -> None:
        self._on_shown = on_shown
        self._to_socket: deque[float] = deque(maxlen=KEPT)
        self._to_ack: deque[float] = deque(maxlen=KEPT)

    def sent(self, pop: Pop, at: Instant) -> None:
        """`at`: the socket took it."""
        took = at.monotonic - pop.event.monotonic
        self._to_socket.append(took)
        TO_SOCKET.observe(took)
        TO_CARD.observe(max(0.0, pop.card.monotonic - pop.event.monotonic))

    def shown(self, viewer: Viewer, sent: SentPop | None, at: Instant) -> None:
        """`sent`: None when the browser speaks of a pop that was not sent, or for the second time."""
        if sent is None:
            UNKNOWN_ACKS.inc()
            return
        event, card = sent.pop.event, sent.pop.card
        took = at.monotonic - event.monotonic
        self._to_ack.append(took)
        TO_ACK.observe(took)
        if self._on_shown is not None:
            self._on_shown(
                PopShown(
                    call=sent.pop.call,
                    user_id=viewer.user_id,
                    interface=viewer.interface,
                    event_at=event.epoch,
                    card_at=card.epoch,
                    sent_at=sent.sent.epoch,
                    shown_at=at.epoch,
                    event_to_ack=took,
                )
            )

    def event_to_socket(self) -> Quantiles:
        return quantiles(list(self._to_socket))

    def event_to_ack(self) -> Quantiles:
        return quantiles(list(self._to_ack))
