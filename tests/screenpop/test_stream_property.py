"""Snapshot + deltas = fresh snapshot, at every join moment, for every kind of viewer; and nobody hears too much."""

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
from telephony.ids import CallId, Interface, QueueName
from tests.fakes.toy_browser import ToyBrowser
from tests.fakes.toy_floor import PBX, ToyDirectory, ToyFloor

pytestmark = pytest.mark.unit

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
    "refresh",
    "rebuild",
    "rename",
]


def viewer(role: str, interface: str | None) -> Viewer:
    return Viewer.model_validate(
        {"user_id": 1, "login": "x", "name": "X", "role": role, "language": "en", "interface": interface}
    )


VIEWERS = [
    viewer("agent", INTERFACES[0]),
    viewer("agent", INTERFACES[1]),
    viewer("agent", None),
    viewer("supervisor", None),
    viewer("supervisor", INTERFACES[2]),
]


class World:
    """One screen, its hub, and browsers of all kinds of viewers, one more at every step."""

    def __init__(self, backlog: int) -> None:
        self.directory = ToyDirectory({one: Agent(n, f"Agent {n}") for n, one in enumerate(INTERFACES)})
        self.floor = ToyFloor()
        self.screen = Screen(self.directory)
        ids = count()
        self.hub = Hub(self.screen, lambda: f"s{next(ids)}", backlog=backlog)
        self.at = Instant(2000.0, 10.0)
        self.watching: list[tuple[Stream, ToyBrowser]] = []
        for interface in INTERFACES:
            self.floor.sign_in(interface, QUEUES[0])
        self.screen.rebuild(PBX, self.floor, self.at)
        self.floor.take()

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
                mine = viewer.interface in [*call.ringing, *call.talking]
                assert mine or (call.stage == "ended" and call.call in before)
            case CardPut(card=card):
                call = browser.calls[card.call]
                assert viewer.interface in [*call.ringing, *call.talking]
            case AgentPut(agent=agent):
                assert agent.interface == viewer.interface
            case LinePut(line=line):
                assert line.tiers == []
            case _:
                pass

    def fresh(self, viewer: Viewer) -> bytes:
        stream = self.hub.join(viewer)
        snapshot = self.hub.snapshot(stream, self.at)
        self.hub.drop(stream)
        return snapshot

    def do(self, verb: str, call: CallId, interface: Interface, queue: QueueName, n: int) -> None:
        floor = self.floor
        floor.now += n
        self.at = Instant(self.at.epoch + n, self.at.monotonic + n)
        if verb in OF_FLOOR:
            OF_FLOOR[verb](self, interface, n)
        elif verb in ("know", "know_card"):
            self.know(call, n, verb == "know_card")
        else:
            if call not in floor.calls or floor.calls[call].ended is not None:
                floor.arrive(call)
            OF_CALL[verb](floor, call, interface, queue, n)

    def know(self, call: CallId, n: int, with_card: bool) -> None:
        key = f"{PBX}/{call}"
        card = Card(call=key, number=f"+7{n}", clients=[], chosen=None) if with_card else None
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
        self.hub.publish(self.screen.apply(PBX, self.floor, self.floor.take(), self.at))

    def rename(self, n: int) -> None:
        self.directory.sales_name = f"Sales {n}"
        self.publish()
        self.hub.publish(self.screen.rebuild(PBX, self.floor, self.at))

    def link(self, n: int) -> None:
        state = "up" if n % 2 else "down"
        self.hub.publish(self.screen.link(PBX, state, None, self.at))  # type: ignore[arg-type]


OF_FLOOR: dict[str, Callable[[World, Interface, int], None]] = {
    "pause": lambda world, interface, n: world.floor.pause(interface, "lunch" if n % 2 else None),
    "link": lambda world, _, n: world.link(n),
    "refresh": lambda world, *_: (world.publish(), world.hub.publish(world.screen.refresh(world.at)))[0],
    "rebuild": lambda world, *_: world.rename(0),
    "rename": lambda world, _, n: world.rename(n),
}
OF_CALL: dict[str, Callable[[ToyFloor, CallId, Interface, QueueName, int], None]] = {
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

steps = st.lists(
    st.tuples(
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


@settings(max_examples=150, deadline=None)
@given(steps=steps, backlog=st.sampled_from([2, 7, 512]), lazy=st.integers(0, 3))
def test_a_browser_that_joined_at_any_moment_has_the_picture_of_a_fresh_one(
    steps: list[tuple[str, CallId, Interface, QueueName, int, bool]], backlog: int, lazy: int
) -> None:
    world = World(backlog)
    for step, (verb, call, interface, queue, n, publish) in enumerate(steps):
        world.join(VIEWERS[step % len(VIEWERS)])
        world.do(verb, call, interface, queue, n)
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
