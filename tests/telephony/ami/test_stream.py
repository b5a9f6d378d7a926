"""One event connection fed by hand: order, chunks, slices and stamps, without a socket."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.ami.connection import Endpoint, LinkState
from telephony.ami.consumer import Counters, Limits
from telephony.ami.looks import NotBelieved
from telephony.ami.resync import CHANNEL_LIST, SNAPSHOT_ACTIONS, Snapshot
from telephony.ami.stream import PIECE, EventStream
from telephony.events import Event
from telephony.ids import PbxId
from tests.fakes.recorder import Recorder
from tests.fakes.switch import BANNER, FakeMember, FakeQueue, FakeSwitch, Session, block, channel

pytestmark = pytest.mark.unit

CAPTURE = (Path(__file__).parents[2] / "fixtures" / "ami" / "session-40-calls.ami").read_bytes()
LIVE = CAPTURE[CAPTURE.index(b"Event: SuccessfulAuth") :]


class Outbox(asyncio.Transport):
    """Where the stream writes to; what it asks is answered by the test."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False
        self._news = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)
        self._news.set()

    async def asked(self, action_id: str) -> None:
        while f"ActionID: {action_id}\r\n".encode() not in self.written:
            self._news.clear()
            await self._news.wait()

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True


def still() -> float:
    return 100.0


