"""Is a PBX reachable, may we do what we must (and no more), and does its dialplan know us?"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress

from app.doctor.findings import Finding, failed, ok, warning
from telephony.ami.actions import UnsafeAction
from telephony.ami.connection import Endpoint, LinkState, Up
from telephony.ami.link import Answer, Declined, Link, NoAnswer
from telephony.ami.wire import Framer

NEEDED = ("QueueAdd", "QueueRemove", "QueuePause", "Hangup", "Redirect", "Setvar", "Originate", "QueueStatus")
TOO_MUCH = ("Command", "ModuleLoad", "UpdateConfig")
CONTEXTS = ("inbound", "tierline-ask", "tierline-queue")
NOISE = (b"VarSet", b"Newexten")
CLOCK_TOLERANCE_S = 1.0
PROBE = "TIERLINE_DOCTOR"


async def examine(endpoint: Endpoint, queues: Iterable[str]) -> list[Finding]:
    """`queues`: those of our lines on this switch."""
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
                *await _queues(where, link, queues),
            ]
        except (NoAnswer, UnsafeAction) as error:
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
        "Keep both machines' clocks with NTP; waits stay right, but times of day differ.",
    )


async def _filter(where: str, link: Link, endpoint: Endpoint) -> Finding:
    """Sets a global variable and listens whether the switch tells us: a filtered user does not hear it."""
    heard = await _heard(endpoint, link)
    if heard is None:
        return warning(f"{where}: event filter", "could not be tried", "Give the user write=call.")
    if heard:
        return warning(
            f"{where}: event filter",
            f"{', '.join(sorted(heard))} arrive: nine tenths of all traffic for nothing",
            "Add eventfilter(action(exclude),name(VarSet)) = and the like: see asterisk-config/manager.conf.",
        )
    return ok(f"{where}: event filter", "noise is filtered at the PBX")


async def _heard(endpoint: Endpoint, link: Link) -> set[str] | None:
    reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port, ssl=endpoint.ssl_context)
    framer = Framer(None)
    try:
        login = f"Action: Login\r\nUsername: {endpoint.username}\r\nSecret: {endpoint.secret}\r\nEvents: on\r\n\r\n"
        writer.write(login.encode())
        names: set[str] = set()
        async with asyncio.timeout(endpoint.connect_timeout_s):
            await _until_response(reader, framer, names)
            answer = await link.ask({"Action": "Setvar", "Variable": PROBE, "Value": "1"})
            if answer.get("Response") != "Success":
                return None
            names.clear()
            writer.write(b"Action: Ping\r\n\r\n")
            await _until_response(reader, framer, names)
        return names & {name.decode() for name in NOISE}
    finally:
        writer.close()


async def _until_response(reader: asyncio.StreamReader, framer: Framer, names: set[str]) -> None:
    while data := await reader.read(65536):
        for message in framer.feed(data):
            if message.is_response:
                return
            names.add(message.name.decode(errors="replace"))


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
    return [ok(f"{where}: dialplan", ", ".join(CONTEXTS))]


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
