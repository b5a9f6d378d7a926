"""Snapshot + deltas = fresh snapshot, at every join moment, for every kind of viewer; and nobody hears too much.

Two switches with the same ids, queues and devices, and neither shows anything of the other.
"""

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screenpop.hub import Hub
from screenpop.messages import AgentPut, CallPut, Card, CardPut, LinePut, Viewer
from screenpop.project import Screen
from screenpop.sources import Agent, CardText, Instant, Known
from screenpop.stream import Stream
from telephony.changes import LineLeaving
from telephony.ids import CallId, Interface, PbxId, QueueName
from tests.fakes.toy_browser import ToyBrowser
from tests.fakes.toy_floor import PBX, ToyDirectory, ToyFloor

pytestmark = pytest.mark.unit

NORTH, SOUTH = PBX, PbxId("south")
INTERFACES = [Interface(f"PJSIP/100{n}") for n in range(3)]
CALLS = [CallId(f"c{n}") for n in range(2)]
QUEUES = [QueueName("q-sales"), QueueName("q-help")]
VERBS = [
    "join",
    "leave",
    "ring",
    "ring",
    "ring",
    "unring",
    "answer",
    "answer",
    "hold",
    "part",
    "end",
    "forget",
    "lose",
    "know",
    "know_card",
    "know_card",
    "pause",
    "link",
    "clock",
    "refresh",
    "rebuild",
    "rename",
]


def viewer(role: str, interface: str | None, pbx: str | None = NORTH) -> Viewer:
    who = {"user_id": 1, "login": "x", "name": "X", "role": role, "language": "en"}
    return Viewer.model_validate({**who, "pbx": pbx if interface else None, "interface": interface})


VIEWERS = [
    viewer("agent", INTERFACES[0]),
    viewer("agent", INTERFACES[0], SOUTH),
    viewer("agent", INTERFACES[1]),
    viewer("agent", None),
    viewer("supervisor", None),
    viewer("supervisor", INTERFACES[2], SOUTH),
]


class World:
    """One screen over several switches, its hub, and browsers of all kinds of viewers, one more at every step."""

    def __init__(self, backlog: int, *pbxs: PbxId) -> None:
        self.directory = ToyDirectory(
            {(pbx, one): Agent(n, f"{n} of {pbx}") for pbx in pbxs for n, one in enumerate(INTERFACES)}
        )
        self.floors = {pbx: ToyFloor(pbx) for pbx in pbxs}
        self.screen = Screen(self.directory)
        ids = count()
        self.hub = Hub(self.screen, lambda: f"s{next(ids)}", backlog=backlog)
        self.at = Instant(2000.0, 10.0)
        self.watching: list[tuple[Stream, ToyBrowser]] = []
        for pbx, floor in self.floors.items():
            for interface in INTERFACES:
                floor.sign_in(interface, QUEUES[0])
            self.screen.rebuild(pbx, floor, self.at)
            floor.take()

    def join(self, viewer: Viewer) -> None:
        self.watching.append((self.hub.join(viewer), ToyBrowser()))

    def pump(self, stream: Stream, browser: ToyBrowser) -> None:
        """What the socket does: a snapshot when due, then all there is."""
        while stream.has_news:
            if stream.snapshot_due:
                browser.hear(self.hub.snapshot(stream, self.at))
            for delta in stream.take(self.at, 3):
                before = set(browser.calls)
                browser.hear(delta.text)
                self.check_rights(stream.viewer, browser, before)

    def check_rights(self, viewer: Viewer, browser: ToyBrowser, before: set[str]) -> None:
        if viewer.role != "agent":
            return
        match browser.heard[-1]:
            case CallPut(call=call):
                mine = call.pbx == viewer.pbx and viewer.interface in [*call.ringing, *call.talking]
                assert mine or (call.stage == "ended" and call.call in before)
            case CardPut(card=card):
                call = browser.calls[card.call]
                assert call.pbx == viewer.pbx
                assert viewer.interface in [*call.ringing, *call.talking]
            case AgentPut(agent=agent):
                assert (agent.pbx, agent.interface) == (viewer.pbx, viewer.interface)
            case LinePut(line=line):
                assert line.tiers == []
            case _:
                pass

    def fresh(self, viewer: Viewer) -> bytes:
        stream = self.hub.join(viewer)
        snapshot = self.hub.snapshot(stream, self.at)
        self.hub.drop(stream)
        return snapshot

    def later(self, n: int) -> None:
        for floor in self.floors.values():
            floor.now += n
        self.at = Instant(self.at.epoch + n, self.at.monotonic + n)

    def do(self, pbx: PbxId, verb: str, call: CallId, interface: Interface, queue: QueueName, n: int) -> None:
        if verb in OF_FLOOR:
            OF_FLOOR[verb](self, pbx, interface, n)
        elif verb in ("know", "know_card"):
            self.know(pbx, call, n, verb == "know_card")
        else:
            floor = self.floors[pbx]
            if call not in floor.calls or floor.calls[call].ended is not None:
                floor.arrive(call)
            OF_CALL[verb](floor, call, interface, queue, n)

    def know(self, pbx: PbxId, call: CallId, n: int, with_card: bool) -> None:
        key = f"{pbx}/{call}"
        card = Card(call=key, number=f"+7{n}", clients=[], chosen=None, callback=None) if with_card else None
        known = Known(
            ["vip", "standard", "odd"][n % 3],
            n,
            n,
            f"Client {n}",
            CardText.of(card) if card else None,
            self.at,
        )
        self.publish()
        self.hub.publish(self.screen.know(key, known, self.at))

    def publish(self) -> None:
        for pbx, floor in self.floors.items():
            self.hub.publish(self.screen.apply(pbx, floor, floor.take(), self.at))

    def refresh(self) -> None:
        self.publish()
        self.hub.publish(self.screen.refresh(self.at))

    def rebuild(self, pbx: PbxId) -> None:
        self.publish()
        self.hub.publish(self.screen.rebuild(pbx, self.floors[pbx], self.at))

    def rename(self, n: int) -> None:
        self.directory.sales_name = f"Sales {n}"
        self.publish()
        self.hub.publish(self.screen.redraw(self.at))

    def link(self, pbx: PbxId, n: int) -> None:
        state = "up" if n % 2 else "down"
        self.hub.publish(self.screen.link(pbx, state, None, self.at))  # type: ignore[arg-type]

    def clock(self, pbx: PbxId, n: int) -> None:
        self.hub.publish(self.screen.clock(pbx, float(n)))


