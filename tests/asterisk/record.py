"""Record what AMI says of a story played on a real switch, as a fixture, with the story told from it beside it.

    python -m tests.asterisk.record NAME…     or `all`; files go to tests/fixtures/ami/stories

The bytes are stored as they came, login banner included; the secret is only ever sent, never received. Nothing is
stored when the capture tells something else than the story's author expects.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from telephony.stories import stories_of_capture
from tests.asterisk.stories.catalogue import TALES
from tests.asterisk.stories.stage import stage, switch
from tests.asterisk.stories.tale import CAPTURES, Tale, plot


async def record(names: list[str], folder: Path) -> list[str]:
    """Names of the stories that went otherwise."""
    wrong = []
    async with switch() as (pbx, webhook):
        for name in names:
            tale = TALES[name]
            file = folder / tale.capture.name
            try:
                async with stage(pbx, webhook, file) as on:
                    await tale.play(on)
            except AssertionError as error:
                print(f"{name}: {error}")
            if not _keep(tale, file):
                wrong.append(name)
    return wrong


def _keep(tale: Tale, file: Path) -> bool:
    data = file.read_bytes()
    told = stories_of_capture([data])
    plots = tuple(plot(story) for story in told)
    if plots != tale.told:
        print(f"{tale.name}: expected\n  {tale.told}\nbut told was\n  {plots}\nsee {file}")
        return False
    tale.capture.write_bytes(data)
    tale.expected.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    print(f"{tale.name}: {len(data)} bytes, {data.count(b'Event: ')} events")
    return True


def main(names: list[str]) -> int:
    names = list(TALES) if names == ["all"] else names
    if not names or not set(names) <= set(TALES):
        print(f"usage: python -m tests.asterisk.record all | {' | '.join(TALES)}", file=sys.stderr)
        return 2
    CAPTURES.mkdir(parents=True, exist_ok=True)
    return 1 if asyncio.run(record(names, Path(tempfile.mkdtemp(prefix="stories-")))) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
