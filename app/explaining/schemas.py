"""JSON of `why`."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field


class Sentences(BaseModel):
    """For people, in order."""

    en: list[str]
    ru: list[str]


class Step(BaseModel):
    """One step of a decision. `code` and `values` are for programs, `en` and `ru` for people."""

    rule: str
    saw: str
    so: str
    code: str
    values: dict[str, str | int | float | None]
    en: str
    ru: str


class DecisionView(BaseModel):
    """`facts`: all that was known then; `answer`: what the dialplan was told."""

    at: datetime
    policy_version: int | None
    took_ms: float
    facts: dict[str, Any]
    answer: dict[str, Any]
    because: list[Step]


class HindranceView(BaseModel):
    """Why a caller does not start. `idle`: agents who might take him; `kept`: how many of them his tier has to leave."""

    code: Literal["nobody_on_duty", "personal", "nobody_idle", "kept", "later"]
    need: str
    idle: int
    kept: float
    agents: list[str]
    en: str
    ru: str


class PassedOverView(BaseModel):
    """A caller who was first of his tier and need, and was not chosen."""

    caller: str
    tier: str
    waited_s: float
    because: HindranceView
    en: str
    ru: str


class CandidateView(BaseModel):
    """An idle agent who might have taken the caller; the first is the chosen one."""

    agent: str
    name: str | None
    level: int
    idle_s: float
    because: Literal["personal", "best", "not_personal", "lower_level", "idle_for_less"]
    en: str
    ru: str


class MatchView(BaseModel):
    """One try to ring one agent. `outcome`: `offered` while it is not over; `no_answer` is RONA."""

    at: datetime
    agent: str
    name: str | None
    waited_s: float
    outcome: Literal[
        "offered", "answered", "no_answer", "busy", "rejected", "cancelled", "elsewhere", "failed"
    ]
    ended_at: datetime | None
    policy_version: int | None
    tier: str
    need: str
    idle: int
    kept: float
    personal: bool
    passed_over: list[PassedOverView]
    candidates: list[CandidateView]
    en: str
    ru: str


class RingView(BaseModel):
    """An agent's device rang for the call, whoever distributed it. `result`: null while it rings."""

    at: datetime
    agent: str
    name: str | None
    result: Literal["answered", "no_answer", "busy", "rejected", "cancelled", "elsewhere", "failed"] | None
    ended_at: datetime | None
    en: str
    ru: str


class Outcome(BaseModel):
    """The call as it stands; `outcome` is null while it goes on."""

    started_at: datetime
    joined_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    line: str | None
    topic: str | None
    tier: str | None
    priority: int | None
    outcome: Literal["answered", "abandoned", "unanswered", "rejected", "failed"] | None
    ended_by: str | None
    wait_s: float | None
    total_wait_s: float | None
    talk_s: float | None
    answered_by: str | None
    agent: str | None = Field(description="name")
    doubtful: bool


class Why(BaseModel):
    """`matches`: what we chose; empty on lines that app_queue distributes. `rings`: what the switch did. `hindrance`: why he
    still waits, null when he does not wait with us. `sentences`: the whole of it for a person."""

    call: str
    decisions: list[DecisionView]
    matches: list[MatchView]
    rings: list[RingView]
    hindrance: HindranceView | None
    outcome: Outcome | None
    sentences: Sentences
