"""Who gave a call to whom, as the switch itself tells it."""

from telephony import events as happened
from telephony.board import Board
from telephony.calls import Leg, Stage, Transfer
from telephony.changes import CallTransferred
from telephony.legs import Legs
from telephony.talks import Talks
from telephony.waits import Waits


class Transfers:
    def __init__(self, board: Board, legs: Legs, talks: Talks, waits: Waits) -> None:
        self._board = board
        self._legs = legs
        self._talks = talks
        self._waits = waits

    def blind(self, event: happened.BlindTransferred, at: float) -> None:
        leg = self._legs.seen(event.channel, event.call, event.name, at)
        if leg is not None:
            leg.held = False
            self._transfer(leg, "blind", event.to, at)

    def attended(self, event: happened.AttendedTransferred, at: float) -> None:
        leg = self._legs.seen(event.channel, event.call, event.name, at)
        second = self._legs.seen(event.second, event.second_call, event.second_name, at)
        if leg is None:
            return
        if second is not None and second.call is not leg.call:
            self._legs.merge(leg.call, second.call)
        if second is not None and second.call is leg.call and leg.call.client is not None:
            self._waits.hand_over(second, leg.call.client, at)  # he waited in a line for the client
        self._transfer(leg, "attended", event.to, at)
        if not event.threeway:
            self._talks.end_talk(leg, at)
            if second is not None:
                self._talks.end_talk(second, at)

    def _transfer(self, leg: Leg, kind: str, to: str, at: float) -> None:
        call = leg.call
        if call.stage is Stage.ENDED:
            return
        by = self._legs.interface(leg)
        call.transfers.append(Transfer(kind, by, to, at))
        self._board.tell(call, CallTransferred(at, call.id, kind, by, to))
