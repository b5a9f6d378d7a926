"""Damaged bytes through wire, translate, resync and the floor: nothing but their own errors may come out.

    python -m tests.telephony.fuzz [INPUTS] [--seed N] [--processes N] [--round N]

10,000,000 inputs unless told otherwise; not run by CI. An input is one message of a recorded story, damaged or
not, in one to three reads. Inputs come in rounds of 50,000, each with a chance and a floor of its own: what ends a
run is repeated by the seed and the round it names.
"""

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path

from telephony.ami.resync import SnapshotBuilder
from telephony.ami.translate import WANTED, TranslateError, translate
from telephony.ami.wire import Framer, Message, WireError
from telephony.changes import Change
from telephony.floor import Floor
from telephony.ids import PbxId
from tests.telephony.invariants import check

STORIES = Path(__file__).parents[1] / "fixtures" / "ami" / "stories"
END = b"\r\n\r\n"
LINE = b"\r\n"
ROUND = 50_000
CHECKED = 500
"""Inputs between two looks at the invariants."""

SNAPSHOT_ITEMS = frozenset(
    {b"CoreShowChannel", b"Status", b"QueueParams", b"QueueMember", b"QueueEntry", b"DeviceStateChange"}
)
ODD = (
    b"",
    b"\r\n",
    b": ",
    b"\0",
    b"\xff\xfe",
    b"Event: ",
    b"-1",
    b"0",
    b"1e999",
    b"nan",
    b"inf",
    b"9" * 40,
    b"<unknown>",
    "й".encode(),
    "٣".encode(),
    b"x" * 5000,
)
Figures = Counter[str]


# Damage


def bytes_changed(block: bytes, chance: random.Random) -> bytes:
    """Up to three spots overwritten, cut out, doubled or filled with something odd."""
    for _ in range(1 + chance.randrange(3)):
        begin = chance.randrange(len(block) + 1)
        end = min(len(block), begin + chance.randrange(12))
        with_what = chance.choice((chance.choice(ODD), chance.randbytes(end - begin), block[begin:end] * 2))
        block = block[:begin] + with_what + block[end:]
    return block


def a_header_gone(block: bytes, chance: random.Random) -> bytes:
    lines = block.split(LINE)
    del lines[chance.randrange(len(lines))]
    return LINE.join(lines)


def a_header_twice(block: bytes, chance: random.Random) -> bytes:
    lines = block.split(LINE)
    lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
    return LINE.join(lines)


def headers_in_another_order(block: bytes, chance: random.Random) -> bytes:
    first, *others = block.split(LINE)
    chance.shuffle(others)
    return LINE.join([first, *others])


def an_odd_value(block: bytes, chance: random.Random) -> bytes:
    return _with_value(block, chance, lambda _: chance.choice(ODD))


def a_value_of_another(block: bytes, chance: random.Random) -> bytes:
    """Of the same header in some other message: another channel's id, another queue, a moment long ago."""
    return _with_value(block, chance, lambda header: chance.choice(recorded()[1].get(header, [b""])))


def another_event(block: bytes, chance: random.Random) -> bytes:
    _, end, rest = block.partition(LINE)
    return b"Event: " + chance.choice(sorted(WANTED)) + end + rest


DAMAGE: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    bytes_changed,
    a_header_gone,
    a_header_twice,
    headers_in_another_order,
    an_odd_value,
    a_value_of_another,
    a_value_of_another,
    another_event,
)


def _with_value(block: bytes, chance: random.Random, value: Callable[[bytes], bytes]) -> bytes:
    lines = block.split(LINE)
    place = chance.randrange(len(lines))
    header, colon, _ = lines[place].partition(b": ")
    lines[place] = header + colon + value(header)
    return LINE.join(lines)


@cache
def recorded() -> tuple[list[list[bytes]], dict[bytes, list[bytes]]]:
    """The wanted messages of each story, and every value that each header has in them."""
    stories: list[list[bytes]] = []
    values: dict[bytes, set[bytes]] = {}
    for path in sorted(STORIES.glob("*.ami")):
        blocks = [message.raw for message in Framer(WANTED).feed(path.read_bytes())]
        for line in (line for block in blocks for line in block.split(LINE)):
            header, _, value = line.partition(b": ")
            values.setdefault(header, set()).add(value)
        stories.append(blocks)
    return stories, {header: sorted(told) for header, told in values.items()}


