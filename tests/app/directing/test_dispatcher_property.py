"""Whatever happens, in any order: nobody waits who need not, nobody is rung twice, nobody is forgotten."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.directing.attempts import DOUBT_S, Attempt
from app.directing.dispatcher import UNREACHABLE_S
from app.directing.rules import Decided, serves, waits_at
from routing.policy import DEFAULT_POLICY
from routing.reserve import Reserve
from telephony.changes import RingResult
from telephony.commands import CommandOutcome, Done, LinkLost, Refused, TimedOut
from telephony.events import DeviceState
from telephony.ids import CallId, Interface, QueueName
from tests.fakes.directed_floor import LINES, SALES, SUPPORT, DirectedSwitch

pytestmark = pytest.mark.unit

AGENTS = [Interface(f"PJSIP/{number}") for number in range(1001, 1005)]
TIERS = ("vip", "priority", "standard", None)
DEADLINE_S = 5.0
REFUSED, UNSURE, NEVER_SENT, BROKE = Refused("no"), TimedOut(5.0), LinkLost(sent=False), LinkLost(sent=True)

steps = st.one_of(
    st.tuples(st.just("arrives"), st.sampled_from(TIERS), st.sampled_from([SUPPORT, SALES]), st.booleans()),
    st.tuples(st.just("hangs_up"), st.integers(0, 9)),
    st.tuples(st.just("signs_in"), st.sampled_from(AGENTS), st.sampled_from([SUPPORT, SALES])),
    st.tuples(st.just("signs_off"), st.sampled_from(AGENTS)),
    st.tuples(st.just("pauses"), st.sampled_from(AGENTS), st.booleans()),
    st.tuples(st.just("device"), st.sampled_from(AGENTS), st.sampled_from([DeviceState.IDLE, *DeviceState])),
    st.tuples(st.just("obeys"), st.booleans()),
    st.tuples(st.just("rung_by_others"), st.integers(0, 9), st.sampled_from(AGENTS)),
    st.tuples(
        st.just("fails"), st.sampled_from([REFUSED, UNSURE, NEVER_SENT, BROKE, Done("")]), st.booleans()
    ),
    st.tuples(st.just("ring_ends"), st.integers(0, 9), st.sampled_from(list(RingResult))),
    st.tuples(st.just("talk_ends"), st.integers(0, 9)),
    st.tuples(st.just("time"), st.sampled_from([0.1, 1.0, 6.0, 20.0])),
    st.tuples(
        st.just("link_back"),
    ),
    st.tuples(st.just("rebuilt"), st.booleans()),
    st.tuples(st.just("reserve"), st.sampled_from([Reserve(0, 0), Reserve(1, 1), Reserve(1, 2)])),
    st.tuples(st.just("known"), st.integers(0, 9), st.sampled_from(TIERS)),
    st.tuples(st.just("moves"), st.integers(0, 9), st.booleans()),
)


class Day:
    """A day on the floor, with what an onlooker knows himself."""

    def __init__(self) -> None:
        self.switch = DirectedSwitch()
        self.came = 0
        self.ours: set[CallId] = set()
        self.answered: set[CallId] = set()
        self.left: set[CallId] = set()
        for agent in AGENTS[:2]:
            self.floor.sign_in(agent, SUPPORT)
        for tier in TIERS:
            self.arrives(tier, SUPPORT, in_room=True)
        self.switch.tell()

    @property
    def floor(self):  # type: ignore[no-untyped-def]
        return self.switch.floor

    def happen(self, what: str, *how: object) -> None:
        getattr(self, what)(*how)
        self.switch.tell()
        self.hold()

    # What happens

    def arrives(self, tier: str | None, queue: QueueName, in_room: bool) -> None:
        call = CallId(f"call-{self.came}")
        self.came += 1
        if tier is not None:
            self.switch.known[call] = Decided(tier)
        else:
            self.switch.strangers.add(call)
        self.floor.wait(call, queue, room=in_room)

    def hangs_up(self, which: int) -> None:
        if call := self._pick(which, list(self.floor.calls)):
            if self.floor.calls[call].answered_at is None:
                self.left.add(call)
            self.floor.end(call, forget=True)

    def signs_in(self, agent: Interface, queue: QueueName) -> None:
        if agent not in self.floor.agents or not self.floor.agents[agent].talking:
            self.floor.sign_in(agent, queue)

    def signs_off(self, agent: Interface) -> None:
        if agent in self.floor.agents:
            self.floor.agents[agent].memberships.clear()
            self.floor.pause(agent, None)

    def pauses(self, agent: Interface, paused: bool) -> None:
        if agent in self.floor.agents:
            self.floor.pause(agent, "lunch" if paused else None)

    def device(self, agent: Interface, state: DeviceState) -> None:
        if agent in self.floor.agents:
            self.floor.device(agent, state)

    def obeys(self, event_first: bool) -> None:
        """The switch does what was ordered first; its event and its answer race."""
        if not self.switch.ordered:
            return
        attempt = self.switch.ordered.pop(0)
        if not event_first:
            self.switch.answers(attempt, Done("") if self._there(attempt) else REFUSED)
        self.carry_out(attempt)
        if event_first:
            self.switch.answers(attempt, Done("") if self._there(attempt) else REFUSED)

    def rung_by_others(self, which: int, agent: Interface) -> None:
        """By app_queue, by a supervisor, or by the process before us."""
        phone = self.floor.agents.get(agent)
        here = [one.id for one in self.floor.calls.values() if waits_at(one) and not one.ringing]
        free = [one for one in here if one not in self.switch.dispatcher.attempts]
        if phone is not None and not phone.ringing and (call := self._pick(which, free)):
            self.floor.ring(call, agent)

    def fails(self, outcome: CommandOutcome, rings: bool) -> None:
        """Another answer; when that leaves it open, it may have been done."""
        if not self.switch.ordered:
            return
        attempt = self.switch.ordered.pop(0)
        self.switch.answers(attempt, outcome)
        if rings and outcome not in (REFUSED, NEVER_SENT):
            self.carry_out(attempt)

    def carry_out(self, attempt: Attempt) -> None:
        """Nobody is rung twice: neither a caller for two agents nor an agent for two callers."""
        if not self._there(attempt):
            return
        call, agent = self.floor.calls[attempt.call], self.floor.agents[attempt.agent]
        assert not call.ringing, f"{attempt.call} rings {list(call.ringing)} already"
        assert not agent.ringing & self.ours, f"{attempt.agent} rings for {agent.ringing} already"
        self.ours.add(attempt.call)
        self.floor.ring(attempt.call, attempt.agent)
        self.switch.tell()

    def ring_ends(self, which: int, result: RingResult) -> None:
        rings = [(call.id, agent) for call in self.floor.calls.values() for agent in call.ringing]
        if ring := self._pick(which, rings):
            if result is RingResult.ANSWERED:
                self.answered.add(ring[0])
                self.floor.answer(*ring)
            else:
                self.floor.unring(*ring, result)

    def talk_ends(self, which: int) -> None:
        if call := self._pick(which, [one.id for one in self.floor.calls.values() if one.talking]):
            self.floor.end(call, forget=True)

    def time(self, seconds: float) -> None:
        """No command goes without an outcome for longer than its deadline."""
        while seconds >= DEADLINE_S and self.switch.ordered:
            self.fails(UNSURE, rings=False)
        self.switch.pass_time(seconds)

    def link_back(self) -> None:
        self.switch.dispatcher.blocked = False
        self.switch.pass_time(0.0)

    def rebuilt(self, changes_lost: bool) -> None:
        if changes_lost:
            self.floor.take()
        self.switch.dispatcher.rebuilt(self.switch.now)
        self.switch.take_orders()

    def reserve(self, reserve: Reserve) -> None:
        self.switch.dispatcher.reserve = reserve
        self.switch.pass_time(0.0)

    def known(self, which: int, tier: str | None) -> None:
        if call := self._pick(which, list(self.floor.calls)):
            self.switch.known[call] = Decided(tier)
            self.switch.strangers.discard(call)
            self.switch.dispatcher.known(call, self.switch.now)

    def moves(self, which: int, to_room: bool) -> None:
        """Into app_queue because it heard no heart beat, or back."""
        waiting = [one.id for one in self.floor.calls.values() if waits_at(one) and not one.ringing]
        if call := self._pick(which, waiting):
            self.floor.to_room(call, to_room)

    # What holds after each step

    def hold(self) -> None:
        dispatcher = self.switch.dispatcher
        open_agents = [one.agent for one in dispatcher.attempts.values() if not one.frees_agent]
        assert len(open_agents) == len(set(open_agents)), "one agent for two callers"
        waiting = [one for one in self.floor.calls.values() if (place := waits_at(one)) and place.room]
        for call in waiting:
            stands = call.id in dispatcher.room.places or call.id in dispatcher.room.stranded
            if call.id in self.switch.strangers and not stands:
                continue
            assert stands + (call.id in dispatcher.attempts) + bool(call.ringing) >= 1, (
                f"{call.id} is forgotten"
            )
            assert not (stands and call.id in dispatcher.attempts), f"{call.id} stands and is taken"
        here = {call.id for call in waiting}
        for known in (*dispatcher.room.places, *dispatcher.room.stranded):
            assert known in here, f"{known} is gone and still waits with us"
        if not dispatcher.blocked:
            for call_id in dispatcher.room.places:
                self._nobody_free_for(CallId(call_id))

    def _nobody_free_for(self, call_id: CallId) -> None:
        dispatcher = self.switch.dispatcher
        place = self.floor.place(call_id)
        able = []
        for interface, agent in self.floor.agents.items():
            lines, free = serves(agent, LINES)
            if free and LINES[place.queue] in lines and not dispatcher.left_alone(interface):
                able.append(interface)
        stands = dispatcher.room.places[call_id]
        kept = {0: 0, 1: dispatcher.reserve.mid, 2: dispatcher.reserve.low}[stands.band]
        assert len(able) <= min(kept, stands.group.pool.on_duty // 2), (
            f"{call_id} waits though {able} are free"
        )

    # The end of the day

    def end(self) -> None:
        """Everything works again: whoever still waits is served, in the end."""
        floor, switch = self.floor, self.switch
        self.reserve(Reserve(0, 0))
        switch.dispatcher.blocked = False
        for call in [one.id for one in floor.calls.values() if waits_at(one)]:
            for agent in list(floor.calls[call].ringing):
                floor.unring(call, agent, RingResult.CANCELLED)
            if not floor.place(call).room:
                floor.to_room(call)
        for call in [one.id for one in floor.calls.values() if one.talking]:
            floor.end(call, forget=True)
        for agent in AGENTS:
            for queue in LINES:
                floor.sign_in(agent, queue)
        switch.dispatcher.rebuilt(switch.now)
        switch.tell()
        for _ in range(200):
            if not floor.calls:
                break
            self.time(UNREACHABLE_S + DOUBT_S)
            while switch.ordered:
                attempt = switch.ordered.pop(0)
                switch.answers(attempt, Done(""))
                self.carry_out(attempt)
                self.answered.add(attempt.call)
                switch.talks(attempt)
                floor.end(attempt.call, forget=True)
                switch.tell()
            for agent in AGENTS:
                floor.pause(agent, None)
            switch.tell()
        assert len(self.answered | self.left) == self.came, "everybody is answered or has left"
        assert not switch.dispatcher.attempts
        assert not switch.dispatcher.room.places
        assert not switch.dispatcher.room.stranded

    def _there(self, attempt: Attempt) -> bool:
        call = self.floor.calls.get(attempt.call)
        place = waits_at(call)
        return place is not None and place.room and attempt.agent in self.floor.agents

    def _pick(self, which: int, those: list):  # type: ignore[no-untyped-def,type-arg]
        return those[which % len(those)] if those else None


@given(st.lists(steps, max_size=80))
@settings(deadline=None, max_examples=300)
def test_through_any_day_nobody_is_lost_rung_twice_or_kept_waiting(day: list[tuple[object, ...]]) -> None:
    one = Day()
    for step in day:
        one.happen(*step)  # type: ignore[arg-type]
    one.end()


def test_policy_has_the_bands_that_the_onlooker_counts() -> None:
    assert [tier.name for tier in DEFAULT_POLICY.rules.tiers] == ["standard", "priority", "vip"]
