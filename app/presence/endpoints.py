"""An agent's own presence over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.infra.auth import CurrentUser
from app.presence.schemas import Presence, PresenceWish
from app.presence.service import PresenceService

router = APIRouter(prefix="/api/presence", tags=["presence"])


def _service(request: Request) -> PresenceService:
    service: PresenceService = request.app.state.presence
    return service


Service = Annotated[PresenceService, Depends(_service)]


@router.get("")
async def read_presence(user: CurrentUser, presence: Service) -> Presence:
    """What the signed-in agent wants, and the reasons he may pause for."""
    return await presence.read(user.user_id)


@router.put("")
async def change_presence(wish: PresenceWish, user: CurrentUser, presence: Service) -> Presence:
    """Asks the switch. 409: it refused; 503: it is away; then nothing changed. What screens show changes when
    the switch's own event comes."""
    return await presence.change(user.user_id, wish)
