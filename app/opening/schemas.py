"""What supervisors see of the lines' opening, and how they close one."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from app.lines.rules import SOUND


class ClosingWish(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    until: AwareDatetime | None = Field(None, description="null: until somebody opens the line")
    message: Annotated[str, StringConstraints(pattern=SOUND, max_length=100)] | None = Field(
        None, description="the sound callers hear instead of the line's own, without its ending"
    )


class Closing(BaseModel):
    """`over_at`: when it ended, by its time or because somebody (`over_by`) opened or closed the line; null: in force."""

    at: AwareDatetime
    until: AwareDatetime | None
    reason: str
    message: str | None
    closed_by: str = Field(description="login")
    over_at: AwareDatetime | None
    over_by: str | None


class LineOpening(BaseModel):
    line: str
    name_ru: str
    name_en: str
    pbx: str
    open: bool
    why: Literal["always", "hours", "outside_hours", "holiday", "forced"]
    opens_at: AwareDatetime | None = Field(description="while closed: when it opens; null: not within a year")
    time_zone: str
    hours: list[str]
    holidays: dict[str, list[str]]
    after_hours: Literal["goodbye", "voicemail", "callback"]
    closing: Closing | None = Field(description="a supervisor's, in force now")
