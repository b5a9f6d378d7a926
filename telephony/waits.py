"""Waiting on lines: places in queues and in our own room, and why a caller left."""

from collections import deque

from telephony.board import Board
from telephony.calls import Call, Leg, Part, Step
from telephony.changes import LineJoined, LineLeaving, LineLeft, QueueChanged
from telephony.events import PriorityChanged
from telephony.ids import ChannelId, QueueName
from telephony.queues import (
    REASONS,
    SETTLE_S,
    NoSuchPlaceStep,
    Place,
    PlaceStage,
    PlaceStep,
    place_step,
)


class Waits:
    """`places`: of every channel that waits, or left and has not yet shown why."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.places: dict[ChannelId, Place] = {}
        self._unsettled: deque[Place] = deque()

    def join(self, leg: Leg, queue: QueueName, position: int, at: float) -> Place:
        before = self.places.get(leg.id)
        if before is not None and before.queue == queue and before.left_at is None:
            if before.room:  # Tierline's heart stood still: app_queue has him now
                self._turn(before, room=False, at=at)
                self._board.queue(queue, at).insert(before, position)
            return before  # or told twice: by a snapshot and by the event
        place = self._come(leg, queue, at, at)
        position = self._board.queue(queue, at).insert(place, position)
        self._board.tell(leg.call, LineJoined(at, leg.call.id, queue, position))
        self._board.advance(leg.call, Step.JOINED_LINE)
        return place

    def stay(self, leg: Leg, queue: QueueName, priority: int | None, joined_at: float, at: float) -> Place:
        """He waits in our room. Whoever waited in the queue of this line, and left it only to come here, goes on with
        the same wait; so does who was rung in vain."""
        place, call = self.places.get(leg.id), leg.call
        if place is None or place.queue != queue:
            place = self._come(leg, queue, joined_at, at)
            place.room, place.priority = True, priority
            position = self._board.queue(queue, at).rank(place)
            self._board.tell(call, LineJoined(joined_at, call.id, queue, position))
            self._board.advance(call, Step.JOINED_LINE)
            return place
        place.calling = None
        if place.left_at is None and place.room:
            return place
        place.priority = priority
        if place.left_at is None:
            self._turn(place, room=True, at=at)
        else:
            self._step(place, PlaceStep.BACK)
            place.left_at, place.room, call.place = None, True, place
            self._board.advance(call, Step.JOINED_LINE)
            self._board.report(QueueChanged(at, queue))
        self._board.queue(queue, at).rank(place)
        return place

    def _turn(self, place: Place, *, room: bool, at: float) -> None:
        """From the room into the queue or back: who puts him into his place there, comes next."""
        self._board.queue(place.queue, at).remove(place)
        place.room, place.calling = room, None
        self._board.report(QueueChanged(at, place.queue))

    def _come(self, leg: Leg, queue: QueueName, joined_at: float, at: float) -> Place:
        """A wait begins; one that this leg had elsewhere is over."""
        before, call = self.places.get(leg.id), leg.call
        if before is not None:
            self._out(call, before, None, at)
            self._settle(call, before, PlaceStep.SEEN_ELSEWHERE, at)
        place = self.places[leg.id] = Place(call.id, leg.id, queue, joined_at)
        call.place = place
        call.lines.append(place)
        return place

    def in_room(self, channel: ChannelId) -> Place | None:
        place = self.places.get(channel)
        return place if place is not None and place.room and place.left_at is None else None

    def dials(self, caller: Leg, called: Leg | None, at: float) -> QueueName | None:
        """Somebody is dialled for him: on behalf of the line that is told, or else he is elsewhere."""
        place = self.in_room(caller.id)
        if place is None:
            self.seen_elsewhere(caller, at)
            return None
        if called is None or (called.part is Part.INNER and caller.call.ringing):
            return None  # a phone that forwards the call, or afterthoughts of one that is gone
        if called.interface == place.calling:
            place.calling = None
            return place.queue
        self.seen_elsewhere(caller, at, sure=True)
        return None

    def served(self, leg: Leg, queue: QueueName, joined_at: float, left_at: float) -> None:
        """A wait that was over before we looked."""
        call = leg.call
        place = Place(call.id, leg.id, queue, joined_at)
        place.left_at = max(joined_at, left_at)
        place.stage, place.reason = PlaceStage.ANSWERED, REASONS[PlaceStage.ANSWERED]
        call.lines.append(place)
        self._board.tell(call, LineJoined(joined_at, call.id, queue, 1))
        self._board.tell(call, LineLeft(place.left_at, call.id, queue, place.reason))

    def give_up(self, leg: Leg, queue: QueueName) -> None:
        place = self.places.get(leg.id)
        if place is not None and place.queue == queue and place.left_at is None and not place.room:
            self._step(place, PlaceStep.GIVEN_UP)

    def leave(self, leg: Leg, queue: QueueName, position: int, at: float) -> None:
        """app_queue has him no more. Whoever is in the room already left it before that."""
        place = self.places.get(leg.id)
        if place is not None and place.queue == queue and not place.room:
            self.lose(leg, place, position, at)

    def lose(self, leg: Leg, place: Place, position: int, at: float) -> None:
        """He is where he was no more; why, shows later."""
        if place.left_at is not None:
            return
        self._out(leg.call, place, position, at)
        self._step(place, PlaceStep.LEFT)
        if place.stage is PlaceStage.OUT and leg.cause is not None:
            self._settle(leg.call, place, PlaceStep.CALLER_HUNG_UP, at)
        else:
            self._unsettled.append(place)

    def leave_room(self, leg: Leg, queue: QueueName, *, timed_out: bool, at: float) -> None:
        """Our dialplan says so itself."""
        place = self.places.get(leg.id)
        if place is None or place.queue != queue:
            return
        if timed_out and place.left_at is None:
            self._step(place, PlaceStep.GIVEN_UP)
            self._step(place, PlaceStep.LEFT)
        self._out(leg.call, place, None, at)
        self._settle(leg.call, place, PlaceStep.NOTHING_MORE if timed_out else PlaceStep.SEEN_ELSEWHERE, at)

    def hears(self, channel: ChannelId, agent: Leg, at: float) -> None:
        """He and this agent hear each other. In the room it is enough: nobody else says that he is served."""
        place = self.in_room(channel)
        queue = agent.ring.queue if agent.ring is not None else None
        if place is not None:
            queue = place.queue
        if queue is not None:
            self.connect(channel, queue, at)

    def connect(self, channel: ChannelId, queue: QueueName, at: float) -> None:
        place = self.places.get(channel)
        if place is not None and place.queue == queue:
            call = self._board.calls[place.call]
            self._out(call, place, None, at)
            self._settle(call, place, PlaceStep.CONNECTED, at)

    def change_priority(self, event: PriorityChanged, at: float) -> None:
        """He stands behind whom the event names; when that one has left meanwhile, where that one stood."""
        place = self.places.get(event.channel)
        if place is None or place.queue != event.queue or place.left_at is not None:
            self._board.unknown["priority of a caller who does not wait"] += 1
            return
        place.priority = event.priority
        queue = self._board.queue(event.queue, at)
        queue.remove(place)
        before = next((i for i, one in enumerate(queue.waiting, 1) if one.channel == event.behind), None)
        queue.insert(place, event.position - 1 if before is None else before + 1)
        self._board.report(QueueChanged(at, event.queue))

    def seen_elsewhere(self, leg: Leg, at: float, *, sure: bool = False) -> None:
        """The caller does something that nobody does in a queue. `sure`: nor in our room, which he leaves unsaid."""
        place = self.places.get(leg.id)
        if place is None:
            return
        if sure and place.room:
            self._out(leg.call, place, None, at)
        if place.left_at is not None:
            self._settle(leg.call, place, PlaceStep.SEEN_ELSEWHERE, at)

    def hang_up(self, leg: Leg, by_caller: bool, at: float) -> None:
        place = self.places.get(leg.id)
        if place is not None:
            self._out(leg.call, place, None, at)
            step = PlaceStep.CALLER_HUNG_UP if by_caller else PlaceStep.SWITCH_HUNG_UP
            self._settle(leg.call, place, step, at)

    def hand_over(self, giver: Leg, taker: Leg, at: float) -> None:
        """The taker stands in the giver's place from now on, and in his time: transferred into a line."""
        place = self.places.get(giver.id)
        if place is None or place.left_at is not None or giver is taker or taker.gone:
            return
        self.seen_elsewhere(taker, at)
        if taker.id not in self.places:
            self.places[taker.id] = self.places.pop(giver.id)
            place.channel = taker.id

    def depart(self, call: Call, at: float) -> list[Place]:
        """The call becomes part of another: the places it still holds, which `bring` gives to that one."""
        held = []
        for channel in call.legs:
            place = self.places.get(channel)
            if place is None:
                continue
            if place.left_at is not None:
                self._settle(call, place, PlaceStep.SEEN_ELSEWHERE, at)
                continue
            held.append(place)
            self._board.tell(call, LineLeft(at, call.id, place.queue, LineLeaving.MOVED))
        call.place = None
        return held

    def bring(self, call: Call, place: Place, at: float) -> None:
        place.call = call.id
        position = self._board.queues[place.queue].waiting.index(place) + 1
        self._board.tell(call, LineJoined(at, call.id, place.queue, position))
        if call.place is None:
            call.place = place
            self._board.advance(call, Step.JOINED_LINE)

    def tick(self, now: float) -> None:
        """Who left unserved and did nothing since lives on in the dialplan."""
        while self._unsettled and not 0 <= now - (self._unsettled[0].left_at or now) < SETTLE_S:
            place = self._unsettled.popleft()
            call = self._board.calls.get(place.call)
            if place.reason is None and call is not None and self.places.get(place.channel) is place:
                self._settle(call, place, PlaceStep.NOTHING_MORE, now)

    def _out(self, call: Call, place: Place, position: int | None, at: float) -> None:
        if place.left_at is not None:
            return
        place.left_at = max(at, place.joined_at)
        self._board.queues[place.queue].remove(place, position)
        if call.place is place:
            call.place = None
            self._board.advance(call, Step.LEFT_LINE)

    def _settle(self, call: Call, place: Place, step: PlaceStep, at: float) -> None:
        self._step(place, step)
        reason = REASONS.get(place.stage)
        if reason is not None and place.reason is None:
            place.reason = reason
            if self.places.get(place.channel) is place:
                del self.places[place.channel]
            left_at = at if place.left_at is None else place.left_at
            self._board.tell(call, LineLeft(left_at, call.id, place.queue, reason))

    def _step(self, place: Place, step: PlaceStep) -> None:
        try:
            place.stage = place_step(place.stage, step)
        except NoSuchPlaceStep as error:
            self._board.unknown[str(error)] += 1
