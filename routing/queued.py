"""The same policy where Asterisk distributes: its queue `vip` and its queue `gen` share all members, and as many idle
members as the reserve says are paused in `gen` only, so that a VIP finds them. If we die, only these pauses remain.

Which members stand for the reserve changes as little as it can: every change is an AMI action.
"""

from collections.abc import Iterable
from math import ceil, inf
from typing import NamedTuple

from routing.reserve import SPARE_FOR_CALLBACKS

ACTIONS_PER_CALL = 0.2
"""On average; what was not used may be used later, up to `SAVED`."""

SAVED = 20.0

LOWER_AFTER_S = 120.0
"""A smaller reserve must have been enough for so long: one that goes up and down costs actions and helps nobody."""

CONFIRMED_S = 5.0
"""Within it the switch's own event follows what it said it did; then what it shows counts again."""

AGAIN_S = 10.0
"""Before a member is asked for again after the switch refused, or did not answer."""


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


NOTHING = Pauses((), ())


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


class Asked(NamedTuple):
    """`kept`: what it will be, None when nobody knows. Until then he is left alone."""

    kept: bool | None
    until: float


class Reservation:
    """The members of one line who stand for its reserve. Seconds by one clock.

    Whoever drives it tells what the switch shows, carries out what `due` says and tells how it went. No member has
    two orders under way, so that a slow switch delays the reserve and never makes it waver.
    """

    def __init__(self) -> None:
        self.on_duty: set[str] = set()
        self._near: dict[str, Member] = {}
        self._asked: dict[str, Asked] = {}
        self._kept: int | None = None
        self._lower_since: float | None = None
        self._credit = SAVED

    # what happened

    def member(self, interface: str, on_duty: bool, idle_since: float | None, kept: bool) -> None:
        """As the switch shows him now."""
        if on_duty:
            self.on_duty.add(interface)
        else:
            self.on_duty.discard(interface)
        if kept or (on_duty and idle_since is not None):
            self._near[interface] = Member(interface, idle_since if on_duty else None, kept)
        else:
            self._near.pop(interface, None)
        if (asked := self._asked.get(interface)) is not None and asked.kept == kept:
            del self._asked[interface]

    def gone(self, interface: str) -> None:
        self.on_duty.discard(interface)
        self._near.pop(interface, None)
        self._asked.pop(interface, None)

    def came(self) -> None:
        """A call: it pays for a part of an action."""
        self._credit = min(SAVED, self._credit + ACTIONS_PER_CALL)

    def want(self, kept: int, now: float) -> None:
        """More at once, fewer when fewer were enough for a while. What another run of ours left is taken over."""
        if self._kept is None:
            self._kept = len(self.kept)
        if kept >= self._kept:
            self._kept, self._lower_since = kept, None
        elif self._lower_since is None:
            self._lower_since = now
        elif now - self._lower_since >= LOWER_AFTER_S:
            self._kept, self._lower_since = kept, None

    def drop(self) -> None:
        """No reserve any more, from now on."""
        self._kept, self._lower_since = 0, None

    def not_sent(self, interface: str) -> None:
        """The order that `due` gave never left: he may be asked at once."""
        self._asked.pop(interface, None)

    def answered(self, interface: str, done: bool, now: float) -> None:
        """What became of an order that `due` gave."""
        asked = self._asked.get(interface)
        if asked is not None:
            again = Asked(asked.kept, now + CONFIRMED_S) if done else Asked(None, now + AGAIN_S)
            self._asked[interface] = again

    # what follows

    @property
    def holding(self) -> set[str]:
        """Whom the switch shows as kept, or is about to."""
        return self.kept | {one for one, asked in self._asked.items() if asked.kept}

    @property
    def wanted(self) -> int:
        """Never more than half of those on duty."""
        return min(self._kept or 0, len(self.on_duty) // 2)

    @property
    def kept(self) -> set[str]:
        """As the switch shows them."""
        return {one.interface for one in self._near.values() if one.kept}

    def due(self, now: float) -> Pauses:
        """Orders to be given now. Letting go is never put off; keeping is, when actions were spent too fast."""
        if self._kept is None:
            return NOTHING
        for interface in [one for one, asked in self._asked.items() if asked.until <= now]:
            del self._asked[interface]
        change = pauses(self._expected(), self.wanted)
        free = tuple(one for one in change.free if one not in self._asked)
        keep = tuple(one for one in change.keep if one not in self._asked)
        keep = keep[: max(0, int(self._credit) - len(free))]
        if not free and not keep:
            return NOTHING
        self._credit -= len(free) + len(keep)
        self._asked |= {one: Asked(False, inf) for one in free} | {one: Asked(True, inf) for one in keep}
        return Pauses(free, keep)

    def may_rest(self, interface: str, kept_low: int) -> bool:
        """Not one of the last idle ones; who is in a call asks when he is idle (see `match.may_rest`)."""
        idle = {one.interface for one in self._near.values() if one.idle_since is not None}
        return interface not in idle or len(idle) > min(kept_low, len(self.on_duty) // 2)

    def spare(self, kept_low: int) -> list[str]:
        """Idle members whom a deferred callback may have, the longest idle first: those beyond the reserve of the lowest
        tier and a little more."""
        idle = sorted((one for one in self._near.values() if one.idle_since is not None), key=_longest_first)
        leave = min(kept_low, len(self.on_duty) // 2) + SPARE_FOR_CALLBACKS * len(self.on_duty)
        free = [one.interface for one in idle if not one.kept and one.interface not in self._asked]
        return free[: max(0, ceil(len(idle) - leave))]

    def _expected(self) -> Iterable[Member]:
        for one in self._near.values():
            asked = self._asked.get(one.interface)
            yield one if asked is None or asked.kept is None else one._replace(kept=asked.kept)


def _longest_first(member: Member) -> tuple[float, str]:
    return (member.idle_since or 0.0, member.interface)
