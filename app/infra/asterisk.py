"""An Asterisk of our own for the demo and the tests: started in a second, everything on loopback, nothing left behind.

It runs our `asterisk-config/` as shipped; only the files of `site/` that hold ports, secrets and addresses are written anew.
As root it runs as `nobody`. It dies with the process that started it, even when that one is killed with -9.

    python -m app.infra.asterisk install      fetch Asterisk and SIPp, if this machine has none
"""

import asyncio
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType

from app.errors import TierlineError, Unavailable
from app.infra import asterisk_site as site
from app.infra.ami_console import AmiConsole
from app.infra.pbx_programs import PbxPrograms, config_dir, obtain
from app.infra.processes import free_ports, give_away, tied_to_us

LOOPBACK = "127.0.0.1"
TRUNK_ADDRESS = "127.0.0.2"
"""Where callers call from. All of 127/8 is this machine, so a trunk can have an address of its own."""

AGENT_EXTENSIONS = tuple(str(number) for number in range(1001, 1013))
_START_SECONDS = 20.0
_STOP_SECONDS = 5.0


class AsteriskFailed(Unavailable):
    """The private Asterisk cannot run: says why, with the end of its log."""

    code = "asterisk"


class LocalAsterisk:
    """`async with LocalAsterisk(webhook_url=…, webhook_token=…) as pbx:` or `start()` and `stop()`.

    After `start()` these tell where it is: `host`, `ami_port`, `ami_username`, `ami_secret`, `sip_port`, `http_port`
    (SIP over WebSocket at `/ws`), `phone_passwords` by extension, `log_path`, `pid`.
    """

    ami_username = "tierline"

    def __init__(
        self,
        programs: PbxPrograms | None = None,
        *,
        name: str = "main",
        webhook_url: str = "",
        webhook_token: str = "",
        extensions: Iterable[str] = AGENT_EXTENSIONS,
        dialplan_settings: Mapping[str, str] | None = None,
        extra: Mapping[str, str] | None = None,
        host: str = LOOPBACK,
        trunk_address: str = TRUNK_ADDRESS,
    ) -> None:
        """`name` is the PBX's in Tierline and its systemname. `dialplan_settings` override site/extensions.conf,
        e.g. `{"TIERLINE_SELF_SERVICE_WAIT": "0"}`. `extra`: what a site has more, text by configuration file, added at
        its end. Here a call is answered by the agent alone, never before. `host`: any address of 127/8, where phones
        are, too; `trunk_address`: another one, where callers are."""
        self.name = name
        self.host = self.agent_address = host
        self.trunk_address = trunk_address
        self.webhook_url = webhook_url
        self.webhook_token = webhook_token
        self.phone_passwords = {extension: secrets.token_hex(12) for extension in extensions}
        self.ami_secret = secrets.token_hex(24)
        self.ami_port, self.sip_port, self.http_port = free_ports(3, host)
        self.run_dir = Path(tempfile.gettempdir()) / f"tierline-pbx-{secrets.token_hex(6)}"
        self._dialplan_settings = {
            "TIERLINE_ANSWER_FIRST": "no",
            "TIERLINE_SELF_SERVICE_WAIT": "1",
            "TIERLINE_LANGUAGE_MENU": "no",
            **(dialplan_settings or {}),
        }
        self._extra = dict(extra or {})
        self._programs = programs
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> "LocalAsterisk":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def log_path(self) -> Path:
        return self.run_dir / "log" / "messages.log"

    @property
    def programs(self) -> PbxPrograms:
        if self._programs is None:
            raise AsteriskFailed("Asterisk was not started")
        return self._programs

    async def start(self) -> None:
        """Ready when it returns: AMI has said FullyBooted. Raises `AsteriskFailed`, and leaves nothing behind then."""
        if self._programs is None:
            self._programs = await asyncio.to_thread(obtain)
        self.run_dir.mkdir(mode=0o700)
        self._write_configuration()
        try:
            await self._launch()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End it (SIGTERM, then SIGKILL) and delete its run directory. May be called twice."""
        if self.pid is not None and self._process is not None:
            self._process.terminate()
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                await self.kill()
        self._process = None
        shutil.rmtree(self.run_dir, ignore_errors=True)

    async def kill(self) -> None:
        """As a crash does it: kill -9. Calls are lost, registrations are kept. `restart()` brings it back."""
        if self.pid is not None and self._process is not None:
            self._process.kill()
            await self._process.wait()

    async def restart(self) -> None:
        """Start again in the same place: same ports, secrets and data base. Ends it before, if it runs."""
        if self.pid is not None and self._process is not None:
            self._process.terminate()
            await self._process.wait()
        await self._launch()

    def console(self) -> AmiConsole:
        return AmiConsole(self.host, self.ami_port, self.ami_username, self.ami_secret)

    async def point_at(self, webhook_url: str, webhook_token: str) -> None:
        """Ask another webhook from the next call on; survives `restart()`."""
        self.webhook_url, self.webhook_token = webhook_url, webhook_token
        self._write_site("extensions.conf", site.variables(self._globals()))
        async with self.console() as console:
            for name in ("TIERLINE_URL", "TIERLINE_TOKEN"):
                await console.ask("Setvar", {"Variable": name, "Value": self._globals()[name]})

    async def hang_up_all(self) -> None:
        """End every call and wait until no channel is left: SIPp, killed, leaves its calls up."""
        async with self.console() as console:
            await console.ask("Hangup", {"Channel": "/^(PJSIP|Local)/.*/"})
            async with asyncio.timeout(_STOP_SECONDS):
                while await self._channels(console):  # noqa: ASYNC110 — hang-ups are counted where they happen
                    await asyncio.sleep(0.02)

    async def _channels(self, console: AmiConsole) -> int:
        await console.ask("CoreShowChannels")
        return int((await console.event("CoreShowChannelsComplete"))["ListItems"])

    async def _launch(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *tied_to_us(),
            *(
                *self.programs.asterisk,
                "-f",
                "-n",
                "-C",
                str(self.run_dir / "etc" / "site" / "asterisk.conf"),
            ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=self.run_dir,
            start_new_session=True,
            env={"PATH": os.defpath, "HOME": str(self.run_dir), "LANG": "C.UTF-8"},
        )
        deadline = time.monotonic() + _START_SECONDS
        while not await self._booted():
            if self.pid is None or time.monotonic() > deadline:
                state = "ended at once" if self.pid is None else f"was not ready in {_START_SECONDS:.0f} s"
                raise AsteriskFailed(f"Asterisk {state}. The end of its log:\n{self._end_of_log()}")
            await asyncio.sleep(0.05)

    async def _booted(self) -> bool:
        try:
            async with self.console() as console:
                await console.event("FullyBooted")
        except (OSError, EOFError):
            return False
        return True

    def _end_of_log(self) -> str:
        lines = self.log_path.read_text(errors="replace").splitlines() if self.log_path.exists() else []
        return "\n".join(lines[-15:]) or "(empty)"

    def _write_configuration(self) -> None:
        folders = {
            name: self.run_dir / name
            for name in ("etc", "lib", "db", "lib/keys", "spool", "run", "log", "agi")
        }
        shutil.copytree(config_dir(), folders["etc"])
        for folder in folders.values():
            folder.mkdir(exist_ok=True)
        self._write_site("asterisk.conf", site.start_file(self.name, self.programs, folders))
        self._write_site("manager.conf", site.manager(self.host, self.ami_port, self.ami_secret))
        self._write_site("http.conf", f"bindaddr={self.host}\nbindport={self.http_port}\n")
        first = secrets.choice(range(32_768, 60_000, 200))
        self._write_site("rtp.conf", f"rtpstart={first}\nrtpend={first + 199}\n")
        self._write_site(
            "pjsip.conf", site.pjsip(self.host, self.sip_port, self.trunk_address, self.phone_passwords)
        )
        self._write_site("extensions.conf", site.variables(self._globals()))
        for file, text in self._extra.items():
            with (folders["etc"] / file).open("a") as opened:
                opened.write(f"\n{text}")
        give_away(self.run_dir, *self.run_dir.rglob("*"))

    def _write_site(self, file: str, text: str) -> None:
        path = self.run_dir / "etc" / "site" / file
        path.write_text(text)
        path.chmod(0o600)

    def _globals(self) -> dict[str, str]:
        return {
            **site.read_globals(config_dir() / "site" / "extensions.conf"),
            **self._dialplan_settings,
            "TIERLINE_URL": self.webhook_url or f"http://{LOOPBACK}:9/routing/calls",
            "TIERLINE_PBX": self.name,
            "TIERLINE_TOKEN": self.webhook_token,
        }


def main(arguments: list[str]) -> int:
    if arguments != ["install"]:
        print("usage: python -m app.infra.asterisk install", file=sys.stderr)
        return 2
    started = time.monotonic()

    def say(words: str) -> None:
        print(f"{time.monotonic() - started:5.1f} s  {words}", flush=True)

    try:
        programs = obtain(say)
    except TierlineError as error:
        print(error.message, file=sys.stderr)
        return 1
    say(f"ready: {programs.asterisk[-1]}, {programs.sipp[-1]}")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main(sys.argv[1:]))
