"""Messages of callers, for whoever answers them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from app.infra.auth import SignedIn, require
from app.voicemail.schemas import Owner, VoicemailView
from app.voicemail.service import VoicemailService

router = APIRouter(prefix="/api/voicemails", tags=["voicemail"])


def _service(request: Request) -> VoicemailService:
    service: VoicemailService = request.app.state.voicemail
    return service


Service = Annotated[VoicemailService, Depends(_service)]
Supervisor = Annotated[SignedIn, Depends(require("supervisor"))]
Number = Annotated[int, Path(gt=0, lt=2**63)]


@router.get("")
async def read_voicemails(_: Supervisor, voicemail: Service, handled: bool = False) -> list[VoicemailView]:
    """Those that wait for an answer, the nearest deadline first; or those that got one."""
    return await voicemail.listed(handled=handled)


@router.put("/{number}/client")
async def link_voicemail(number: Number, owner: Owner, _: Supervisor, voicemail: Service) -> VoicemailView:
    """Says whose message it is: a case of his, with his deadline. 409: it is somebody else's already."""
    return await voicemail.link(number, owner.client_id)


@router.post("/{number}/handled")
async def handle_voicemail(number: Number, user: Supervisor, voicemail: Service) -> VoicemailView:
    """It was answered; its case is closed."""
    return await voicemail.handled(user, number)
