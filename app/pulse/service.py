"""Keeps the pulse of every line from what the floors report, and tells it to people, programs and executors."""

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from math import nan
from typing import NamedTuple, Protocol

import structlog
from prometheus_client import Gauge

from app.infra.db import Database
from app.pulse.repository import past_of_lines
from routing.duty import duty, in_wrap_up
from routing.policy import Policy
from routing.pulse import GUESSED_AHT_S, LineLoad, LinePulse
from routing.reserve import ARRIVALS_S, Seen
from telephony.agents import Activity, Agent
from telephony.calls import Call
from telephony.changes import CallAnswered, CallEnded, Change, LineJoined, LineLeaving, LineLeft, TalkEnded
from telephony.floor import Floor
from telephony.ids import CallId, Interface, PbxId, QueueName

log = structlog.get_logger(__name__)

TICK_S = 5.0
PAST = timedelta(days=7)
WRAP_UP_COMES_S = 2.0
"""A wrap-up that has not begun so long after the talk does not come."""

WANTED = Gauge(
    "tierline_reserve_wanted", "Idle agents to be left for the highest tiers", ["pbx", "line", "band"]
)
THERE = Gauge("tierline_agents_idle", "Agents who may be given a call now", ["pbx", "line"])
LATE = Gauge("tierline_vip_late", "Chance that the next VIP is answered late", ["pbx", "line"])
EWT = Gauge("tierline_ewt_seconds", "Estimated wait of a caller who joins now", ["pbx", "line", "tier"])

Key = tuple[PbxId, str]


class Lines(Protocol):
    """The directory as this use case needs it."""

    def line_of(self, pbx: PbxId, queue: QueueName) -> str | None: ...

    def lines_of(self, pbx: PbxId) -> Iterable[str]: ...


class Talk(NamedTuple):
    """One that is over, until his wrap-up is too."""

    line: Key
    talked: float
    ended: float
    wraps_up: bool = False


