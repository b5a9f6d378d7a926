"""What must hold for every floor: hypothesis invents callers, agents, skills, rests and waits."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.match import Assignment, match
from routing.places import LOW, MID, Caller
from routing.policy import Policy, Rules, Tier, Waiting
from routing.reserve import Reserve, kept_from
from routing.room import Room
from routing.skills import Skills, Step, level
from routing.staff import Agent

pytestmark = pytest.mark.unit

HEAD_START_S = 900
TIERS = (
    Tier("standard"),
    Tier("priority", arpu_from=10, head_start_s=HEAD_START_S),
    Tier("vip", arpu_from=20, always_first=True, personal_wait_s=600),
)
NAMES = ("a", "b", "c", "d", "e", "f", "g", "h")

skills = st.dictionaries(st.sampled_from(["billing", "tech", "english"]), st.integers(1, 10), max_size=3)


@st.composite
def steps(draw: st.DrawFn) -> tuple[Step, ...]:
    """Each asks for less than the one before."""
    need = draw(skills)
    found = [Step(0.0, frozenset(need.items()))]
    for number in range(draw(st.integers(0, 2))):
        need = {name: draw(st.integers(1, least)) for name, least in need.items() if draw(st.booleans())}
        found.append(Step((number + 1) * 40.0, frozenset(need.items())))
    return tuple(found)


callers = st.builds(
    Caller,
    id=st.integers(0, 40).map(str),
    tier=st.sampled_from(["standard", "priority", "vip"]),
    joined=st.integers(0, 2000).map(float),
    steps=steps(),
    personal=st.lists(st.sampled_from(NAMES), max_size=3, unique=True).map(tuple),
    callback=st.booleans(),
    client=st.one_of(st.none(), st.integers(0, 3)),
)
agents = st.builds(Agent, st.sampled_from(NAMES), skills.map(lambda those: frozenset(those.items())))
reserves = st.tuples(st.integers(0, 3), st.integers(0, 2)).map(lambda k: Reserve(k[0], k[0] + k[1]))
happenings = st.one_of(
    st.tuples(st.just("join"), callers),
    st.tuples(st.just("on"), agents),
    st.tuples(st.sampled_from(["off", "idle", "busy"]), st.sampled_from(NAMES)),
    st.tuples(st.just("leave"), st.integers(0, 40).map(str)),
    st.tuples(st.just("match"), reserves),
)
days = st.lists(st.tuples(st.integers(0, 60), happenings), max_size=60)
floors = st.tuples(
    st.lists(callers, max_size=25, unique_by=lambda one: one.id),
    st.lists(agents, max_size=8, unique_by=lambda one: one.id),
    st.sets(st.sampled_from(NAMES)),
    reserves,
)
Floor = tuple[list[Caller], list[Agent], set[str], Reserve]
NOW = 2000.0


def policy(order: str = "res-hs") -> Policy:
    return Policy(Rules(tiers=TIERS, service_levels={}, waiting=msgspec.convert({"order": order}, Waiting)))


class Live:
    """A room through a day, with what an onlooker knows himself."""

    def __init__(self) -> None:
        self.room = Room(policy())
        self.skills: dict[str, Skills] = {}
        self.idle: set[str] = set()
        self.now = NOW
        self.seen: list[Assignment] = []

    def happen(self, what: str, which: Caller | Agent | str | Reserve) -> None:
        room, now = self.room, self.now
        room.relax(now)
        if isinstance(which, Caller):
            room.join(which, now)
        elif isinstance(which, Agent):
            room.sign_on(which, now)
            self.skills[which.id] = which.skills
            self.idle.discard(which.id)
        elif isinstance(which, Reserve):
            for one in match(room, which, now, explain=False):
                self.taken(one)
            self.nobody_idle_who_may(which)
        elif what == "leave":
            room.leave(which)
        elif which in self.skills:
            if what == "off":
                room.sign_off(which, now)
                del self.skills[which]
            elif what == "idle":
                room.idle(which, now)
            else:
                room.busy(which)
            (self.idle.add if what == "idle" else self.idle.discard)(which)
        self.nobody_waits_for_nobody()

    def may_take(self, agent: str, caller: Caller) -> bool:
        step = self.room.places[caller.id].step
        return level(self.skills[agent], caller.steps[step].need) is not None

    def taken(self, one: Assignment) -> None:
        assert one.agent in self.idle
        assert any(level(self.skills[one.agent], step.need) is not None for step in one.caller.steps)
        if not any(tier.always_first for tier in TIERS if tier.name == one.caller.tier):
            assert one.idle > one.kept
        self.idle.discard(one.agent)
        self.seen.append(one)

    def nobody_idle_who_may(self, reserve: Reserve) -> None:
        """Nobody idle is left who may take somebody who waits, unless the reserve or a wait for his own agents says so."""
        for place in self.room.places.values():
            able = [agent for agent in self.idle if self.may_take(agent, place.caller)]
            assert len(able) == place.group.pool.idle
            if place.held:
                able = able if set(place.held) & set(able) else []
            assert not able or len(able) <= kept_from(place.band, place.group.pool, reserve)

    def nobody_waits_for_nobody(self) -> None:
        for place in self.room.places.values():
            assert any(self.may_take(agent, place.caller) for agent in self.skills)
        for caller in self.room.stranded.values():
            can = (level(skills, step.need) for skills in self.skills.values() for step in caller.steps)
            assert all(grade is None for grade in can)


@given(days)
@settings(deadline=None)
def test_through_any_day_nobody_waits_who_need_not(day: list[tuple[int, tuple[str, object]]]) -> None:
    live = Live()
    for passed, (what, which) in day:
        live.now += passed
        live.happen(what, which)  # type: ignore[arg-type]


def filled(floor: Floor, order: str = "res-hs", backwards: bool = False) -> Room:
    """`backwards`: the same floor, told in the opposite order."""
    calls, staff, idle, _ = floor
    room = Room(policy(order))
    for agent in reversed(staff) if backwards else staff:
        room.sign_on(agent, NOW)
        if agent.id in idle:
            room.idle(agent.id, float(ord(agent.id) % 3))
    for caller in reversed(calls) if backwards else calls:
        room.join(caller._replace(callback=False), NOW)
    return room


@given(floors, st.sampled_from(["res-hs", "strict", "fifo"]))
@settings(deadline=None)
def test_the_order_in_which_the_floor_is_told_changes_nothing(floor: Floor, order: str) -> None:
    reserve = floor[3]
    told = match(filled(floor, order), reserve, NOW)
    assert told == match(filled(floor, order, backwards=True), reserve, NOW)
    assert told == match(filled(floor, order), reserve, NOW)


@given(floors)
@settings(deadline=None)
def test_the_reserve_is_left_to_higher_tiers(floor: Floor) -> None:
    reserve = floor[3]
    room = filled(floor)
    on_duty = {agent.id: agent.skills for agent in floor[1]}
    idle = set(floor[2]) & set(on_duty)
    for one in match(room, reserve, NOW):
        tier = one.caller.tier
        eligible = [agent for agent in idle if one.need == "anybody" or _can(on_duty[agent], one)]
        kept = {"vip": 0, "priority": reserve.mid, "standard": reserve.low}[tier]
        staff = [agent for agent in on_duty if one.need == "anybody" or _can(on_duty[agent], one)]
        assert len(eligible) > min(kept, len(staff) // 2)
        idle.discard(one.agent)


def _can(skills: Skills, one: Assignment) -> bool:
    needs = (part.rsplit(" ", 1) for part in one.need.split(", "))
    has = dict(skills)
    return all(has.get(name, 0) >= int(least.rstrip("+")) for name, least in needs)


@given(floors)
@settings(deadline=None)
def test_nobody_is_overtaken_by_a_priority_caller_who_came_more_than_the_head_start_later(
    floor: Floor,
) -> None:
    """Among callers of equal needs, below the tier that is always first, without a reserve to hold anybody."""
    room = filled(floor)
    taken = [one.caller for one in match(room, Reserve(), NOW)]
    for place in room.places.values():
        if place.band == LOW:
            for caller in taken:
                same = room.staff.pool(caller.steps[0].need) is place.group.pool and len(caller.steps) == 1
                if caller.tier == "priority" and same:
                    assert caller.joined <= place.caller.joined + HEAD_START_S


@given(st.lists(st.integers(0, 4000), min_size=2, max_size=30), st.data())
@settings(deadline=None)
def test_head_start_is_all_that_a_priority_caller_gets(joined: list[int], data: st.DataObject) -> None:
    """One agent after the other becomes idle: whoever is answered before me came at most the head start later."""
    room = Room(policy())
    room.sign_on(Agent("a"), 0.0)
    tiers = data.draw(
        st.lists(st.sampled_from(["standard", "priority"]), min_size=len(joined), max_size=len(joined))
    )
    for number, (at, tier) in enumerate(zip(joined, tiers, strict=True)):
        room.join(Caller(f"{number:03}", tier, float(at)), 4000.0)
    served = []
    while len(room):
        room.idle("a", 4000.0)
        served += [one.caller for one in match(room, Reserve(), 4000.0)]
    assert len(served) == len(joined)
    for place, caller in enumerate(served):
        before = HEAD_START_S if caller.tier == "standard" else 0
        assert all(other.joined <= caller.joined + before for other in served[:place])


def test_bands_are_those_the_rules_speak_of() -> None:
    room = Room(policy())
    room.sign_on(Agent("a"), 0.0)
    room.join(Caller("x", "priority", 0.0), 0.0)
    room.join(Caller("y", "standard", 0.0), 0.0)
    assert (room.waiting(MID), room.waiting(LOW)) == (1, 1)


@given(floors)
@settings(deadline=None)
def test_the_same_policy_anew_changes_nobodys_turn(floor: Floor) -> None:
    reserve = floor[3]
    assert match(filled(floor).under(policy(), NOW), reserve, NOW) == match(filled(floor), reserve, NOW)
