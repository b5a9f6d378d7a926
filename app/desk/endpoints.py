"""Cards and clients over HTTP, for the agent's page."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.desk.schemas import Choice, NewClient
from app.desk.service import DeskService
from app.infra.auth import CurrentUser
from screenpop.messages import Card, ClientCard

router = APIRouter(prefix="/api", tags=["desk"])


def _service(request: Request) -> DeskService:
    service: DeskService = request.app.state.desk
    return service


Service = Annotated[DeskService, Depends(_service)]


@router.get("/clients/{client_id}/card")
async def read_card(client_id: int, user: CurrentUser, desk: Service) -> ClientCard:
    return await desk.card(user, client_id)


@router.post("/clients", status_code=201)
async def create_client(wanted: NewClient, user: CurrentUser, desk: Service) -> ClientCard:
    """The caller nobody knew. With `call`, the card of that call shows him at once."""
    return await desk.create(user, wanted)


@router.put("/calls/{pbx}/{call_id}/client")
async def choose_client(pbx: str, call_id: str, choice: Choice, user: CurrentUser, desk: Service) -> Card:
    """Which of the clients sharing the number it is; remembered for the next call."""
    return await desk.choose(user, f"{pbx}/{call_id}", choice.client_id)
