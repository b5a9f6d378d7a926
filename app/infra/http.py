"""What every HTTP answer has in common: an error as `{code, message}`, security headers, a request id; and the check
that a page of another site did not send the request."""

import re
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import NotAllowed, TierlineError

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Mantine sets style attributes and writes its variables into a <style>
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = structlog.get_logger(__name__)


def install(app: FastAPI, *, allowed_origins: Iterable[str] = (), secure: bool = False) -> None:
    """`secure`: served over HTTPS; cookies say so and browsers are told to stay there."""
    allowed = frozenset(origin.rstrip("/") for origin in allowed_origins)
    app.state.secure_cookies = secure
    app.add_exception_handler(TierlineError, _expected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(asyncpg.DataError, _unstorable)
    if allowed:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=sorted(allowed),
            allow_credentials=True,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["content-type"],
        )
    app.add_middleware(Shell, allowed_origins=allowed, secure=secure)


def error_response(error: TierlineError) -> JSONResponse:
    """For routes that are no FastAPI endpoints."""
    return JSONResponse({"code": error.code, "message": error.message}, error.status)


class Shell:
    """Around every request. Pure ASGI, because the webhook and the sockets pass here too."""

    def __init__(self, app: ASGIApp, *, allowed_origins: frozenset[str], secure: bool) -> None:
        self._app = app
        self._allowed = allowed_origins
        self._headers = {
            "content-security-policy": CONTENT_POLICY,
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=(self)",
        }
        if secure:
            self._headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not self._own_page(scope, headers):
            await self._refuse(scope, receive, send)
            return
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            if scope["type"] == "websocket":
                await self._app(scope, receive, send)
            else:
                await self._answer(scope, receive, send, request_id)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._complete(MutableHeaders(scope=message), request_id)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            _log.exception("request failed", method=scope["method"], path=scope["path"])
            if started:
                raise
            failed = f"Something went wrong here. The log tells more under {request_id}."
            answer = JSONResponse({"code": TierlineError.code, "message": failed}, 500)
            await answer(scope, receive, send_with_headers)

    def _complete(self, headers: MutableHeaders, request_id: str) -> None:
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        headers["x-request-id"] = request_id
        if headers.get("content-type", "").startswith("application/json"):
            headers.setdefault("cache-control", "no-store")

    def _own_page(self, scope: Scope, headers: Headers) -> bool:
        """False when a browser says that another site's page asks. Programs say neither and need a token anyway."""
        if scope["type"] == "http" and scope["method"] in _SAFE:
            return True
        origin = headers.get("origin")
        if origin is not None:
            return origin.rstrip("/") in self._allowed or _same_host(origin, headers.get("host", ""))
        return headers.get("sec-fetch-site", "none") in ("none", "same-origin")

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "another site's page"})
            return
        error = NotAllowed("The request comes from another site's page (see TIERLINE_ALLOWED_ORIGINS).")
        await error_response(error)(scope, receive, send)


def _same_host(origin: str, host: str) -> bool:
    parts = urlsplit(origin)
    default = {"http": ":80", "https": ":443"}.get(parts.scheme)
    if default is None:
        return False
    return parts.netloc.lower().removesuffix(default) == host.lower().removesuffix(default)


async def _expected(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TierlineError)  # noqa: S101 -- registered for it alone
    return error_response(error)


async def _unstorable(_: Request, error: Exception) -> JSONResponse:
    """What the database cannot hold was never there to be found, and is nobody's fault but the asker's."""
    _log.info("value_not_storable", error=str(error))
    said = "A value cannot be stored: numbers have 64 bits, and texts no character NUL."
    return JSONResponse({"code": "bad_input", "message": said}, 422)


async def _plain(_: Request, error: Exception) -> JSONResponse:
    """What the framework refuses by itself: unknown address, wrong method."""
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for it alone
    code = {404: "not_found", 405: "not_allowed"}.get(error.status_code, "bad_input")
    return JSONResponse({"code": code, "message": str(error.detail)}, error.status_code, error.headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- registered for it alone
    sentences = "; ".join(_sentence(one) for one in error.errors()[:10])
    return JSONResponse({"code": "bad_input", "message": sentences}, 422)


def _sentence(one: dict[str, Any]) -> str:
    """`phone: should be a valid string`. Without the value: it may be a password."""
    if one["type"] == "json_invalid":
        return "The body is not valid JSON."
    where = ".".join(str(part) for part in one["loc"] if part not in ("body", "query", "path", "header"))
    return f"{where or 'The body'}: {one['msg']}"
