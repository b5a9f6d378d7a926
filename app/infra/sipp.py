"""Callers and agents' phones for the demo and the tests: SIPp processes against a `LocalAsterisk`.

No sound is sent or expected. Times are what SIPp saw on the wire, in seconds since the callers were placed.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, get_args

from app.infra.asterisk import LocalAsterisk
from app.infra.sipp_run import SippFailed, SippRun

FOREVER_S = 86_400.0

_REGISTERED_S = 3600

EndedBy = Literal["caller", "agent", "abandoned", "refused", "cut"]
"""Hung up by the caller after the talk, or by the agent; gave up waiting; refused by the switch; no answer any more."""


@dataclass(frozen=True)
class Caller:
    """One call from the trunk.

    The number stands in From; with `hidden_behind` it stands in P-Asserted-Identity and From says that instead
    (a switchboard's main number, or `anonymous`). `withheld` asks the network not to show it. He calls `after_s`
    seconds after his turn: callers at an even pace, each delayed by chance, come like a Poisson stream.
    """

    number: str
    dnis: str = "74951234567"
    name: str = ""
    hidden_behind: str | None = None
    withheld: bool = False
    patience_s: float = 60.0
    talk_s: float = FOREVER_S
    after_s: float = 0.0


@dataclass(frozen=True)
class CallSeen:
    """What became of one `Caller`. `status` is the SIP status of a refused one."""

    caller: Caller
    placed_s: float
    answered_s: float | None
    ended_s: float | None
    ended_by: EndedBy
    status: int | None = None

    @property
    def waited_s(self) -> float | None:
        """Until an agent answered, or the caller gave up."""
        end = self.ended_s if self.answered_s is None else self.answered_s
        return None if end is None else end - self.placed_s


@dataclass(frozen=True)
class Turn:
    """How a phone takes one call: rings so long, then talks so long (or until the caller hangs up)."""

    ring_s: float = 0.1
    talk_s: float = FOREVER_S


class Sipp:
    """`async with Sipp(pbx) as sipp:` — on leaving, every process is ended and every call of the switch hung up."""

    def __init__(self, pbx: LocalAsterisk) -> None:
        self.pbx = pbx
        self._runs: list[SippRun] = []

    async def __aenter__(self) -> "Sipp":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(run.stop() for run in self._runs))
        if any(not run.clean for run in self._runs) and self.pbx.pid is not None:
            await self.pbx.hang_up_all()
        self._runs.clear()

    async def phones(self, extensions: Iterable[str], turns: Sequence[Turn] = (Turn(),)) -> "Phones":
        """Register these phones; the n-th call to any of them is taken as the n-th turn says, in a circle."""
        lines = [f"{_ms(turn.ring_s)};{_ms(turn.talk_s)};" for turn in turns]
        return await self.sign_in(extensions, "agent", lines, {})

    async def refusing_phones(self, extensions: Iterable[str], status: str = "486 Busy Here") -> "Phones":
        """Register phones that refuse every call."""
        return await self.sign_in(extensions, "agent_refuses", [], {"status": status})

    async def place(self, callers: Sequence[Caller], *, per_second: float = 10.0) -> "Placed":
        """Start calling, in this order and at this rate; comes back at once."""
        lines = [_caller_line(caller, self.pbx.host) for caller in callers]
        pace = ("-m", str(len(callers)), "-r", "1", "-rp", str(max(1, round(1000 / per_second))))
        run = await self.start("caller", self.pbx.trunk_address, lines, pace)
        return Placed(run, callers)

    async def sign_in(
        self, extensions: Iterable[str], scenario: str | Path, lines: list[str], keys: dict[str, str]
    ) -> "Phones":
        """Register phones that take their calls as a scenario says."""
        run = await self.start(scenario, self.pbx.agent_address, lines, (), keys)
        phones = Phones(self, run, tuple(extensions))
        await phones.register(_REGISTERED_S)
        if run.ended:
            raise SippFailed(f"the phones' SIPp ended at once: {run.complaints()}")
        return phones

    async def start(
        self,
        scenario: str | Path,
        address: str,
        lines: list[str],
        options: Sequence[str],
        words: Mapping[str, str] | None = None,
    ) -> "SippRun":
        """`scenario`: see `SippRun`. `words` stand in it for `[name]`, where SIPp itself takes a number at most."""
        run = SippRun(self.pbx, scenario, address)
        await run.start(lines, options, words or {})
        self._runs.append(run)
        return run


class Phones:
    """Agents' phones that are registered and answer."""

    def __init__(self, sipp: Sipp, run: "SippRun", extensions: tuple[str, ...]) -> None:
        self.extensions = extensions
        self._sipp = sipp
        self._run = run

    async def register(self, seconds: int = _REGISTERED_S) -> None:
        """Sign in for that long (one hour at most; sign in again before it is over), or out with 0."""
        passwords = self._sipp.pbx.phone_passwords
        lines = [
            f"{name};[authentication username={name} password={passwords[name]}];{self._run.port}"
            for name in self.extensions
        ]
        options = ("-m", str(len(lines)), "-r", "100")
        address = self._sipp.pbx.agent_address
        run = await self._sipp.start("register", address, lines, options, {"seconds": str(seconds)})
        if await run.wait(15.0):
            raise SippFailed(f"phones could not register at the switch: {run.complaints()}")

    async def stop(self) -> None:
        """Sign out and end; calls in progress stay up on the switch until their other side ends them."""
        await self.register(0)
        await self._run.stop()


class Placed:
    """Callers on their way."""

    def __init__(self, run: "SippRun", callers: Sequence[Caller]) -> None:
        self._run = run
        self._callers = callers

    async def finished(self, timeout_s: float = 60.0) -> list[CallSeen]:
        """Wait until every call is over. Raises `SippFailed` when that takes longer."""
        if await self._run.wait(timeout_s) not in (0, 1):
            raise SippFailed(f"calling failed: {self._run.complaints()}")
        return self.seen()

    async def stop(self) -> list[CallSeen]:
        """Place no more, drop those that are not over, and tell what was seen."""
        await self._run.stop()
        return self.seen()

    def seen(self) -> list[CallSeen]:
        """Of the callers placed so far, in their order. One who is not through has `ended_s` None, `ended_by` cut."""
        told: dict[int, dict[str, tuple[int, int | None]]] = {}
        for line in self._run.log():
            what, number, clock, *status = line.split()
            told.setdefault(int(number), {})[what] = (int(clock), int(status[0]) if status else None)
        first = min((one["placed"][0] for one in told.values()), default=0)
        return [_seen(self._callers[number - 1], told[number], first) for number in sorted(told)]


def _seen(caller: Caller, told: dict[str, tuple[int, int | None]], first: int) -> CallSeen:
    placed, answered = told["placed"][0], told.get("answered")
    how: EndedBy
    for how in get_args(EndedBy):
        if how in told:
            clock, status = told[how]
            break
    else:
        how, clock, status = "cut", -1, None
    return CallSeen(
        caller=caller,
        placed_s=(placed - first) / 1000,
        answered_s=(answered[0] - first) / 1000 if answered else None,
        ended_s=(clock - first) / 1000 if clock >= 0 else None,
        ended_by=how,
        status=status,
    )


def _caller_line(caller: Caller, host: str) -> str:
    """Fields of caller.xml. Raises ValueError for what would break the line or the SIP message."""
    for text in (caller.number, caller.dnis, caller.name, caller.hidden_behind or ""):
        if any(character in ';"\\<>[]\r\n' for character in text):
            raise ValueError(
                f"{text!r}: a caller's name or number cannot hold ; \" \\ < > [ ] or line breaks"
            )
    uri = f"{caller.number}@{host}"
    identity = "Supported: replaces"
    if caller.hidden_behind is not None or caller.withheld:
        name = f'"{caller.name}" ' if caller.name else ""
        identity = f"P-Asserted-Identity: {name}<sip:{uri}>"
        uri = "anonymous@anonymous.invalid" if caller.withheld else f"{caller.hidden_behind}@{host}"
    if caller.withheld:
        identity = "Privacy: id"
    shown = "" if identity.startswith("P") else caller.name
    return f"{uri};{shown};{caller.dnis};{_ms(caller.patience_s)};{_ms(caller.talk_s)};{identity};{_ms(caller.after_s)}"


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
