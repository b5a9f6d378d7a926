"""What the dialplan asks, and what it may say: flat, because it reads no lists; a fact without a value is left out."""

from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta
from pydantic import BaseModel, Field

from app.errors import BadInput

LARGEST_BODY = 2048
"""Bytes. A question is two hundred."""

_MOST_FIELDS = 20


class Question(msgspec.Struct, frozen=True):
    """`ani`: the caller's number as the switch has it."""

    pbx: Annotated[str, Meta(min_length=1, max_length=64)]
    call_id: Annotated[str, Meta(min_length=1, max_length=150)]
    ani: Annotated[str, Meta(max_length=256)] = ""


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


def read_question(body: bytes, content_type: str) -> Question:
    """JSON or a form. Raises `BadInput` that names the field."""
    try:
        if content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
            return msgspec.convert(_form(body), Question)
        return msgspec.json.decode(body, type=Question)
    except msgspec.ValidationError as error:
        raise BadInput(f"{error}. Expected the fields pbx, call_id, ani; see /openapi.json.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"The body is neither JSON nor a form ({error}).") from None


def _form(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode(errors="replace")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise BadInput(f"The form has more than {_MOST_FIELDS} fields.") from None
