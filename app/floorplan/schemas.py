"""The file: TOML with `[[lines]]` and `[[agents]]`."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from app.errors import BadInput
from screenpop.messages import Language

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LinePlan(Part):
    """`queue`: in queues.conf, the line's code when left out. `targets`: seconds to the answer by tier."""

    code: Code
    name_ru: Name
    name_en: Name
    pbx: Code = "main"
    queue: Code | None = None
    numbers: list[Annotated[str, StringConstraints(min_length=1, max_length=40)]] = []
    default: bool = False
    targets: dict[Code, Annotated[float, Field(gt=0, le=86400)]] = {}

    @property
    def queue_name(self) -> str:
        return self.queue or self.code


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
            ("queue", [f"{line.queue_name} on {line.pbx}" for line in self.lines]),
            ("number", [f"{number} on {line.pbx}" for line in self.lines for number in line.numbers]),
            ("default line", [line.pbx for line in self.lines if line.default]),
        ):
            if twice := _twice(codes):
                raise ValueError(f"{what} {twice} stands there twice")
        known = {line.code for line in self.lines}
        for agent in self.agents:
            if unknown := [line for line in agent.lines if line not in known]:
                raise ValueError(f"agent {agent.code} serves the line {unknown[0]}, which is not in the file")
        return self


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
