"""What an event costs the floor with few and with many live calls, and what a live call weighs.

    python -m bench.floor [FEW] [MANY]      50 and 5000 live calls unless told otherwise

Half of the live calls wait on ten lines, half talk; every agent serves two lines. A step is one whole turn of the
centre: a client arrives and joins behind the last one, the first in line is rung (one in eight first where nobody takes
it), leaves the first place and talks, one in four is put on hold and taken back, and the oldest talk ends: its agent is
paused for his wrap-up and back. The states of devices are told as a switch tells them. Both sizes are measured in turns,
so that a busy machine weighs on both; the ratio is the median of the rounds.
"""

import gc
import json
import statistics
import time
import tracemalloc
from collections import deque
from typing import Any

from telephony.ami.translate import WANTED, translate
from telephony.ami.wire import Framer
from telephony.events import Event
from telephony.floor import Floor
from telephony.ids import PbxId
from tests.fakes.ami_script import AmiScript, Channel

LINES = 10
STEPS = 40
ROUNDS = 150


class Centre:
    """A floor with so many live calls, always."""

    def __init__(self, live: int) -> None:
        self.floor = Floor(PbxId("bench"))
        self._script = AmiScript()
        self._waiting: list[deque[Channel]] = [deque() for _ in range(LINES)]
        self._talks: deque[tuple[Channel, Channel, str]] = deque()
        self._agents = deque(f"PJSIP/{10_000 + number}" for number in range(live // 2 + 2))
        self._turn = 0
        for number, device in enumerate(self._agents):
            for line in (number, number + 1):
                self._script.member(f"line{line % LINES}", device)
        for _ in range(live // 2):
            self._arrive()
            self._answer()
            self._turn += 1
        for _ in range(live - live // 2):
            self._arrive()
            self._turn += 1
        self.apply(self._events())

    def turns(self, count: int) -> list[Event]:
        for _ in range(count):
            self._arrive()
            self._answer()
            self._end()
            self._turn += 1
        return self._events()

    def apply(self, events: list[Event]) -> float:
        """Seconds for each event."""
        apply = self.floor.apply
        started = time.perf_counter()
        for event in events:
            apply(event)
        return (time.perf_counter() - started) / len(events)

    def _line(self) -> int:
        return self._turn % LINES

    def _arrive(self) -> None:
        waiting = self._waiting[self._line()]
        caller = self._script.arrives(f"79{self._turn:09d}")
        self._script.joins(caller, f"line{self._line()}", len(waiting) + 1)
        waiting.append(caller)
        self._script.wait(0.05)

    def _answer(self) -> None:
        script, queue = self._script, f"line{self._line()}"
        caller = self._waiting[self._line()].popleft()
        if self._turn % 8 == 0:
            lazy = self._agents.popleft()
            self._device(lazy, "RINGING")
            leg = script.rings(caller, lazy, queue)
            script.dial_ends(caller, leg, "NOANSWER")
            script.dial_ends(caller, leg, "CANCEL")
            script.gone(leg, 26)
            self._device(lazy, "NOT_INUSE")
            self._agents.append(lazy)
        device = self._agents.popleft()
        self._device(device, "RINGING")
        leg = script.rings(caller, device, queue)
        script.picks_up(caller, leg, queue)
        self._device(device, "INUSE")
        if self._turn % 4 == 0:
            script.holds(leg)
            script.resumes(leg)
        self._talks.append((caller, leg, device))

    def _end(self) -> None:
        caller, leg, device = self._talks.popleft()
        self._script.far_end_hangs_up(caller, 16)
        self._script.completes(caller, leg, f"line{self._line()}", "caller")
        self._script.gone(leg)
        self._script.gone(caller)
        self._device(device, "NOT_INUSE")
        for paused in (True, False):
            self._script.pauses(f"line{self._line()}", device, paused, "wrap-up" if paused else "")
        self._agents.append(device)

    def _device(self, device: str, state: str) -> None:
        for _ in range(2):  # three of four times a switch repeats itself
            self._script.say("DeviceStateChange", {"Device": device, "State": state})

    def _events(self) -> list[Event]:
        told = (translate(message) for message in Framer(WANTED).feed(self._script.bytes()) if message.name)
        self._script.blocks.clear()
        return [event for event in told if event is not None]


def weight(live: int) -> float:
    """Bytes of a live call, its legs, ring and place in the indexes included; agents' phones too."""
    Centre(live)  # what is made once for all is not counted
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    centre = Centre(live)
    centre._script, centre._waiting, centre._talks = AmiScript(), [], deque()  # the bench's own
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    calls = len(centre.floor.calls)
    return held / calls


def measure(rounds: int = ROUNDS, few: int = 50, many: int = 5000) -> dict[str, Any]:
    """Microseconds an event costs with `few` and with `many` live calls, `ratio` of the second to the first, and
    kilobytes a live call weighs."""
    small, large = Centre(few), Centre(many)
    ratios, costs = [], []
    for number in range(rounds):  # whoever comes second finds a warmer machine: each does in turn
        one, other = small.turns(STEPS), large.turns(STEPS)
        if number % 2:
            cost, dear = small.apply(one), large.apply(other)
        else:
            dear, cost = large.apply(other), small.apply(one)
        ratios.append(dear / cost)
        costs.append((cost, dear))
    a, b = (statistics.median(column) * 1e6 for column in zip(*costs, strict=True))
    return {
        f"us_at_{few}_calls": round(a, 2),
        f"us_at_{many}_calls": round(b, 2),
        "ratio": round(statistics.median(ratios), 2),
        "kb_per_live_call": round(weight(2000) / 1024, 1),
        "ignored": dict(small.floor.unknown + large.floor.unknown),
        "rounds": rounds,
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
