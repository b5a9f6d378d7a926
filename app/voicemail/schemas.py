"""Messages as people see them."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class VoicemailView(BaseModel):
    """Its sound: `/api/recordings/{recording_id}/audio`."""

    id: int
    pbx: str
    call_id: str
    recording_id: int
    line: str | None
    ani: str | None = Field(description="E.164 with +; null: not known")
    topic: str | None
    client_id: int | None = Field(description="null: nobody, or several, have the number; link it to one")
    client: str | None
    case_id: int | None
    at: AwareDatetime
    due_at: AwareDatetime
    length_s: float | None
    handled_at: AwareDatetime | None
    handled_by: str | None = Field(description="login")


class Owner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    client_id: Annotated[int, Field(gt=0, lt=2**63)]
