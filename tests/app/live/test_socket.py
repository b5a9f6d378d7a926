"""What a browser meets at `/live`, over a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from websockets.exceptions import InvalidStatus

from app.live.pops import PopShown
from app.live.service import Live, now
from screenpop.messages import AgentPut, CallGone, CallPut, Card, CardPut, LinkPut, Pong, Snapshot
from screenpop.sources import Agent, CardText, Known
from telephony.ids import CallId, Interface, QueueName
from tests.fakes.live_server import LiveServer, someone
from tests.fakes.toy_floor import PBX, ToyDirectory, ToyFloor

pytestmark = pytest.mark.unit

ONE, TWO = Interface("PJSIP/1001"), Interface("PJSIP/1002")
SALES = QueueName("q-sales")
ANNA, BORIS = someone(b"anna", interface=ONE, user_id=1), someone(b"boris", interface=TWO, user_id=2)
BOSS = someone(b"boss", role="supervisor", user_id=3)


class Centre:
    """A floor with two agents, whose changes go to the live screens."""

    def __init__(self) -> None:
        self.shown: list[PopShown] = []
        people = {(PBX, ONE): Agent(1, "Anna"), (PBX, TWO): Agent(2, "Boris")}
        self.live = Live(ToyDirectory(people), on_shown=self.shown.append, backlog=16)
        self.floor = ToyFloor()
        self.floor.sign_in(ONE, SALES)
        self.floor.sign_in(TWO, SALES)
        self.live.rebuilt(self.floor)  # type: ignore[arg-type]

    def tell(self) -> None:
        self.live.batch(self.floor, self.floor.take(), now())  # type: ignore[arg-type]

    def know(self, call: str, note: str = "") -> None:
        card = Card(call=f"{PBX}/{call}", number=f"+7916{note}", clients=[], chosen=None, callback=None)
        self.live.know(f"{PBX}/{call}", Known("vip", 1000, 7, "Client", CardText.of(card), now()))

    def ring(self, call: str, interface: Interface) -> None:
        self.floor.arrive(CallId(call))
        self.floor.join(CallId(call), SALES)
        self.floor.ring(CallId(call), interface)
        self.tell()


@pytest.fixture
def centre() -> Centre:
    return Centre()


@pytest.fixture(params=[True, False], ids=["outlet", "asgi"])
async def server(centre: Centre, request: pytest.FixtureRequest) -> AsyncIterator[LiveServer]:
    """Once as the service runs it, once with a server that knows nothing but ASGI."""
    async with LiveServer(centre.live, outlet=request.param) as one:
        yield one


async def test_a_ticket_opens_one_connection_and_no_second(server: LiveServer) -> None:
    ticket = await server.ticket(ANNA)
    async with server.open(f"ticket={ticket}") as browser:
        assert isinstance(await browser.read(), Snapshot)
    with pytest.raises(InvalidStatus) as refused:
        async with server.open(f"ticket={ticket}"):
            pass
    assert refused.value.response.status_code == 401
    assert json.loads(refused.value.response.body)["code"] == "not_signed_in"


@pytest.mark.parametrize("query", ["", "ticket=", "ticket=guessed"])
async def test_without_a_valid_ticket_nobody_gets_in(server: LiveServer, query: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with server.open(query):
            pass
    assert refused.value.response.status_code == 401


async def test_a_stranger_gets_no_ticket(server: LiveServer) -> None:
    assert (await server.post_ticket("nobody")).status_code == 401


async def test_a_page_of_another_site_cannot_connect_even_with_a_ticket(server: LiveServer) -> None:
    ticket = await server.ticket(ANNA)
    with pytest.raises(InvalidStatus) as refused:
        async with server.open(f"ticket={ticket}", origin="https://elsewhere.example"):
            pass
    assert refused.value.response.status_code == 403
    async with server.open(f"ticket={ticket}", origin=f"http://{server.url}") as browser:
        assert isinstance(await browser.read(), Snapshot)


async def test_the_card_pops_with_the_first_ring_and_its_speed_is_measured(
    server: LiveServer, centre: Centre
) -> None:
    async with server.browse(ANNA) as browser:
        centre.know("c1")
        centre.ring("c1", ONE)
        pop = await browser.read_until(CardPut)
        assert isinstance(pop, CardPut)
        assert browser.calls["main/c1"].stage == "ringing"
        assert browser.calls["main/c1"].client_name == "Client"
        assert pop.stamps is not None
        assert pop.stamps.card_at <= pop.stamps.event_at <= pop.stamps.sent_at
        for _ in range(2):
            await browser.socket.send(json.dumps({"type": "card_shown", "call": "main/c1", "seq": pop.seq}))
        await browser.socket.send('{"type":"ping"}')
        await browser.read_until(Pong)
    assert [(one.call, one.user_id, one.interface) for one in centre.shown] == [("main/c1", 1, ONE)]
    assert centre.shown[0].event_at <= centre.shown[0].sent_at <= centre.shown[0].shown_at
    assert centre.live.pops.event_to_ack().count == 1
    assert centre.live.pops.event_to_socket().count == 1


async def test_a_card_that_is_late_pops_when_it_comes(server: LiveServer, centre: Centre) -> None:
    async with server.browse(ANNA) as browser:
        centre.ring("c1", ONE)
        await browser.read_until(CallPut)
        assert not browser.cards
        centre.know("c1")
        pop = await browser.read_until(CardPut)
        assert isinstance(pop, CardPut)
        assert pop.stamps is not None
        centre.know("c1", note="changed")
        again = await browser.read_until(CardPut)
        assert isinstance(again, CardPut)
        assert again.stamps is None
        assert browser.cards["main/c1"].number == "+7916changed"


async def test_an_agent_hears_of_his_own_calls_only(server: LiveServer, centre: Centre) -> None:
    async with server.browse(ANNA) as anna, server.browse(BORIS) as boris, server.browse(BOSS) as boss:
        for call, interface in (("c1", ONE), ("c2", TWO)):
            centre.know(call)
            centre.ring(call, interface)
        centre.live.refresh()
        centre.live.link("main", "up")
        for browser in (anna, boris, boss):
            await browser.read_until(LinkPut)
        assert set(anna.calls) == set(anna.cards) == {"main/c1"}
        assert set(boris.calls) == set(boris.cards) == {"main/c2"}
        assert set(anna.agents) == {f"main/{ONE}"}
        assert all(line.tiers == [] for line in anna.lines.values())
        assert set(boss.calls) == {"main/c1", "main/c2"}
        assert boss.cards == {}
        assert set(boss.agents) == {f"main/{ONE}", f"main/{TWO}"}
        assert sum(tier.waiting for tier in boss.lines["sales"].tiers) == 2


async def test_a_call_that_moves_on_leaves_the_first_agent_and_pops_at_the_second(
    server: LiveServer, centre: Centre
) -> None:
    async with server.browse(ANNA) as anna, server.browse(BORIS) as boris:
        centre.know("c1")
        centre.ring("c1", ONE)
        await anna.read_until(CardPut)
        centre.floor.answer(CallId("c1"), ONE)
        centre.floor.ring(CallId("c1"), TWO)
        centre.floor.answer(CallId("c1"), TWO)
        centre.floor.part(CallId("c1"), ONE)
        centre.tell()
        await anna.read_until(CallGone)
        pop = await boris.read_until(CardPut)
        assert isinstance(pop, CardPut)
        assert pop.stamps is not None
        centre.floor.end(CallId("c1"))
        centre.tell()
        await boris.read_until(CallGone)
        last = [one for one in boris.heard if isinstance(one, CallPut)][-1]
        assert (last.call.stage, last.call.outcome) == ("ended", "answered")


async def test_after_a_gap_the_missed_deltas_come_and_no_snapshot(server: LiveServer, centre: Centre) -> None:
    async with server.browse(BOSS) as browser:
        centre.ring("c1", ONE)
        await browser.read_until(AgentPut)
    centre.ring("c2", TWO)
    resume = f"&stream={browser.stream}&seq={browser.seq}"
    async with server.browse(BOSS, resume) as back:
        back.stream, back.seq = browser.stream, browser.seq
        await back.read_until(AgentPut)
        assert set(back.calls) == {"main/c2"}
        assert back.snapshots == 0


@pytest.mark.parametrize(
    "resume", ["&stream={stream}&seq=999", "&stream=unknown&seq=1", "&stream={stream}&seq=x"]
)
async def test_what_cannot_be_resumed_starts_over(server: LiveServer, resume: str) -> None:
    async with server.browse(BOSS) as browser:
        pass
    async with server.browse(BOSS, resume.format(stream=browser.stream)) as back:
        assert isinstance(await back.read(), Snapshot)


async def test_a_gap_longer_than_the_backlog_starts_over(server: LiveServer, centre: Centre) -> None:
    async with server.browse(BOSS) as browser:
        pass
    for n in range(20):
        centre.ring(f"c{n}", ONE)
    async with server.browse(BOSS, f"&stream={browser.stream}&seq={browser.seq}") as back:
        assert isinstance(await back.read(), Snapshot)
        assert len(back.calls) == 20


async def test_nobody_resumes_the_stream_of_another(server: LiveServer, centre: Centre) -> None:
    async with server.browse(BOSS) as boss:
        pass
    centre.ring("c1", TWO)
    async with server.browse(ANNA, f"&stream={boss.stream}&seq={boss.seq}") as anna:
        assert isinstance(await anna.read(), Snapshot)
        assert anna.calls == {}
        assert anna.stream != boss.stream


async def test_a_browser_that_reads_nothing_delays_nobody_and_gets_a_snapshot(
    server: LiveServer, centre: Centre
) -> None:
    colleague = someone(b"colleague", interface=ONE, user_id=4)
    async with server.browse(ANNA, max_queue=1) as slow, server.browse(colleague) as quick:
        slow.socket.transport.pause_reading()  # type: ignore[attr-defined]
        centre.ring("c0", ONE)
        await quick.read_until(CallPut)
        for n in range(200):
            centre.know("c0", note=f"{n} {'x' * 100_000}")
            await quick.read_until(CardPut)
        assert quick.snapshots == 1
        slow.socket.transport.resume_reading()  # type: ignore[attr-defined]
        while slow.cards != quick.cards:
            await slow.read()
        assert slow.snapshots > 1
        assert len(slow.heard) < 200


async def test_a_pop_waits_behind_what_is_still_on_its_way(server: LiveServer, centre: Centre) -> None:
    colleague = someone(b"colleague", interface=ONE, user_id=4)
    async with server.browse(ANNA, max_queue=1) as slow, server.browse(colleague) as quick:
        slow.socket.transport.pause_reading()  # type: ignore[attr-defined]
        for n in range(120):
            centre.know(f"c{n}", note="x" * 100_000)
            centre.ring(f"c{n}", ONE)
            await quick.read_until(CardPut)
        slow.socket.transport.resume_reading()  # type: ignore[attr-defined]
        while slow.cards != quick.cards:
            await slow.read()


async def test_a_session_that_ends_takes_its_sockets_along(server: LiveServer, centre: Centre) -> None:
    async with server.browse(ANNA) as anna, server.browse(BORIS) as boris:
        unused = await server.ticket(ANNA)
        centre.live.sign_out({ANNA.session})
        closed = await anna.closed()
        assert closed.rcvd is not None
        assert closed.rcvd.code == 4401
        with pytest.raises(InvalidStatus):
            async with server.open(f"ticket={unused}"):
                pass
        centre.live.link("main", "up")
        await boris.read_until(LinkPut)


async def test_sessions_are_checked_while_sockets_are_open(
    server: LiveServer, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.live.service.CHECK_SESSIONS_S", 0)

    async def over(asked: set[bytes]) -> set[bytes]:
        return asked & {ANNA.session}

    async with server.browse(ANNA) as anna, server.browse(BORIS) as boris, asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(centre.live.watch_sessions(over))
        closed = await anna.closed()
        assert closed.rcvd is not None
        assert closed.rcvd.code == 4401
        watching.cancel()
        await boris.socket.send('{"type":"ping"}')
        assert isinstance(await boris.read(), Pong)


@pytest.mark.parametrize(
    ("junk", "code"),
    [
        ("no json", 1008),
        ('{"type":"unheard_of"}', 1008),
        ('{"type":"ping","extra":1}', 1008),
        (b"\x00\x01", 1008),
        ("x" * 5000, 1009),
    ],
)
async def test_junk_closes_the_connection_and_says_why(
    server: LiveServer, junk: str | bytes, code: int
) -> None:
    async with server.browse(ANNA) as browser:
        await browser.socket.send(junk)
        closed = await browser.closed()
        assert closed.rcvd is not None
        assert closed.rcvd.code == code
        assert closed.rcvd.reason


async def test_a_second_connection_takes_the_stream_over(server: LiveServer, centre: Centre) -> None:
    async with AsyncExitStack() as open_ones:
        first = await open_ones.enter_async_context(server.browse(BOSS))
        resume = f"&stream={first.stream}&seq={first.seq}"
        second = await open_ones.enter_async_context(server.browse(BOSS, resume))
        second.stream, second.seq = first.stream, first.seq
        closed = await first.closed()
        assert closed.rcvd is not None
        assert closed.rcvd.code == 4409
        centre.ring("c1", ONE)
        await second.read_until(CallPut)
        assert len(centre.live.viewers()) == 1


async def test_a_browser_that_leaves_is_no_viewer_any_more(
    server: LiveServer, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, leave = asyncio.Event(), centre.live.leave
    monkeypatch.setattr(centre.live, "leave", lambda seat: (leave(seat), left.set()))
    async with server.browse(ANNA):
        assert [one.login for one in centre.live.viewers()] == ["anna"]
    await asyncio.wait_for(left.wait(), 5)
    assert centre.live.viewers() == []


async def test_how_fast_pops_are_is_for_supervisors(server: LiveServer) -> None:
    await server.ticket(ANNA)
    await server.ticket(BOSS)
    answers = {
        who: await server.http.get("/api/live/pops", headers={"cookie": f"tierline_session={who}"})
        for who in ("anna", "boss")
    }
    assert answers["anna"].status_code == 403
    assert answers["boss"].json()["event_to_ack_ms"] == {"count": 0, "p50": None, "p95": None, "p99": None}
