"""A real switch for the whole run; webhook, ears and SIPp for each test, which leaves the switch as it found it.

A plugin of `tests/conftest.py`, so that every folder shares the one switch. Nothing starts before a test asks for it.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.infra.asterisk import LocalAsterisk
from app.infra.db import Database
from app.infra.sipp import Sipp
from tests.asterisk.ami import Ears
from tests.asterisk.backend import Backend, backend
from tests.asterisk.orders import Orders, orders
from tests.conftest import Urls
from tests.fakes.routing_webhook import FakeWebhook


@pytest.fixture(scope="session")
async def _webhook() -> AsyncIterator[FakeWebhook]:
    async with FakeWebhook() as webhook:
        yield webhook


@pytest.fixture(scope="session")
async def asterisk(_webhook: FakeWebhook) -> AsyncIterator[LocalAsterisk]:
    """Running, asking the fake webhook. A test that needs another one uses `point_at`, and `webhook` afterwards."""
    pbx = LocalAsterisk(
        webhook_url=_webhook.url,
        webhook_token=_webhook.token,
        dialplan_settings={"TIERLINE_SELF_SERVICE_PROMPTS": "beep"},
    )
    async with pbx:
        yield pbx


@pytest.fixture
async def webhook(_webhook: FakeWebhook, asterisk: LocalAsterisk) -> FakeWebhook:
    await _webhook.reset()
    if asterisk.webhook_url != _webhook.url:
        await asterisk.point_at(_webhook.url, _webhook.token)
    return _webhook


@pytest.fixture
async def ears(asterisk: LocalAsterisk) -> AsyncIterator[Ears]:
    async with Ears(asterisk) as ears:
        yield ears
    async with Ears(asterisk) as after:  # a new one: the test may have killed the switch
        await after.unstaff()


@pytest.fixture
async def sipp(asterisk: LocalAsterisk) -> AsyncIterator[Sipp]:
    async with Sipp(asterisk) as sipp:
        yield sipp


@pytest.fixture(scope="module")
async def whole(
    asterisk: LocalAsterisk, module_urls: Urls, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Backend]:
    """The backend with its known clients and agents, for the tests of one module."""
    folder = tmp_path_factory.mktemp("backend")
    async with (
        Database(module_urls.app, migrations_url=module_urls.owner) as database,
        backend(database, asterisk, folder) as one,
    ):
        yield one


@pytest.fixture(scope="module")
async def ordered() -> AsyncIterator[tuple[LocalAsterisk, FakeWebhook]]:
    """A switch with the configuration as shipped, where transfers are given up after a second."""
    async with FakeWebhook() as webhook:
        pbx = LocalAsterisk(
            name="orders",
            webhook_url=webhook.url,
            webhook_token=webhook.token,
            dialplan_settings={"TIERLINE_TRANSFER_RING": "1"},
        )
        async with pbx:
            yield pbx, webhook


@pytest.fixture
async def desk(ordered: tuple[LocalAsterisk, FakeWebhook], tmp_path: Path) -> AsyncIterator[Orders]:
    """Commands are given to that switch, and what follows is seen."""
    async with orders(*ordered, tmp_path / "heard.ami") as one:
        yield one
