"""What the switch is told, and when: heart beats, lines, rings, the book of queues, announcements."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from typing import Any

import pytest

from app.directing.rules import Decided
from app.directing.service import Directing
from routing.places import Caller
from routing.policy import DEFAULT_POLICY, Policy
from routing.reserve import Seen
from telephony.commands import (
    Announce,
    Beat,
    Command,
    CommandOutcome,
    Done,
    LineExecutor,
    LinkLost,
    RingAgent,
    ToRoom,
    WriteQueueLog,
)
from telephony.ids import CallId, ChannelId, Interface, PbxId, QueueName
from tests.fakes.directed_floor import LINES, SUPPORT, DirectedFloor

pytestmark = pytest.mark.unit

MAIN = PbxId("main")
ONE = Interface("PJSIP/1001")
ANN, BOB = CallId("ann"), CallId("bob")


class Site:
    """A switch that takes every order unless told otherwise, and the rest of the app. `sent`: all it was told."""

    def __init__(self, spawn: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        self.floor = DirectedFloor()
        self.sent: list[Command] = []
        self.outcome: CommandOutcome = Done("")
        self.up = asyncio.Event()
        self.up.set()
        self.lines: dict[QueueName, str] = dict(LINES)
        self.known: dict[CallId, Decided] = {}
        self.stored: list[bytes] = []
        self.aside: list[Interface] = []
        self.promised: list[Caller] = []
        self.called: list[tuple[str, Interface]] = []
        self.in_force = DEFAULT_POLICY
        self.directing = Directing(
            self, self, self, self.stored.append, self._set_aside, spawn, self, clock=lambda: self.floor.now
        )

    # Switches

    async def execute(self, pbx: PbxId, command: Command) -> CommandOutcome:
        self.sent.append(command)
        return self.outcome

    async def reachable(self, pbx: PbxId) -> None:
        await self.up.wait()

    # Known

    def directed_lines(self, pbx: PbxId) -> Mapping[QueueName, str]:
        return self.lines

    def line_of(self, pbx: PbxId, queue: QueueName) -> str | None:
        return LINES.get(queue)

    def skills(self, pbx: PbxId, interface: Interface) -> Mapping[str, int]:
        return {}

    def decided(self, pbx: PbxId, call: CallId) -> Decided | None:
        return self.known.get(call, Decided())

    def policy(self) -> Policy:
        return self.in_force

    # Pulse

    def seen(self, pbx: PbxId, line: str, reader: str) -> Seen:
        return Seen(1, 180.0, False, False)

    def wait(self, pbx: PbxId, line: str, tier: str, ahead: int) -> float | None:
        return 100.0 * (1 + ahead)

    # Callbacks

    def due(self, pbx: PbxId, now: float) -> Iterable[Caller]:
        return self.promised

    def start(self, caller: str, agent: Interface) -> None:
        self.called.append((caller, agent))

    async def _set_aside(self, pbx: PbxId, interface: Interface) -> None:
        self.aside.append(interface)

    # What tests do

    async def happen(self) -> list[Command]:
        """The floor's news reach everybody; what was sent in consequence."""
        before = len(self.sent)
        if changes := self.floor.take():
            self.directing.batch(self.floor, changes)  # type: ignore[arg-type]
        await self.settle()
        return self.sent[before:]

    async def rebuild(self) -> list[Command]:
        before = len(self.sent)
        self.directing.rebuilt(self.floor)  # type: ignore[arg-type]
        await self.settle()
        return self.sent[before:]

    async def pass_time(self, seconds: float) -> list[Command]:
        before = len(self.sent)
        self.floor.now += seconds
        self.directing.look()
        await self.settle()
        return self.sent[before:]

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    def of(self, kind: type[Command]) -> list[Any]:
        return [one for one in self.sent if isinstance(one, kind)]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with asyncio.TaskGroup() as tasks:
        one = Site(tasks.create_task)
        yield one
        one.up.set()


async def test_after_each_look_at_the_switch_it_hears_that_we_live_and_which_lines_are_ours(
    site: Site,
) -> None:
    told = await site.rebuild()
    assert isinstance(told[0], Beat)
    assert told[1:] == [LineExecutor(queue, directed=True) for queue in sorted(LINES)]
    del site.lines[SUPPORT]
    told = await site.pass_time(6.0)
    assert LineExecutor(SUPPORT, directed=False) in told


async def test_the_heart_beats_only_while_the_floor_is_believed(site: Site) -> None:
    await site.directing.beat_once(MAIN)
    assert not site.sent
    await site.rebuild()
    await site.directing.beat_once(MAIN)
    await site.directing.beat_once(MAIN)
    values = [beat.value for beat in site.of(Beat)]
    assert len(set(values)) == len(values) == 3
    site.floor.stale = True
    await site.directing.beat_once(MAIN)
    assert len(site.of(Beat)) == 3


async def test_a_switch_without_directed_lines_hears_nothing(site: Site) -> None:
    site.lines.clear()
    await site.rebuild()
    await site.directing.beat_once(MAIN)
    assert not site.sent


