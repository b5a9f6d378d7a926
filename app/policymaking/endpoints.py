"""The policy over HTTP, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from app.infra.auth import SignedIn, require
from app.policymaking.schemas import (
    Activation,
    ActivationRow,
    CurrentPolicy,
    Differences,
    Draft,
    InForce,
    NewVersion,
    Saved,
    Verdict,
    Version,
    VersionRow,
)
from app.policymaking.service import Policymaking

router = APIRouter(prefix="/api/policy", tags=["policy"])


def _service(request: Request) -> Policymaking:
    service: Policymaking = request.app.state.policymaking
    return service


Service = Annotated[Policymaking, Depends(_service)]
Admin = Annotated[SignedIn, Depends(require("admin"))]
Number = Annotated[int, Query(ge=0, le=2_000_000_000)]
PathNumber = Annotated[int, Path(alias="version", ge=0, le=2_000_000_000)]


@router.get("")
async def read_policy(admin: Admin, making: Service) -> CurrentPolicy:
    """What is in force; version 0, the built-in defaults, until a version was activated."""
    return await making.current(admin.project_id)


@router.post("/check")
async def check_policy(draft: Draft, admin: Admin, making: Service) -> Verdict:
    """Says what is wrong with a policy and what its promise needs, by the staff there is and the calls of the last 28
    days. Stores nothing."""
    return await making.check(admin.project_id, draft.body)


@router.get("/versions")
async def read_versions(
    admin: Admin,
    making: Service,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    before: Annotated[int | None, Query(ge=1, le=2_000_000_000)] = None,
) -> list[VersionRow]:
    """Newest first; for more: `before` the last one seen."""
    return await making.versions(admin.project_id, limit, before)


@router.post("/versions", status_code=201)
async def save_policy(wanted: NewVersion, admin: Admin, making: Service) -> Saved:
    """Stores the next version, which is not in force yet. 422 names every error."""
    return await making.save(admin.project_id, wanted.body, wanted.note, admin.user_id)


@router.get("/versions/{version}")
async def read_version(version: PathNumber, admin: Admin, making: Service) -> Version:
    return await making.version(admin.project_id, version)


@router.post("/versions/{version}/activate")
async def activate_policy(version: PathNumber, wanted: Activation, admin: Admin, making: Service) -> InForce:
    """Puts any version in force, without a restart. 409: there are warnings and they are not confirmed."""
    return await making.activate(admin.project_id, version, admin.user_id, wanted.confirmed)


@router.post("/roll-back")
async def roll_back_policy(admin: Admin, making: Service) -> InForce:
    """Puts in force again what was so before the present version. 409: there was nothing before."""
    return await making.roll_back(admin.project_id, admin.user_id)


@router.get("/activations")
async def read_activations(
    admin: Admin, making: Service, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[ActivationRow]:
    """When which version was put in force, and by whom; newest first."""
    return await making.activations(admin.project_id, limit)


@router.get("/differences")
async def read_differences(admin: Admin, making: Service, before: Number, after: Number) -> Differences:
    """What `after` changes of `before`. Parts left out count as their defaults."""
    return await making.differences(admin.project_id, before, after)
