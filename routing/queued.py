"""The same policy where Asterisk distributes: its queue `vip` and its queue `gen` share all members, and as many idle
members as the reserve says are paused in `gen` only, so that a VIP finds them. If we die, only these pauses remain.

Which members stand for the reserve changes as little as it can: every change is an AMI action.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Member(NamedTuple):
    """Of `gen`. `idle_since`: seconds, None while he is in a call, in wrap-up or paused for a reason of his own.
    `kept`: paused in `gen` by us."""

    interface: str
    idle_since: float | None
    kept: bool


class Pauses(NamedTuple):
    """To be sent for `gen` only; freed ones first, so that nobody waits for a member who is about to be let go."""

    free: tuple[str, ...]
    keep: tuple[str, ...]


def pauses(members: Iterable[Member], kept: int) -> Pauses:
    """`kept`: K of the middle tier. Whoever is kept and idle stays so; then the ones idle for the shortest time are
    added, because `gen` rings the longest idle first. A kept member who is not idle any more is freed at once: after his
    call he serves everybody."""
    ordered = sorted(members, key=lambda one: one.interface)
    idle = [one for one in ordered if one.idle_since is not None]
    wanted = min(kept, len(idle))
    by_choice = sorted(idle, key=lambda one: (not one.kept, -(one.idle_since or 0.0), one.interface))
    chosen = {one.interface for one in by_choice[:wanted]}
    return Pauses(
        tuple(one.interface for one in ordered if one.kept and one.interface not in chosen),
        tuple(one.interface for one in by_choice[:wanted] if not one.kept),
    )
