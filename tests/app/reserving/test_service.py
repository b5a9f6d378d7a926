"""The reserve against a switch that takes orders and shows what became of them: settled, in doubt, slow, or started anew."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.directory import Queues
from app.reserving.service import Reserving
from routing.policy import DEFAULT_POLICY
from routing.pulse import LineLoad, LinePulse
from routing.reserve import Reserve
from telephony.agents import Membership
from telephony.changes import AgentChanged, Change
from telephony.commands import Command, CommandOutcome, Done, LinkLost, PauseMember
from telephony.ids import CallId, Interface, PbxId, QueueName
from tests.fakes.toy_floor import PBX, ToyFloor

pytestmark = pytest.mark.unit

GEN, VIP = QueueName("support"), QueueName("support-vip")
AGENTS = [Interface(f"PJSIP/{number}") for number in range(1001, 1009)]


class Setting:
    """`wanted`: K. `deaf`: the switch does nothing and the link breaks; `held`: it answers when told to."""

    def __init__(self) -> None:
        self.floor = ToyFloor()
        self.floor.stale = False
        self.wanted = 0
        self.deaf = False
        self.held: asyncio.Event | None = None
        self.up = asyncio.Event()
        self.up.set()
        self.taken: list[PauseMember] = []
        self.queues = {"support": Queues(GEN, VIP)}
        self.tasks: set[asyncio.Task[None]] = set()
        self.reserving = self.started()

    def started(self) -> Reserving:
        return Reserving(self, self, self.load, self.spawn, lambda: self.floor.now)

    def line_of(self, pbx: PbxId, queue: QueueName) -> str | None:
        return {GEN: "support", VIP: "support", QueueName("sales"): "sales"}.get(queue)

    def queued(self, pbx: PbxId) -> dict[str, Queues]:
        return self.queues

    def load(self, pbx: PbxId, line: str) -> LineLoad:
        return LinePulse(DEFAULT_POLICY, 0.0).load(0.0)._replace(reserve=Reserve(self.wanted, self.wanted))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def reachable(self, pbx: PbxId) -> None:
        await self.up.wait()

    async def execute(self, pbx: PbxId, command: Command) -> CommandOutcome:
        assert isinstance(command, PauseMember)
        self.taken.append(command)
        if not self.up.is_set():
            return LinkLost(sent=False)
        if self.held is not None:
            await self.held.wait()
        if self.deaf:
            return LinkLost(sent=True)
        assert command.queue is not None
        membership = Membership(command.paused, command.reason if command.paused else "")
        self.floor.agents[command.interface].memberships[command.queue] = membership
        self.tell(AgentChanged(self.floor.now, command.interface))
        return Done("paused")

    def tell(self, *more: Change) -> None:
        self.reserving.batch(self.floor, [*self.floor.take(), *more])

    def sign_in(self, count: int) -> None:
        for agent in AGENTS[:count]:
            self.floor.now += 1.0
            for queue in (GEN, VIP):
                self.floor.sign_in(agent, queue)
        self.tell()

    def takes(self, agent: Interface, queue: QueueName) -> CallId:
        call = CallId(f"{agent} {self.floor.now}")
        self.floor.arrive(call)
        self.floor.join(call, queue)
        self.floor.ring(call, agent)
        self.floor.answer(call, agent)
        self.tell()
        return call

    async def quiet(self) -> None:
        while self.tasks:
            await asyncio.gather(*self.tasks)

    async def passes(self, seconds: float) -> None:
        self.floor.now += seconds
        self.reserving.tick()
        await self.quiet()

    @property
    def kept(self) -> set[Interface]:
        return {one for one in self.floor.agents if self.floor.agents[one].memberships[GEN].reserved}

    def paused_for_vip(self) -> bool:
        return any(agent.memberships[VIP].paused for agent in self.floor.agents.values())


@asynccontextmanager
async def with_reserve(kept: int, agents: int) -> AsyncIterator[Setting]:
    one = Setting()
    one.sign_in(agents)
    one.wanted = kept
    await one.passes(5.0)
    assert len(one.kept) == kept
    yield one
    assert not one.paused_for_vip()


async def test_the_shortest_idle_are_kept_for_all_but_the_highest_tiers() -> None:
    async with with_reserve(2, 6) as one:
        assert one.kept == {AGENTS[4], AGENTS[5]}


async def test_a_kept_agent_who_takes_a_vip_is_freed_and_replaced_at_once() -> None:
    async with with_reserve(1, 4) as one:
        (kept,) = one.kept
        one.takes(kept, VIP)
        await one.quiet()
        assert len(one.kept) == 1
        assert kept not in one.kept


async def test_an_agent_who_becomes_idle_is_kept_when_the_reserve_is_not_full() -> None:
    async with with_reserve(1, 2) as one:
        (kept,) = one.kept
        other = next(agent for agent in AGENTS[:2] if agent != kept)
        one.takes(other, GEN)
        call = one.takes(kept, VIP)
        await one.quiet()
        assert one.kept == set()
        one.floor.end(call)
        one.tell()
        await one.quiet()
        assert one.kept == {kept}


async def test_never_more_than_half_of_those_on_duty() -> None:
    one = Setting()
    one.sign_in(4)
    one.wanted = 4
    await one.passes(5.0)
    assert len(one.kept) == 2
    one.floor.pause(AGENTS[0], "lunch")
    one.tell()
    await one.quiet()
    assert len(one.kept) == 1


async def test_a_break_of_his_own_stands_also_when_both_came_at_the_same_moment() -> None:
    async with with_reserve(1, 4) as one:
        (kept,) = one.kept
        one.floor.agents[kept].memberships[VIP] = Membership(True, "lunch")
        one.tell(AgentChanged(one.floor.now, kept))
        await one.quiet()
        assert one.floor.agents[kept].memberships[GEN] == Membership(True, "lunch")
        assert len(one.kept) == 1
        one.floor.pause(kept, None)
        one.tell()


async def test_a_slow_switch_is_asked_once() -> None:
    one = Setting()
    one.sign_in(4)
    one.wanted = 1
    one.held = asyncio.Event()
    one.reserving.tick()
    for _ in range(20):
        one.floor.now += 1.0
        one.tell(AgentChanged(one.floor.now, AGENTS[0]))
        one.reserving.tick()
        await asyncio.sleep(0)
    assert len(one.taken) == 1
    one.held.set()
    await one.quiet()
    assert len(one.kept) == 1


async def test_what_the_switch_did_not_do_is_asked_again_and_not_at_every_event() -> None:
    one = Setting()
    one.sign_in(4)
    one.wanted, one.deaf = 1, True
    await one.passes(5.0)
    for _ in range(10):
        one.tell(AgentChanged(one.floor.now, AGENTS[0]))
        await one.quiet()
    tried = {command.interface for command in one.taken}
    assert len(one.taken) == len(tried) <= 4
    one.deaf = False
    await one.passes(11.0)
    assert len(one.kept) == 1


async def test_commands_that_can_be_sent_only_later_are_sent_then() -> None:
    one = Setting()
    one.sign_in(4)
    one.wanted = 1
    one.up.clear()
    one.reserving.rebuilt(one.floor)
    await asyncio.sleep(0)
    assert len(one.taken) == 1
    one.up.set()
    await one.quiet()
    assert len(one.kept) == 1


async def test_what_a_run_that_was_killed_left_is_taken_over() -> None:
    async with with_reserve(2, 6) as one:
        before, orders = one.kept, len(one.taken)
        one.reserving = one.started()
        one.reserving.rebuilt(one.floor)
        one.wanted = 0
        for _ in range(3):
            await one.passes(5.0)
        one.wanted = 2
        await one.passes(5.0)
        assert one.kept == before
        assert len(one.taken) == orders


async def test_an_orderly_end_lifts_everything() -> None:
    async with with_reserve(2, 6) as one:
        await one.reserving.lift()
        assert one.kept == set()
        one.tell(AgentChanged(one.floor.now, AGENTS[0]))
        await one.passes(5.0)
        assert one.kept == set()


@pytest.mark.parametrize("queues", [{}, {"support": Queues(GEN, None)}], ids=["directed", "one queue"])
async def test_a_line_that_gives_it_up_lets_all_go(queues: dict[str, Queues]) -> None:
    async with with_reserve(2, 6) as one:
        one.queues = queues
        await one.passes(5.0)
        assert one.kept == set()


async def test_a_smaller_reserve_must_have_been_enough_for_a_while() -> None:
    async with with_reserve(2, 6) as one:
        one.wanted = 1
        await one.passes(5.0)
        assert len(one.kept) == 2
        one.wanted = 2
        await one.passes(60.0)
        one.wanted = 1
        await one.passes(60.0)
        assert len(one.kept) == 2
        await one.passes(121.0)
        assert len(one.kept) == 1


async def test_nobody_is_asked_for_anything_while_the_floor_is_not_believed() -> None:
    one = Setting()
    one.sign_in(4)
    one.wanted, one.floor.stale = 1, True
    await one.passes(5.0)
    assert one.taken == []
    assert one.reserving.spare(PBX, "support") == []
    one.floor.stale = False
    await one.passes(5.0)
    assert len(one.kept) == 1


async def test_the_last_idle_agents_do_not_go_and_who_is_in_a_call_asks_later() -> None:
    async with with_reserve(1, 4) as one:
        assert one.reserving.may_rest(PBX, AGENTS[0])
        for agent in AGENTS[:3]:
            one.takes(agent, GEN)
        assert not one.reserving.may_rest(PBX, AGENTS[3])
        assert one.reserving.may_rest(PBX, AGENTS[0])


async def test_spare_agents_are_those_beyond_the_reserve_the_longest_idle_first() -> None:
    async with with_reserve(2, 6) as one:
        assert one.reserving.spare(PBX, "support") == AGENTS[:4]
        one.takes(AGENTS[0], GEN)
        one.takes(AGENTS[1], GEN)
        assert one.reserving.spare(PBX, "support") == AGENTS[2:4]
        one.takes(AGENTS[2], GEN)
        one.takes(AGENTS[3], GEN)
        assert one.reserving.spare(PBX, "support") == []
