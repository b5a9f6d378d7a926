"""Tickets for the WebSocket, the WebSocket itself, and how fast pops are."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends

from app.infra.auth import CurrentUser, SignedIn, require
from app.live.pops import Quantiles
from app.live.schemas import PopSpeed, Speed, Ticket
from app.live.service import Live, now
from app.live.socket import LiveSocket
from app.live.tickets import LASTS_S, Holder
from screenpop.messages import Viewer


def router(live: Live) -> APIRouter:
    router = APIRouter(tags=["live"])
    router.add_websocket_route("/live", LiveSocket(live).serve)

    @router.post("/api/live/tickets")
    async def issue_ticket(user: CurrentUser) -> Ticket:
        """A browser gets one before each connection to `/live`."""
        holder = Holder(viewer_of(user), user.session)
        return Ticket(ticket=live.tickets.issue(holder, now().monotonic), expires_in_s=LASTS_S)

    @router.get("/api/live/pops")
    async def pop_speed(_: Annotated[SignedIn, Depends(require("supervisor"))]) -> PopSpeed:
        """The screen-pop as a service level."""
        return PopSpeed(
            event_to_socket_ms=_speed(live.pops.event_to_socket()),
            event_to_ack_ms=_speed(live.pops.event_to_ack()),
        )

    return router


def viewer_of(user: SignedIn) -> Viewer:
    return Viewer(
        user_id=user.user_id,
        login=user.login,
        name=user.name,
        role=user.role,
        language=user.language,
        pbx=user.pbx,
        interface=user.interface,
    )


def _speed(measured: Quantiles) -> Speed:
    return Speed(**msgspec.structs.asdict(measured))
