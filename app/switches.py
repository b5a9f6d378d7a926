"""The PBXs as the rest of the app uses them: one floor, one event connection, one action connection each."""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import structlog
from prometheus_client import Gauge

from app.doctor.selfcheck import FloorReport, SelfCheck
from app.errors import Misconfigured
from app.loop import CoreLoop, Effects, Screens
from app.settings import PbxSettings
from telephony.ami.capture import Capture
from telephony.ami.connection import Endpoint, Up
from telephony.ami.link import Link, NoAnswer
from telephony.ami.reader import Reader
from telephony.clock import SwitchClock
from telephony.commands import Command, CommandOutcome, LinkLost
from telephony.floor import Floor
from telephony.ids import Interface, PbxId, QueueName

log = structlog.get_logger(__name__)

CLOCK_OFFSET = Gauge("tierline_pbx_clock_offset_seconds", "Our clock minus the switch's", ["pbx"])
EVENTS = Gauge("tierline_ami_events", "Events read from the switch", ["pbx", "what"])

CLOCK_EVERY_S = 30.0
TICK_S = 1.0
LOOK_AGAIN_S = 0.2


class Switch:
    """One PBX."""

    def __init__(
        self,
        endpoint: Endpoint,
        floor: Floor,
        screens: Screens,
        effects: Effects,
        capture: Capture | None = None,
    ) -> None:
        self.pbx = endpoint.pbx
        self.floor = floor
        self.clock = SwitchClock()
        self._compare_clock = asyncio.Event()
        self.loop = CoreLoop(floor, screens, effects, self.clock, self._compare_clock.set)
        self.reader = Reader(endpoint, self.loop, capture=capture)
        self.link = Link(endpoint)
        self.check = SelfCheck(self.reader, floor)

    async def watch_clock(self, tell: Callable[[PbxId, float], None]) -> None:
        """Until cancelled: how far the switch's clock is from ours, every half minute and when events make us doubt."""
        while True:
            if not isinstance(await self.link.settled(), Up):
                await asyncio.sleep(LOOK_AGAIN_S)
                continue
            self._compare_clock.clear()
            try:
                asked = time.time()
                told = float((await self.link.ask({"Action": "Ping"}))["Timestamp"])
                offset = self.clock.compared(asked, told, time.time())
                self.loop.clock_compared()
                CLOCK_OFFSET.labels(self.pbx).set(offset)
                tell(self.pbx, offset)
            except (NoAnswer, KeyError, ValueError) as error:
                log.info("clock_not_compared", pbx=self.pbx, why=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOCK_EVERY_S):
                    await self._compare_clock.wait()

    async def tick(self) -> None:
        """Until cancelled: the floor's own clock, and what the reader saw, as metrics."""
        while True:
            self.loop.tick()
            counters = self.reader.counters
            for what in ("bytes", "events", "skipped", "snapshots", "overflows", "connections"):
                EVENTS.labels(self.pbx, what).set(getattr(counters, what))
            EVENTS.labels(self.pbx, "ignored").set(counters.ignored.total())
            EVENTS.labels(self.pbx, "untranslatable").set(counters.untranslatable.total())
            await asyncio.sleep(TICK_S)


class Switches:
    """All PBXs, by id."""

    def __init__(self) -> None:
        self.by_id: dict[PbxId, Switch] = {}

    def add(self, switch: Switch) -> None:
        self.by_id[switch.pbx] = switch

    def floor(self, pbx: PbxId) -> Floor | None:
        switch = self.by_id.get(pbx)
        return None if switch is None else switch.floor

    def memberships(self, pbx: PbxId) -> Mapping[Interface, Mapping[QueueName, str | None]] | None:
        switch = self.by_id.get(pbx)
        if switch is None or switch.floor.stale:
            return None
        return {
            interface: {
                queue: membership.reason if membership.paused and not membership.reserved else None
                for queue, membership in agent.memberships.items()
            }
            for interface, agent in switch.floor.agents.items()
        }

    async def execute(self, pbx: PbxId, command: Command) -> CommandOutcome:
        switch = self.by_id.get(pbx)
        return LinkLost(sent=False) if switch is None else await switch.link.execute(command)

    async def reachable(self, pbx: PbxId) -> None:
        """Returns when commands can be sent to this switch."""
        link = self.by_id[pbx].link
        while True:
            if isinstance(await link.settled(), Up):
                return
            await asyncio.sleep(LOOK_AGAIN_S)

    def know_phones(self, phones: Callable[[PbxId], frozenset[Interface]]) -> None:
        """Agents were added: their devices are theirs before they first sign in."""
        for pbx, switch in self.by_id.items():
            switch.floor.know_phones(phones(pbx))

    async def compare(self) -> list[FloorReport]:
        """Every floor with its switch, now."""
        return list(await asyncio.gather(*(switch.check.now() for switch in self.by_id.values())))

    def states(self) -> dict[str, str]:
        """{pbx: the word on its link}, for the health check: up | connecting | resyncing | down | refused."""
        return {pbx: switch.loop.link or "connecting" for pbx, switch in self.by_id.items()}

    def clocks(self) -> dict[str, float | None]:
        """{pbx: our clock minus its, seconds, or None while not compared}, for the health check."""
        return {pbx: switch.clock.measured for pbx, switch in self.by_id.items()}


def endpoint_of(name: str, settings: PbxSettings) -> Endpoint:
    """Raises `Misconfigured` when the CA file cannot be read."""
    tls: bool | ssl.SSLContext = settings.tls
    if settings.tls and settings.tls_ca is not None:
        try:
            tls = ssl.create_default_context(cafile=str(settings.tls_ca))
        except (OSError, ssl.SSLError) as error:
            raise Misconfigured(
                f"TIERLINE_PBX__{name.upper()}__TLS_CA: {settings.tls_ca} cannot be used: {error}"
            ) from error
    return Endpoint(
        PbxId(name), settings.host, settings.port, settings.username, settings.secret.get_secret_value(), tls
    )


def capture_of(settings: PbxSettings) -> Capture | None:
    return None if settings.capture is None else Capture(settings.capture)
