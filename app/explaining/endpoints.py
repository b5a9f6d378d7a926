"""`why` over HTTP: for supervisors, and for programs with the scope `why`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.errors import NotAllowed
from app.explaining.schemas import Why
from app.explaining.service import Explaining
from app.infra.auth import TOKEN_HEADER, current_user, identity_of

router = APIRouter(prefix="/routing", tags=["routing"])


def _service(request: Request) -> Explaining:
    service: Explaining = request.app.state.explaining
    return service


async def _project(request: Request) -> int:
    """Of who asks. Raises `NotSignedIn`, `NotAllowed`."""
    token = request.headers.get(TOKEN_HEADER)
    if token is not None:
        return (await identity_of(request).check_service_token(token, "why")).project_id
    user = await current_user(request)
    if user.role not in ("supervisor", "admin"):
        raise NotAllowed("Only a supervisor may see why calls went where they went.")
    return user.project_id


@router.get("/calls/{pbx}/{call_id}/why")
async def read_why(
    pbx: str,
    call_id: str,
    project: Annotated[int, Depends(_project)],
    explaining: Annotated[Explaining, Depends(_service)],
) -> Why:
    """Every decision with what was known and its reasons, every try to ring somebody with who was passed over, why he
    still waits, and how it ended. For supervisors; for programs a service token with the scope `why`."""
    return await explaining.why(project, pbx, call_id)
