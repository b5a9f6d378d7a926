from collections.abc import AsyncIterator

import pytest

from telephony.ami.connection import Backoff, Up
from telephony.ami.link import Link
from tests.fakes.pauses import no_pause, running
from tests.fakes.switch import FakeSwitch


@pytest.fixture
async def link(switch: FakeSwitch) -> AsyncIterator[Link]:
    """Logged in to the `switch` of the module that asks."""
    link = Link(switch.endpoint(), backoff=Backoff(first_s=0), sleep=no_pause)
    async with running(link.run()):
        assert isinstance(await link.settled(), Up)
        yield link
