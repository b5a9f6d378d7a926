"""Is a PBX reachable, may we do what we must (and no more), and does its dialplan know us?"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress

from app.doctor.findings import Finding, failed, ok, warning
from telephony.ami.actions import UnsafeAction
from telephony.ami.connection import Endpoint, LinkState, Up
from telephony.ami.link import Declined, Link, NoAnswer
from telephony.ami.sender import Answer
from telephony.ami.wire import Framer

NEEDED = (
    *(
        "QueueAdd",
        "QueueRemove",
        "QueuePause",
        "QueueStatus",
        "QueueChangePriorityCaller",
        "QueueWithdrawCaller",
    ),
    *("Hangup", "Redirect", "Originate", "BlindTransfer", "Atxfer", "CancelAtxfer", "Park", "PlayDTMF"),
    *("MixMonitorMute", "StopMixMonitor", "Setvar", "Getvar", "UserEvent", "QueueLog"),
)
TOO_MUCH = ("Command", "ModuleLoad", "UpdateConfig", "MixMonitor")
CONTEXTS = (
    *("inbound", "tierline-ask", "tierline-queue", "tierline-wait", "tierline-keys", "tierline-left"),
    *("tierline-callback", "tierline-released", "tierline-back", "tierline-connect", "tierline-phone"),
    *("tierline-to-agent", "tierline-to-line", "tierline-to-number", "tierline-return"),
    *("tierline-unpark", "tierline-parked-back", "tierline-spy", "tierline-record", "tierline-hold"),
)
FEATURES = ("tierline_record", "tierline_hold")
NOISE = frozenset({"VarSet", "Newexten"})
CLOCK_TOLERANCE_S = 1.0
LISTEN_S = 2.0
PROBE = "TIERLINE_DOCTOR"


async def examine(endpoint: Endpoint, queues: Iterable[str]) -> list[Finding]:
    """`queues`: those of our lines on this switch."""
    queues = frozenset(queues)
    where = f"PBX {endpoint.pbx}"
    async with _linked(endpoint) as (link, state):
        if not isinstance(state, Up):
            words = getattr(state, "words", "no answer")
            return [failed(f"{where}: login", words, "The words above say which setting; then try again.")]
        findings = [ok(f"{where}: login", f"{state.banner} as '{endpoint.username}'")]
        try:
            findings += [
                *await _rights(where, link),
                await _clock(where, link),
                await _filter(where, link, endpoint),
                *await _dialplan(where, link),
                await _features(where, link),
                *await _queues(where, link, queues),
                await _default_queue(where, link, queues),
            ]
        except (NoAnswer, UnsafeAction, OSError) as error:
            findings.append(failed(where, f"no answer: {error}", "See the PBX's log; is it overloaded?"))
    return findings


@asynccontextmanager
async def _linked(endpoint: Endpoint) -> AsyncIterator[tuple[Link, LinkState]]:
    link = Link(endpoint)
    running = asyncio.create_task(link.run())
    try:
        yield link, await link.settled()
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def _rights(where: str, link: Link) -> list[Finding]:
    """ListCommands names only what this user may do."""
    allowed = {name.lower() for name in await link.ask({"Action": "ListCommands"})}
    lacking = [name for name in NEEDED if name.lower() not in allowed]
    excess = [name for name in TOO_MUCH if name.lower() in allowed]
    findings = []
    if lacking:
        findings.append(
            failed(
                f"{where}: rights",
                f"not allowed or not loaded: {', '.join(lacking)}",
                "In manager.conf: write=call,agent,originate,reporting,user, and app_queue must be loaded.",
            )
        )
    if excess:
        findings.append(
            warning(
                f"{where}: rights",
                f"more than needed: {', '.join(excess)}",
                "Take `system`, `command` and `config` from the user's write= in manager.conf: "
                "they let an AMI client run programs.",
            )
        )
    return findings or [ok(f"{where}: rights", "all that is needed and no more")]


async def _clock(where: str, link: Link) -> Finding:
    before = time.time()
    answer = await link.ask({"Action": "Ping"})
    difference = float(answer["Timestamp"]) - (before + time.time()) / 2
    if abs(difference) <= CLOCK_TOLERANCE_S:
        return ok(f"{where}: clock", f"{difference * 1000:+.1f} ms from ours")
    return warning(
        f"{where}: clock",
        f"{difference:+.1f} s from ours",
        "Keep both machines' clocks with NTP: Tierline corrects what it shows and stores, but the PBX's own records stay wrong.",
    )


async def _filter(where: str, link: Link, endpoint: Endpoint) -> Finding:
    """Sets a global variable and listens whether the switch tells us, up to an event of our own that comes after:
    a filtered user does not hear it."""
    about = f"{where}: event filter"
    async with _second_connection(endpoint) as ear:
        if ear is None:
            return failed(
                f"{where}: second connection",
                "refused: Tierline hears events and gives commands on a connection each",
                "Set allowmultiplelogin=yes in [general] of manager.conf.",
            )
        answer = await link.ask({"Action": "Setvar", "Variable": PROBE, "Value": "1"})
        if answer.get("Response") != "Success":
            return warning(about, "could not be tried", "Give the user write=call.")
        await link.ask({"Action": "UserEvent", "UserEvent": PROBE})
        heard = await ear.until("UserEvent") & NOISE
    if heard:
        return warning(
            about,
            f"{', '.join(sorted(heard))} arrive: nine tenths of all traffic for nothing",
            "Add eventfilter(action(exclude),name(VarSet)) = and the like: see asterisk-config/manager.conf.",
        )
    return ok(about, "noise is filtered at the PBX")


class _Ear:
    """A connection that hears events."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._framer = Framer(None)
        self.success = False

    async def ask(self, action: str, **headers: str) -> set[str]:
        """Names of the events that came until the answer, whose success is kept."""
        words = {"Action": action, **headers}
        self._writer.write(
            "".join(f"{name}: {value}\r\n" for name, value in words.items()).encode() + b"\r\n"
        )
        names: set[str] = set()
        while data := await self._reader.read(65536):
            for message in self._framer.feed(data):
                if message.is_response:
                    self.success = message.get(b"Response") == "Success"
                    return names
                names.add(message.name.decode(errors="replace"))
        raise ConnectionResetError("the PBX hung up")

    async def until(self, last: str) -> set[str]:
        """Names of the events up to that one, or all that come soon when it is not for us."""
        names: set[str] = set()
        with suppress(TimeoutError):
            async with asyncio.timeout(LISTEN_S):
                while last not in names and (data := await self._reader.read(65536)):
                    names.update(message.name.decode(errors="replace") for message in self._framer.feed(data))
        return names