class Ticking:
    """A clock that moves on by a second whenever it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def opened(
    told: Recorder, clock: Callable[[], float] = still, limits: Limits | None = None
) -> tuple[EventStream, Outbox]:
    def tell(state: LinkState) -> None:
        told.link_state(state)

    stream = EventStream(
        Endpoint(PbxId("main"), "127.0.0.1", 5038, "tierline", "secret"),
        told,
        Counters(),
        limits or Limits(),
        tell=tell,
        calm=lambda: 0.0,
        clock=clock,
    )
    outbox = Outbox()
    stream.connection_made(outbox)
    return stream, outbox


def answers(between: bytes = b"", number: int = 1) -> bytes:
    """What a switch with a call on it answers to the snapshot actions, with events between the lists."""
    switch = FakeSwitch()
    switch.state.channels["a.1"] = channel("a.1", "PJSIP/trunk-1", number="79161234567")
    switch.state.channels["a.2"] = channel("a.2", "PJSIP/1001-1", linkedid="a.1")
    anna = FakeMember("PJSIP/1001", "Иванова Анна")
    switch.state.queues["sales"] = FakeQueue(members={anna.interface: anna}, waiting=["a.1"])
    switch.state.devices = {"PJSIP/1001": "NOT_INUSE"}
    session = Session(writer=None)  # type: ignore[arg-type]
    session.logged_in = True
    return b"".join(
        switch.answer(session, {"Action": name, "ActionID": f"snapshot-{number}-{at}", **headers}) + between
        for at, (name, headers, _) in enumerate(SNAPSHOT_ACTIONS)
    )


WELCOME = block(Response="Success", ActionID="login", Message="Authentication accepted") + block(
    Event="FullyBooted", Privilege="system,all", Status="Fully Booted"
)
BETWEEN = block(
    {"Event": "Newchannel", "Privilege": "call,all", "Timestamp": "1795331468.1"},
    channel("a.5", "PJSIP/trunk-5", caller="Пётр Ёжиков"),
)
SESSION = BANNER + WELCOME + answers(BETWEEN) + LIVE[:150_000]


async def calls_of(chunks: list[bytes]) -> list[tuple[str, object]]:
    told = Recorder()
    stream, _ = opened(told)
    for chunk in chunks:
        stream.data_received(chunk)
    return told.calls


async def test_a_session_is_state_snapshot_and_events_in_order() -> None:
    calls = await calls_of([SESSION])
    kinds = [kind for kind, _ in calls]
    assert kinds[:2] == ["state", "snapshot"]
    assert set(kinds[2:]) == {"event"}
    assert len(kinds) > 50


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, len(SESSION)), max_size=60), st.integers(1, 3))
async def test_how_the_network_cuts_the_stream_changes_nothing(cuts: list[int], small: int) -> None:
    """Anywhere, also inside letters, names and line ends; and the first bytes in very small pieces."""
    bounds = sorted({0, *cuts, *range(0, 600, small), len(SESSION)})
    chunks = [SESSION[a:b] for a, b in itertools.pairwise(bounds)]
    assert await calls_of(chunks) == await calls_of([SESSION])


async def test_when_nothing_is_queued_an_event_is_told_before_the_read_returns() -> None:
    told = Recorder()
    stream, _ = opened(told)
    stream.data_received(BANNER + WELCOME + answers())
    stream.data_received(BETWEEN)
    assert told.kinds == ["state", "snapshot", "event"]


async def test_the_stamp_is_the_moment_the_first_byte_of_a_message_was_read() -> None:
    told = Recorder()
    clock = Ticking()
    stream, _ = opened(told, clock)
    stream.data_received(BANNER + WELCOME + answers())
    clock.now = 10.0
    stream.data_received(BETWEEN[:30])
    stream.data_received(BETWEEN[30:60])
    stream.data_received(BETWEEN[60:] + BETWEEN)
    stream.data_received(BETWEEN)
    assert told.received == [11.0, 14.0]


async def test_a_burst_is_worked_off_in_slices_and_others_get_their_turn() -> None:
    told = Recorder()
    stream, _ = opened(told, Ticking(), Limits(lag_s=10_000))
    stream.data_received(BANNER + WELCOME + answers())
    burst = BETWEEN * (10 * PIECE // len(BETWEEN))
    stream.data_received(burst)
    turns = [len(told.all("event"))]
    stream.data_received(BETWEEN)  # comes later, is told later
    while turns[-1] < burst.count(b"Newchannel") + 1:
        await asyncio.sleep(0)  # somebody else's turn
        turns.append(len(told.all("event")))
    assert len(turns) >= 10
    assert turns == sorted(turns)
    assert max(b - a for a, b in itertools.pairwise(turns)) <= PIECE // len(BETWEEN) + 2


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(queue_bytes=2 * PIECE, lag_s=10_000), "bytes waited to be read"),
        (Limits(lag_s=0.5), "behind"),
    ],
)
async def test_a_consumer_too_slow_for_the_stream_leads_to_stale_and_a_new_snapshot(
    limits: Limits, why: str
) -> None:
    told = Recorder()
    stream, outbox = opened(told, Ticking(), limits)
    stream.data_received(BANNER + WELCOME + answers())
    burst = BETWEEN * (2 * PIECE // len(BETWEEN))
    stream.data_received(burst)
    stream.data_received(burst[: len(burst) - 7])  # the gap begins in the middle of a message
    assert why in await told.heard("stale")
    before = len(told.all("event"))
    assert not stream.believed
    stream.data_received(burst[len(burst) - 7 :] + BETWEEN[:40])  # thrown away
    await outbox.asked("snapshot-2-0")
    stream.data_received(BETWEEN[40:] + answers(number=1))  # the rest of a torn message, answers of old
    assert told.kinds.count("snapshot") == 1
    stream.data_received(answers(number=2) + BETWEEN)
    assert told.kinds[-3:] == ["stale", "snapshot", "event"]
    assert len(told.all("event")) == before + 1
    assert stream.believed


async def test_too_many_events_during_a_snapshot_begin_it_anew() -> None:
    told = Recorder()
    stream, outbox = opened(told, limits=Limits(held_events=3))
    stream.data_received(BANNER + WELCOME + BETWEEN * 5)
    await outbox.asked("snapshot-2-0")
    looks_whole = BETWEEN  # but nobody knows what stood before it, so it may be the end of a value
    stream.data_received(looks_whole + answers(number=2))
    assert told.kinds == ["state", "snapshot"]


async def test_the_secret_is_sent_only_after_a_greeting() -> None:
    stream, outbox = opened(Recorder())
    assert outbox.written == b""
    stream.data_received(BANNER[:9])
    assert outbox.written == b""
    stream.data_received(BANNER[9:])
    assert outbox.written.count(b"Secret: secret\r\n") == 1


async def test_a_fault_while_working_off_a_burst_ends_the_stream_with_it() -> None:
    class Faulty(Recorder):
        def events(self, events: list[Event], received: float) -> None:
            if self.received:
                raise ZeroDivisionError("a fault of ours")
            super().events(events, received)

    told = Faulty()
    stream, outbox = opened(told, Ticking(), Limits(lag_s=10_000))
    stream.data_received(BANNER + WELCOME + answers())
    stream.data_received(BETWEEN * (5 * PIECE // len(BETWEEN)))
    ending = await stream.ended
    assert isinstance(ending.error, ZeroDivisionError)
    assert outbox.closed


class InSteps(Recorder):
    """Takes a snapshot in ten steps, each told."""

    def snapshot(self, snapshot: Snapshot, received: float) -> Iterator[None]:  # type: ignore[override]
        for number in range(10):
            self._tell("step", number)
            yield
        super().snapshot(snapshot, received)


async def test_a_rebuild_is_taken_in_slices_and_events_stand_behind_it() -> None:
    told = InSteps()
    stream, _ = opened(told, Ticking())
    stream.data_received(BANNER + WELCOME + answers() + BETWEEN)
    assert told.kinds == ["state", "step"], "one slice, then somebody else's turn"
    stream.data_received(BETWEEN)
    await told.heard("event", 2)
    assert told.kinds == ["state", *["step"] * 10, "snapshot", "event", "event"]
    stream.data_received(BETWEEN)
    assert told.kinds[-1] == "event"


async def test_a_rebuild_that_was_begun_is_ended_before_the_floor_is_stale_again() -> None:
    told = InSteps()
    stream, _ = opened(told, Ticking())
    stream.data_received(BANNER + WELCOME + answers())
    stream.connection_lost(None)
    assert told.kinds == ["state", *["step"] * 10, "snapshot", "stale"]
    await asyncio.sleep(0)
    assert told.kinds[-1] == "stale"


async def test_nothing_is_compared_before_a_rebuild_is_over() -> None:
    told = InSteps()
    stream, _ = opened(told, Ticking())
    stream.data_received(BANNER + WELCOME + answers())
    with pytest.raises(NotBelieved):
        stream.look(CHANNEL_LIST, lambda seen: seen)
    await told.heard("snapshot")
    await asyncio.sleep(0)
    assert not stream.look(CHANNEL_LIST, lambda seen: seen).done()


async def test_a_fault_in_a_later_slice_ends_the_stream_with_it() -> None:
    class Faulty(Recorder):
        def snapshot(self, snapshot: Snapshot, received: float) -> Iterator[None]:  # type: ignore[override]
            yield
            raise ZeroDivisionError("a fault of ours")

    stream, outbox = opened(Faulty(), Ticking())
    stream.data_received(BANNER + WELCOME + answers())
    ending = await stream.ended
    assert isinstance(ending.error, ZeroDivisionError)
    assert outbox.closed
