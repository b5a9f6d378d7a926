"""The pulse as it follows a floor: through breaks, wrap-up, a floor built anew and callers nobody knows at first."""

import pytest

from app.pulse.service import Pulse
from routing.policy import DEFAULT_POLICY
from telephony.agents import RESERVED, Membership
from telephony.calls import Call
from telephony.changes import AgentChanged, Change, LineLeaving, TalkEnded
from telephony.events import DeviceState
from telephony.ids import CallId, Interface, PbxId, QueueName
from tests.fakes.toy_floor import PBX, ToyFloor

pytestmark = pytest.mark.unit

ANNA, BORIS = Interface("PJSIP/1001"), Interface("PJSIP/1002")
GEN, VIP = QueueName("support"), QueueName("support-vip")
LINE = "support"


class Directory:
    def line_of(self, pbx: PbxId, queue: QueueName) -> str | None:
        return {GEN: LINE, VIP: LINE, QueueName("sales"): "sales"}.get(queue)

    def lines_of(self, pbx: PbxId) -> list[str]:
        return ["support", "sales"]


class Setting:
    """One switch, its floor, and a pulse that follows it by the floor's own clock."""

    def __init__(self) -> None:
        self.floor = ToyFloor()
        self.floor.stale = False
        self.tiers: dict[CallId, str] = {}
        self.pulse = Pulse(
            None,
            1,
            Directory(),
            lambda: DEFAULT_POLICY,
            lambda _, call: self.tiers.get(call),
            lambda: self.floor.now,
        )

    def tell(self, *more: Change) -> None:
        self.pulse.batch(self.floor, [*self.floor.take(), *more])

    def passes(self, seconds: float) -> None:
        self.floor.now += seconds

    def signs_in(self, *agents: Interface) -> None:
        for agent in agents:
            for queue in (GEN, VIP):
                self.floor.sign_in(agent, queue)
        self.tell()

    def pauses(self, agent: Interface, reason: str | None, *queues: QueueName) -> None:
        for queue in queues:
            self.floor.agents[agent].memberships[queue] = Membership(reason is not None, reason or "")
        self.tell(AgentChanged(self.floor.now, agent))

    def waits(self, call: str, tier: str | None, queue: QueueName = GEN) -> CallId:
        one = CallId(call)
        if tier is not None:
            self.tiers[one] = tier
        self.floor.arrive(one)
        self.floor.join(one, queue)
        self.tell()
        return one

    @property
    def load(self) -> tuple[int, int, int]:
        """Waiting, on duty, idle."""
        load = self.pulse.line(PBX, LINE)
        return sum(load.waiting.values()), load.agents, load.idle


def test_both_queues_are_one_line() -> None:
    one = Setting()
    one.signs_in(ANNA, BORIS)
    one.waits("a", "vip", VIP)
    one.waits("b", "standard", GEN)
    load = one.pulse.line(PBX, LINE)
    assert load.waiting == {"vip": 1, "priority": 0, "standard": 1}
    assert (load.agents, load.idle) == (2, 2)
    assert one.pulse.line(PBX, "sales").agents == 0


def test_a_pause_for_the_reserve_is_no_break_and_a_break_is() -> None:
    one = Setting()
    one.signs_in(ANNA, BORIS)
    one.pauses(ANNA, RESERVED, GEN)
    assert one.load == (0, 2, 2)
    one.pauses(ANNA, "lunch", VIP)
    assert one.load == (0, 1, 1)
    one.pauses(ANNA, "lunch", GEN, VIP)
    assert one.load == (0, 1, 1)
    one.pauses(ANNA, None, GEN, VIP)
    assert one.load == (0, 2, 2)


def test_who_talks_or_cannot_be_rung_is_not_idle() -> None:
    one = Setting()
    one.signs_in(ANNA, BORIS)
    call = one.waits("a", "vip", VIP)
    one.floor.ring(call, ANNA)
    one.tell()
    assert one.load == (1, 2, 1)
    one.floor.answer(call, ANNA)
    one.tell()
    assert one.load == (0, 2, 1)
    one.floor.agents[BORIS].device = DeviceState.UNAVAILABLE
    one.tell(AgentChanged(one.floor.now, BORIS))
    assert one.load == (0, 1, 0)


