"""The reserve as pauses of app_queue, against the same policy carried out by ourselves."""

from random import Random

import pytest

from routing.policy import DEFAULT_POLICY
from routing.rehearse.calls import kinds_of
from routing.rehearse.queued import QueuedStretch
from routing.rehearse.scenario import read_scenario, stretch_of
from routing.rehearse.simulate import Stretch

pytestmark = pytest.mark.unit

KINDS = kinds_of(DEFAULT_POLICY)


class Watched(QueuedStretch):
    """`most`: kept at once."""

    most = 0

    def _start(self, now: float) -> None:
        super()._start(now)
        self.most = max(self.most, len(self._paused))


def test_app_queue_keeps_the_promise_as_well_as_we_do_with_few_orders() -> None:
    one = read_scenario("N=30,load=0.90,calls=40000")
    kept, offered, actions, lost = [0, 0], [0, 0], 0, [0, 0]
    for number in range(one.stretches):
        traffic = stretch_of(one, KINDS, Random(f"reserve/{number}"))
        queued = Watched(traffic, KINDS, DEFAULT_POLICY, 0.0)
        for which, stretch in enumerate((Stretch(traffic, KINDS, DEFAULT_POLICY, 0.0), queued)):
            tally = stretch.run()
            kept[which] += tally.kinds["vip"].within(5.0)
            offered[which] += tally.kinds["vip"].offered
            lost[which] += len(tally.total().abandoned)
        actions += queued.actions
        assert 0 < queued.most <= 15
    ideal, found = (100 * part / of for part, of in zip(kept, offered, strict=True))
    assert found >= ideal - 0.2
    assert found >= 99.0
    assert 100 * (lost[1] - lost[0]) / 40_000 <= 0.5
    assert actions / 40_000 <= 0.2


def test_a_slow_link_delays_the_reserve_and_costs_no_more_orders() -> None:
    one = read_scenario("N=30,load=0.90,calls=10000")
    traffic = stretch_of(one, KINDS, Random("slow"))
    slow = Watched(traffic, KINDS, DEFAULT_POLICY, 0.0, order_s=1.0)
    offered = slow.run().total().offered
    assert slow.most <= 15
    assert slow.actions / offered <= 0.22
