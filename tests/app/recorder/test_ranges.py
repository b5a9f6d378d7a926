"""Which part of a recording is sent for a Range header (RFC 9110, 14)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.recorder.listening import NotThatPart, Part, part_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-", 0, 99),
        ("bytes=10-19", 10, 19),
        ("bytes=90-1000", 90, 99),
        ("bytes=-1", 99, 99),
        ("bytes=-1000", 0, 99),
        (" bytes=5-5 ", 5, 5),
    ],
)
def test_one_range_is_sent_as_a_part(wanted: str, first: int, last: int) -> None:
    assert part_of(wanted, 100) == Part(first, last, 100, True)


@pytest.mark.parametrize(
    "wanted", [None, "", "bytes=-", "bytes=0-1,5-6", "seconds=1-2", "bytes=a-b", f"bytes=0-{'9' * 5000}"]
)
def test_what_is_no_single_range_gets_all_of_it(wanted: str | None) -> None:
    assert part_of(wanted, 100) == Part(0, 99, 100, False)


@pytest.mark.parametrize("wanted", ["bytes=100-", "bytes=7-3", "bytes=-0"])
def test_a_part_that_is_not_there_is_refused(wanted: str) -> None:
    with pytest.raises(NotThatPart, match="100 bytes"):
        part_of(wanted, 100)


@given(st.text(alphabet="bytes=-0123456789, ", max_size=30), st.integers(44, 10_000))
def test_whatever_is_asked_for_lies_inside(wanted: str, whole: int) -> None:
    try:
        part = part_of(wanted, whole)
    except NotThatPart:
        return
    assert 0 <= part.first <= part.last < whole
    assert part.size == part.last - part.first + 1
