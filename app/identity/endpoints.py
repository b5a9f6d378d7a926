"""Sign-in, sign-out and what a user says about himself."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request, Response

from app.identity.schemas import Credentials, Me, MyWishes
from app.identity.service import IdentityService
from app.infra.auth import SESSION_COOKIE, CurrentUser, identity_of

router = APIRouter(prefix="/api", tags=["identity"])


def _service(request: Request) -> IdentityService:
    return cast(IdentityService, identity_of(request))


Service = Annotated[IdentityService, Depends(_service)]


@router.post("/sessions")
async def sign_in(wanted: Credentials, request: Request, response: Response, identity: Service) -> Me:
    """Sets the session cookie. 401: login or password is wrong; 429: too many attempts."""
    user, cookie = await identity.sign_in(
        wanted.login,
        wanted.password,
        address=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent"),
    )
    former = await identity.session(request.cookies.get(SESSION_COOKIE))
    if former is not None:
        await identity.sign_out(former)
    response.set_cookie(
        SESSION_COOKIE, cookie, httponly=True, samesite="strict", secure=request.app.state.secure_cookies
    )
    return Me.of(user)


@router.delete("/sessions/current", status_code=204)
async def sign_out(request: Request, response: Response, identity: Service) -> None:
    """Ends the session of the cookie; without one there is nothing to do."""
    user = await identity.session(request.cookies.get(SESSION_COOKIE))
    if user is not None:
        await identity.sign_out(user)
    response.delete_cookie(
        SESSION_COOKIE, httponly=True, samesite="strict", secure=request.app.state.secure_cookies
    )


@router.get("/me")
async def read_me(user: CurrentUser) -> Me:
    return Me.of(user)


@router.patch("/me")
async def change_me(wishes: MyWishes, user: CurrentUser, identity: Service) -> Me:
    """Language and colours, kept for the user on every device."""
    return Me.of(await identity.change_wishes(user, wishes.language, wishes.theme))
