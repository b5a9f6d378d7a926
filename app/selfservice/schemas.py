"""What the dialplan asks, and what it may say: flat, because it reads no lists; a fact without a value is left out."""

from typing import Annotated

import msgspec
from msgspec import Meta
from pydantic import BaseModel, Field


class Question(msgspec.Struct, frozen=True):
    """`ani`: the caller's number as the switch has it."""

    pbx: Annotated[str, Meta(min_length=1, max_length=64)]
    call_id: Annotated[str, Meta(min_length=1, max_length=150)]
    ani: Annotated[str, Meta(max_length=256)] = ""


question = msgspec.json.Decoder(Question)


class ClientFacts(BaseModel):
    bill: int | None = Field(None, description="of the last full month that has one, whole units")
    currency: str | None = None
    contract: str | None = Field(None, description="number of the contract that expires next")
    contract_expires: int | None = Field(
        None, description="its last day, noon UTC, seconds since 1970: say the date of this moment in UTC"
    )
    contracts: int = Field(0, description="running ones")
    sla_minutes: int | None = Field(None, description="shortest of his running contracts")
    open_cases: int = 0
    case_due: int | None = Field(None, description="nearest promised time, seconds since 1970")