class Pulse:
    """`tier_of`: of a call, None while nobody knows who calls."""

    def __init__(
        self,
        database: Database,
        project_id: int,
        lines: Lines,
        policy: Callable[[], Policy],
        tier_of: Callable[[PbxId, CallId], str | None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._project_id = project_id
        self._lines = lines
        self._policy = policy
        self._tier_of = tier_of
        self._clock = clock
        self._began = clock()
        self._pulses: dict[Key, LinePulse] = {}
        self._past: dict[Key, tuple[float, float]] = {}
        self._floors: dict[PbxId, Floor] = {}
        self._waits: dict[tuple[PbxId, CallId], Key] = {}
        self._strangers: set[tuple[PbxId, CallId]] = set()
        self._served: dict[tuple[PbxId, Interface], frozenset[str]] = {}
        self._talks: dict[tuple[PbxId, Interface], Talk] = {}

    # asked by others

    def line(self, pbx: PbxId, line: str) -> LineLoad:
        self._recognise()
        return self._pulse((pbx, line)).load(self._clock())

    def seen(self, pbx: PbxId, line: str, reader: str) -> Seen:
        """Counts since the same reader asked last."""
        self._recognise()
        return self._pulse((pbx, line)).seen(reader)

    def wait(self, pbx: PbxId, line: str, tier: str, ahead: int) -> float | None:
        return self._pulse((pbx, line)).wait(tier, ahead, self._clock())

    def everything(self) -> list[tuple[PbxId, str, LineLoad]]:
        """All lines of the switches that were heard of, and lines of which calls were."""
        known = {(pbx, line) for pbx in self._floors for line in self._lines.lines_of(pbx)}
        return [(*key, self.line(*key)) for key in sorted(known)]

    # the floor

    def batch(self, floor: Floor, changes: list[Change]) -> None:
        pbx = floor.pbx
        self._floors[pbx] = floor
        for change in changes:
            match change:
                case LineJoined(call=call):
                    self._joined(pbx, floor.calls.get(call))
                case CallAnswered(call=call, waited=waited):
                    if pulse := self._closed(pbx, call):
                        pulse.answered(call, waited)
                case LineLeft(call=call, reason=reason, at=at) if reason is not LineLeaving.ANSWERED:
                    if pulse := self._closed(pbx, call):
                        if reason is LineLeaving.ABANDONED:
                            pulse.abandoned(call, at)
                        else:
                            pulse.moved(call)
                case CallEnded(call=call):
                    if pulse := self._closed(pbx, call):
                        pulse.moved(call)
                case TalkEnded(call=call, interface=interface, talked=talked, at=at):
                    self._talked(pbx, floor.calls.get(call), interface, talked, at)
                case _:
                    pass
        touched = (getattr(change, "interface", None) for change in changes)
        for interface in dict.fromkeys(one for one in touched if one is not None):
            self._agent(floor, interface)

    def rebuilt(self, floor: Floor) -> None:
        """Callers who wait on are the same ones; of those who are gone nobody knows how it went."""
        pbx = floor.pbx
        self._floors[pbx] = floor
        gone = [
            call
            for where, call in self._waits
            if where == pbx and ((there := floor.calls.get(call)) is None or there.place is None)
        ]
        for call in gone:
            if pulse := self._closed(pbx, call):
                pulse.moved(call)
        waiting = [call for call in floor.calls.values() if call.place is not None]
        for one in sorted(waiting, key=lambda call: call.joined_at or 0.0):
            self._joined(pbx, one)
        self.tick()

    def _joined(self, pbx: PbxId, call: Call | None) -> None:
        if call is None or call.place is None:
            return
        line = self._lines.line_of(pbx, call.place.queue)
        key = (pbx, call.id)
        if line is None or self._waits.get(key) == (pbx, line):
            return
        if pulse := self._closed(pbx, call.id):
            pulse.moved(call.id)
        tier = self._tier_of(pbx, call.id)
        self._waits[key] = (pbx, line)
        if tier is None:
            self._strangers.add(key)
        self._pulse((pbx, line)).joined(call.id, tier, call.place.joined_at, self._clock())

    def _closed(self, pbx: PbxId, call: CallId) -> LinePulse | None:
        self._recognise_one((pbx, call))
        line = self._waits.pop((pbx, call), None)
        self._strangers.discard((pbx, call))
        return None if line is None else self._pulse(line)

    def _recognise(self) -> None:
        for key in list(self._strangers):
            self._recognise_one(key)

    def _recognise_one(self, key: tuple[PbxId, CallId]) -> None:
        if key in self._strangers and (tier := self._tier_of(*key)) is not None:
            self._strangers.discard(key)
            self._pulse(self._waits[key]).tier_known(key[1], tier)

    # agents

    def _agent(self, floor: Floor, interface: Interface) -> None:
        pbx, agent = floor.pbx, floor.agents.get(interface)
        lines = {} if agent is None else duty(agent, lambda queue: self._lines.line_of(pbx, queue))
        for line in self._served.get((pbx, interface), frozenset()) - lines.keys():
            self._pulse((pbx, line)).agent(interface, None)
        for line, idle in lines.items():
            self._pulse((pbx, line)).agent(interface, idle)
        self._served[pbx, interface] = frozenset(lines)
        self._after_talk((pbx, interface), agent)

    def _talked(
        self, pbx: PbxId, call: Call | None, interface: Interface, talked: float, ended: float
    ) -> None:
        last = call.lines[-1] if call is not None and call.lines else None
        line = self._lines.line_of(pbx, last.queue) if last is not None else None
        if before := self._talks.pop((pbx, interface), None):
            self._pulse(before.line).handled(before.talked)
        if line is not None:
            self._talks[pbx, interface] = Talk((pbx, line), talked, ended)

    def _after_talk(self, key: tuple[PbxId, Interface], agent: Agent | None) -> None:
        """The pause of a wrap-up comes a moment after the talk; an agent who does something else has none."""
        talk = self._talks.get(key)
        if talk is None:
            return
        since = max(0.0, self._clock() - talk.ended)
        if agent is not None and in_wrap_up(agent):
            self._talks[key] = talk._replace(wraps_up=True)
        elif (
            talk.wraps_up or since >= WRAP_UP_COMES_S or agent is None or agent.activity is not Activity.IDLE
        ):
            del self._talks[key]
            self._pulse(talk.line).handled(talk.talked + (since if talk.wraps_up else 0.0))

    def _everybody(self, floor: Floor) -> None:
        gone = {one for pbx, one in self._served if pbx == floor.pbx} - floor.agents.keys()
        for interface in [*floor.agents, *gone]:
            self._agent(floor, interface)

    # time

    async def learn(self) -> None:
        """From the calls of the last days. Raises what `AWAY` names."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        async with self._database.raw(self._project_id) as connection:
            past = await past_of_lines(connection, now - PAST, now - timedelta(seconds=ARRIVALS_S))
        first = {tier.name for tier in self._policy().rules.tiers if tier.always_first}
        for key in {(PbxId(one.pbx), one.line) for one in past}:
            rows = [one for one in past if (one.pbx, one.line) == key]
            talks = sum(one.talks for one in rows)
            aht = sum(one.talks * one.talk_s for one in rows) / talks if talks else GUESSED_AHT_S
            arrivals = sum(one.recent for one in rows if one.tier in first) / ARRIVALS_S
            self._past[key] = (max(1.0, aht), arrivals)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.tick()
            await asyncio.sleep(TICK_S)

    def tick(self) -> None:
        now, policy = self._clock(), self._policy()
        self._recognise()
        for floor in self._floors.values():
            if not floor.stale:
                self._everybody(floor)
        for pulse in self._pulses.values():
            pulse.under(policy)
            pulse.tick(now)
        for pbx, line, load in self.everything():
            _tell(pbx, line, load)

    def _pulse(self, key: Key) -> LinePulse:
        pulse = self._pulses.get(key)
        if pulse is None:
            aht_s, vip_per_s = self._past.get(key, (GUESSED_AHT_S, 0.0))
            pulse = self._pulses[key] = LinePulse(self._policy(), self._began, aht_s, vip_per_s)
        return pulse


def _tell(pbx: PbxId, line: str, load: LineLoad) -> None:
    for band, wanted in load.reserve._asdict().items():
        WANTED.labels(pbx, line, band).set(wanted)
    THERE.labels(pbx, line).set(load.idle)
    LATE.labels(pbx, line).set(load.vip_late)
    for tier, ewt_s in load.ewt_s.items():
        EWT.labels(pbx, line, tier).set(nan if ewt_s is None else ewt_s)
