"""What the AMI user may not do, what it does not hear, and that the configuration is sound."""

import os
from pathlib import Path

import pytest

from app.errors import Unavailable
from app.infra.ami_console import AmiConsole
from app.infra.asterisk import LocalAsterisk
from app.infra.sipp import Caller, Sipp
from tests.asterisk.ami import Ears
from tests.fakes.routing_webhook import FakeWebhook

pytestmark = pytest.mark.pbx


async def test_no_program_can_be_started_over_ami(
    asterisk: LocalAsterisk, ears: Ears, tmp_path: Path
) -> None:
    trace = asterisk.run_dir / "spool" / "trace"
    answer = await ears.ask(
        "Originate",
        Channel="Local/74951234567@inbound",
        Application="System",
        Data=f"touch {trace}",
        Timeout="1000",
    )
    assert answer["Response"] == "Error"
    answer = await ears.ask("Getvar", Variable=f"SHELL(touch {trace})")
    assert answer["Response"] == "Error"
    assert not trace.exists()


@pytest.mark.parametrize(
    "action", ["Command", "UpdateConfig", "GetConfig", "ModuleLoad", "Reload", "MixMonitor"]
)
async def test_no_right_to(action: str, ears: Ears) -> None:
    answer = await ears.ask(action, Command="core show version", Filename="manager.conf")
    assert (answer["Response"], answer["Message"]) == ("Error", "Permission denied")


async def test_a_wrong_secret_is_refused(asterisk: LocalAsterisk) -> None:
    console = AmiConsole(asterisk.host, asterisk.ami_port, asterisk.ami_username, "wrong")
    with pytest.raises(Unavailable, match="refused the login"):
        async with console:
            pass


async def test_events_that_nobody_reads_are_not_sent(webhook: FakeWebhook, ears: Ears, sipp: Sipp) -> None:
    calls = await sipp.place([Caller("79161234567", patience_s=0.3)])
    await calls.finished()
    await ears.wait_for("Hangup")
    names = {one["Event"] for one in ears.heard}
    assert "QueueCallerJoin" in names
    assert not names & {"VarSet", "Newexten", "RTCPSent", "RTCPReceived", "TestEvent"}


async def test_strangers_are_refused(
    asterisk: LocalAsterisk, sipp: Sipp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that comes neither from the trunk's address nor from a phone with a password."""
    monkeypatch.setattr(asterisk, "trunk_address", "127.0.0.3", raising=False)
    (seen,) = await (await sipp.place([Caller("79161234567")])).finished()
    assert seen.status in {401, 403}


def test_everything_listens_on_loopback(asterisk: LocalAsterisk) -> None:
    """TCP. The SIP stack's two DNS client sockets (UDP) only ask."""
    process = Path(f"/proc/{asterisk.pid}")
    own = {link.readlink().name for link in (process / "fd").iterdir()}
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in (process / "net" / table).read_text().splitlines()
    ]
    listening = {row[1].split(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in own}
    assert listening == {"0100007F"}


async def test_the_configuration_starts_without_a_complaint() -> None:
    async with LocalAsterisk() as pbx:
        log = pbx.log_path.read_text()
    assert [line for line in log.splitlines() if "ERROR" in line or "WARNING" in line] == []


async def test_stopping_leaves_nothing() -> None:
    pbx = LocalAsterisk()
    await pbx.start()
    pid, run_dir = pbx.pid, pbx.run_dir
    assert pid
    await pbx.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not run_dir.exists()
