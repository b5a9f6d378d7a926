"""JSON of callbacks: asked for by the dialplan, by the company's site, by people."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from app.callbacks.rules import AskedBy, Result, State

Language = Literal["ru", "en"]
MOST = 2**63 - 1
"""Ids are bigints."""

Written = r"^[^\x00]*$"
"""PostgreSQL keeps everything but NUL."""

Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=Written)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=Written)]


class CallerAsks(msgspec.Struct, frozen=True):
    """The dialplan's question: he pressed the key. `joined`: when he joined the line, seconds since 1970."""

    pbx: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[!-~]+$")]
    call_id: Annotated[str, Meta(min_length=1, max_length=150, pattern="^[!-~]+$")]
    number: Annotated[str, Meta(min_length=1, max_length=64, description="where to call him")]
    line: Annotated[str, Meta(max_length=100)] = ""
    tier: Annotated[str, Meta(max_length=32)] = ""
    client_id: Annotated[str, Meta(max_length=18, pattern="^[0-9]*$")] = ""
    topic: Annotated[str, Meta(max_length=100, pattern=r"^[^\x00]*$")] = ""
    language: Annotated[str, Meta(max_length=32)] = ""
    joined: Annotated[str, Meta(max_length=20, pattern="^([0-9]+([.][0-9]+)?)?$")] = ""


class WebAsks(BaseModel):
    """What the company's site knows of the visitor who wants to be called."""

    model_config = ConfigDict(extra="forbid")

    number: str = Field(min_length=1, max_length=64, description="in any form")
    line: Code | None = Field(None, description="its code; the project's default line when left out")
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=Written)] | None = (
        None
    )
    note: Note = Field("", description="why he wants to be called")
    topic: Code | None = None
    language: Language | None = None
    wanted_at: AwareDatetime | None = Field(None, description="when; as soon as possible when left out")


class PersonAsks(BaseModel):
    """An agent or supervisor promises a call: to a client, at his own number when none is given, or to a number."""

    model_config = ConfigDict(extra="forbid")

    client_id: int | None = Field(None, ge=1, le=MOST)
    number: str | None = Field(None, min_length=1, max_length=64)
    line: Code
    note: Note = ""
    topic: Code | None = None
    wanted_at: AwareDatetime | None = None


class Change(BaseModel):
    """What is left out stays. `wanted_at` null: as soon as possible."""

    model_config = ConfigDict(extra="forbid")

    wanted_at: AwareDatetime | None = None
    note: Note | None = None


class Promised(BaseModel):
    """`first`: false when he was promised this call before. Moments: seconds since 1970."""

    callback: int
    state: State
    first: bool
    wanted_at: float | None
    deadline: float


class CallbackView(BaseModel):
    """Moments: seconds since 1970. `joined_at`: his place among those who wait; `not_before`: no try earlier."""

    id: int
    client_id: int | None
    name: str | None
    phone: str = Field(description="E.164 with +")
    line: str
    tier: str
    topic: str | None
    language: str | None
    note: str
    asked_by: AskedBy
    asked_by_user: int | None
    asked_at: float
    joined_at: float
    wanted_at: float | None
    not_before: float | None
    deadline: float
    state: State
    attempts: int = Field(description="how often he was called")
    last_try_at: float | None
    last_result: Result | None
    ended_at: float | None
    ended_because: str | None
    pbx: str | None
    call_id: str | None = Field(description="the call in which he asked")


class AttemptView(BaseModel):
    number: int
    at: float
    pbx: str
    call_id: str
    agent: str
    ended_at: float | None
    result: Result | None


class CallbackStory(CallbackView):
    tries: list[AttemptView]


caller_asks = msgspec.json.Decoder(CallerAsks)
