"""The drawn life cycles hold every row of the tables, and no other."""

import pytest

from telephony.calls import CALL_LIFE, Stage
from telephony.diagrams import diagram, life_cycles

pytestmark = pytest.mark.unit


def test_every_row_of_a_table_is_drawn_once() -> None:
    drawn = []
    for line in diagram(CALL_LIFE, Stage.ARRIVED):
        if ": " in line:
            way, steps = line.strip().split(": ")
            stage, _, then = way.partition(" --> ")
            drawn += [((stage, step), then) for step in steps.split(", ")]
    assert sorted(drawn) == sorted(
        ((s.value, step.value), then.value) for (s, step), then in CALL_LIFE.items()
    )


def test_the_ends_are_drawn_as_ends() -> None:
    page = life_cycles()
    assert "  ended --> [*]" in page
    assert "  abandoned --> [*]" in page
    assert page.count("```mermaid") == 4
