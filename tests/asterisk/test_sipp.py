"""The callers and phones of tests and demo."""

import socket

import pytest

from app.infra.asterisk import LocalAsterisk
from app.infra.processes import free_ports, ports_of
from app.infra.sipp import Sipp

pytestmark = pytest.mark.pbx


async def test_a_port_taken_by_somebody_quicker_is_not_insisted_on(
    asterisk: LocalAsterisk, sipp: Sipp, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as quicker:
        quicker.bind((asterisk.agent_address, 0))
        taken = quicker.getsockname()[1]
        answers = iter([[taken]])
        monkeypatch.setattr(
            "app.infra.sipp_run.free_ports", lambda *asked: next(answers, None) or free_ports(*asked)
        )
        run = await sipp.start("agent", asterisk.agent_address, ["100;1000;"], ())
        assert next(answers, None) is None
        assert run.port != taken
        assert run._process is not None
        assert run.port in ports_of(run._process.pid)
