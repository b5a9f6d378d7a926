"""A place of recordings with troubles of its own."""

import asyncio
import errno
from pathlib import Path

from app.infra.places import LocalPlace


class TroubledPlace(LocalPlace):
    """A local place that refuses what it takes, or gives back something else, while told to."""

    trouble: OSError | None = None
    damages = False

    async def keep(self, key: str, staged: Path) -> None:
        if self.trouble is not None:
            raise self.trouble
        if self.damages:
            await asyncio.to_thread(_damage, staged)
        await super().keep(key, staged)

    def full(self) -> None:
        self.trouble = OSError(errno.ENOSPC, "No space left on device")


def _damage(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1] + b"!")
