"""Rehearsals over HTTP, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import FileResponse

from app.infra.auth import SignedIn, require
from app.rehearsal.jobs import Rehearsals
from app.rehearsal.schemas import Rehearsal, UploadedLog, Wish

router = APIRouter(prefix="/api/rehearsals", tags=["rehearsals"])


def _service(request: Request) -> Rehearsals:
    service: Rehearsals = request.app.state.rehearsals
    return service


Service = Annotated[Rehearsals, Depends(_service)]
Admin = Annotated[SignedIn, Depends(require("admin"))]


@router.post("", status_code=202)
async def start_rehearsal(wish: Wish, admin: Admin, rehearsals: Service) -> Rehearsal:
    """Runs a scenario, a forecast, own history or an uploaded log through the routing engine under several policies,
    beside the service. 409: one is running already."""
    return await rehearsals.start(admin, wish)


@router.get("")
async def read_rehearsals(admin: Admin, rehearsals: Service) -> list[Rehearsal]:
    """Newest first, without their reports. They are kept until the service is started anew, ten of them."""
    return rehearsals.all(admin.project_id)


@router.post(
    "/logs",
    status_code=201,
    openapi_extra={
        "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}
    },
)
async def upload_log(request: Request, admin: Admin, rehearsals: Service) -> UploadedLog:
    """A CSV of recorded calls: what `tierline export calls` writes, or a format named in docs/how-to/rehearse.md. 413: more
    than 100 MB."""
    return await rehearsals.keep_log(admin.project_id, request.stream())


@router.get("/{rehearsal}")
async def read_rehearsal(rehearsal: str, admin: Admin, rehearsals: Service) -> Rehearsal:
    """Its progress; when it is done, its report."""
    return await rehearsals.one(admin.project_id, rehearsal)


@router.post("/{rehearsal}/cancel")
async def cancel_rehearsal(rehearsal: str, admin: Admin, rehearsals: Service) -> Rehearsal:
    return await rehearsals.cancel(admin.project_id, rehearsal)


@router.get(
    "/{rehearsal}/figures.csv",
    response_class=FileResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "a row for each policy and kind of caller"}},
)
async def read_figures(rehearsal: str, admin: Admin, rehearsals: Service) -> FileResponse:
    """409: it is not done."""
    file = rehearsals.figures(admin.project_id, rehearsal)
    return FileResponse(file, media_type="text/csv", filename=f"rehearsal-{rehearsal}.csv")


@router.get(
    "/{rehearsal}/waits.png",
    response_class=FileResponse,
    responses={200: {"content": {"image/png": {}}, "description": "who was answered within how long"}},
)
async def read_chart(rehearsal: str, admin: Admin, rehearsals: Service) -> FileResponse:
    """409: it is not done; 404: charts are not installed here."""
    file = rehearsals.chart(admin.project_id, rehearsal)
    return FileResponse(file, media_type="image/png", filename=f"rehearsal-{rehearsal}.png")
