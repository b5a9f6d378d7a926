"""Lines, agents and tiers kept in memory, as the screens and the floors need them: looked up for each event,
read again from the database every few seconds."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

import structlog

from app.agents.repository import skills_by_agent, working_agents
from app.infra import numbers
from app.infra.db import AWAY, Database
from app.lines.repository import all_lines
from routing.policy import Policy
from screenpop.sources import Agent, Line
from telephony.ids import Interface, PbxId, QueueName

log = structlog.get_logger(__name__)


class Queues(NamedTuple):
    """Of one line. `first`: of the tiers that are always first, None when all wait in one queue."""

    all: QueueName
    first: QueueName | None


class KnownDirectory:
    """Of one project. `policy`: the one in force, for the order of tiers."""

    def __init__(
        self, database: Database, project_id: int, region: str, policy: Callable[[], Policy]
    ) -> None:
        self._database = database
        self._project_id = project_id
        self._policy = policy
        self._lines: dict[str, Line] = {}
        self._line_by_queue: dict[tuple[PbxId, QueueName], str] = {}
        self._queued: dict[PbxId, dict[str, Queues]] = {}
        self._directed: dict[PbxId, dict[QueueName, str]] = {}
        self._skills: dict[tuple[PbxId, Interface], dict[str, int]] = {}
        self._agents: dict[tuple[PbxId, Interface], Agent] = {}
        self._phones: dict[PbxId, frozenset[Interface]] = {}
        self.number = lru_cache(maxsize=10_000)(lambda raw: written(raw, region))

    @property
    def tiers(self) -> tuple[str, ...]:
        return tuple(tier.name for tier in reversed(self._policy().rules.tiers))

    def lines(self) -> Iterable[Line]:
        return self._lines.values()

    def line_of(self, pbx: PbxId, queue: QueueName) -> str | None:
        return self._line_by_queue.get((pbx, queue))

    def served_before(self, pbx: PbxId, queue: QueueName) -> QueueName | None:
        """The queue of the same line whose callers all go before those of this one."""
        line = self._line_by_queue.get((pbx, queue))
        queues = self._queued.get(pbx, {}).get(line) if line is not None else None
        return None if queues is None or queues.first == queue else queues.first

    def lines_of(self, pbx: PbxId) -> list[str]:
        """Codes, each once, in the order screens show them."""
        return list(dict.fromkeys(code for (where, _), code in self._line_by_queue.items() if where == pbx))

    def queued(self, pbx: PbxId) -> Mapping[str, Queues]:
        """The lines whose callers are distributed by app_queue."""
        return self._queued.get(pbx, {})

    def directed_lines(self, pbx: PbxId) -> Mapping[QueueName, str]:
        """{queue: line} of the lines whose callers we distribute."""
        return self._directed.get(pbx, {})

    def skills(self, pbx: PbxId, interface: Interface) -> Mapping[str, int]:
        """{skill: level 1-10} of an agent."""
        return self._skills.get((pbx, interface), {})

    def queues(self, pbx: PbxId) -> list[str]:
        return [queue for where, queue in self._line_by_queue if where == pbx]

    def agents(self) -> Iterable[tuple[PbxId, Interface]]:
        return self._agents

    def agent(self, pbx: PbxId, interface: Interface) -> Agent | None:
        return self._agents.get((pbx, interface))

    def phones(self, pbx: PbxId) -> frozenset[Interface]:
        """Devices of our agents on one switch."""
        return self._phones.get(pbx, frozenset())

    async def refresh(self) -> bool:
        """Reads all anew; True when something is different. Raises what `AWAY` names."""
        async with self._database.sessions(self._project_id) as session:
            lines = await all_lines(session)
            agents = await working_agents(session)
            skills = await skills_by_agent(session)
        before = (self._lines, self._line_by_queue, self._agents)
        self._lines = {
            line.code: Line(line.code, {"ru": line.name_ru, "en": line.name_en}, _seconds(line.targets))
            for line in lines
        }
        self._line_by_queue = {
            (PbxId(line.pbx), QueueName(queue)): line.code for line in lines for queue in line.queues
        }
        self._queued, self._directed = {}, {}
        for line in lines:
            if line.executor == "directed":
                of_pbx = self._directed.setdefault(PbxId(line.pbx), {})
                of_pbx |= {QueueName(queue): line.code for queue in line.queues}
            if line.executor == "queued":
                first = QueueName(line.vip_queue) if line.vip_queue else None
                self._queued.setdefault(PbxId(line.pbx), {})[line.code] = Queues(QueueName(line.queue), first)
        self._agents = {(PbxId(one.pbx), Interface(one.interface)): Agent(one.id, one.name) for one in agents}
        self._skills = {(PbxId(one.pbx), Interface(one.interface)): skills.get(one.id, {}) for one in agents}
        phones: dict[PbxId, set[Interface]] = {}
        for one in agents:
            phones.setdefault(PbxId(one.pbx), set()).add(Interface(one.interface))
        self._phones = {pbx: frozenset(interfaces) for pbx, interfaces in phones.items()}
        return before != (self._lines, self._line_by_queue, self._agents)

    async def keep_fresh(self, changed: Callable[[], None], every_s: float = 5.0) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            try:
                if await self.refresh():
                    changed()
            except AWAY as error:
                log.warning("directory_not_refreshed", error=str(error))


def written(raw: str | None, region: str) -> str | None:
    """E.164 with +, or as heard when it is not a number; None when withheld."""
    number = numbers.parse(raw, region)
    if number.e164 is not None:
        return f"+{number.e164}"
    return None if number.kind == "withheld" else raw


def _seconds(targets: Mapping[str, float]) -> dict[str, float]:
    return {tier: float(seconds) for tier, seconds in targets.items()}
