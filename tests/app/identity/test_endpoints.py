"""Sign-in, sign-out and rights as a browser meets them."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI

from app.identity.endpoints import router
from app.identity.service import IdentityService
from app.infra.auth import Program, SignedIn, require, require_scope
from app.infra.http import install
from tests.app.identity.conftest import PASSWORD

pytestmark = pytest.mark.db


@pytest.fixture
async def browser(identity: IdentityService) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install(app)
    app.state.identity = identity
    app.include_router(router)

    @app.get("/floor")
    async def floor(user: Annotated[SignedIn, Depends(require("supervisor"))]) -> str:
        return user.login

    @app.get("/metrics")
    async def metrics(program: Annotated[Program, Depends(require_scope("metrics"))]) -> str:
        return program.name

    transport = httpx.ASGITransport(app, client=("192.0.2.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.example") as client:
        yield client


async def sign_in(
    browser: httpx.AsyncClient, login: str = "anna", password: str = PASSWORD
) -> httpx.Response:
    return await browser.post("/api/sessions", json={"login": login, "password": password})


async def test_signing_in_gives_a_cookie_that_no_script_and_no_other_site_can_use(
    browser: httpx.AsyncClient, anna: int
) -> None:
    answer = await sign_in(browser)
    assert answer.status_code == 200
    assert answer.json() == {
        "user_id": anna,
        "login": "anna",
        "name": "Anna",
        "role": "supervisor",
        "language": "ru",
        "theme": "auto",
        "interface": None,
        "agent_id": None,
    }
    attributes = answer.headers["set-cookie"].lower()
    assert attributes.startswith("tierline_session=")
    assert "httponly" in attributes
    assert "samesite=strict" in attributes
    assert (await browser.get("/api/me")).json() == answer.json()


async def test_over_https_the_cookie_stays_on_https(browser: httpx.AsyncClient, anna: int) -> None:
    browser._transport.app.state.secure_cookies = True  # type: ignore[attr-defined]
    assert "secure" in (await sign_in(browser)).headers["set-cookie"].lower()


async def test_a_stranger_is_told_to_sign_in(browser: httpx.AsyncClient) -> None:
    for answer in (
        await browser.get("/api/me"),
        await browser.patch("/api/me", json={"theme": "dark"}),
        await browser.get("/floor"),
        await browser.get("/api/me", headers={"cookie": "tierline_session=1.forged"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


async def test_a_wrong_password_gives_no_cookie(browser: httpx.AsyncClient, anna: int) -> None:
    answer = await sign_in(browser, password="wrong horse")
    assert answer.status_code == 401
    assert answer.json() == {"code": "not_signed_in", "message": "Login or password is wrong."}
    assert "set-cookie" not in answer.headers


async def test_signing_out_makes_the_cookie_worthless(browser: httpx.AsyncClient, anna: int) -> None:
    await sign_in(browser)
    cookie = browser.cookies["tierline_session"]
    assert (await browser.delete("/api/sessions/current")).status_code == 204
    assert "tierline_session" not in browser.cookies
    again = await browser.get("/api/me", headers={"cookie": f"tierline_session={cookie}"})
    assert again.status_code == 401
    assert (await browser.delete("/api/sessions/current")).status_code == 204


async def test_signing_in_again_ends_the_former_session(browser: httpx.AsyncClient, anna: int) -> None:
    await sign_in(browser)
    former = browser.cookies["tierline_session"]
    await sign_in(browser)
    assert (await browser.get("/api/me")).status_code == 200
    answer = await browser.get("/api/me", headers={"cookie": f"tierline_session={former}"})
    assert answer.status_code == 401


async def test_language_and_colours_are_kept(browser: httpx.AsyncClient, anna: int) -> None:
    await sign_in(browser)
    assert (await browser.patch("/api/me", json={"theme": "dark"})).json()["theme"] == "dark"
    me = (await browser.patch("/api/me", json={"language": "en"})).json()
    assert (me["language"], me["theme"]) == ("en", "dark")
    assert (await sign_in(browser)).json() == me


@pytest.mark.parametrize("body", [{"role": "admin"}, {"language": "xx"}, {"theme": 7}])
async def test_only_one_s_own_language_and_colours_can_be_changed(
    browser: httpx.AsyncClient, anna: int, body: dict[str, object]
) -> None:
    await sign_in(browser)
    answer = await browser.patch("/api/me", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    assert next(iter(body)) in answer.json()["message"]


async def test_rights_are_checked_here_and_an_admin_has_them_all(
    browser: httpx.AsyncClient, identity: IdentityService, anna: int
) -> None:
    await identity.add_user("boris", PASSWORD, name="Boris", role="agent")
    await identity.add_user("root", PASSWORD, name="Vera", role="admin")
    for login, status in (("anna", 200), ("root", 200), ("boris", 403)):
        await sign_in(browser, login)
        assert (await browser.get("/floor")).status_code == status


async def test_another_site_s_page_cannot_act_for_the_user(browser: httpx.AsyncClient, anna: int) -> None:
    await sign_in(browser)
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        answer = await browser.patch("/api/me", json={"theme": "dark"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    own = await browser.patch("/api/me", json={"theme": "light"}, headers={"origin": "http://desk.example"})
    assert own.json()["theme"] == "light"


async def test_a_program_shows_its_token(browser: httpx.AsyncClient, identity: IdentityService) -> None:
    token = await identity.create_token("collector", ["metrics"])
    other = await identity.create_token("pbx", ["routing"])
    assert (await browser.get("/metrics")).status_code == 401
    assert (await browser.get("/metrics", headers={"X-Tierline-Token": other})).status_code == 403
    answer = await browser.get("/metrics", headers={"X-Tierline-Token": token})
    assert answer.json() == "collector"


async def test_a_password_is_never_repeated_in_an_error(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/api/sessions", json={"login": "anna", "password": "hunter2" * 60})
    assert answer.status_code == 422
    assert "password: " in answer.json()["message"]
    assert "hunter2" not in answer.text
