"""Recordings over HTTP: of a call, their sound, and what an agent or supervisor does with one that is going on."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import StreamingResponse

from app.infra.auth import CurrentUser
from app.recorder.listening import ListeningService
from app.recorder.schemas import RecordingReports, RecordingView, Wish
from app.recorder.service import RecorderService

router = APIRouter(prefix="/api", tags=["recordings"])


def _recorder(request: Request) -> RecorderService:
    service: RecorderService = request.app.state.recorder
    return service


def _listening(request: Request) -> ListeningService:
    service: ListeningService = request.app.state.listening
    return service


Recorder = Annotated[RecorderService, Depends(_recorder)]
Listening = Annotated[ListeningService, Depends(_listening)]


@router.get("/calls/{pbx}/{call_id}/recordings")
async def read_recordings(
    pbx: str, call_id: str, user: CurrentUser, listening: Listening
) -> list[RecordingView]:
    """One for each agent's part, in order. For supervisors, and for the agents who took part."""
    return await listening.of_call(user, pbx, call_id)


@router.get(
    "/recordings/{recording_id}/audio",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"audio/wav": {}}, "description": "the whole sound: client left, agent right"},
        206: {"content": {"audio/wav": {}}, "description": "the part asked for"},
        416: {"description": "the recording has no such part"},
    },
)
async def hear_recording(
    recording_id: int,
    user: CurrentUser,
    listening: Listening,
    request: Request,
    wanted: Annotated[str | None, Header(alias="Range")] = None,
) -> StreamingResponse:
    """The sound, or a part of it. That and by whom it was heard is noted."""
    address = request.client.host if request.client else None
    sound = await listening.sound(user, recording_id, wanted, address)
    headers = {
        "accept-ranges": "bytes",
        "cache-control": "private, no-store",
        "content-disposition": f'inline; filename="{sound.name}"',
        "content-length": str(sound.part.size),
        "etag": f'"{sound.sha256}"',
    }
    if sound.part.partial:
        headers["content-range"] = f"bytes {sound.part.first}-{sound.part.last}/{sound.part.whole}"
    return StreamingResponse(sound.body, 206 if sound.part.partial else 200, headers, "audio/wav")


@router.post("/calls/{pbx}/{call_id}/recording/{wish}")
async def change_recording(
    pbx: str, call_id: str, wish: Wish, user: CurrentUser, recorder: Recorder
) -> RecordingReports:
    """Start the agent's own part (a supervisor: everybody's); pause, resume or stop all recordings of the call. The
    answer tells what the switch did. 409: nothing is recorded, or recordings are not set up."""
    return await recorder.command(user, pbx, call_id, wish)
