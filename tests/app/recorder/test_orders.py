"""Orders of two switches that name their files alike."""

import pytest

from app.recorder.orders import Orders
from telephony.commands import Command, CommandOutcome, Done, RecordStart
from telephony.ids import Interface, PbxId
from tests.fakes.recording_switch import RecordingSwitch

pytestmark = pytest.mark.unit

HERE, THERE = PbxId("test"), PbxId("other")


class Deaf:
    """Takes every order and records nothing."""

    def __init__(self) -> None:
        self.files: list[str] = []

    async def execute(self, pbx: PbxId, command: Command) -> CommandOutcome:
        assert isinstance(command, RecordStart)
        self.files.append(command.file)
        return Done("")


async def test_what_is_ordered_of_one_switch_is_not_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.recorder.orders.STARTS_WITHIN_S", 0.0)
    switch = RecordingSwitch()
    client = switch.arrives()
    deaf = Deaf()
    orders = Orders(deaf)
    switch.service = _Silent()  # type: ignore[assignment]
    switch.answers(client, "PJSIP/1001")
    call = switch.call()
    await orders.begin(switch.floor, call, Interface("PJSIP/1001"), "why", 7, lambda: False)
    file = deaf.files[-1]
    assert call.id in file
    orders.stopping(THERE, file, 8)
    assert (orders.of(HERE, file) is not None, orders.of(THERE, file)) == (True, None)
    assert (orders.stopped_by(HERE, file), orders.stopped_by(THERE, file)) == (None, 8)
    assert set(orders.files(HERE)) == set(deaf.files)
    assert list(orders.files(THERE)) == []
    orders.over(THERE, file)
    assert orders.of(HERE, file) is not None


class _Silent:
    def batch(self, *_: object) -> None:
        return None
