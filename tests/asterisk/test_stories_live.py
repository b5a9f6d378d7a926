"""Every story of the catalogue, played on a real switch: the floor tells what its author wrote down beforehand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.infra.asterisk import LocalAsterisk
from telephony.stories import stories_of_capture
from tests.asterisk.stories.book import PARTINGS, Book
from tests.asterisk.stories.catalogue import TALES
from tests.asterisk.stories.stage import stage, switch
from tests.asterisk.stories.tale import CAPTURES, plot
from tests.fakes.routing_webhook import FakeWebhook

pytestmark = pytest.mark.pbx


@pytest.fixture(scope="module")
async def theatre() -> AsyncIterator[tuple[LocalAsterisk, FakeWebhook]]:
    async with switch() as one:
        yield one


@pytest.mark.parametrize("name", TALES)
async def test_live(name: str, theatre: tuple[LocalAsterisk, FakeWebhook], tmp_path: Path) -> None:
    tale, file = TALES[name], tmp_path / "heard.ami"
    book = Book(theatre[0])
    async with stage(*theatre, file) as on:
        await tale.play(on)
        floor = on.floor
        assert tuple(plot(story) for story in on.watcher.stories()) == tale.told
        assert not any(agent.talking or agent.ringing for agent in floor.agents.values())
        assert not any(queue.waiting for queue in floor.queues.values())
        assert book.partings(on.watcher.changes) <= PARTINGS.get(name, set())
    assert tuple(plot(story) for story in stories_of_capture([file.read_bytes()])) == tale.told


def test_every_story_is_recorded() -> None:
    assert {path.stem for path in CAPTURES.glob("*.ami")} == set(TALES)
    assert {path.stem for path in CAPTURES.glob("*.json")} == set(TALES)
    assert all(path.stat().st_size < 200_000 for path in CAPTURES.iterdir())
