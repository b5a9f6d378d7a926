"""What every answer has in common."""

from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI, WebSocket

from app.errors import Conflict
from app.infra.http import install

pytestmark = pytest.mark.unit


def example(allowed: list[str] | None = None, *, secure: bool = False) -> FastAPI:
    app = FastAPI()
    install(app, allowed_origins=allowed or [], secure=secure)

    @app.get("/conflict")
    async def conflict() -> None:
        raise Conflict("The line has a name already: choose another.")

    @app.get("/defect")
    async def defect() -> None:
        raise ZeroDivisionError("a secret detail")

    @app.post("/number")
    async def number(value: int) -> dict[str, str]:
        return {"request": structlog.contextvars.get_contextvars()["request_id"]}

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("here")
        await socket.close()

    return app


def browser(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.example:8080")


async def test_an_expected_error_has_a_status_a_code_and_a_sentence() -> None:
    answer = await browser(example()).get("/conflict")
    assert answer.status_code == 409
    assert answer.json() == {"code": "conflict", "message": "The line has a name already: choose another."}
    assert answer.headers["cache-control"] == "no-store"


async def test_a_defect_says_where_to_look_and_nothing_else() -> None:
    answer = await browser(example()).get("/defect", headers={"x-request-id": "abc-1"})
    assert answer.status_code == 500
    assert answer.json() == {
        "code": "internal",
        "message": "Something went wrong here. The log tells more under abc-1.",
    }
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_bad_input_is_named_in_a_sentence() -> None:
    answer = await browser(example()).post("/number?value=three")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    assert answer.json()["message"].startswith("value: ")


async def test_what_the_framework_refuses_has_the_same_form() -> None:
    async with browser(example()) as client:
        assert (await client.get("/nowhere")).json()["code"] == "not_found"
        assert (await client.delete("/conflict")).status_code == 405


async def test_pages_are_told_to_run_only_our_own_code() -> None:
    headers = (await browser(example()).get("/nowhere")).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" not in headers
    assert "strict-transport-security" in (await browser(example(secure=True)).get("/nowhere")).headers


@pytest.mark.parametrize("given", ["abc-1", None, "x" * 65, "two words"])
async def test_a_request_has_an_id_that_the_log_knows(given: str | None) -> None:
    headers = {"x-request-id": given} if given else {}
    answer = await browser(example()).post("/number?value=3", headers=headers)
    assert answer.headers["x-request-id"] == answer.json()["request"]
    assert (answer.json()["request"] == given) == (given == "abc-1")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://desk.example:8080"}, 200),
        ({"origin": "https://desk.example:8080"}, 200),  # behind a proxy that ends TLS
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": "https://partner.example"}, 200),
        ({"origin": "http://desk.example"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "file://desk.example:8080"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
    ],
)
async def test_only_our_own_and_allowed_pages_may_change_things(headers: dict[str, str], status: int) -> None:
    answer = await browser(example(["https://partner.example/"])).post("/number?value=3", headers=headers)
    assert answer.status_code == status


async def test_an_allowed_page_may_read_the_answer_and_others_may_not() -> None:
    app = example(["https://partner.example"])
    allowed = await browser(app).get("/conflict", headers={"origin": "https://partner.example"})
    other = await browser(app).get("/conflict", headers={"origin": "https://evil.example"})
    assert allowed.headers["access-control-allow-origin"] == "https://partner.example"
    assert "access-control-allow-origin" not in other.headers


async def socket_opened(app: FastAPI, origin: str) -> list[dict[str, Any]]:
    """What the server says to a page of `origin` that opens a socket."""
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        said.append(message)

    headers = [(b"host", b"desk.example"), (b"origin", origin.encode())]
    scope = {
        "type": "websocket",
        "path": "/live",
        "headers": headers,
        "query_string": b"",
        "subprotocols": [],
    }
    await app(scope, receive, send)
    return said


async def test_a_socket_from_another_site_s_page_is_refused() -> None:
    said = await socket_opened(example(), "http://desk.example")
    assert [one["type"] for one in said] == ["websocket.accept", "websocket.send", "websocket.close"]
    said = await socket_opened(example(), "https://evil.example")
    assert [(one["type"], one["code"]) for one in said] == [("websocket.close", 1008)]
