"""JSON of recordings."""

from typing import Literal

from pydantic import BaseModel, Field

Wish = Literal["start", "pause", "resume", "stop"]


class Pause(BaseModel):
    """Seconds from the beginning of the sound; `to_s` is null while it lasts."""

    from_s: float
    to_s: float | None


class RecordingView(BaseModel):
    """`state`: `recording`, `paused` (both now), `ended` (not yet to be heard), `stored`, `missing` (no sound came).
    Times: seconds since 1970 by the switch's clock."""

    id: int
    agent: str | None = Field(description="name")
    interface: str | None
    started_at: float
    ended_at: float | None
    state: Literal["recording", "paused", "ended", "stored", "missing"]
    pauses: list[Pause]
    because: str | None
    length_s: float | None
    channels: int | None = Field(description="2: the client left, the agent right")
    size: int | None = Field(description="bytes of the WAV file")
    sha256: str | None


class RecordingReport(BaseModel):
    """What became of one command. `state`: what the switch says now of that agent's recording."""

    interface: str
    outcome: Literal["done", "refused", "timed_out", "link_lost"]
    message: str
    state: Literal["on", "paused", "off"]


class RecordingReports(BaseModel):
    outcomes: list[RecordingReport]
