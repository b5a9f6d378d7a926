"""From what an agent wants and what the switch has, the commands that make both equal. Pure."""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from telephony.commands import AddMember, PauseMember, RemoveMember
from telephony.ids import Interface, QueueName

PresenceState = Literal["available", "paused", "offline"]
REASONS = ("break", "lunch", "training")
"""Reasons offered for a pause; the words on screens are the pages' own."""

MISSED = "missed_call"
"""Why somebody is paused who was rung and did not answer, until he says that he is there."""


class Wanted(msgspec.Struct, frozen=True):
    """`queues`: of the lines he serves. `pauses`: reasons; empty means he may be rung."""

    interface: Interface
    name: str
    signed_in: bool
    pauses: tuple[str, ...]
    queues: tuple[QueueName, ...]


MemberCommand = AddMember | RemoveMember | PauseMember


def commands(wanted: Wanted, memberships: Mapping[QueueName, str | None]) -> list[MemberCommand]:
    """`memberships`: {queue: why he is paused there, or None} as the switch has them. Only the agent's own lines are touched."""
    return [command for queue in wanted.queues for command in _for_queue(wanted, queue, memberships)]


def missing(
    everybody: Iterable[Wanted], memberships: Mapping[Interface, Mapping[QueueName, str | None]]
) -> list[MemberCommand]:
    """After a switch came back: members it forgot and pauses it lost. Nobody is removed here, because the
    site may have members we know nothing of."""
    return [
        command
        for wanted in everybody
        if wanted.signed_in
        for command in commands(wanted, memberships.get(wanted.interface, {}))
    ]


def _for_queue(
    wanted: Wanted, queue: QueueName, memberships: Mapping[QueueName, str | None]
) -> list[MemberCommand]:
    has, paused = queue in memberships, bool(wanted.pauses)
    reason = ", ".join(wanted.pauses)
    if not wanted.signed_in:
        return [RemoveMember(queue, wanted.interface)] if has else []
    if not has:
        return [AddMember(queue, wanted.interface, wanted.name, paused, reason)]
    if memberships[queue] != (reason if paused else None):
        return [PauseMember(wanted.interface, paused, reason, queue)]
    return []
