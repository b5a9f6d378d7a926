"""Where finished recordings lie: a local directory, or a bucket of an S3-compatible store. Both keep a whole file or none."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from app.errors import Misconfigured
from app.settings import Settings

PLACE_AWAY = (OSError, BaseError)
"""How a place that cannot take or give a file shows itself."""

_CHUNK = 1 << 18
_PUT_CHUNK = 8 << 20
_PATIENCE = timedelta(seconds=30)


class Place(Protocol):
    """`name`: for people. `staging`: a local folder for files on their way; it exists after `ready()`."""

    name: str
    staging: Path

    def ready(self) -> None:
        """Blocks. Raises OSError that says which folder cannot be used."""
        ...

    async def keep(self, key: str, staged: Path) -> None:
        """Takes the staged file away. A file of the same key is replaced. Raises `PLACE_AWAY`."""
        ...

    def read(self, key: str, first: int, size: int) -> AsyncIterator[bytes]:
        """`size` bytes from `first` on. Raises `PLACE_AWAY`, also in the middle."""
        ...


class LocalPlace:
    """Files 0600 and folders 0700, both the service's own."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self.staging = folder / ".incoming"
        self._folder = folder

    def ready(self) -> None:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        for folder in (self._folder, self.staging):
            folder.mkdir(mode=0o700, exist_ok=True)

    async def keep(self, key: str, staged: Path) -> None:
        await asyncio.to_thread(self._keep, self._path(key), staged)

    async def read(self, key: str, first: int, size: int) -> AsyncIterator[bytes]:
        file = await asyncio.to_thread(self._path(key).open, "rb")
        try:
            file.seek(first)
            while size > 0:
                part = await asyncio.to_thread(file.read, min(_CHUNK, size))
                if not part:
                    raise OSError(f"{file.name} is shorter than it was")
                size -= len(part)
                yield part
        finally:
            file.close()

    def _path(self, key: str) -> Path:
        path = self._folder / key
        if ".." in path.parts or not path.is_relative_to(self._folder):
            raise OSError(f"{key!r} leads out of {self._folder}")
        return path

    def _keep(self, path: Path, staged: Path) -> None:
        """The name appears with the whole file behind it, also after a power cut."""
        missing = [folder for folder in path.parents if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)
        os.replace(staged, path)
        for folder in {path.parent, staged.parent, *(one.parent for one in missing)}:
            _sync_folder(folder)


class S3Place:
    """`prefix`: in front of every key, `calls/` for instance. Without `key` and `secret` the machine's own role is used."""

    def __init__(
        self,
        staging: Path,
        bucket: str,
        *,
        endpoint: str | None = None,
        region: str = "us-east-1",
        key: str | None = None,
        secret: str | None = None,
        prefix: str = "",
    ) -> None:
        self.name = f"s3://{bucket}/{prefix}"
        self.staging = staging
        self._prefix = prefix
        known = {"access_key_id": key, "secret_access_key": secret, "endpoint": endpoint}
        self._store = S3Store(
            bucket,
            region=region,
            virtual_hosted_style_request=False,
            client_options={
                "allow_http": (endpoint or "").startswith("http://"),
                "timeout": _PATIENCE,
                "connect_timeout": timedelta(seconds=5),
            },
            retry_config={"max_retries": 2, "retry_timeout": _PATIENCE},
            **{name: value for name, value in known.items() if value is not None},  # type: ignore[arg-type]
        )

    def ready(self) -> None:
        self.staging.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def keep(self, key: str, staged: Path) -> None:
        await obstore.put_async(self._store, self._prefix + key, staged, chunk_size=_PUT_CHUNK)
        await asyncio.to_thread(staged.unlink)

    async def read(self, key: str, first: int, size: int) -> AsyncIterator[bytes]:
        if size == 0:
            return
        wanted = {"range": (first, first + size)}
        found = await obstore.get_async(self._store, self._prefix + key, options=wanted)  # type: ignore[arg-type]
        async for part in found.stream(min_chunk_size=_CHUNK):
            yield bytes(part)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def chosen_place(settings: Settings) -> Place:
    """Raises `Misconfigured` for a bucket that cannot be meant."""
    chosen = settings.recordings
    folder = chosen.folder or settings.data_dir / "recordings"
    if chosen.s3_bucket is None:
        return LocalPlace(folder)
    try:
        return S3Place(
            folder,
            chosen.s3_bucket,
            endpoint=chosen.s3_endpoint,
            region=chosen.s3_region,
            key=chosen.s3_key.get_secret_value() if chosen.s3_key else None,
            secret=chosen.s3_secret.get_secret_value() if chosen.s3_secret else None,
            prefix=chosen.s3_prefix,
        )
    except (BaseError, ValueError) as error:
        raise Misconfigured(f"TIERLINE_RECORDINGS__S3_…: {error}") from error
