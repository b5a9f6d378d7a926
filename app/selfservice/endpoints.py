"""`POST /routing/self-service`, asked by the dialplan."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.infra import dialplan
from app.infra.auth import Program, require_scope
from app.selfservice.schemas import ClientFacts, Question, question
from app.selfservice.service import SelfService

router = APIRouter(tags=["routing"])


def _service(request: Request) -> SelfService:
    service: SelfService = request.app.state.selfservice
    return service


@router.post(
    "/routing/self-service", openapi_extra=dialplan.documented(Question), response_model_exclude_none=True
)
async def read_facts(
    request: Request,
    switch: Annotated[Program, Depends(require_scope("routing"))],
    service: Annotated[SelfService, Depends(_service)],
) -> ClientFacts:
    """What may be said of the client who has this number. No facts when several clients share it, when nobody has it, or
    when it is withheld. 503: the database is away; the caller goes on to his line."""
    asked = dialplan.read(
        await dialplan.body_of(request.receive), request.headers.get("content-type", ""), question
    )
    return await service.facts(switch.project_id, asked)
