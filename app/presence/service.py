"""Carries out what an agent wants: first the switch, then the database, so that the database never claims
what the switch refused."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Literal, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.models import Agent
from app.agents.repository import agent_at, agent_of_user, remember_presence, working_agents
from app.errors import BadInput, Conflict, NotAllowed, Unavailable
from app.infra.db import AWAY, Database
from app.lines.models import Line
from app.lines.repository import lines_by_agent
from app.presence.rules import MISSED, REASONS, MemberCommand, Wanted, commands, missing
from app.presence.schemas import CommandReport, Presence, PresenceWish
from telephony.commands import Command, CommandOutcome, Done, LinkLost, PauseMember, Refused, TimedOut
from telephony.ids import Interface, PbxId, QueueName

log = structlog.get_logger(__name__)

Memberships = Mapping[QueueName, str | None]


class Switches(Protocol):
    """The PBXs as this use case needs them."""

    def memberships(self, pbx: PbxId) -> Mapping[Interface, Memberships] | None:
        """{interface: {queue: why he is paused, or None}}; None while that floor is not to be believed."""

    async def execute(self, pbx: PbxId, command: Command) -> CommandOutcome: ...

    async def reachable(self, pbx: PbxId) -> None:
        """Returns when commands can be sent."""


class PresenceService:
    """`may_rest(pbx, interface)`: False for one of the last agents kept idle for the highest tiers. `refuses()`: does the
    policy let such a one not go? Otherwise he is only told."""

    def __init__(
        self,
        database: Database,
        switches: Switches,
        project_id: int,
        may_rest: Callable[[PbxId, Interface], bool] = lambda pbx, interface: True,
        refuses: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database = database
        self._switches = switches
        self._project_id = project_id
        self._may_rest = may_rest
        self._refuses = refuses

    async def read(self, user_id: int) -> Presence:
        async with self._database.sessions(self._project_id) as session:
            agent = await _the_agent(session, user_id)
            return _presence(agent.signed_in, agent.pauses, [])

    async def change(self, user_id: int, wish: PresenceWish) -> Presence:
        """Raises `Unavailable` when the PBX is away and `Conflict` when it refused everything; then nothing
        is stored and the agent may simply try again."""
        pauses = _pauses(wish)
        async with self._database.sessions(self._project_id) as session:
            agent = await _the_agent(session, user_id, lock=True)
            wanted = await _wanted(session, agent, wish.state != "offline", pauses)
            if wanted.signed_in and not wanted.queues:
                raise Conflict("No line is assigned to you yet: ask a supervisor to add you to one.")
            pbx = PbxId(agent.pbx)
            memberships = self._switches.memberships(pbx)
            if memberships is None:
                raise Unavailable(f"PBX {pbx} is not reachable now: your state stays as it is, try again.")
            needed = wish.state != "available" and not self._may_rest(pbx, wanted.interface)
            if needed and self._refuses():
                raise Conflict(
                    "You are one of the last agents kept free for the highest tiers: try again in a moment."
                )
            reports = await self._carry_out(pbx, commands(wanted, memberships.get(wanted.interface, {})))
            if reports and all(report.outcome != "done" for report in reports):
                raise Conflict(f"The PBX did not do it: {reports[0].message}")
            remember_presence(agent, signed_in=wanted.signed_in, pauses=pauses)
            return _presence(wanted.signed_in, pauses, reports, needed=needed)

    async def set_aside(self, pbx: PbxId, interface: Interface) -> None:
        """He was rung and did not answer: nobody rings him until he says that he is there. The database may be away: the
        switch keeps the pause, and what he does next is what is stored."""
        outcome = await self._switches.execute(pbx, PauseMember(interface, paused=True, reason=MISSED))
        if not isinstance(outcome, Done):
            log.warning("agent_not_set_aside", pbx=pbx, agent=interface, outcome=str(outcome))
            return
        try:
            async with self._database.sessions(self._project_id) as session:
                agent = await agent_at(session, pbx, interface)
                if agent is not None and agent.signed_in and not agent.pauses:
                    remember_presence(agent, signed_in=True, pauses=[MISSED])
        except AWAY as error:
            log.warning("pause_not_stored", pbx=pbx, agent=interface, error=str(error))

    async def restore(self, pbx: PbxId) -> None:
        """After each snapshot: give the switch back the members and pauses it lost. Events and commands have a
        connection each, so the one for commands may come back later, or break meanwhile."""
        while True:
            await self._switches.reachable(pbx)
            everybody = await self._signed_in(pbx)
            memberships = self._switches.memberships(pbx)
            if memberships is None:
                return
            reports = await self._carry_out(pbx, missing(everybody, memberships))
            if reports:
                log.info("presence_restored", pbx=pbx, outcomes=[str(report) for report in reports])
            if all(report.outcome != "link_lost" for report in reports):
                return

    async def _signed_in(self, pbx: PbxId) -> list[Wanted]:
        async with self._database.sessions(self._project_id) as session:
            agents = [one for one in await working_agents(session) if one.signed_in and one.pbx == pbx]
            served = await lines_by_agent(session)
        return [_wish_of(one, one.signed_in, one.pauses, served.get(one.id, [])) for one in agents]

    async def _carry_out(self, pbx: PbxId, wanted: list[MemberCommand]) -> list[CommandReport]:
        outcomes = await asyncio.gather(*(self._switches.execute(pbx, command) for command in wanted))
        return [_report(command, outcome) for command, outcome in zip(wanted, outcomes, strict=True)]


async def _the_agent(session: AsyncSession, user_id: int, *, lock: bool = False) -> Agent:
    agent = await agent_of_user(session, user_id, lock=lock)
    if agent is None:
        raise NotAllowed("You are not an agent: no device belongs to your user.")
    return agent


async def _wanted(session: AsyncSession, agent: Agent, signed_in: bool, pauses: list[str]) -> Wanted:
    served = await lines_by_agent(session, agent.id)
    return _wish_of(agent, signed_in, pauses, served.get(agent.id, []))


def _wish_of(agent: Agent, signed_in: bool, pauses: list[str], lines: list[Line]) -> Wanted:
    queues = tuple(QueueName(queue) for line in lines if line.pbx == agent.pbx for queue in line.queues)
    return Wanted(Interface(agent.interface), agent.name, signed_in, tuple(pauses), queues)


def _pauses(wish: PresenceWish) -> list[str]:
    if wish.state != "paused":
        return []
    if wish.reason not in REASONS:
        raise BadInput(f"Say why you pause: one of {', '.join(REASONS)}.")
    return [wish.reason]


def _report(command: MemberCommand, outcome: CommandOutcome) -> CommandReport:
    word: Literal["done", "refused", "timed_out", "link_lost"]
    match outcome:
        case Done(message):
            word = "done"
        case Refused(message):
            word = "refused"
        case TimedOut(after_s):
            word, message = "timed_out", f"no answer within {after_s:g} s"
        case LinkLost():
            word, message = "link_lost", "the connection to the PBX broke"
    return CommandReport(queue=command.queue or "", outcome=word, message=message)


def _presence(
    signed_in: bool, pauses: list[str], reports: list[CommandReport], *, needed: bool = False
) -> Presence:
    return Presence(
        signed_in=signed_in,
        pause_reasons=pauses,
        reasons_offered=list(REASONS),
        outcomes=reports,
        needed=needed,
    )
