"""What identity looks like over HTTP."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.infra.auth import Role, SignedIn

Language = Literal["ru", "en"]
Theme = Literal["auto", "light", "dark"]


class Credentials(BaseModel):
    model_config = ConfigDict(extra="forbid")

    login: str = Field(min_length=1, max_length=100)
    password: str = Field(min_length=1, max_length=200)


class Me(BaseModel):
    user_id: int
    login: str
    name: str
    role: Role
    language: Language
    theme: Theme
    interface: str | None = Field(description="his device, if he is an agent")
    agent_id: int | None

    @classmethod
    def of(cls, user: SignedIn) -> "Me":
        return cls(**{name: getattr(user, name) for name in cls.model_fields})


class MyWishes(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    language: Language | None = None
    theme: Theme | None = None
