"""`QUEUE_PRIO`: one number, set on entry, that keeps app_queue's order equal to head start.

Who is next is he whose *age + head start* is greatest (accumulating priority with equal rates: Stanford, Taylor,
Ziedins 2014; see docs on routing). Ages grow alike, so the order never changes while people wait and is known at entry:

    index = join time - head start                            seconds; smaller is served first
    QUEUE_PRIO = BASE - index + (FIRST when always first)      integer 0 … 2,000,000,000; greater is served first

Asterisk keeps the number in a 31-bit integer and equal numbers in order of entry, so whole seconds are fine: two
callers of one second stay in the order in which they came. A band of 900 million seconds holds 28 years from `EPOCH`;
after them the count begins again, and only callers who wait across that one second (in July 2054) could be misordered.
"""

from math import floor

EPOCH = 1_767_225_600
"""2026-01-01T00:00:00Z, seconds since 1970."""

SPAN = 900_000_000
MOST_HEAD_START_S = 86_400
FIRST = 1_000_000_000
"""Above everything the lower band can reach: SPAN + MOST_HEAD_START_S."""


def queue_prio(joined: float, head_start_s: int, always_first: bool) -> int:
    """`joined`: seconds since 1970, when the caller began to wait; `head_start_s`: 0 … `MOST_HEAD_START_S`."""
    age_order = SPAN - (floor(joined) - EPOCH) % SPAN + head_start_s
    return age_order + (FIRST if always_first else 0)


def head_start_of(priority: int, joined: float) -> tuple[bool, int]:
    """The other way round, for a caller of whom nothing else is known: (is he always first, his head start in seconds).
    Whoever was asked about before he joined has some seconds more."""
    always_first = priority >= FIRST
    return always_first, priority - (FIRST if always_first else 0) - queue_prio(joined, 0, False)
