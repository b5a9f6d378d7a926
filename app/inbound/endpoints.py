"""`POST /routing/calls`: a plain Starlette route, because a caller waits for it; documented like every other one."""

from typing import Any

import msgspec
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import TierlineError
from app.inbound.schemas import CallArrives, read_call
from app.inbound.service import Inbound
from app.infra.dialplan import LARGEST_BODY, body_of
from routing.answer import Answer

PATH = "/routing/calls"
TOKEN_HEADER = "X-Tierline-Token"  # noqa: S105 -- the header's name

_TOKEN = TOKEN_HEADER.lower().encode()
_encode = msgspec.json.Encoder().encode


class RouteCall:
    """The endpoint as an ASGI application."""

    def __init__(self, inbound: Inbound) -> None:
        self._inbound = inbound

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Bytes in, bytes out: request and response objects would take longer than the decision."""
        deadline = self._inbound.deadline()
        headers = dict(scope["headers"])
        status = 200
        try:
            token = headers.get(_TOKEN, b"").decode("latin-1")
            project_id = await self._inbound.who_asks(token, deadline)
            body = await body_of(receive)
            call = read_call(body, headers.get(b"content-type", b"").decode("latin-1"))
            said = _encode(await self._inbound.route(project_id, call, deadline))
        except TierlineError as error:
            status, said = error.status, _encode({"code": error.code, "message": error.message})
        except ClientDisconnect:
            return
        length = str(len(said)).encode()
        answered = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": status, "headers": answered})
        await send({"type": "http.response.body", "body": said})


class CallsFirst:
    """Around the whole application: a caller waits, and what pages need (origins, sessions, exit stacks) costs as much
    as his whole answer. Everything else passes through, also wrong methods."""

    def __init__(self, app: ASGIApp, inbound: Inbound) -> None:
        self._app = app
        self._calls = RouteCall(inbound)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        a_call = scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "POST"
        await (self._calls if a_call else self._app)(scope, receive, send)


def routes(inbound: Inbound) -> list[Route]:
    return [Route(PATH, RouteCall(inbound), methods=["POST"])]


def openapi_fragment() -> dict[str, Any]:
    """`{paths, components}` to be merged into the application's document."""
    (question, answer), schemas = msgspec.json.schema_components(
        [CallArrives, Answer], ref_template="#/components/schemas/{name}"
    )
    error = {"$ref": "#/components/schemas/RoutingError"}
    schemas["RoutingError"] = {
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "code": {"type": "string"},
            "message": {"type": "string", "description": "what to do"},
        },
    }
    said = {
        "401": "no token, or one that is not known",
        "403": "the token has not the scope `routing`",
        "413": f"more than {LARGEST_BODY} bytes",
        "422": "the question cannot be read: the message names the field",
        "503": "the database is away and the token was never checked before",
    }
    operation = {
        "operationId": "route_call",
        "tags": ["routing"],
        "summary": "Where does this call go?",
        "description": "Asked by the dialplan for every call. A look-up that is late or fails still gets an answer; "
        "`because` says so.",
        "security": [{"serviceToken": []}],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": question},
                "application/x-www-form-urlencoded": {"schema": question},
            },
        },
        "responses": {
            "200": {"description": "where it goes", "content": {"application/json": {"schema": answer}}},
            **{
                status: {"description": text, "content": {"application/json": {"schema": error}}}
                for status, text in said.items()
            },
        },
    }
    scheme = {"type": "apiKey", "in": "header", "name": TOKEN_HEADER}
    return {
        "paths": {PATH: {"post": operation}},
        "components": {"schemas": schemas, "securitySchemes": {"serviceToken": scheme}},
    }
