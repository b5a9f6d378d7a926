"""Asks the running backend whether its floor is what its switches say: only it knows the floor."""

import ipaddress

import httpx
import msgspec

from app.doctor.selfcheck import FloorReport
from app.errors import NotAllowed, TierlineError, Unavailable
from app.identity.service import IdentityService
from app.infra.auth import TOKEN_HEADER
from app.infra.db import Database
from app.projects.models import DEFAULT_PROJECT
from app.settings import Settings

PATH = "/floor/differences"
DEADLINE_S = 60.0


async def reports(database: Database, url: str) -> list[FloorReport]:
    """One of each PBX. Raises `Unavailable` when nobody answers there, `NotAllowed` when it is somebody else's backend."""
    identity = IdentityService(database, DEFAULT_PROJECT)
    async with identity.passing_token("doctor", "doctor") as token:
        try:
            async with httpx.AsyncClient(base_url=url, timeout=DEADLINE_S) as client:
                answer = await client.get(PATH, headers={TOKEN_HEADER: token})
        except httpx.InvalidURL as error:
            raise Unavailable(f"{url} is no address of a backend: {error}.") from error
        except httpx.HTTPError as error:
            raise Unavailable(
                f"No backend answers at {url} ({error or type(error).__name__}). Start `tierline serve`, or say where it"
                " listens: TIERLINE_HOST and TIERLINE_PORT as it was started with, or --url."
            ) from error
    if answer.status_code in (401, 403):
        raise NotAllowed(
            f"The backend at {url} does not know this token: it uses another database than TIERLINE_DATABASE_URL here."
        )
    try:
        answer.raise_for_status()
        return msgspec.json.decode(answer.content, type=list[FloorReport])
    except (httpx.HTTPStatusError, msgspec.DecodeError) as error:
        raise TierlineError(
            f"What answers at {url}{PATH} is no Tierline of this version (status {answer.status_code})."
        ) from error


def url_of(settings: Settings) -> str:
    """Where a backend with these settings is reached from its own machine."""
    host = settings.host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"http://{host}:{settings.port}"
    if address.is_unspecified:
        address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    return (
        f"http://[{address}]:{settings.port}" if address.version == 6 else f"http://{address}:{settings.port}"
    )
