"""JSON of the policy's versions."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class Draft(BaseModel):
    body: dict[str, Any] = Field(description="the policy; parts left out are the defaults")


class NewVersion(Draft):
    note: str = Field(default="", max_length=500, description="what it is for")


class Activation(BaseModel):
    confirmed: bool = Field(default=False, description="the warnings of a check were seen and are accepted")


class Notice(BaseModel):
    """A warning: may be accepted. `code`: `promise`, `no_such_line` or `nobody_can`."""

    code: str
    place: str
    en: str
    ru: str


class Promise(BaseModel):
    """What the highest tiers of a line can be promised by its staff. Shares in percent; `known`: by the calls of the last
    28 days, otherwise by assumptions. `instead_*`, `enough_agents`: what would be kept; null when nothing usual would."""

    line: str
    agents: int
    aht_s: float
    vip_per_hour: float
    known: bool
    promised_percent: float
    within_s: float
    expected_percent: float
    kept: bool
    instead_percent: float | None
    instead_within_s: float | None
    enough_agents: int | None


class Verdict(BaseModel):
    """`errors`: the policy cannot be used, what to change stands in each; then nothing else was looked at."""

    errors: list[str]
    warnings: list[Notice]
    promises: list[Promise]


class Version(BaseModel):
    """`body`: as it was written; `created_by`: a name. Version 0 are the built-in defaults."""

    version: int
    active: bool
    note: str
    created_by: str | None
    created_at: datetime | None
    body: dict[str, Any]


class VersionRow(BaseModel):
    version: int
    active: bool
    note: str
    created_by: str | None
    created_at: datetime | None


class CurrentPolicy(Version):
    """`rules`: the body with every default written out."""

    rules: dict[str, Any]


class Saved(BaseModel):
    """The new version, not in force yet, and what a check says of it."""

    version: int
    verdict: Verdict


class InForce(BaseModel):
    """What is in force now."""

    version: int
    warnings: list[Notice]


class ActivationRow(BaseModel):
    """From `at` on `version` was in force. `confirmed`: warnings that were accepted."""

    at: datetime
    version: int
    by: str | None
    confirmed: list[str]


class Difference(BaseModel):
    """`path`: names and places joined by dots, a tier by its name; null: not there."""

    path: str
    before: Any
    after: Any


class Differences(BaseModel):
    before: int
    after: int
    changes: list[Difference]