@asynccontextmanager
async def _second_connection(endpoint: Endpoint) -> AsyncIterator[_Ear | None]:
    """None when the switch lets this user in only once. Raises OSError."""
    async with asyncio.timeout(endpoint.connect_timeout_s):
        reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port, ssl=endpoint.ssl_context)
        try:
            ear = _Ear(reader, writer)
            await ear.ask("Login", Username=endpoint.username, Secret=endpoint.secret, Events="on")
            yield ear if ear.success else None
        finally:
            writer.close()


async def _dialplan(where: str, link: Link) -> Sequence[Finding]:
    lacking = []
    for context in CONTEXTS:
        try:
            await link.ask_list({"Action": "ShowDialPlan", "Context": context})
        except Declined:
            lacking.append(context)
    if lacking:
        return [
            failed(
                f"{where}: dialplan",
                f"no context {', '.join(lacking)}",
                "Include asterisk-config/extensions.conf in the PBX's own (its README says how).",
            )
        ]
    return [ok(f"{where}: dialplan", f"inbound and {len(CONTEXTS) - 1} contexts of ours")]


async def _features(where: str, link: Link) -> Finding:
    """Hold and recording are done by the dialplan on a code: which codes a channel knows says this variable."""
    about = f"{where}: feature codes"
    answer = await link.ask({"Action": "Getvar", "Variable": "DYNAMIC_FEATURES"})
    known = answer.get("Value", "").split("#")
    lacking = [feature for feature in FEATURES if feature not in known]
    if lacking:
        return failed(
            about,
            f"not in DYNAMIC_FEATURES: {', '.join(lacking)}",
            "Set it in [globals] of extensions.conf and take over features.conf: without them nobody can be held "
            "or recorded on order.",
        )
    return ok(about, "hold and recording")


async def _queues(where: str, link: Link, queues: Iterable[str]) -> list[Finding]:
    try:
        there: list[Answer] = await link.ask_list({"Action": "QueueSummary"})
    except Declined:
        there = []
    names = {answer.get("Queue") for answer in there}
    lacking = sorted(set(queues) - {name for name in names if name})
    if lacking:
        return [
            failed(
                f"{where}: queues",
                f"not in queues.conf: {', '.join(lacking)}",
                "Add them to queues.conf (template tierline-line) or change the queue of the line.",
            )
        ]
    return [ok(f"{where}: queues", f"{len(names)} there, all of our lines among them")]


async def _default_queue(where: str, link: Link, queues: Iterable[str]) -> Finding:
    """While we give no answer all calls go there: somebody must be a member."""
    about = f"{where}: default queue"
    answer = await link.ask({"Action": "Getvar", "Variable": "TIERLINE_DEFAULT_QUEUE"})
    queue = answer.get("Value", "")
    if queue in queues:
        return ok(about, f"{queue}, served by the agents of that line")
    return warning(
        about,
        f"{queue or 'none'}: no line of ours, so Tierline signs nobody in there",
        "Set TIERLINE_DEFAULT_QUEUE in site/extensions.conf to the queue of the line that shall take the calls while "
        "Tierline gives no answer, or add members to it yourself.",
    )
