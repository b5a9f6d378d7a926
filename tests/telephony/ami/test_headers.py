"""Headers read at once, by an order that was learned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.ami.headers import Headers, TranslateError

pytestmark = pytest.mark.unit

NAMES = ("Queue", "Position?", "CallerIDName?")
LINES = st.lists(
    st.tuples(
        st.sampled_from(["Queue", "Position", "CallerIDName", "Channel", "ChanVariable"]),
        st.sampled_from([": ", ":", " "]),
        st.sampled_from(["", "1", "Пётр: ", "a\rb", "\n", "\udcff"]),
    ),
    max_size=7,
)


def _block(lines: list[tuple[str, str, str]]) -> bytes:
    text = "\r\n".join(["Event: QueueCallerJoin", *map("".join, lines)])
    return text.encode("utf-8", "surrogateescape")


def _by_hand(lines: list[tuple[str, str, str]]) -> tuple[str, ...] | None:
    first = {name: value for name, colon, value in reversed(lines) if colon == ": "}
    if "Queue" not in first:
        return None
    return first["Queue"], first.get("Position", ""), first.get("CallerIDName", "")


@given(st.lists(LINES, min_size=1, max_size=12))
def test_what_was_learned_changes_no_answer(blocks: list[list[tuple[str, str, str]]]) -> None:
    headers = Headers(*NAMES)
    for lines in blocks * 2:
        said = _by_hand(lines)
        if said is None:
            with pytest.raises(TranslateError, match="QueueCallerJoin without header Queue"):
                headers.read(_block(lines))
        else:
            assert headers.read(_block(lines)) == said
