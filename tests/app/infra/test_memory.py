"""Answers remembered for a short time."""

import pytest

from app.infra.memory import Remembered

pytestmark = pytest.mark.unit


def test_an_answer_is_fresh_then_stale_then_gone() -> None:
    kept: Remembered[str, int] = Remembered(ttl=10, stale=100)
    kept.put("a", 1, now=0)
    assert (kept.fresh("a", 9.9), kept.fresh("a", 10)) == (1, None)
    assert (kept.stale("a", 99), kept.stale("a", 100)) == (1, None)


def test_what_is_forgotten_is_neither() -> None:
    kept: Remembered[str, int] = Remembered(ttl=10, stale=100)
    kept.put("a", 1, now=0)
    kept.forget("a")
    kept.forget("never there")
    assert kept.stale("a", 1) is None


def test_the_longest_untouched_makes_room() -> None:
    kept: Remembered[int, int] = Remembered(ttl=10, stale=100, size=3)
    for number in (1, 2, 3, 1, 4):
        kept.put(number, number, now=0)
    assert [number for number in range(1, 5) if kept.fresh(number, 1)] == [1, 3, 4]
