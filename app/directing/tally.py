"""What the reserve's controller wants to know of one switch's directed lines, counted from what happens there."""

from math import exp

from app.directing.dispatcher import Dispatcher
from routing.places import LOW, MID, VIP, standings
from routing.reserve import Seen
from telephony.changes import CallAnswered, Change, LineJoined, LineLeaving, LineLeft, TalkEnded
from telephony.ids import CallId

AHT_S = 180.0
"""Until enough talks have ended."""

AHT_OF = 50
"""Talks in whose mean the handling time is seen."""


class Tally:
    """`wrap_up_s` of it is not counted: who works after a call is not idle anyway."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self.aht_s = AHT_S
        self._vips: dict[CallId, float] = {}
        self._came = self._kept = self._ended = 0

    def heard(self, changes: list[Change]) -> None:
        for change in changes:
            match change:
                case LineJoined(at=at, call=call):
                    if self._is_vip(call):
                        self._vips[call] = at
                        self._came += 1
                case CallAnswered(call=call, waited=waited) if call in self._vips:
                    del self._vips[call]
                    self._ended += 1
                    self._kept += waited <= self._dispatcher.policy.rules.goal.within_s
                case LineLeft(call=call, reason=reason) if call in self._vips:
                    if reason is not LineLeaving.ANSWERED:
                        del self._vips[call]
                        self._ended += reason is LineLeaving.ABANDONED
                case TalkEnded(talked=talked) if talked > 0:
                    self.aht_s += (1 - exp(-1 / AHT_OF)) * (talked - self.aht_s)

    def seen(self) -> Seen:
        """Counts since it was asked last."""
        room = self._dispatcher.room
        counted = (self._came, self._kept, self._ended)
        self._came = self._kept = self._ended = 0
        agents = room.staff.everybody.on_duty
        return Seen(agents, self.aht_s, room.waiting(MID) > 0, room.waiting(LOW) > 0, *counted)

    def _is_vip(self, call: CallId) -> bool:
        tier = self._dispatcher.tier_of(call)
        return any(name == tier and one.band == VIP for name, one in standings(self._dispatcher.policy))
