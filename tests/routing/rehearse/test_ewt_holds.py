"""What callers are told about their wait, against what they then wait, on a virtual day of overload."""

from math import sqrt
from random import Random

import pytest

from routing.ewt import Line, estimated_wait
from routing.places import LOW, MID, VIP
from routing.policy import DEFAULT_POLICY
from routing.rehearse.calls import kinds_of
from routing.rehearse.scenario import WARM_UP_S, read_scenario, stretch_of
from routing.rehearse.simulate import Stretch

pytestmark = pytest.mark.unit

AGENTS, LOAD, AHT_S = 100, 1.05, 187.4
HIGHER_PER_S = 0.6 * AGENTS * LOAD / AHT_S
LOWEST = 2


class Told(Stretch):
    """Every low caller who has to wait is told how long, when he joins."""

    def __init__(self) -> None:
        kinds = kinds_of(DEFAULT_POLICY)
        scenario = read_scenario(f"N={AGENTS},load={LOAD},calls=60000")
        super().__init__(stretch_of(scenario, kinds, Random(3)), kinds, DEFAULT_POLICY, 0.0)
        self.errors: list[float] = []
        self._told: dict[str, tuple[float, float]] = {}

    def _arrive(self, number: int, now: float) -> None:
        room = self._room
        if self._calls[number].kind == LOWEST and now > WARM_UP_S:
            ahead = sum(room.waiting(band) for band in (VIP, MID, LOW))
            line = Line(AGENTS, self._reserve.low, AHT_S, HIGHER_PER_S, patience_s=300.0)
            waits = ahead or room.staff.everybody.idle <= self._reserve.low
            wait = estimated_wait(line, ahead) if waits else 0.0
            self._told[str(number)] = (now, wait or 0.0)
        super()._arrive(number, now)

    def _start(self, now: float) -> None:
        before = set(self._room.places)
        super()._start(now)
        for caller in before.difference(self._room.places):
            if told := self._told.pop(caller, None):
                joined, wait = told
                self.errors.append(wait - (now - joined))


def test_the_told_wait_is_right_to_forty_seconds_and_without_bias_to_five() -> None:
    """The target for the low tier of 100 agents at 105 % load, over those who were answered."""
    day = Told()
    day.run()
    errors = day.errors
    assert len(errors) > 5_000
    assert sqrt(sum(error * error for error in errors) / len(errors)) <= 40
    assert abs(sum(errors) / len(errors)) <= 5
