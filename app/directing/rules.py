"""What the floor's calls and agents are to the room: pure questions, asked at every change."""

from collections.abc import Mapping
from typing import NamedTuple

from routing.duty import duty
from routing.places import Caller
from routing.policy import Policy, Tier
from routing.skills import Skills, line_skill, steps_on_line
from telephony.agents import Agent
from telephony.calls import Call
from telephony.ids import QueueName
from telephony.queues import Place


class Decided(NamedTuple):
    """What was decided about a call at its arrival, or found out later. `tier`: None while not known.
    `announce`: what he is told while he waits."""

    tier: str | None = None
    topic: str | None = None
    language: str | None = None
    personal: tuple[str, ...] = ()
    client: int | None = None
    announce: tuple[str, ...] = ()


UNDECIDED = Decided()


def waits_at(call: Call | None) -> Place | None:
    """Where he waits now, whoever serves him; None when he does not wait."""
    if call is None or call.ended is not None or call.place is None or call.place.left_at is not None:
        return None
    return call.place


def tier_of(decided: Decided, policy: Policy) -> Tier:
    """A tier that this policy does not know counts as the lowest; one that is not known yet as an unknown caller's."""
    name = decided.tier or policy.rules.unknown_tier
    return next((tier for tier in policy.rules.tiers if tier.name == name), policy.rules.tiers[0])


def caller_of(call: Call, place: Place, line: str, decided: Decided, policy: Policy) -> Caller:
    return Caller(
        id=call.id,
        tier=tier_of(decided, policy).name,
        joined=place.joined_at,
        steps=steps_on_line(policy.rules.skills, line, decided.topic, decided.language),
        personal=decided.personal,
        line=line,
        client=decided.client,
    )


def serves(agent: Agent, lines: Mapping[QueueName, str]) -> tuple[frozenset[str], bool]:
    """(codes of the lines whose callers he may get, may he be given one now). In a call or in wrap-up he is on duty; on a
    break, or with his device gone, he is not: nobody waits for him then."""
    on_duty = duty(agent, lines.get)
    free = frozenset(line for line, is_free in on_duty.items() if is_free)
    return free or frozenset(on_duty), bool(free) and not agent.ringing and not agent.talking


def skills_of(lines: frozenset[str], learnt: Mapping[str, int]) -> Skills:
    """`learnt`: {skill: level} of the records. Serving a line is a skill like any other."""
    return frozenset({*((line_skill(line), 1) for line in lines), *learnt.items()})
