"""Waiting on lines: places in queues, and why a caller left."""

from collections import deque

from telephony.board import Board
from telephony.calls import Call, Leg, Step
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
        if before is not None:
            if before.queue == queue and before.left_at is None:
                return before  # told twice: by a snapshot and by the event
            self._out(leg.call, before, None, at)
            self._settle(leg.call, before, PlaceStep.SEEN_ELSEWHERE, at)
        call = leg.call
        place = Place(call.id, leg.id, queue, at)
        self.places[leg.id] = place
        position = self._board.queue(queue, at).insert(place, position)
        call.place = place
        call.lines.append(place)
        self._board.tell(call, LineJoined(at, call.id, queue, position))
        self._board.advance(call, Step.JOINED_LINE)
        return place

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
        if place is not None and place.queue == queue and place.left_at is None:
            self._step(place, PlaceStep.GIVEN_UP)

    def leave(self, leg: Leg, queue: QueueName, position: int, at: float) -> None:
        place = self.places.get(leg.id)
        if place is None or place.queue != queue or place.left_at is not None:
            return
        self._out(leg.call, place, position, at)
        self._step(place, PlaceStep.LEFT)
        if place.stage is PlaceStage.OUT and leg.cause is not None:
            self._settle(leg.call, place, PlaceStep.CALLER_HUNG_UP, at)
        else:
            self._unsettled.append(place)

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

    def seen_elsewhere(self, leg: Leg, at: float) -> None:
        """The caller does something that nobody does in a queue."""
        place = self.places.get(leg.id)
        if place is not None and place.left_at is not None:
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
