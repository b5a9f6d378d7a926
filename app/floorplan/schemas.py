"""The file: TOML with `[[lines]]` and `[[agents]]`."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from app.errors import BadInput
from app.lines.rules import SOUND, hours_of, zone_of
from screenpop.messages import Language

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Topic = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,32}$")]
Sound = Annotated[str, StringConstraints(pattern=SOUND, max_length=100)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OverflowPlan(Part):
    """Where callers go while more than so many seconds of waiting are expected, or wait for each agent on duty."""

    to: Literal["line", "callback", "voicemail"]
    line: Code | None = None
    wait_s: Annotated[float, Field(gt=0, le=86400)] | None = None
    waiting_per_agent: Annotated[float, Field(gt=0, le=1000)] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "OverflowPlan":
        if self.wait_s is None and self.waiting_per_agent is None:
            raise ValueError("give a limit: wait_s, waiting_per_agent or both")
        if (self.to == "line") != (self.line is not None):
            raise ValueError('name the other line exactly when to = "line"')
        return self


class LinePlan(Part):
    """`queue`: in queues.conf, the line's code when left out; `vip_queue`: one for the tiers that are always first.
    `targets`: seconds to the answer by tier. `number_topics`: what callers of a number want. The rest: see the example.
    """

    code: Code
    name_ru: Name
    name_en: Name
    pbx: Code = "main"
    queue: Code | None = None
    vip_queue: Code | None = None
    executor: Literal["queued", "directed"] = "queued"
    numbers: list[Annotated[str, StringConstraints(min_length=1, max_length=40)]] = []
    number_topics: dict[str, Topic] = {}
    default: bool = False
    targets: dict[Code, Annotated[float, Field(gt=0, le=86400)]] = {}
    time_zone: str = "UTC"
    hours: list[str] = []
    holidays: dict[str, list[str]] = {}
    closed_message: Sound | None = None
    after_hours: Literal["goodbye", "voicemail", "callback"] = "goodbye"
    reply_minutes: Annotated[int, Field(gt=0, le=100_000)] = 240
    topics: Annotated[list[Topic], Field(max_length=9)] = []
    announce: list[Literal["position", "wait"]] = []
    overflow: OverflowPlan | None = None

    @property
    def queue_name(self) -> str:
        return self.queue or self.code

    @model_validator(mode="after")
    def _can_be_read(self) -> "LinePlan":
        try:
            zone_of(self.time_zone)
            hours_of(self.hours, self.holidays)
        except BadInput as error:
            raise ValueError(error.message) from None
        if self.vip_queue == self.queue_name:
            raise ValueError(f"vip_queue is the line's own queue {self.queue_name}: name another one")
        if twice := _twice(self.topics):
            raise ValueError(f"topic {twice} stands there twice")
        if unknown := sorted(set(self.number_topics) - set(self.numbers)):
            raise ValueError(f"number_topics names {unknown[0]}, which is not among the numbers of the line")
        return self


class AgentPlan(Part):
    """`interface`: the device as the switch dials it, `PJSIP/1001`."""

    code: Code
    name: Name
    interface: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+/[A-Za-z0-9_.@-]+$", max_length=80)]
    pbx: Code = "main"
    language: Language = "ru"
    lines: list[Code] = []


class FloorPlan(Part):
    lines: list[LinePlan] = []
    agents: list[AgentPlan] = []

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "FloorPlan":
        for what, codes in (
            ("line", [line.code for line in self.lines]),
            ("agent", [agent.code for agent in self.agents]),
            ("interface", [f"{agent.interface} on {agent.pbx}" for agent in self.agents]),
            ("queue", [f"{queue} on {line.pbx}" for line in self.lines for queue in _queues(line)]),
            ("number", [f"{number} on {line.pbx}" for line in self.lines for number in line.numbers]),
            ("default line", [line.pbx for line in self.lines if line.default]),
        ):
            if twice := _twice(codes):
                raise ValueError(f"{what} {twice} stands there twice")
        known = {line.code: line for line in self.lines}
        for line in self.lines:
            if line.overflow is not None and line.overflow.line is not None:
                _check_other(line, known.get(line.overflow.line))
        for agent in self.agents:
            if unknown := [line for line in agent.lines if line not in known]:
                raise ValueError(f"agent {agent.code} serves the line {unknown[0]}, which is not in the file")
        return self


def _queues(line: LinePlan) -> list[str]:
    return [queue for queue in (line.queue_name, line.vip_queue) if queue is not None]


def _check_other(line: LinePlan, other: LinePlan | None) -> None:
    if other is None or other.code == line.code:
        named = line.overflow.line if line.overflow else None
        raise ValueError(f"line {line.code} overflows to {named}, which is no other line of the file")
    if other.pbx != line.pbx:
        raise ValueError(f"line {line.code} overflows to {other.code}, which is on another PBX")


def read_plan(path: Path) -> FloorPlan:
    """Raises `BadInput` that names the place and what is expected."""
    try:
        return FloorPlan.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not TOML: {error}.") from None
    except ValidationError as error:
        places = [
            f"{path}: {' → '.join(str(part) for part in one['loc']) or 'the whole'}: {one['msg']}"
            for one in error.errors()
        ]
        raise BadInput("\n".join(places)) from None


def _twice(values: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None
