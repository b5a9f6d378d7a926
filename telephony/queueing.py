"""What a queue says: who waits in it, whom it rings for him, and who answers."""

from telephony import events as happened
from telephony.board import Board
from telephony.calls import Part, Ring, Stage
from telephony.changes import RingResult
from telephony.legs import Legs
from telephony.names import is_inner
from telephony.staff import Staff
from telephony.talks import Talks
from telephony.waits import Waits


class Queueing:
    def __init__(self, board: Board, staff: Staff, legs: Legs, talks: Talks, waits: Waits) -> None:
        self._board = board
        self._staff = staff
        self._legs = legs
        self._talks = talks
        self._waits = waits

    def joined(self, event: happened.QueueJoined, at: float) -> None:
        leg = self._legs.seen(event.channel, event.call, event.name, at)
        if leg is None or leg.call.stage is Stage.ENDED:
            return
        self._legs.came_from(leg, event.number, event.number_name, event.dialled)
        if leg is leg.call.client:  # who waits hears nobody
            self._talks.end_all_talks(leg.call, at)
        self._waits.join(leg, event.queue, event.position, at)

    def left(self, event: happened.QueueLeft, at: float) -> None:
        leg = self._legs.known(event.channel, event.call)
        if leg is not None:
            self._waits.leave(leg, event.queue, event.position, at)

    def abandoned(self, event: happened.QueueAbandoned, at: float) -> None:
        leg = self._legs.known(event.channel, event.call)
        if leg is not None:
            self._waits.give_up(leg, event.queue)

    def rung(self, event: happened.AgentRung, at: float) -> None:
        caller = self._legs.seen(event.caller, event.caller_call, event.caller_name, at)
        if (
            caller is not None
            and caller.call.stage is not Stage.ENDED
            and caller.id not in self._waits.places
        ):
            self._legs.came_from(caller, event.caller_number, event.caller_number_name, None)
            self._waits.join(caller, event.queue, 1, at)  # its joining was missed; first in line is rung
        leg = self._legs.seen(event.channel, event.call, event.name, at)
        if leg is None:
            return
        if caller is not None and caller.call is not leg.call:
            self._legs.merge(caller.call, leg.call)
        self._legs.phone(leg)
        self._staff.name(self._board.agent(event.interface), event.member, at)
        self._talks.ring(leg, event.interface, event.queue, at)

    def connected(self, event: happened.AgentConnected, at: float) -> None:
        leg = self._legs.seen(event.channel, event.call, event.name, at)
        if leg is None or leg.call.stage is Stage.ENDED:
            return
        caller = self._legs.by_id.get(event.caller)
        if caller is not None and caller.call is not leg.call:
            self._legs.merge(caller.call, leg.call)  # picked up: he dialled himself into the call
        if leg.part is Part.INNER and not is_inner(event.interface):
            self._waits.connect(event.caller, event.queue, at)
            return  # his phone forwarded the call: who hears the client, the bridges tell
        self._legs.phone(leg)
        call = leg.call
        if leg.ring is None:  # it rang before we looked
            going_on = call.ringing.get(event.interface)
            colleague = leg.part is Part.PHONE and any(
                ring.interface == event.interface for ring in call.rings
            )
            if colleague and leg.interface != event.interface:
                self._talks.begin(call, leg, Ring(leg.interface, event.queue, None), at)  # picked up
            elif going_on is None:
                self._talks.begin(call, leg, Ring(event.interface, event.queue, None), at)
            else:
                self._talks.share(leg, going_on)
        if leg.ring is not None and leg.ring.result is None:
            self._talks.end_ring(call, leg.ring, RingResult.ANSWERED, at)
        self._waits.connect(event.caller, event.queue, at)
        self._talks.talk(leg, at)

    def finished(self, event: happened.AgentFinished, at: float) -> None:
        leg = self._legs.by_id.get(event.channel) if event.channel is not None else None
        if leg is not None and not leg.put_on_hold and leg.bridge is None:
            self._talks.end_talk(leg, at)
