"""The floor's self-check on demand."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Depends

from app.doctor.selfcheck import FloorReport
from app.infra.auth import require_scope


def router(check: Callable[[], Awaitable[list[FloorReport]]]) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/floor/differences", dependencies=[Depends(require_scope("doctor"))])
    async def differences() -> list[FloorReport]:
        """Compares every PBX with its floor now and says where they differ; a service token with the scope `doctor`.

        A difference counts when two looks a second apart show it. Whoever asks while a comparison runs waits for it."""
        return await check()

    return router
