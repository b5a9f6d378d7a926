"""What callers in the room are told while they wait: which they are, and how many minutes it may take.

Never a place that became worse, because that would tell that somebody came before him; never more often than twice a
minute; and only what the line wants told.
"""

from collections.abc import Callable, Collection, Iterator
from math import ceil
from typing import NamedTuple

from routing.places import Caller
from routing.positions import positions
from routing.room import Room
from telephony.ids import CallId

FIRST_S, EVERY_S = 10.0, 30.0
"""After joining, and between two announcements to the same caller."""

LONGEST_MIN = 60
"""A longer wait is not told as a number."""


class Told(NamedTuple):
    """`position`, `minutes`: None when it was not told."""

    call: CallId
    position: int | None
    minutes: int | None


class _Heard(NamedTuple):
    """The last he was told of each, and when of any."""

    at: float
    position: int | None = None
    minutes: int | None = None


class Announcer:
    """`wanted(call)`: of `position` and `wait`, what he is told. `wait(caller, ahead)`: estimated seconds, None when it
    cannot be said."""

    def __init__(
        self,
        wanted: Callable[[CallId], Collection[str]],
        wait: Callable[[Caller, int], float | None],
    ) -> None:
        self._wanted = wanted
        self._wait = wait
        self._heard: dict[CallId, _Heard] = {}

    def due(self, room: Room, now: float) -> Iterator[Told]:
        """To be said now; taken as said."""
        places = {CallId(call): place for call, place in room.places.items() if not place.caller.callback}
        self._heard = {call: heard for call, heard in self._heard.items() if call in places}
        hear = [call for call in places if self._time_has_come(call, places[call].caller, now)]
        where = positions(room) if hear else {}
        for call in hear:
            told = self._news(call, places[call].caller, where[call])
            if told is not None:
                before = self._heard.get(call, _Heard(now))
                self._heard[call] = _Heard(
                    now, told.position or before.position, told.minutes or before.minutes
                )
                yield told

    def _time_has_come(self, call: CallId, caller: Caller, now: float) -> bool:
        heard = self._heard.get(call)
        since = caller.joined + FIRST_S if heard is None else heard.at + EVERY_S
        return now >= since and bool(self._wanted(call))

    def _news(self, call: CallId, caller: Caller, position: int) -> Told | None:
        wanted, heard = self._wanted(call), self._heard.get(call, _Heard(0.0))
        better = "position" in wanted and (heard.position is None or position < heard.position)
        minutes = self._minutes(caller, position - 1) if "wait" in wanted else None
        if not better and (minutes is None or minutes == heard.minutes):
            return None
        return Told(call, position if better else None, minutes)

    def _minutes(self, caller: Caller, ahead: int) -> int | None:
        wait_s = self._wait(caller, ahead)
        minutes = None if wait_s is None else max(1, ceil(wait_s / 60))
        return None if minutes is None or minutes > LONGEST_MIN else minutes
