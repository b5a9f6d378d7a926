"""What an agent's presence looks like over HTTP."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.presence.rules import PresenceState


class PresenceWish(BaseModel):
    model_config = ConfigDict(extra="forbid")

    state: PresenceState
    reason: str | None = Field(None, max_length=40, description="for `paused`: one of `reasons_offered`")


class CommandReport(BaseModel):
    """What the switch said to one command. The screen changes when its event comes, not now."""

    queue: str
    outcome: Literal["done", "refused", "timed_out", "link_lost"]
    message: str


class Presence(BaseModel):
    signed_in: bool
    pause_reasons: list[str]
    reasons_offered: list[str]
    outcomes: list[CommandReport] = Field(default_factory=list)
    needed: bool = Field(
        False,
        description="he went although he was one of the last agents kept free for the highest tiers",
    )
