"""What the floor's calls and agents are to the room: pure questions, asked at every change."""

from collections.abc import Mapping
from typing import NamedTuple

from routing.duty import duty
from routing.places import Caller
from routing.policy import Policy, Tier
from routing.priority import head_start_of
from routing.skills import Skills, line_skill, steps_on_line
from telephony.agents import Agent
from telephony.calls import Call
from telephony.ids import QueueName
from telephony.queues import Place

OURS = "PJSIP/"
"""Devices that `RingAgent` can ring."""

CLOCKS_S = 2
"""The moment in a priority is by our clock, the one of joining by the switch's."""


class Decided(NamedTuple):
    """What was decided about a call at its arrival, or found out later. `tier`: None while not known.
    `announce`: what he is told while he waits. `promise`: the callback he was promised."""

    tier: str | None = None
    topic: str | None = None
    language: str | None = None
    personal: tuple[str, ...] = ()
    client: int | None = None
    announce: tuple[str, ...] = ()
    promise: int | None = None


UNDECIDED = Decided()


def waits_at(call: Call | None) -> Place | None:
    """Where he waits now, whoever serves him; None when he does not wait."""
    if call is None or call.ended is not None or call.place is None or call.place.left_at is not None:
        return None
    return call.place


def tier_of(decided: Decided, policy: Policy, place: Place | None = None) -> Tier:
    """A tier that this policy does not know counts as the lowest. While nobody knows it, the priority he brought along
    tells it; without one he is an unknown caller."""
    tiers = policy.rules.tiers
    if decided.tier is None and place is not None and place.priority:
        always_first, head_start_s = head_start_of(place.priority, place.joined_at)
        like_him = [tier for tier in tiers if tier.always_first == always_first]
        able = [tier for tier in like_him if tier.head_start_s <= head_start_s + CLOCKS_S]
        if able:
            return able[-1]
    name = decided.tier or policy.rules.unknown_tier
    return next((tier for tier in tiers if tier.name == name), tiers[0])


def caller_of(call: Call, place: Place, line: str, decided: Decided, policy: Policy) -> Caller:
    tier = tier_of(decided, policy, place)
    return Caller(
        id=call.id,
        tier=tier.name,
        joined=place.joined_at,
        steps=steps_on_line(policy.rules.skills, line, decided.topic, decided.language),
        personal=decided.personal,
        line=line,
        client=decided.client,
        promised=_promised(place, tier) if decided.promise is not None else None,
    )


def _promised(place: Place, tier: Tier) -> float | None:
    """When he asked for his callback: what his priority has besides his tier's head start."""
    if not place.priority:
        return None
    _, head_start_s = head_start_of(place.priority, place.joined_at)
    return place.joined_at - (head_start_s - tier.head_start_s)


def serves(agent: Agent, lines: Mapping[QueueName, str]) -> tuple[frozenset[str], bool]:
    """(codes of the lines whose callers he may get, may he be given one now). In a call or in wrap-up he is on duty; on a
    break, or with his device gone, he is not: nobody waits for him then. Members of another kind app_queue alone can ring."""
    if not agent.interface.startswith(OURS):
        return frozenset(), False
    on_duty = duty(agent, lines.get)
    free = frozenset(line for line, is_free in on_duty.items() if is_free)
    return free or frozenset(on_duty), bool(free) and not agent.ringing and not agent.talking


def skills_of(lines: frozenset[str], learnt: Mapping[str, int]) -> Skills:
    """`learnt`: {skill: level} of the records. Serving a line is a skill like any other."""
    return frozenset({*((line_skill(line), 1) for line in lines), *learnt.items()})
