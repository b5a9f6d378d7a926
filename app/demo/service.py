"""The service as a process of its own, the way a user runs it."""

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import httpx

from app.errors import Unavailable
from app.infra.asterisk import LocalAsterisk

READY_S = 45.0
STOP_S = 10.0


class ServiceProcess:
    """`tierline serve` against a database and a PBX; `async with`, or `start()`, `stop()`, `kill()`."""

    def __init__(
        self,
        port: int,
        database_url: str,
        pbx: LocalAsterisk,
        log_path: Path,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`settings`: more TIERLINE_* variables."""
        self.url = f"http://127.0.0.1:{port}"
        self.log_path = log_path
        self._pbx = pbx
        prefix = f"TIERLINE_PBX__{pbx.name.upper()}__"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TIERLINE_PBX__")},
            "TIERLINE_DATABASE_URL": database_url,
            "TIERLINE_HOST": "127.0.0.1",
            "TIERLINE_PORT": str(port),
            f"{prefix}HOST": pbx.host,
            f"{prefix}PORT": str(pbx.ami_port),
            f"{prefix}USERNAME": pbx.ami_username,
            f"{prefix}SECRET": pbx.ami_secret,
            f"{prefix}RECORDINGS": str(pbx.run_dir / "spool" / "monitor" / "tierline"),
            **(settings or {}),
        }
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> "ServiceProcess":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Ready when it returns: it answers and believes what the switch says. Raises `Unavailable`."""
        await self.launch()
        await self.ready()

    async def launch(self) -> None:
        """Only begin; what it needs may be started meanwhile."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("a") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "app", "serve"),
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def ready(self) -> None:
        """Raises `Unavailable` with the end of its log, and leaves nothing behind then."""
        try:
            await self._until_up()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(STOP_S):
                    await self._process.wait()
            except TimeoutError:
                await self.kill()

    async def kill(self) -> None:
        """As a crash does it: kill -9."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def links(self) -> dict[str, str]:
        """{pbx: up | connecting | resyncing | down | refused}; empty while it does not answer."""
        async with httpx.AsyncClient(base_url=self.url) as browser:
            with suppress(httpx.TransportError):
                found: dict[str, str] = (await browser.get("/health")).json()["links"]
                return found
        return {}

    async def _until_up(self) -> None:
        process = self._process
        with suppress(TimeoutError):
            async with asyncio.timeout(READY_S):
                while process is not None and process.returncode is None:
                    if (await self.links()).get(self._pbx.name) == "up":
                        return
                    await asyncio.sleep(0.1)
        tail = "\n".join(self.log_path.read_text(errors="replace").splitlines()[-15:])
        raise Unavailable(f"The service did not start; its log says:\n{tail}")
