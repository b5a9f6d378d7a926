"""Agents as they stand in the database."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.models import Agent, AgentSkill, Skill


async def agent_of_user(session: AsyncSession, user_id: int, *, lock: bool = False) -> Agent | None:
    """The agent a user is, if he is one. `lock`: nobody else changes him until the transaction ends."""
    query = select(Agent).where(Agent.user_id == user_id, ~Agent.disabled)
    return await session.scalar(query.with_for_update() if lock else query)


async def agent_at(session: AsyncSession, pbx: str, interface: str) -> Agent | None:
    """Whose device it is; nobody else changes him until the transaction ends."""
    query = select(Agent).where(Agent.pbx == pbx, Agent.interface == interface, ~Agent.disabled)
    return await session.scalar(query.with_for_update())


async def skills_by_agent(session: AsyncSession) -> dict[int, dict[str, int]]:
    """{agent id: {skill's code: level}}"""
    query = select(AgentSkill.agent_id, Skill.code, AgentSkill.level).join(
        Skill, Skill.id == AgentSkill.skill_id
    )
    found: dict[int, dict[str, int]] = {}
    for agent, code, level in await session.execute(query):
        found.setdefault(agent, {})[code] = level
    return found


async def working_agents(session: AsyncSession) -> Sequence[Agent]:
    return (await session.scalars(select(Agent).where(~Agent.disabled).order_by(Agent.code))).all()


def remember_presence(agent: Agent, *, signed_in: bool, pauses: list[str]) -> None:
    """What he wants now; `since` moves only when it is something else than before."""
    if agent.signed_in != signed_in or agent.pauses != pauses:
        agent.signed_in, agent.pauses = signed_in, pauses
        agent.since = func.now()
