"""`POST /routing/calls`: a plain Starlette route, because a caller waits for it; documented like every other one."""

from typing import Any

import msgspec
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.errors import BadInput, TierlineError
from app.inbound.schemas import LARGEST_BODY, CallArrives, read_call
from app.inbound.service import Inbound
from routing.answer import Answer

PATH = "/routing/calls"
TOKEN_HEADER = "X-Tierline-Token"  # noqa: S105 -- the header's name

_encode = msgspec.json.Encoder().encode


class TooLarge(BadInput):
    status = 413
    code = "too_large"


class RouteCall:
    """The endpoint as an ASGI application."""

    def __init__(self, inbound: Inbound) -> None:
        self._inbound = inbound

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        deadline = self._inbound.deadline()
        try:
            project_id = await self._inbound.who_asks(headers.get(TOKEN_HEADER, ""), deadline)
            body = await _body(Request(scope, receive))
            call = read_call(body, headers.get("content-type", ""))
            answer = await self._inbound.route(project_id, call, deadline)
        except TierlineError as error:
            response = _json({"code": error.code, "message": error.message}, error.status)
        except ClientDisconnect:
            return
        else:
            response = _json(answer, 200)
        await response(scope, receive, send)


def routes(inbound: Inbound) -> list[Route]:
    return [Route(PATH, RouteCall(inbound), methods=["POST"])]


def _json(content: Any, status: int) -> Response:
    return Response(_encode(content), status, media_type="application/json")


async def _body(request: Request) -> bytes:
    """Raises `TooLarge` before it has read more than allowed."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_BODY:
            raise TooLarge(f"The body is larger than {LARGEST_BODY} bytes; send one call's question only.")
        chunks.append(chunk)
    return b"".join(chunks)


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
