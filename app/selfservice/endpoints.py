"""`POST /routing/self-service`, asked by the dialplan."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request

from app.errors import BadInput
from app.infra.auth import Program, require_scope
from app.selfservice.schemas import LARGEST_BODY, ClientFacts, Question, read_question
from app.selfservice.service import SelfService

router = APIRouter(tags=["routing"])

_question: dict[str, Any] = msgspec.json.schema(Question)["$defs"]["Question"]
_ASKED = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {"schema": _question},
            "application/json": {"schema": _question},
        },
    }
}


class TooLarge(BadInput):
    status = 413
    code = "too_large"


def _service(request: Request) -> SelfService:
    service: SelfService = request.app.state.selfservice
    return service


@router.post("/routing/self-service", openapi_extra=_ASKED, response_model_exclude_none=True)
async def read_facts(
    request: Request,
    switch: Annotated[Program, Depends(require_scope("routing"))],
    service: Annotated[SelfService, Depends(_service)],
) -> ClientFacts:
    """What may be said of the client who has this number. No facts when several clients share it, when nobody has it, or
    when it is withheld. 503: the database is away; the caller goes on to his line."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise TooLarge(f"The body is larger than {LARGEST_BODY} bytes; send one question only.")
    question = read_question(body, request.headers.get("content-type", ""))
    return await service.facts(switch.project_id, question)
