"""Where callers stand while they wait: in a *group* for each (band, need), in an order that never changes there (see
`priority`), so that only the head of a group matters.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Literal, NamedTuple

from routing.policy import Policy
from routing.skills import ANYBODY, Step
from routing.staff import Pool

VIP, MID, LOW, DEFERRED = range(4)
"""Bands of the reserve: always first; with a head start; without; callbacks of the last, kept for quiet minutes."""

Key = tuple[int, float, float, str]
"""Smaller is served first: place of the tier, join time - head start, join time, id."""


class Caller(NamedTuple):
    """`joined`: seconds, of the first wait: a caller whom nobody answered, and a callback, keep theirs.
    `personal`: agents he should get, best first. `client` counts for callbacks only: one in flight for each. `promised`: when
    he was promised a call, and calls himself now: his turn counts from then, his wait does not."""

    id: str
    tier: str
    joined: float
    steps: tuple[Step, ...] = ANYBODY
    personal: tuple[str, ...] = ()
    line: str = ""
    callback: bool = False
    client: int | None = None
    promised: float | None = None


class Moved(NamedTuple):
    """What time did to a waiting caller. `relaxed`: needs less now; `anyone`: no longer held for his personal agents;
    `too_long`: over the line's limit, offer him a callback."""

    caller: Caller
    what: Literal["relaxed", "anyone", "too_long"]


class Group:
    """Callers of one band and need. `queue[0]`, where there is one, always still waits."""

    __slots__ = ("_members", "band", "pool", "queue")

    def __init__(self, band: int, pool: Pool) -> None:
        self.band = band
        self.pool = pool
        self.queue: list[Key] = []
        self._members: set[str] = set()

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def add(self, key: Key) -> None:
        self._members.add(key[3])
        heappush(self.queue, key)

    def drop(self, caller: str) -> None:
        self._members.discard(caller)
        queue, members = self.queue, self._members
        while queue and queue[0][3] not in members:
            heappop(queue)


class Place:
    """Where a caller stands. `held`: the personal agents he is kept for, until `relax` says otherwise; `limit`: when
    he will have waited too long, None when that was told; `due`: when `relax` looks at him next."""

    __slots__ = ("band", "caller", "due", "group", "held", "key", "limit", "step")

    def __init__(self, caller: Caller, band: int, key: Key, group: Group) -> None:
        self.caller = caller
        self.band = band
        self.key = key
        self.group = group
        self.step = 0
        self.held: tuple[str, ...] = ()
        self.limit: float | None = None
        self.due: float | None = None


class Standing(NamedTuple):
    """What a tier means in the order of this policy."""

    band: int
    place: int
    head_start_s: float
    personal_wait_s: float


def standings(policy: Policy) -> Iterator[tuple[str, Standing]]:
    order = policy.rules.waiting.order
    tiers = policy.rules.tiers
    for rank, tier in enumerate(tiers):
        band = VIP if tier.always_first else MID if tier.head_start_s else LOW
        if order == "res-hs":
            place, head_start = int(not tier.always_first), float(tier.head_start_s)
        else:
            place, head_start = (len(tiers) - 1 - rank if order == "strict" else 0), 0.0
        yield tier.name, Standing(band, place, head_start, tier.personal_wait_s)
