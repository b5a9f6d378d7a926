"""JSON of the agent's desk."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from screenpop.messages import Language


class Choice(BaseModel):
    model_config = ConfigDict(extra="forbid")

    client_id: int


class NewClient(BaseModel):
    """`call`: the call he is on now; its number becomes his when `phone` is not given."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    phone: str | None = Field(None, max_length=40)
    language: Language | None = None
    call: str | None = Field(None, max_length=200, description="`<pbx>/<call id>`")
