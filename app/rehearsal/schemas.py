"""JSON of rehearsals."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["preparing", "running", "done", "failed", "cancelled"]
Name = Annotated[str, Field(pattern="^[^,/]{1,64}$")]


class Draft(BaseModel):
    """A policy that is not stored yet."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    body: dict[str, Any]


class OwnHistory(BaseModel):
    """The project's own calls from the day `from` on, before the day `to`."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    since: date = Field(alias="from")
    until: date = Field(alias="to")
    line: str | None = Field(default=None, max_length=100, description="of this line only; null: all")
    zone: str | None = Field(
        default=None, max_length=64, description="IANA name; null: that of the first line"
    )


class Wish(BaseModel):
    """Exactly one of `scenario`, `forecast`, `history` and `log`."""

    model_config = ConfigDict(extra="forbid")

    scenario: str | None = Field(default=None, max_length=500, description="for example N=30,load=0.90")
    forecast: dict[str, Any] | None = Field(default=None, description="calls and agents by interval")
    history: OwnHistory | None = None
    log: str | None = Field(default=None, max_length=64, description="what an upload of a log answered")
    scale: int = Field(
        default=1, ge=1, le=100, description="with a log or history: so many times calls and staff"
    )
    staffing: bool = Field(
        default=False, description="with a scenario: find the agents that the targets need"
    )
    policies: list[Annotated[str, Field(max_length=64)] | Draft] = Field(
        min_length=1,
        max_length=6,
        description="res-hs, strict, fifo, queued, active, the number of a version, or a draft",
    )
    seed: int = Field(default=1, ge=0, le=2**31, description="another one: other callers")


class Rehearsal(BaseModel):
    """`done` of `of` pieces of work; `of` is null until it is known. `error`: a sentence, when it failed. `report`: as
    `tierline rehearse --json` prints it, when it is done."""

    id: str
    state: State
    what: str
    policies: list[str]
    done: int
    of: int | None
    asked_by: str
    started_at: datetime
    ended_at: datetime | None
    error: str | None
    chart: bool = Field(description="waits.png can be fetched")
    report: dict[str, Any] | None = None


class UploadedLog(BaseModel):
    log: str = Field(description="names it in a rehearsal")
    size: int = Field(description="bytes")
