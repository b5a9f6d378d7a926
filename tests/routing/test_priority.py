"""app_queue serves the greatest `QUEUE_PRIO` first, equal ones in order of entry: that must be head-start order."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.priority import EPOCH, FIRST, MOST_HEAD_START_S, SPAN, queue_prio

pytestmark = pytest.mark.unit

DAY = 86_400
moments = st.floats(min_value=EPOCH, max_value=EPOCH + SPAN - DAY, allow_nan=False)
head_starts = st.integers(0, MOST_HEAD_START_S)
within_a_day = st.floats(0, DAY - 1)
callers = st.lists(st.tuples(within_a_day, head_starts), min_size=2, max_size=30)


@given(start=moments, waiting=callers)
def test_order_of_service_is_head_start_order_for_callers_of_one_day(
    start: float, waiting: list[tuple[float, int]]
) -> None:
    """To the second: nobody is served before one whose head-start index is a second or more ahead of his."""
    served = sorted(waiting, key=lambda one: -queue_prio(start + one[0], one[1], always_first=False))
    indexes = [start + joined - head_start for joined, head_start in served]
    for earlier, later in pairwise(indexes):
        assert earlier < later + 1


@given(start=moments, waiting=callers)
def test_equal_numbers_only_within_one_second(start: float, waiting: list[tuple[float, int]]) -> None:
    """app_queue breaks ties by entry: harmless only if ties are that close."""
    by_number: dict[int, list[float]] = {}
    for joined, head_start in waiting:
        number = queue_prio(start + joined, head_start, always_first=False)
        by_number.setdefault(number, []).append(start + joined - head_start)
    assert all(max(indexes) - min(indexes) <= 1 for indexes in by_number.values())


@given(
    vip_joined=st.floats(0, 1e11),
    other_joined=st.floats(0, 1e11),
    vip_head_start=head_starts,
    other_head_start=head_starts,
)
def test_always_first_is_before_anybody_however_long_he_waits(
    vip_joined: float, other_joined: float, vip_head_start: int, other_head_start: int
) -> None:
    vip = queue_prio(vip_joined, vip_head_start, always_first=True)
    assert vip > queue_prio(other_joined, other_head_start, always_first=False)


@given(joined=st.floats(0, 1e11), head_start=head_starts, first=st.booleans())
def test_fits_what_asterisk_reads(joined: float, head_start: int, first: bool) -> None:
    assert 0 <= queue_prio(joined, head_start, first) <= 2_000_000_000


def test_nobody_is_overtaken_by_one_who_came_later_than_the_head_start() -> None:
    standard = queue_prio(EPOCH + 1_000, 0, always_first=False)
    assert queue_prio(EPOCH + 1_000 + 899, 900, always_first=False) > standard
    assert queue_prio(EPOCH + 1_000 + 901, 900, always_first=False) < standard


def test_the_band_lasts_until_2054() -> None:
    last = queue_prio(EPOCH + SPAN - 1, 0, always_first=False)
    assert last > 0
    assert queue_prio(EPOCH, MOST_HEAD_START_S, always_first=False) < FIRST
