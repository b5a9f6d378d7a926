"""The event connection against a switch that behaves, and misbehaves to order."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import which

import pytest
import uvloop

from telephony.ami.capture import Capture, replay
from telephony.ami.connection import Backoff, Connecting, Down, Refused, Up
from telephony.ami.consumer import Limits
from telephony.ami.reader import Reader
from telephony.ami.resync import SNAPSHOT_ACTIONS
from telephony.events import ChannelCreated, ChannelHungUp, Event
from tests.fakes.pauses import Pauses, no_pause, running
from tests.fakes.recorder import Recorder
from tests.fakes.switch import FakeQueue, FakeSwitch, block, channel
from tests.fakes.switch_faults import hang_up, later, never, refuse

pytestmark = pytest.mark.unit

AT_ONCE = Backoff(first_s=0, refused_s=0)
TRUNK = channel("a.1", "PJSIP/trunk-1", number="79161234567", exten="4951234567")


@pytest.fixture
async def switch() -> AsyncIterator[FakeSwitch]:
    async with FakeSwitch() as switch:
        switch.state.queues["sales"] = FakeQueue()
        switch.state.channels["a.1"] = TRUNK
        yield switch


@pytest.fixture
def told() -> Recorder:
    return Recorder()


def new_call(switch: FakeSwitch, uniqueid: str) -> None:
    switch.emit("Newchannel", channel(uniqueid, f"PJSIP/trunk-{uniqueid}", state=4))


def arrived(event: Event) -> str | None:
    return event.channel if isinstance(event, ChannelCreated) else None


async def test_it_logs_in_takes_a_snapshot_and_follows_events(switch: FakeSwitch, told: Recorder) -> None:
    reader = Reader(switch.endpoint(), told)
    async with running(reader.run()):
        await told.heard("snapshot")
        assert reader.believed
        new_call(switch, "a.2")
        assert arrived(await told.heard("event")) == "a.2"
        assert told.kinds == ["state", "state", "snapshot", "event"]
        assert told.all("state") == [Connecting(), Up("Asterisk Call Manager/11.0.0")]
    assert (await switch.asked("Login"))["Events"] == "on"
    assert [action["Action"] for action in switch.received[1:]] == [name for name, _, _ in SNAPSHOT_ACTIONS]


async def test_events_that_come_while_the_lists_do_are_told_after_them(
    switch: FakeSwitch, told: Recorder
) -> None:
    gate = asyncio.Event()
    switch.rules["QueueStatus"] = later(switch, gate)
    async with running(Reader(switch.endpoint(), told).run()):
        await switch.asked("QueueStatus")
        new_call(switch, "a.2")
        switch.emit("Hangup", TRUNK, {"Cause": "16", "Cause-txt": "Normal Clearing"})
        gate.set()
        await told.heard("event", 2)
    assert told.kinds[2:5] == ["snapshot", "event", "event"]
    created, hung_up = told.all("event")[:2]
    assert arrived(created) == "a.2"
    assert isinstance(hung_up, ChannelHungUp)


async def test_a_lost_link_makes_the_floor_stale_until_the_next_snapshot(
    switch: FakeSwitch, told: Recorder
) -> None:
    async with running(Reader(switch.endpoint(), told, backoff=AT_ONCE, sleep=no_pause).run()):
        await told.heard("snapshot")
        switch.emit_raw(b"Event: Newchannel\r\nPrivilege: call,all\r\nUniq")
        switch.drop()
        await told.heard("snapshot", 2)
        new_call(switch, "a.3")
        assert arrived(await told.heard("event")) == "a.3"
    kinds = told.kinds
    assert kinds[: kinds.index("event")] == [
        *["state", "state", "snapshot"],
        *["stale", "state", "state", "state", "snapshot"],
    ]
    assert [type(state) for state in told.all("state")][2:5] == [Down, Connecting, Up]


async def test_half_a_list_is_no_snapshot(switch: FakeSwitch, told: Recorder) -> None:
    switch.rules["CoreShowChannels"] = hang_up(switch, after=300)
    pauses = Pauses()
    async with running(Reader(switch.endpoint(), told, sleep=pauses).run()):
        await pauses.begun(1)
        assert told.all("snapshot") == told.all("stale") == []
        del switch.rules["CoreShowChannels"]
        await pauses.end()
        await told.heard("snapshot")


async def test_a_silent_switch_is_noticed(switch: FakeSwitch, told: Recorder) -> None:
    pauses = Pauses()
    reader = Reader(switch.endpoint(), told, ping_every_s=0.01, ping_deadline_s=0.02, sleep=pauses)
    async with running(reader.run()):
        await told.heard("snapshot")
        await switch.asked("Ping", 2)
        assert told.all("stale") == []
        switch.go_silent()
        assert await told.heard("stale") == "PBX main: no answer to a Ping within 0.02 s"
        await pauses.begun(1)
        assert isinstance(reader.state, Down)
        assert not reader.believed


async def test_a_refused_login_is_told_readably_and_tried_again_slowly(
    switch: FakeSwitch, told: Recorder
) -> None:
    pauses = Pauses()
    reader = Reader(switch.endpoint(secret="wrong"), told, backoff=Backoff(jitter=0), sleep=pauses)
    async with running(reader.run()):
        await pauses.begun(1)
        await pauses.end()
        await pauses.begun(2)
    assert pauses.asked == [60.0, 60.0]
    assert told.all("state")[1] == Refused(
        "PBX main refused the login of user 'tierline': Authentication failed — "
        "check secret= and permit= of [tierline] in manager.conf",
        60.0,
    )
    assert told.all("snapshot") == []


async def test_waits_grow_up_to_a_bound_and_begin_anew_once_the_link_has_lasted(
    switch: FakeSwitch, told: Recorder
) -> None:
    await switch.stop()
    pauses = Pauses()
    backoff = Backoff(first_s=1, ceiling_s=3, jitter=0)
    reader = Reader(switch.endpoint(), told, backoff=backoff, ping_every_s=0.001, sleep=pauses,
                    ping_deadline_s=0.005)  # fmt: skip
    async with running(reader.run()):
        for times in (1, 2, 3):
            await pauses.begun(times)
            await pauses.end()
        await pauses.begun(4)
        assert pauses.asked == [1, 2, 3, 3]
        assert "cannot be reached" in told.all("state")[-1].words
        await switch.start()
        await pauses.end()
        await switch.asked("Ping", 2)
        switch.drop()
        await pauses.begun(5)
        assert pauses.asked[-1] == 1


def test_jitter_only_shortens_a_wait() -> None:
    chances = iter((0.0, 0.5, 1.0))
    backoff = Backoff(first_s=8, ceiling_s=8, jitter=0.5, rng=lambda: next(chances))
    waits = [backoff.after_loss() for _ in range(3)]
    assert waits == [8, 6, 4]


async def test_a_flood_is_dropped_not_believed_and_the_same_link_resynced(
    switch: FakeSwitch, told: Recorder
) -> None:
    limits = Limits(queue_bytes=100_000, slice_s=0.0)
    reader = Reader(switch.endpoint(), told, limits=limits, calm=AT_ONCE)
    async with running(reader.run()):
        await told.heard("snapshot")
        one = block({"Event": "Newchannel", "Privilege": "call,all", "Timestamp": "1795331468.1"}, TRUNK)
        switch.emit_raw(one * 20_000)
        await told.heard("stale")
        await told.heard("snapshot", 2)
        await told.until(lambda: reader.believed)
        switch.emit_raw(b"".join(block(Event="Marker", Privilege="user,all") for _ in range(3)))
        new_call(switch, "a.9")
        await told.until(lambda: any(arrived(event) == "a.9" for event in told.all("event")))
    assert reader.counters.overflows >= 1
    assert len(told.all("event")) < 20_000
    assert switch.count("Login") == 1, "reading went on: the link was never given up"
    believed = False
    for kind, _ in told.calls:
        assert kind != "event" or believed, "no event reaches a floor that is not believed"
        believed = {"snapshot": True, "stale": False}.get(kind, believed)


async def test_what_the_switch_said_before_it_hung_up_is_told(switch: FakeSwitch, told: Recorder) -> None:
    async with running(Reader(switch.endpoint(), told, limits=Limits(slice_s=0.0), sleep=Pauses()).run()):
        await told.heard("snapshot")
        one = block({"Event": "Newchannel", "Privilege": "call,all", "Timestamp": "1795331468.1"}, TRUNK)
        switch.emit_raw(one * 2_000)
        switch.hang_up()
        await told.heard("stale")
        assert len(told.all("event")) == 2_000


async def test_a_switch_that_was_still_booting_is_asked_again(told: Recorder) -> None:
    async with FakeSwitch(booted=False) as switch:
        gate = asyncio.Event()
        switch.rules["QueueStatus"] = later(switch, gate)
        async with running(Reader(switch.endpoint(), told).run()):
            await switch.asked("QueueStatus")
            switch.finish_booting()
            gate.set()
            await told.heard("snapshot")
            assert switch.count("CoreShowChannels") == 2


async def test_a_switch_that_refused_before_it_was_booted_is_asked_again(told: Recorder) -> None:
    async with FakeSwitch(booted=False) as switch:
        switch.rules["QueueStatus"] = refuse("Invalid/unknown command: QueueStatus")
        reader = Reader(switch.endpoint(), told)
        async with running(reader.run()):
            await told.heard("snapshot")
            assert reader.counters.missing
            del switch.rules["QueueStatus"]
            switch.finish_booting()
            await told.heard("snapshot", 2)
            assert reader.counters.missing == ()
            assert [words for words in told.all("stale") if "still loading" in words]


async def test_an_unanswered_snapshot_gives_the_link_up_and_names_the_culprit(
    switch: FakeSwitch, told: Recorder
) -> None:
    switch.rules["QueueStatus"] = never()
    pauses = Pauses()
    reader = Reader(switch.endpoint(), told, limits=Limits(snapshot_s=0.05), sleep=pauses)
    async with running(reader.run()):
        await pauses.begun(1)
    assert told.all("state")[-1].words == "PBX main: no snapshot within 0.05 s, unanswered: QueueStatus"


async def test_lists_the_switch_refuses_are_known_by_name(switch: FakeSwitch, told: Recorder) -> None:
    switch.rules["QueueStatus"] = refuse("Permission denied")
    reader = Reader(switch.endpoint(), told)
    async with running(reader.run()):
        await told.heard("snapshot")
    assert reader.counters.missing == ("QueueStatus: Permission denied",)


async def test_what_cannot_be_used_is_counted_by_name(switch: FakeSwitch, told: Recorder) -> None:
    reader = Reader(switch.endpoint(), told)
    async with running(reader.run()):
        await told.heard("snapshot")
        switch.emit("VarSet", Variable="X", Value="1")
        switch.emit("Newchannel", Channel="PJSIP/trunk-1")
        switch.emit_raw(b"\xff\xfe garbage\r\n\r\n")
        new_call(switch, "a.2")
        await told.heard("event")
    assert reader.counters.skipped == 1
    assert reader.counters.untranslatable == {"Newchannel": 1}
    assert reader.counters.events == 1
    assert reader.counters.connections == reader.counters.snapshots == 1


async def test_a_stream_that_is_no_longer_ami_is_left(switch: FakeSwitch, told: Recorder) -> None:
    pauses = Pauses()
    async with running(Reader(switch.endpoint(), told, sleep=pauses).run()):
        await told.heard("snapshot")
        switch.emit_raw(b"x" * 2_000_000)
        assert "no end of block" in await told.heard("stale")


async def test_a_fault_of_the_consumer_comes_out(switch: FakeSwitch) -> None:
    class Faulty(Recorder):
        def snapshot(self, snapshot: object, received: float) -> None:
            raise ZeroDivisionError("a fault of ours")

    with pytest.raises(ZeroDivisionError, match="a fault of ours"):
        await asyncio.wait_for(Reader(switch.endpoint(), Faulty()).run(), 10)
    await switch.gone()


async def test_somebody_who_is_no_manager_never_sees_the_secret(told: Recorder) -> None:
    async with FakeSwitch(banner=b"SSH-2.0-OpenSSH_9.2\r\n") as stranger:
        pauses = Pauses()
        async with running(Reader(stranger.endpoint(connect_timeout_s=0.05), told, sleep=pauses).run()):
            await pauses.begun(1)
        assert stranger.received == []
        assert "nobody introduced himself as an Asterisk manager" in told.all("state")[-1].words


async def test_a_capture_may_be_begun_and_ended_at_any_moment(
    switch: FakeSwitch, told: Recorder, tmp_path: Path
) -> None:
    reader = Reader(switch.endpoint(), told)
    async with running(reader.run()):
        await told.heard("snapshot")
        new_call(switch, "a.2")
        await told.heard("event", 1)
        reader.capture = capture = Capture(tmp_path / "main.ami")
        for times, uniqueid in enumerate(("a.3", "a.4", "a.5"), 2):
            new_call(switch, uniqueid)
            await told.heard("event", times)
        reader.capture = None
        new_call(switch, "a.6")
        await told.heard("event", 5)
        capture.close()
    recorded = b"".join(replay(tmp_path / "main.ami"))
    assert [name in recorded for name in (b"a.2", b"a.4", b"a.5", b"a.6")] == [False, True, True, False]
    assert switch.secret.encode() not in recorded


def test_it_reads_on_the_loop_of_the_service_too(told: Recorder) -> None:
    """uvloop's transports and callbacks are not asyncio's."""

    async def follow() -> None:
        async with FakeSwitch() as switch, running(Reader(switch.endpoint(), told).run()):
            await told.heard("snapshot")
            new_call(switch, "a.2")
            assert arrived(await told.heard("event")) == "a.2"
            switch.drop()
            await told.heard("stale")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(follow())


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    openssl = which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    make = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run(
        [*make, "-keyout", key, "-out", cert, "-days", "2", *subject], check=True, capture_output=True
    )
    return key, cert


async def test_it_reads_over_tls_and_only_from_whom_it_trusts(
    certificate: tuple[Path, Path], told: Recorder
) -> None:
    key, cert = certificate
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(cert, key)
    async with FakeSwitch(tls=serving) as switch:
        trusting = ssl.create_default_context(cafile=str(cert))
        async with running(Reader(switch.endpoint(tls=trusting), told).run()):
            await told.heard("snapshot")
        pauses, stranger = Pauses(), Recorder()
        async with running(Reader(switch.endpoint(tls=True), stranger, sleep=pauses).run()):
            await pauses.begun(1)
        assert "TLS failed" in stranger.all("state")[-1].words
        assert switch.count("Login") == 1
