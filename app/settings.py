"""All settings: environment variables `TIERLINE_*` (or a `.env` file). Read once, at start, by the wiring."""

import os
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import BaseModel, Field, PostgresDsn, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import Misconfigured


def _default_data_dir() -> Path:
    """Root's home is closed to `nobody`, as whom the embedded PostgreSQL runs then."""
    return Path("/var/lib/tierline") if os.geteuid() == 0 else user_data_path("tierline")


class PbxSettings(BaseModel):
    """One Asterisk: `TIERLINE_PBX__<NAME>__HOST`, `…__PORT`, …; the name is lower-cased and becomes its id."""

    host: str = Field(description="AMI address")
    port: int = Field(5038, ge=1, le=65535, description="AMI port")
    username: str = Field("tierline", description="AMI user of manager.conf")
    secret: SecretStr = Field(description="AMI secret of that user")
    tls: bool = Field(False, description="connect with TLS (tlsenable=yes in manager.conf)")
    tls_ca: Path | None = Field(None, description="CA certificate of the PBX, PEM; system CAs when empty")
    capture: Path | None = Field(None, description="write all raw AMI bytes received to this file")
    recordings: Path | None = Field(
        None,
        description="folder monitor/tierline of this PBX as seen from here (same machine or shared mount); "
        "empty: nothing is recorded",
    )


class RecordingSettings(BaseModel):
    """Where finished recordings lie: `TIERLINE_RECORDINGS__FOLDER`, or a bucket `TIERLINE_RECORDINGS__S3_…`."""

    folder: Path | None = Field(None, description="local directory; empty: `recordings` in data_dir")
    s3_bucket: str | None = Field(
        None, description="keep them in this bucket instead; the folder takes them in between"
    )
    s3_endpoint: str | None = Field(
        None, pattern="^https?://[^/]+", description="URL of an S3-compatible store; empty: AWS"
    )
    s3_region: str = Field("us-east-1", description="region of the bucket")
    s3_key: SecretStr | None = Field(None, description="access key; empty: the machine's own role")
    s3_secret: SecretStr | None = Field(None, description="secret of the access key")
    s3_prefix: str = Field("", pattern="^([A-Za-z0-9._-]+/)*$", description="in front of every key: `calls/`")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="TIERLINE_", env_nested_delimiter="__", env_file=".env", extra="ignore"
    )

    host: str = Field("127.0.0.1", description="address the server listens on")
    port: int = Field(8080, ge=1, le=65535, description="port the server listens on")
    allowed_origins: list[str] = Field(
        default_factory=list, description="origins of pages that may talk to us besides our own"
    )
    secure_cookies: bool = Field(False, description="mark the session cookie Secure (serve over HTTPS)")
    session_hours: float = Field(12, gt=0, description="how long a sign-in lasts without use, hours")

    database_url: PostgresDsn | None = Field(
        None, description="postgresql://user:password@host:port/name; empty: the embedded PostgreSQL"
    )
    migrations_url: PostgresDsn | None = Field(
        None, description="owner's URL for migrations; empty: the same as database_url"
    )
    database_pool: int = Field(10, ge=1, le=200, description="connections kept to the database")
    data_dir: Path = Field(
        default_factory=_default_data_dir, description="where the embedded PostgreSQL lives"
    )
    cache_dir: Path = Field(
        default_factory=lambda: user_cache_path("tierline"), description="downloaded tools; safe to delete"
    )

    pbx: dict[str, PbxSettings] = Field(default_factory=dict, description="the switches, by name")
    recordings: RecordingSettings = Field(
        default_factory=RecordingSettings, description="where recordings are kept"
    )
    lookup_deadline_ms: int = Field(
        300,
        ge=10,
        le=1200,
        description="how long the webhook may look a caller up before he counts as unknown",
    )
    default_region: str = Field(
        "RU", pattern="^[A-Z]{2}$", description="country of numbers written without a country code"
    )
    log_format: Literal["text", "json"] = Field("text", description="how log lines are written")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level logged")

    @field_validator("pbx")
    @classmethod
    def _names_are_short(cls, pbx: dict[str, PbxSettings]) -> dict[str, PbxSettings]:
        for name in pbx:
            if not name.replace("-", "").isalnum() or len(name) > 32:
                raise ValueError(f"PBX name {name!r}: use 1–32 letters, digits or dashes")
        places: dict[tuple[str, int], str] = {}
        for name, one in pbx.items():
            twin = places.setdefault((one.host.lower(), one.port), name)
            if twin != name:
                raise ValueError(
                    f"{twin} and {name} are the same PBX, {one.host}:{one.port}: keep one of them"
                )
        return {name.lower(): one for name, one in pbx.items()}


def read_settings() -> Settings:
    """Raises `Misconfigured` that names each wrong variable and says what is expected, one line each."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"TIERLINE_{'__'.join(str(part).upper() for part in one['loc'])}: {one['msg']}"
            for one in error.errors()
        ]
        raise Misconfigured("\n".join(lines)) from None
