"""A story: what is played on the switch, and what the floor must tell of it, written down by hand beforehand.

One definition serves the recorder (captures in tests/fixtures/ami/stories), the replays and the live test.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telephony.stories import Story

CAPTURES = Path(__file__).parents[2] / "fixtures" / "ami" / "stories"


@dataclass(frozen=True)
class Told:
    """One call as a person would tell it: extensions for agents, no times.

    `rings`: `1001 answered`, in order of who and how; `transfers`: `blind 1001 2000`, `-` when not an agent's.
    """

    ani: str | None
    rings: tuple[str, ...] = ()
    outcome: str | None = "answered"
    lines: tuple[str, ...] = ("support",)
    transfers: tuple[str, ...] = ()
    dnis: str | None = "74951234567"


def plot(story: Story) -> Told:
    return Told(
        ani=story["ani"],
        dnis=story["dnis"],
        lines=tuple(story["lines"]),
        rings=tuple(f"{_short(ring['agent'])} {ring['result']}" for ring in _in_order(story["rings"])),
        transfers=tuple(f"{one['kind']} {_short(one['by'])} {one['to']}" for one in story["transfers"]),
        outcome=story["outcome"],
    )


def _in_order(rings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Phones that begin to ring within 50 ms ring together: told by name."""
    moments: list[float] = []
    for ring in rings:
        at = ring["rang_at"] or 0.0
        moments.append(moments[-1] if moments and at - moments[-1] < 0.05 else at)
    return [ring for _, _, ring in sorted(zip(moments, map(_agent, rings), rings, strict=True), key=_when)]


def _agent(ring: dict[str, Any]) -> str:
    return str(ring["agent"])


def _when(item: tuple[float, str, dict[str, Any]]) -> tuple[float, str]:
    return item[0], item[1]


def _short(interface: str | None) -> str:
    return "-" if interface is None else interface.removeprefix("PJSIP/")


@dataclass(frozen=True)
class Tale:
    name: str
    play: Callable[[Any], Awaitable[None]]
    told: tuple[Told, ...]

    @property
    def capture(self) -> Path:
        return CAPTURES / f"{self.name}.ami"

    @property
    def expected(self) -> Path:
        """What `tierline replay --json` prints of the capture."""
        return CAPTURES / f"{self.name}.json"


TALES: dict[str, Tale] = {}


def tells(*told: Told) -> Callable[[Callable[[Any], Awaitable[None]]], Callable[[Any], Awaitable[None]]]:
    """`@tells(Told(…), …)`: the calls of this story, in order of arrival."""

    def remember(play: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
        name = play.__name__.replace("_", "-")
        TALES[name] = Tale(name, play, told)
        return play

    return remember