OF_FLOOR: dict[str, Callable[[World, PbxId, Interface, int], None]] = {
    "pause": lambda world, pbx, interface, n: world.floors[pbx].pause(interface, "lunch" if n % 2 else None),
    "link": lambda world, pbx, _, n: world.link(pbx, n),
    "clock": lambda world, pbx, _, n: world.clock(pbx, n),
    "refresh": lambda world, *_: world.refresh(),
    "rebuild": lambda world, pbx, *_: world.rebuild(pbx),
    "rename": lambda world, _, __, n: world.rename(n),
}
OF_CALL: dict[str, Callable[[ToyFloor, CallId, Interface, QueueName, int], object]] = {
    "join": lambda floor, call, _, queue, n: floor.calls[call].place or floor.join(call, queue, n + 1),  # type: ignore[func-returns-value]
    "leave": lambda floor, call, *_: floor.leave(call, LineLeaving.MOVED),
    "ring": lambda floor, call, interface, *_: floor.ring(call, interface),
    "unring": lambda floor, call, interface, *_: floor.unring(call, interface),
    "answer": lambda floor, call, interface, *_: floor.answer(call, interface),
    "hold": lambda floor, call, *_: floor.hold(call),
    "part": lambda floor, call, interface, *_: floor.part(call, interface),
    "end": lambda floor, call, *_: floor.end(call),
    "forget": lambda floor, call, *_: floor.end(call, forget=True),
    "lose": lambda floor, call, *_: floor.lose(call),
}

Step = tuple[PbxId, str, CallId, Interface, QueueName, int, bool]

steps = st.lists(
    st.tuples(
        st.sampled_from([NORTH, SOUTH]),
        st.sampled_from(VERBS),
        st.sampled_from(CALLS),
        st.sampled_from(INTERFACES),
        st.sampled_from(QUEUES),
        st.integers(0, 5),
        st.booleans(),
    ),
    min_size=10,
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(steps=steps, backlog=st.sampled_from([2, 7, 512]), lazy=st.integers(0, 3))
def test_a_browser_that_joined_at_any_moment_has_the_picture_of_a_fresh_one(
    steps: list[Step], backlog: int, lazy: int
) -> None:
    world = World(backlog, NORTH, SOUTH)
    for step, (pbx, verb, call, interface, queue, n, publish) in enumerate(steps):
        world.join(VIEWERS[step % len(VIEWERS)])
        world.later(n)
        world.do(pbx, verb, call, interface, queue, n)
        if publish:
            world.publish()
        for index, (stream, browser) in enumerate(world.watching):
            if lazy == 0 or index % (lazy + 1):
                world.pump(stream, browser)
    world.publish()
    for one in VIEWERS:
        fresh = ToyBrowser()
        fresh.hear(world.fresh(one))
        for stream, browser in world.watching:
            if stream.viewer == one:
                world.pump(stream, browser)
                assert browser.picture() == fresh.picture()


@settings(max_examples=100, deadline=None)
@given(steps=steps)
def test_of_two_switches_with_the_same_ids_each_looks_as_if_it_were_alone(steps: list[Step]) -> None:
    """Besides the lines, which both serve here."""
    both, alone = World(512, NORTH, SOUTH), World(512, SOUTH)
    for pbx, verb, call, interface, queue, n, publish in steps:
        for world in (both, alone):
            world.later(n)
            if pbx in world.floors or verb in ("rename", "refresh"):  # nobody's alone
                world.do(pbx, verb, call, interface, queue, n)
            if publish or verb not in OF_CALL:  # most of those publish what there is of both
                world.publish()
    for world in (both, alone):
        world.rename(0)
    for viewer in VIEWERS:
        seen, wanted = ToyBrowser(), ToyBrowser()
        seen.hear(both.fresh(viewer))
        wanted.hear(alone.fresh(viewer))
        assert {key: one for key, one in seen.calls.items() if one.pbx == SOUTH} == wanted.calls
        assert {key: one for key, one in seen.agents.items() if one.pbx == SOUTH} == wanted.agents
        assert {key: one for key, one in seen.cards.items() if key.startswith(SOUTH)} == wanted.cards
        assert seen.links.get(SOUTH) == wanted.links.get(SOUTH)
