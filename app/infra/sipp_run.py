"""One SIPp process: its scenario, its lines of data, what it wrote, and its end."""

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.errors import Unavailable
from app.infra.asterisk import LocalAsterisk
from app.infra.processes import free_ports, give_away, ports_of, tied_to_us

SCENARIOS = Path(__file__).parent / "sipp_scenarios"

_STOP_SECONDS = 3.0
_PORTS_TRIED = 5
_LOOK_EVERY_S = 0.01
_TAKEN = "Unable to bind main socket"
_TOLERANT = ("-default_behaviors", "all,-abortunexp")  # a message the scenario does not name changes nothing


class SippFailed(Unavailable):
    """SIPp could not do what was asked; the text holds the end of what it wrote."""

    code = "sipp"


class SippRun:
    """One SIPp process and its files."""

    def __init__(self, pbx: LocalAsterisk, scenario: str | Path, address: str) -> None:
        """`scenario`: the name of one of ours, or a file."""
        file = scenario if isinstance(scenario, Path) else SCENARIOS / f"{scenario}.xml"
        self.port = free_ports(1, address)[0]
        self.clean = False
        self._pbx = pbx
        self._file = file
        self._scenario = file.stem
        self._address = address
        self._dir = Path(tempfile.mkdtemp(prefix=f"sipp-{file.stem}-", dir=pbx.run_dir))
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, lines: list[str], options: Sequence[str], words: Mapping[str, str]) -> None:
        """Back when its port is its own: between our look and its bind another program may have taken it."""
        for _ in range(_PORTS_TRIED):
            await self._spawn(lines, options, words)
            if await self._has_port():
                return
            self.port = free_ports(1, self._address)[0]
        raise SippFailed(f"SIPp ({self._scenario}) found no free port: {self.complaints()}")

    async def _has_port(self) -> bool:
        """Also when it ended for any other reason."""
        process = self._process
        while process is not None and process.returncode is None:
            if self.port in ports_of(process.pid):
                return True
            await asyncio.sleep(_LOOK_EVERY_S)
        return _TAKEN not in self.complaints()

    async def _spawn(self, lines: list[str], options: Sequence[str], words: Mapping[str, str]) -> None:
        text = self._file.read_text()
        for name, value in words.items():
            text = text.replace(f"[{name}]", value)
        scenario = self._dir / "scenario.xml"
        scenario.write_text(text)
        fields = self._dir / "fields.csv"
        fields.write_text("\n".join(("SEQUENTIAL", *lines)) + "\n")
        give_away(self._dir, scenario, fields)
        with (self._dir / "stderr").open("wb") as stderr:
            self._process = await asyncio.create_subprocess_exec(
                *tied_to_us(),
                *(*self._pbx.programs.sipp, f"{self._pbx.host}:{self._pbx.sip_port}", "-sf", str(scenario)),
                *(("-inf", str(fields)) if lines else ()),
                *(
                    "-i",
                    self._address,
                    "-p",
                    str(self.port),
                    "-nostdin",
                    "-l",
                    "5000",
                    "-skip_rlimit",
                    *_TOLERANT,
                ),
                *("-trace_logs", "-log_file", str(self._dir / "calls.log")),
                *("-trace_err", "-error_file", str(self._dir / "errors.log")),
                *options,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=stderr,
                cwd=self._dir,
                start_new_session=True,
                env={"PATH": "/usr/bin:/bin", "TERM": "dumb", "LANG": "C.UTF-8"},
            )

    @property
    def ended(self) -> bool:
        return self._process is not None and self._process.returncode is not None

    async def wait(self, timeout_s: float) -> int:
        """The exit status; 0 is: every call went as the scenario says."""
        if self._process is None:
            raise SippFailed("SIPp was not started")
        try:
            async with asyncio.timeout(timeout_s):
                status = await self._process.wait()
        except TimeoutError:
            raise SippFailed(f"SIPp ({self._scenario}) was not through in {timeout_s:.0f} s") from None
        self.clean = status == 0
        return status

    async def stop(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def log(self) -> list[str]:
        path = self._dir / "calls.log"
        text = path.read_text(errors="replace") if path.exists() else ""
        return [line for line in text.splitlines(keepends=True) if line.endswith("\n") and line.strip()]

    def complaints(self) -> str:
        """The end of what SIPp wrote about itself."""
        texts = [(self._dir / name) for name in ("errors.log", "stderr")]
        return " ".join(path.read_text(errors="replace")[-500:] for path in texts if path.exists()).strip()
