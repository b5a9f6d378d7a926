"""Damaged bytes through wire, translate and the floor: nothing but their own errors may come out.

    python -m tests.telephony.fuzz [INPUTS] [SEED]      10,000,000 unless told otherwise; not run by CI

An input is one message of a recorded story, damaged or not, cut into one or two reads.
"""

import random
import sys
import time
from pathlib import Path

from telephony.ami.translate import WANTED, TranslateError, translate
from telephony.ami.wire import Framer, WireError
from telephony.floor import Floor
from telephony.ids import PbxId

STORIES = Path(__file__).parents[1] / "fixtures" / "ami" / "stories"
END = b"\r\n\r\n"
ODD = (
    b"\r\n",
    b": ",
    b"\0",
    b"\xff\xfe",
    b"Event: ",
    b"-1",
    b"1e999",
    b"9" * 40,
    b"<unknown>",
    "й".encode(),
    b"",
)


def damaged(block: bytes, chance: random.Random) -> bytes:
    """Up to three spots overwritten, cut out, doubled or filled with something odd."""
    for _ in range(chance.randrange(4)):
        begin = chance.randrange(len(block) + 1)
        end = min(len(block), begin + chance.randrange(12))
        with_what = chance.choice((chance.choice(ODD), chance.randbytes(end - begin), block[begin:end] * 2))
        block = block[:begin] + with_what + block[end:]
    return block


def fuzz(inputs: int, seed: int) -> tuple[int, int, int]:
    """Events understood, events refused, streams refused. Anything else that is raised ends the run."""
    chance = random.Random(seed)
    blocks = [block for path in sorted(STORIES.glob("*.ami")) for block in path.read_bytes().split(END)[1:-1]]
    framer, floor = Framer(WANTED), Floor(PbxId("fuzz"))
    understood = refused = broken = 0
    for number in range(inputs):
        data = damaged(blocks[number % len(blocks)], chance) + END
        cut = chance.randrange(len(data))
        try:
            messages = [*framer.feed(data[:cut]), *framer.feed(data[cut:])]
        except WireError:
            framer, broken = Framer(WANTED), broken + 1
            continue
        for message in messages:
            try:
                event = translate(message) if message.name else None
            except TranslateError:
                refused += 1
                continue
            if event is not None:
                floor.apply(event)
                understood += 1
    return understood, refused, broken


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    started = time.monotonic()
    figures = fuzz(count, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    took = time.monotonic() - started
    print(
        f"{count} inputs in {took:.0f} s: {figures[0]} events, {figures[1]} refused, {figures[2]} streams refused"
    )