def test_wrap_up_belongs_to_the_call_before_it() -> None:
    one = Setting()
    one.signs_in(ANNA)
    one.waits("a", "vip", VIP)
    before = one.pulse.line(PBX, LINE).aht_s
    for _ in range(3):
        one.tell(TalkEnded(one.floor.now, CallId("a"), ANNA, 1000.0))
        one.pauses(ANNA, "wrap-up", GEN, VIP)
        assert one.load[1:] == (1, 0)
        one.passes(500.0)
        one.pauses(ANNA, None, GEN, VIP)
    assert one.load[1:] == (1, 1)
    handled = (20 * before + 3 * 1500.0) / 23
    assert one.pulse.line(PBX, LINE).aht_s == pytest.approx(handled, rel=0.02)


def test_a_talk_without_wrap_up_counts_as_it_is() -> None:
    one = Setting()
    one.signs_in(ANNA)
    one.waits("a", "vip", VIP)
    one.tell(TalkEnded(one.floor.now, CallId("a"), ANNA, 1000.0))
    one.passes(60.0)
    one.pulse.tick()
    assert one.pulse.line(PBX, LINE).aht_s == pytest.approx((20 * 180 + 1000) / 21, rel=0.02)


def test_promises_are_counted_at_the_end_of_the_wait() -> None:
    one = Setting()
    one.signs_in(ANNA, BORIS)
    kept, late = one.waits("kept", "vip", VIP), one.waits("late", "vip", VIP)
    one.passes(3.0)
    one.floor.answer(kept, ANNA)
    one.tell()
    one.passes(3.0)
    one.floor.answer(late, BORIS)
    gone = one.waits("gone", "vip", VIP)
    one.floor.leave(gone, LineLeaving.ABANDONED)
    one.tell()
    seen = one.pulse.seen(PBX, LINE, "executor")
    assert (seen.vip_came, seen.vip_kept, seen.vip_ended) == (3, 1, 3)


def test_a_caller_whom_nobody_knew_counts_as_what_he_turns_out_to_be() -> None:
    one = Setting()
    call = one.waits("a", None)
    assert one.pulse.line(PBX, LINE).waiting["standard"] == 1
    one.tiers[call] = "vip"
    assert one.pulse.line(PBX, LINE).waiting == {"vip": 1, "priority": 0, "standard": 0}


def test_a_floor_built_anew_counts_nobody_twice() -> None:
    one = Setting()
    one.signs_in(ANNA)
    stays, lost = one.waits("stays", "vip", VIP), one.waits("lost", "standard")
    one.floor.lose(lost)
    fresh = CallId("came meanwhile")
    one.tiers[fresh] = "priority"
    one.floor.arrive(fresh)
    one.floor.join(fresh, GEN)
    one.floor.take()
    one.floor.sign_in(BORIS, GEN)
    for _ in range(2):
        one.pulse.rebuilt(one.floor)
        one.tell()
    assert one.pulse.line(PBX, LINE).waiting == {"vip": 1, "priority": 1, "standard": 0}
    assert one.load[1:] == (2, 2)
    one.floor.answer(stays, ANNA)
    one.tell()
    seen = one.pulse.seen(PBX, LINE, "executor")
    assert (seen.vip_came, seen.vip_ended) == (1, 1)


def test_the_cost_of_a_change_does_not_grow_with_the_callers() -> None:
    """Counted, not timed: a change of one call looks at no other."""
    one = Setting()
    one.signs_in(ANNA)
    for number in range(300):
        one.waits(f"w{number}", "standard")
    looked: list[CallId] = []

    class Watched(dict[CallId, Call]):
        def get(self, key: CallId, default: object = None) -> object:
            looked.append(key)
            return super().get(key, default)

        def values(self) -> object:
            raise AssertionError("every call is looked at")

    one.floor.calls = Watched(one.floor.calls)
    call = one.waits("last", "vip", VIP)
    one.floor.answer(call, ANNA)
    one.tell()
    assert set(looked) == {call}