async def test_the_order_to_ring_is_given_in_the_turn_in_which_the_agent_became_free(site: Site) -> None:
    await site.rebuild()
    site.floor.wait(ANN)
    site.floor.sign_in(ONE, SUPPORT)
    (order, *_) = [one for one in await site.happen() if isinstance(one, RingAgent)]
    assert order == RingAgent(ChannelId(ANN), ONE, 15, False)
    assert b'"offered"' in site.stored[0]


async def test_when_the_link_breaks_nothing_is_sent_until_it_is_back(site: Site) -> None:
    await site.rebuild()
    site.outcome = LinkLost(sent=False)
    site.up.clear()
    site.floor.wait(ANN)
    site.floor.sign_in(ONE, SUPPORT)
    await site.happen()
    await site.pass_time(30.0)
    assert len(site.of(RingAgent)) == 1
    site.outcome = Done("")
    site.up.set()
    await site.settle()
    await site.pass_time(1.0)
    assert len(site.of(RingAgent)) == 2


async def test_who_is_in_app_queue_is_fetched_after_the_switch_knows_that_we_live(site: Site) -> None:
    site.floor.wait(ANN, room=False)
    site.floor.take()
    told = await site.rebuild()
    assert [type(one) for one in told].index(Beat) < [type(one) for one in told].index(ToRoom)


async def test_a_missed_call_sets_the_agent_aside_and_its_end_is_stored(site: Site) -> None:
    await site.rebuild()
    site.floor.wait(ANN)
    site.floor.sign_in(ONE, SUPPORT)
    await site.happen()
    site.floor.ring(ANN, ONE)
    await site.happen()
    site.floor.now += 15
    site.floor.unring(ANN, ONE)
    told = await site.happen()
    assert site.aside == [ONE]
    assert b'"no_answer"' in site.stored[-1]
    assert [one.word for one in told if isinstance(one, WriteQueueLog)] == ["RINGNOANSWER"]


async def test_the_book_of_queues_tells_of_our_callers_what_app_queue_would(site: Site) -> None:
    await site.rebuild()
    site.floor.now += 1
    site.floor.wait(ANN)
    site.floor.sign_in(ONE, SUPPORT)
    await site.happen()
    site.floor.ring(ANN, ONE)
    await site.happen()
    site.floor.now += 2
    site.floor.answer(ANN, ONE)
    await site.happen()
    site.floor.now += 9
    site.floor.end(ANN)
    await site.happen()
    assert [one.word for one in site.of(WriteQueueLog)] == ["ENTERQUEUE", "CONNECT", "COMPLETECALLER"]


async def test_of_callers_in_app_queue_the_book_is_app_queues(site: Site) -> None:
    await site.rebuild()
    site.floor.wait(ANN, room=False)
    site.floor.end(ANN)
    await site.happen()
    assert not site.of(WriteQueueLog)


async def test_place_and_minutes_are_told_where_wanted_and_seldom(site: Site) -> None:
    await site.rebuild()
    site.floor.sign_in(ONE, SUPPORT)
    site.floor.pause(ONE, "wrap-up")
    site.known[ANN] = Decided("standard", announce=("position", "wait"))
    site.floor.wait(ANN)
    site.floor.wait(BOB)
    await site.happen()
    assert not [one for one in await site.pass_time(5.0) if isinstance(one, Announce)]
    told = [one for one in await site.pass_time(6.0) if isinstance(one, Announce)]
    assert told == [Announce(ChannelId(ANN), 1, 2)], "the other line wants nothing told"
    for _ in range(12):
        await site.pass_time(5.0)
    assert site.of(Announce) == told, "nothing has changed"


async def test_a_vip_who_comes_before_him_is_never_told(site: Site) -> None:
    await site.rebuild()
    site.floor.sign_in(ONE, SUPPORT)
    site.floor.pause(ONE, "wrap-up")
    site.known[ANN] = Decided("standard", announce=("position",))
    site.known[BOB] = Decided("vip")
    site.floor.wait(ANN)
    await site.happen()
    await site.pass_time(11.0)
    site.floor.wait(BOB)
    await site.happen()
    for _ in range(12):
        await site.pass_time(5.0)
    assert [one.position for one in site.of(Announce)] == [1]


async def test_promised_calls_are_started_with_an_agent_to_spare(site: Site) -> None:
    await site.rebuild()
    site.floor.sign_in(ONE, SUPPORT)
    await site.happen()
    site.promised = [Caller("callback-7", "standard", 1.0, line="help", callback=True, client=5)]
    await site.pass_time(1.0)
    assert site.called == [("callback-7", ONE)]
    site.promised = []
    site.directing.callback_over(MAIN, 5)
    await site.pass_time(1.0)
    assert site.called == [("callback-7", ONE)]


async def test_why_he_waits_can_be_asked(site: Site) -> None:
    await site.rebuild()
    site.floor.wait(ANN)
    await site.happen()
    because = site.directing.hindrance_now(MAIN, ANN)
    assert because is not None
    assert because.code == "nobody_on_duty"
    assert site.directing.hindrance_now(MAIN, BOB) is None
    assert site.directing.hindrance_now(PbxId("elsewhere"), ANN) is None
