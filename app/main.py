"""The HTTP side: every route of the service, and the pages."""

from importlib.metadata import version as installed
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from app.bootstrap import Services
from app.callbacks.endpoints import router as callbacks
from app.desk.endpoints import router as desk
from app.doctor.endpoints import router as doctor
from app.explaining.endpoints import router as explaining
from app.identity.endpoints import router as identity
from app.inbound.endpoints import CallsFirst, openapi_fragment, routes
from app.infra import http
from app.infra.auth import CurrentUser, require_scope
from app.infra.pages import add_pages
from app.live.endpoints import router as live
from app.opening.endpoints import router as opening
from app.policymaking.endpoints import router as policymaking
from app.presence.endpoints import router as presence
from app.pulse.endpoints import router as pulse
from app.recorder.endpoints import router as recorder
from app.rehearsal.endpoints import router as rehearsals
from app.selfservice.endpoints import router as selfservice
from app.voicemail.endpoints import router as voicemail
from screenpop.asyncapi import document as asyncapi_document

VERSION = installed("tierline")


def create_app(services: Services) -> FastAPI:
    settings = services.settings
    app = FastAPI(title="Tierline", version=VERSION, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.identity = services.identity
    app.state.presence = services.presence
    app.state.pulse = services.pulse
    app.state.desk = services.desk
    app.state.callbacks = services.callbacks
    app.state.recorder = services.recorder
    app.state.listening = services.listening
    app.state.opening = services.opening
    app.state.selfservice = services.selfservice
    app.state.voicemail = services.voicemail
    app.state.explaining = services.explaining
    app.state.policymaking = services.policymaking
    app.state.rehearsals = services.rehearsals
    http.install(app, allowed_origins=settings.allowed_origins, secure=settings.secure_cookies)
    app.router.routes.extend(routes(services.inbound))
    for router in (
        callbacks,
        identity,
        presence,
        pulse,
        desk,
        recorder,
        explaining,
        policymaking,
        rehearsals,
        opening,
        selfservice,
        voicemail,
        live(services.live),
        doctor(lambda: services.switches.compare()),
    ):
        app.include_router(router)
    _add_operations(app, services)
    add_pages(app)
    return app


def calls_first(app: FastAPI, services: Services) -> CallsFirst:
    """What the server serves."""
    return CallsFirst(app, services.inbound)


def _add_operations(app: FastAPI, services: Services) -> None:
    @app.get("/health", tags=["operations"])
    async def health() -> JSONResponse:
        """Open to everybody. 503 while the database is away; a PBX that is away is told, not an error.

        `links`: up, connecting, resyncing, down or refused, by PBX. `clocks`: our clock minus that of the PBX, seconds,
        null while not compared; moments are corrected by it, so it is a fault of that machine's only.
        """
        database, switches = await services.database.answers(), services.switches
        state = {"status": "ok" if database else "degraded", "database": "up" if database else "down"}
        told = {**state, "links": switches.states(), "clocks": switches.clocks()}
        return JSONResponse(told, 200 if database else 503)

    @app.get("/metrics", tags=["operations"], dependencies=[Depends(require_scope("metrics"))])
    async def metrics(_: Request) -> Response:
        """Prometheus text; a service token with the scope `metrics`."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi(_: CurrentUser) -> JSONResponse:
        return JSONResponse(openapi_document(app))

    @app.get("/asyncapi.json", tags=["operations"])
    async def asyncapi(_: CurrentUser) -> dict[str, Any]:
        """The contract of `/live`."""
        return asyncapi_document(VERSION)


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI with the plain routes among the others."""
    if app.openapi_schema is None:
        whole = get_openapi(title=app.title, version=app.version, routes=app.routes)
        plain = openapi_fragment()
        whole["paths"] |= plain["paths"]
        for kind, parts in plain["components"].items():
            whole.setdefault("components", {}).setdefault(kind, {}).update(parts)
        app.openapi_schema = whole
    return app.openapi_schema
