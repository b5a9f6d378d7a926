"""What our dialplan's own room says: who waits in it, and how an agent is rung for him by our order.

app_queue knows nothing of these callers. The floor tells the very changes it would tell of a queue.
"""

from telephony import events as happened
from telephony.board import Board
from telephony.calls import Leg, Ring, Stage
from telephony.legs import Legs
from telephony.talks import Talks
from telephony.waits import Waits


class Room:
    def __init__(self, board: Board, legs: Legs, talks: Talks, waits: Waits) -> None:
        self._board = board
        self._legs = legs
        self._talks = talks
        self._waits = waits

    def entered(self, event: happened.RoomEntered, at: float) -> None:
        leg = self._waits_here(event, at)
        if leg is not None:
            if leg is leg.call.client:  # who waits hears nobody
                self._talks.end_all_talks(leg.call, at)
            self._stay(leg, event, at)

    def ringing(self, event: happened.RoomRinging, at: float) -> None:
        leg = self._waits_here(event, at)
        if leg is None:
            return
        known = self._waits.places.get(leg.id)
        if known is None and leg.call.spoken:
            return  # taken out of a talk: he is passed on, and waits on no line
        self._stay(leg, event, at)
        self._waits.places[leg.id].calling = event.interface

    def unanswered(self, event: happened.RoomUnanswered, at: float) -> None:
        """A phone that could not be dialled never rang: it is told all the same, or whoever ordered it would wait."""
        leg = self._legs.known(event.channel, event.call)
        place = self._waits.in_room(event.channel)
        if leg is None or place is None or place.calling != event.interface:
            return
        place.calling = None
        ring = Ring(event.interface, place.queue, at)
        self._talks.begin(leg.call, None, ring, at)
        self._talks.end_ring(leg.call, ring, event.result, at)

    def left(self, event: happened.RoomLeft, at: float) -> None:
        leg = self._legs.known(event.channel, event.call)
        if leg is not None:
            self._waits.leave_room(leg, event.queue, timed_out=event.timed_out, at=at)

    def _waits_here(self, event: happened.RoomEntered | happened.RoomRinging, at: float) -> Leg | None:
        leg = self._legs.seen(event.channel, event.call, event.name, at)
        if leg is None or leg.call.stage is Stage.ENDED:
            return None
        self._legs.came_from(leg, event.number, event.number_name, None)
        return leg

    def _stay(self, leg: Leg, event: happened.RoomEntered | happened.RoomRinging, at: float) -> None:
        """Of a wait whose beginning we missed the dialplan's note tells it; in a later one of the same call the note may
        be that of the first."""
        since = at
        if event.joined_at is not None and not leg.call.lines:
            since = min(at, event.joined_at + self._board.clock_offset)
        self._waits.stay(leg, event.queue, event.priority, since, at)
