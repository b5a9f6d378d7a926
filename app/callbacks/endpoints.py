"""Callbacks over HTTP: for the dialplan, for the company's site, for people."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.callbacks.rules import State
from app.callbacks.schemas import (
    MOST,
    CallbackStory,
    CallbackView,
    CallerAsks,
    Change,
    Code,
    PersonAsks,
    Promised,
    WebAsks,
    caller_asks,
)
from app.callbacks.service import CallbackService
from app.infra import dialplan
from app.infra.auth import CurrentUser, Program, require_scope

router = APIRouter(tags=["callbacks"])


def _service(request: Request) -> CallbackService:
    service: CallbackService = request.app.state.callbacks
    return service


Service = Annotated[CallbackService, Depends(_service)]
Id = Annotated[int, Path(ge=1, le=MOST)]


@router.post("/routing/callbacks", openapi_extra=dialplan.documented(CallerAsks))
async def promise_caller(
    request: Request, switch: Annotated[Program, Depends(require_scope("routing"))], callbacks: Service
) -> Promised:
    """Asked by the dialplan when a caller presses the key. Any other answer than 200 leaves him waiting."""
    asked = dialplan.read(
        await dialplan.body_of(request.receive), request.headers.get("content-type", ""), caller_asks
    )
    return await callbacks.by_caller(switch.project_id, asked)


@router.post("/callbacks", status_code=201)
async def promise_visitor(
    asked: WebAsks,
    response: Response,
    site: Annotated[Program, Depends(require_scope("callbacks"))],
    callbacks: Service,
) -> Promised:
    """For the company's site; a service token with the scope `callbacks`. 200 instead of 201: this call was promised
    before, and the first promise stands."""
    promised = await callbacks.by_web(site.project_id, asked)
    if not promised.first:
        response.status_code = 200
    return promised


@router.delete("/callbacks/{callback}", status_code=204)
async def call_off_visitor(
    callback: Id, site: Annotated[Program, Depends(require_scope("callbacks"))], callbacks: Service
) -> None:
    """Only one that the site asked for. 409: he is being called, or it is over."""
    await callbacks.cancel_from_web(site.project_id, callback)


@router.get("/api/callbacks")
async def read_callbacks(
    user: CurrentUser,
    callbacks: Service,
    line: Code | None = None,
    state: Annotated[State | None, Query(description="open ones when left out")] = None,
    client_id: Annotated[int | None, Query(ge=1, le=MOST)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[CallbackView]:
    """Of an agent's own lines; of all for a supervisor."""
    return await callbacks.listed(user, line, state, client_id, limit)


@router.post("/api/callbacks", status_code=201)
async def promise_client(
    asked: PersonAsks, response: Response, user: CurrentUser, callbacks: Service
) -> Promised:
    """200 instead of 201: this call was promised before, and the first promise stands."""
    promised = await callbacks.by_person(user, asked)
    if not promised.first:
        response.status_code = 200
    return promised


@router.get("/api/callbacks/{callback}")
async def read_callback(callback: Id, user: CurrentUser, callbacks: Service) -> CallbackStory:
    """With every attempt."""
    return await callbacks.story(user, callback)


@router.patch("/api/callbacks/{callback}")
async def change_callback(callback: Id, wish: Change, user: CurrentUser, callbacks: Service) -> CallbackStory:
    """Another time, another note. 409: he is being called, or it is over."""
    return await callbacks.change(user, callback, wish)


@router.delete("/api/callbacks/{callback}", status_code=204)
async def call_off(callback: Id, user: CurrentUser, callbacks: Service) -> None:
    await callbacks.cancel(user, callback)


@router.post("/api/callbacks/{callback}/call", status_code=202)
async def call_now(callback: Id, user: CurrentUser, callbacks: Service) -> None:
    """The agent's own phone rings now, then the client's. What follows is seen at `/live`."""
    await callbacks.call_now(user, callback)
