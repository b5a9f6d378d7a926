"""`tierline doctor` at a real switch: what is well is said to be well, what is wrong is named with its remedy."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.doctor.findings import Finding
from app.doctor.switch import examine
from app.infra.asterisk import LocalAsterisk
from app.infra.processes import free_ports
from telephony.ami.connection import Endpoint
from telephony.ids import PbxId

pytestmark = pytest.mark.pbx

QUEUES = ("support", "sales")


def at(pbx: LocalAsterisk, username: str = "tierline", secret: str = "", port: int = 0) -> Endpoint:
    return Endpoint(PbxId("main"), pbx.host, port or pbx.ami_port, username, secret or pbx.ami_secret)


async def found(endpoint: Endpoint, *queues: str) -> dict[str, Finding]:
    return {one.about.removeprefix("PBX main: "): one for one in await examine(endpoint, queues or QUEUES)}


def not_well(findings: dict[str, Finding]) -> dict[str, str]:
    return {about: one.verdict for about, one in findings.items() if one.verdict != "ok"}


async def test_as_shipped_all_is_well(pbx: LocalAsterisk) -> None:
    findings = await found(at(pbx))
    assert list(findings) == [
        "login",
        "rights",
        "clock",
        "event filter",
        "dialplan",
        "feature codes",
        "queues",
        "default queue",
    ]
    assert not_well(findings) == {}
    assert "Asterisk Call Manager" in findings["login"].found
    assert all(one.advice == "" for one in findings.values())


async def test_too_few_rights_are_named(pbx: LocalAsterisk) -> None:
    findings = await found(at(pbx, "few"))
    assert findings["rights"].verdict == "failed"
    assert "QueueAdd" in findings["rights"].found
    assert "Hangup" not in findings["rights"].found
    assert "write=" in findings["rights"].advice


async def test_too_many_rights_are_a_warning(pbx: LocalAsterisk) -> None:
    findings = await found(at(pbx, "many"))
    assert not_well(findings) == {"rights": "warning"}
    assert "Command" in findings["rights"].found
    assert "run programs" in findings["rights"].advice


async def test_events_that_nobody_filters_are_noticed(pbx: LocalAsterisk) -> None:
    findings = await found(at(pbx, "noisy"))
    assert not_well(findings) == {"event filter": "warning"}
    assert "VarSet" in findings["event filter"].found
    assert "eventfilter" in findings["event filter"].advice


async def test_a_wrong_secret_is_told_from_a_wrong_address(pbx: LocalAsterisk) -> None:
    refused = await found(at(pbx, secret="not-the-secret"))
    assert not_well(refused) == {"login": "failed"}
    assert "Authentication failed" in refused["login"].found
    assert "not-the-secret" not in repr(refused)
    nobody = await found(at(pbx, port=free_ports(1)[0]))
    assert not_well(nobody) == {"login": "failed"}
    assert "cannot be reached" in nobody["login"].found


async def test_a_queue_that_the_switch_lacks_is_named(pbx: LocalAsterisk) -> None:
    findings = await found(at(pbx), "support", "retention")
    assert not_well(findings) == {"queues": "failed"}
    assert findings["queues"].found.endswith(": retention")


async def test_a_default_queue_that_nobody_of_ours_serves_is_told(pbx: LocalAsterisk) -> None:
    findings = await found(at(pbx), "sales")
    assert not_well(findings) == {"default queue": "warning"}
    assert findings["default queue"].found.startswith("support: ")
    assert "TIERLINE_DEFAULT_QUEUE" in findings["default queue"].advice


async def test_a_switch_that_lets_a_user_in_only_once_is_of_no_use(pbx: LocalAsterisk) -> None:
    async with changed(pbx, "manager.conf", "allowmultiplelogin=yes", "allowmultiplelogin=no"):
        findings = await found(at(pbx, "many"))  # nobody else uses that one
    assert not_well(findings) == {"rights": "warning", "second connection": "failed"}
    assert "allowmultiplelogin=yes" in findings["second connection"].advice


async def test_a_dialplan_without_us_is_noticed(pbx: LocalAsterisk) -> None:
    async with changed(pbx, "extensions.conf", "[tierline-ask]", "[something-else]"):
        findings = await found(at(pbx))
    assert not_well(findings) == {"dialplan": "failed"}
    assert findings["dialplan"].found == "no context tierline-ask"


async def test_feature_codes_that_no_channel_knows_are_noticed(pbx: LocalAsterisk) -> None:
    async with changed(pbx, "extensions.conf", "=tierline_record#tierline_hold", "=tierline_record"):
        findings = await found(at(pbx))
    assert not_well(findings) == {"feature codes": "failed"}
    assert findings["feature codes"].found.endswith(": tierline_hold")


@asynccontextmanager
async def changed(pbx: LocalAsterisk, file: str, old: str, new: str) -> AsyncIterator[None]:
    """The switch with one word of its configuration changed."""
    path = pbx.run_dir / "etc" / file
    shipped = path.read_text()
    assert old in shipped
    path.write_text(shipped.replace(old, new))
    try:
        await pbx.restart()
        yield
    finally:
        path.write_text(shipped)
        await pbx.restart()
