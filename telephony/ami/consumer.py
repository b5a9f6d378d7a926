"""What the event connection needs from whoever keeps the floor, what it counts, and its limits."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from telephony.ami.connection import LinkState
from telephony.ami.resync import Snapshot
from telephony.events import Event


class Consumer(Protocol):
    """Called synchronously, in order, from one place; must not block.

    `received`: the reader's clock (`time.monotonic`) when the first byte of that batch was read.
    An exception ends `Reader.run()`.
    """

    def stale(self, why: str) -> None:
        """The floor is no longer believed: the link was lost or we fell behind. A snapshot will follow."""

    def snapshot(self, snapshot: Snapshot, received: float) -> Iterable[None] | None:
        """What is on the switch now. Events that came while it was collected follow it at once; they may
        repeat what the snapshot tells already.

        Much work is best handed back as steps: they are taken in time slices, all of them, and nothing else is told
        before the last one."""

    def events(self, events: list[Event], received: float) -> None:
        """What happened, in the switch's order. Never empty, never while the floor is stale."""

    def link_state(self, state: LinkState) -> None:
        """For screens."""


@dataclass
class Counters:
    """What happened on the event connections of one PBX since the start. For metrics."""

    bytes: int = 0
    events: int = 0
    skipped: int = 0
    """Events of kinds we do not want: seen by name only, never parsed."""
    ignored: Counter[str] = field(default_factory=Counter)
    """Events of wanted kinds that say nothing to us."""
    untranslatable: Counter[str] = field(default_factory=Counter)
    """Events of wanted kinds that lack what they always have."""
    snapshots: int = 0
    overflows: int = 0
    connections: int = 0
    missing: tuple[str, ...] = ()
    """Lists the last snapshot lacks, and why: a right is missing, a module is not loaded."""


@dataclass(frozen=True)
class Limits:
    """`queue_bytes`, `lag_s`: how much and how old the unread may be before it is thrown away and the floor
    rebuilt. `slice_s`: the longest the consumer holds the loop when there is more. `held_events`: how many
    may come while a snapshot is collected, `snapshot_s`: how long that may take."""

    queue_bytes: int = 16 * 1024 * 1024
    lag_s: float = 3.0
    slice_s: float = 0.005
    held_events: int = 100_000
    snapshot_s: float = 30.0
