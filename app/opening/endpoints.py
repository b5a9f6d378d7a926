"""Lines and whether they are open, for supervisors."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from app.infra.auth import SignedIn, require
from app.opening.schemas import Closing, ClosingWish, LineOpening
from app.opening.service import OpeningService

router = APIRouter(prefix="/api/lines", tags=["lines"])


def _service(request: Request) -> OpeningService:
    service: OpeningService = request.app.state.opening
    return service


Service = Annotated[OpeningService, Depends(_service)]
Supervisor = Annotated[SignedIn, Depends(require("supervisor"))]
Code = Annotated[str, Path(max_length=64, pattern="^[A-Za-z0-9_-]+$", description="the line's code")]


@router.get("")
async def read_lines(_: Supervisor, opening: Service) -> list[LineOpening]:
    """Every line with its hours, whether it is open now, and when it opens."""
    return await opening.lines()


@router.put("/{code}/closing")
async def close_line(code: Code, wish: ClosingWish, user: Supervisor, opening: Service) -> LineOpening:
    """Closes the line at once, whatever its hours say; calls that wait already are not touched. A closing in force is
    replaced. 404: no such line."""
    return await opening.close(user, code, wish)


@router.delete("/{code}/closing")
async def open_line(code: Code, user: Supervisor, opening: Service) -> LineOpening:
    """Ends the closing; the line's hours count again. 409: nobody has closed it."""
    return await opening.open(user, code)


@router.get("/{code}/closings")
async def read_closings(code: Code, _: Supervisor, opening: Service) -> list[Closing]:
    """Who closed the line, when, why and for how long: the last hundred, newest first."""
    return await opening.history(code)
