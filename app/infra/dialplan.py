"""What a dialplan sends us: one question, as a form (CURL) or as JSON, and never much."""

from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from app.errors import BadInput

Question = TypeVar("Question", bound=msgspec.Struct)

LARGEST_BODY = 8192
"""Bytes. A question is a few hundred."""

FORM = "application/x-www-form-urlencoded"

_MOST_FIELDS = 50
_FIELDS_NAMED = 5


class TooLarge(BadInput):
    status = 413
    code = "too_large"


async def body_of(receive: Receive) -> bytes:
    """Raises `TooLarge` before it has read more than allowed, `ClientDisconnect`."""
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise TooLarge(f"The body is larger than {LARGEST_BODY} bytes; send one question only.")
        if not message.get("more_body"):
            return body


def read(body: bytes, content_type: str, decoder: msgspec.json.Decoder[Question]) -> Question:
    """Raises `BadInput` that names the field and what is expected. Letters that are not UTF-8 are replaced, not refused."""
    try:
        if content_type.partition(";")[0].strip().lower() == FORM:
            question: Question = msgspec.convert(_form(body), decoder.type)
            return question
        return decoder.decode(body.decode(errors="replace"))
    except msgspec.ValidationError as error:
        names = ", ".join(field.name for field in msgspec.structs.fields(decoder.type)[:_FIELDS_NAMED])
        raise BadInput(f"{error}. Expected the fields {names}, …; see /openapi.json.") from None
    except msgspec.DecodeError as error:
        raise BadInput(
            f"The body is not JSON ({error}). Send JSON, or a form with Content-Type: {FORM}."
        ) from None


def documented(question: type[Any]) -> dict[str, Any]:
    """`openapi_extra` of an endpoint that reads its body itself."""
    schema: dict[str, Any] = msgspec.json.schema(question)["$defs"][question.__name__]
    return {
        "requestBody": {
            "required": True,
            "content": {FORM: {"schema": schema}, "application/json": {"schema": schema}},
        }
    }


def _form(body: bytes) -> dict[str, str]:
    try:
        text = body.decode(errors="replace")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise BadInput(f"The form has more than {_MOST_FIELDS} fields.") from None