# One round


class Round:
    """Two stories at a time, told message by message in turns, one in five messages damaged."""

    def __init__(self, seed: int, number: int) -> None:
        self._chance = random.Random(f"{seed}/{number}")
        self._framer = Framer(WANTED)
        self._floor = Floor(PbxId("fuzz"))
        self._builder = SnapshotBuilder()
        self._changes: list[Change] = []
        self._told: list[list[bytes]] = [[], []]
        self.figures = Figures()
        self.last = b""

    def run(self, inputs: int) -> None:
        for number in range(1, inputs + 1):
            self._input()
            if number % CHECKED == 0:
                check(self._floor, self._changes)
                self._calm()
        self.figures["inputs"] += inputs

    def _input(self) -> None:
        chance = self._chance
        told = self._told[chance.random() < 0.5]
        if not told:
            told.extend(reversed(chance.choice(recorded()[0])))
        block = told.pop()
        if chance.random() < 0.2:
            block = chance.choice(DAMAGE)(block, chance)
            self.figures["damaged"] += 1
        self.last = data = block + END
        cuts = sorted(chance.randrange(len(data)) for _ in range(chance.randrange(3)))
        try:
            for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
                for message in self._framer.feed(data[begin:end]):
                    self._hear(message)
        except WireError:
            self._framer = Framer(WANTED)
            self.figures["streams refused"] += 1

    def _hear(self, message: Message) -> None:
        if message.is_response or message.name in SNAPSHOT_ITEMS or message.name.endswith(b"Complete"):
            self._builder.add(message)
            if self._builder.complete:
                self._changes += self._floor.rebuild(self._builder.done(), self._floor.now)
                self._builder = SnapshotBuilder()
                self.figures["snapshots"] += 1
        try:
            event = translate(message) if message.name else None
        except TranslateError:
            self.figures["refused"] += 1
            return
        if event is not None:
            self._changes += self._floor.apply(event)
            self.figures["events"] += 1

    def _calm(self) -> None:
        """Time passes; now and then all starts anew, or the floor fills with calls whose ends were damaged."""
        self._changes += self._floor.tick(self._floor.now + self._chance.choice((0.0, 0.5, 2.0, 11.0)))
        if self._chance.random() < 0.05:
            self._floor, self._changes = Floor(PbxId("fuzz")), []


class Fallen(Exception):
    """Where a run ended, in words that repeat it. Told as text: it crosses from one process to another."""


def run_round(seed: int, number: int, inputs: int) -> Figures:
    one = Round(seed, number)
    try:
        one.run(inputs)
    except Exception as error:
        again = f"python -m tests.telephony.fuzz --seed {seed} --round {number}"
        raise Fallen(f"{error!r} after {one.last!r}\nagain: {again}") from error
    return one.figures


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.telephony.fuzz")
    parser.add_argument("inputs", nargs="?", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--processes", type=int, default=1, help="never more than there are cores")
    parser.add_argument("--round", type=int, help="this one only")
    told = parser.parse_args(arguments)
    cores = os.cpu_count() or 1
    rounds = range(-(-told.inputs // ROUND)) if told.round is None else [told.round]
    figures, started = Figures(), time.monotonic()
    with ProcessPoolExecutor(max(1, min(told.processes, cores))) as pool:
        running = [pool.submit(run_round, told.seed, number, ROUND) for number in rounds]
        for done, future in enumerate(as_completed(running), 1):
            try:
                figures += future.result()
            except Fallen as fallen:
                pool.shutdown(cancel_futures=True)
                print(fallen, file=sys.stderr)
                return 1
            if done % 20 == 0 or done == len(running):
                took = time.monotonic() - started
                counted = ", ".join(f"{figures[name]:,} {name}" for name in sorted(figures))
                print(f"seed {told.seed}, {took:.0f} s: {counted}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
