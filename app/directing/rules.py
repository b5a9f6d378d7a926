"""What the floor's calls and agents are to the room: pure questions, asked at every change."""

from collections.abc import Mapping
from typing import NamedTuple

from routing.places import Caller
from routing.policy import Policy, Tier
from routing.skills import Skills, line_skill, steps_on_line
from telephony.agents import Activity, Agent
from telephony.calls import Call
from telephony.events import DeviceState
from telephony.ids import QueueName
from telephony.queues import Place

FREE = frozenset({DeviceState.IDLE, DeviceState.UNKNOWN})
"""States of a device that may be rung; whether an unknown one is there at all, its registration says."""


class Decided(NamedTuple):
    """What was decided about a call at its arrival, or found out later. `tier`: None while not known."""

    tier: str | None = None
    topic: str | None = None
    language: str | None = None
    personal: tuple[str, ...] = ()
    client: int | None = None


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


def serves(agent: Agent, lines: Mapping[QueueName, str]) -> frozenset[str]:
    """Codes of the lines whose callers he may get: those in whose queue he is a member and not paused. Paused in all of
    them: all, because he is on duty and comes back. None of them: he is not on duty here."""
    of_his = {queue: one for queue, one in agent.memberships.items() if queue in lines}
    open_to_him = [queue for queue, one in of_his.items() if not one.paused]
    return frozenset(lines[queue] for queue in open_to_him or of_his)


def may_be_rung(agent: Agent, lines: Mapping[QueueName, str]) -> bool:
    """As far as the switch says: his device is there and free, and one of his lines is open to him."""
    return (
        agent.registered
        and agent.device in FREE
        and agent.activity is Activity.IDLE
        and not agent.ringing
        and not agent.talking
        and any(queue in lines and not one.paused for queue, one in agent.memberships.items())
    )


def skills_of(lines: frozenset[str], learnt: Mapping[str, int]) -> Skills:
    """`learnt`: {skill: level} of the records. Serving a line is a skill like any other."""
    return frozenset({*((line_skill(line), 1) for line in lines), *learnt.items()})
