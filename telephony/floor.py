"""Everything live on one switch, kept true by its events. Deterministic, no I/O, no clock of its own.

`apply` never raises on anything a switch may say: what does not fit is counted in `unknown` and the floor
goes on. Its cost does not depend on how many calls are live.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from telephony import events as happened
from telephony.agents import Agent
from telephony.board import Board
from telephony.calls import Call, Leg, Part
from telephony.changes import Change, RingResult
from telephony.differences import Difference, differences
from telephony.endings import GRACE_S, Endings
from telephony.events import Event
from telephony.ids import CallId, ChannelId, Interface, PbxId, QueueName
from telephony.legs import Legs
from telephony.optimising import Optimising
from telephony.outcomes import ring_result
from telephony.queueing import Queueing
from telephony.queues import Queue
from telephony.rebuild import Snapshot, rebuild
from telephony.recordings import Recordings
from telephony.room import Room
from telephony.staff import Staff
from telephony.talks import Talks
from telephony.transfers import Transfers
from telephony.waits import Waits

__all__ = ["GRACE_S", "Floor"]


PORTION = 100
"""Changes of a rebuild that are told at a time."""


class Floor:
    """`calls` holds ended ones too, for `GRACE_S`. `phones`: devices the app knows to be agents'; without
    them a phone that never was in a queue nor dialled is taken for a trunk (see `telephony.legs`). `channels_seen`:
    the last snapshot had a list of them, so that what is not here is not on the switch either."""

    def __init__(self, pbx: PbxId, phones: Iterable[Interface] = ()) -> None:
        self.pbx = pbx
        self.stale = False
        self.channels_seen = False
        self._board = Board(pbx, frozenset(phones))
        self._staff = Staff(self._board)
        self._talks = Talks(self._board)
        self._waits = Waits(self._board)
        self._legs = Legs(self._board, self._talks, self._waits)
        self._endings = Endings(self._board, self._legs, self._talks, self._waits)
        self._optimising = Optimising(self._legs, self._talks)
        self._recordings = Recordings(self._board, self._legs)
        self._queueing = Queueing(self._board, self._staff, self._legs, self._talks, self._waits)
        self._room = Room(self._board, self._legs, self._talks, self._waits)
        self._transfers = Transfers(self._board, self._legs, self._talks, self._waits)
        self._apply: dict[type, Callable[[Any, float], None]] = {
            happened.ChannelCreated: self._legs.created,
            happened.ChannelStateChanged: self._state_changed,
            happened.HangupAsked: self._hangup_asked,
            happened.ChannelHungUp: self._hung_up,
            happened.ChannelRenamed: self._renamed,
            happened.DialBegan: self._dial_began,
            happened.DialEnded: self._dial_ended,
            happened.BridgeEntered: self._bridge_entered,
            happened.BridgeLeft: self._bridge_left,
            happened.LocalBridged: self._local_bridged,
            happened.OptimisationBegan: self._optimising.began,
            happened.OptimisationEnded: self._optimising.ended,
            happened.HoldStarted: self._hold_started,
            happened.HoldEnded: self._hold_ended,
            happened.RecorderStarted: self._recordings.started,
            happened.RecorderMuted: self._recordings.muted,
            happened.RecorderStopped: self._recordings.stopped,
            happened.QueueJoined: self._queueing.joined,
            happened.QueueLeft: self._queueing.left,
            happened.QueueAbandoned: self._queueing.abandoned,
            happened.PriorityChanged: self._waits.change_priority,
            happened.RoomEntered: self._room.entered,
            happened.RoomRinging: self._room.ringing,
            happened.RoomUnanswered: self._room.unanswered,
            happened.RoomLeft: self._room.left,
            happened.AgentRung: self._queueing.rung,
            happened.AgentConnected: self._queueing.connected,
            happened.AgentFinished: self._queueing.finished,
            happened.MemberAdded: self._staff.member_set,
            happened.MemberPaused: self._staff.member_set,
            happened.MemberRemoved: self._staff.member_removed,
            happened.DeviceStateChanged: self._staff.device_state_changed,
            happened.ContactChanged: self._staff.contact_changed,
            happened.BlindTransferred: self._transfers.blind,
            happened.AttendedTransferred: self._transfers.attended,
            happened.OriginateAnswered: self._nothing,
            happened.UserSignalled: self._recordings.signalled,
        }

    @property
    def calls(self) -> dict[CallId, Call]:
        return self._board.calls

    @property
    def agents(self) -> dict[Interface, Agent]:
        return self._board.agents

    @property
    def queues(self) -> dict[QueueName, Queue]:
        return self._board.queues

    @property
    def unknown(self) -> Counter[str]:
        """What was ignored, by kind: steps that no life cycle knows, words about channels we never saw."""
        return self._board.unknown

    @property
    def now(self) -> float:
        """The latest moment the switch told; 0.0 before the first."""
        return self._board.now

    @property
    def clock_offset(self) -> float:
        """What `set_clock` said last, seconds."""
        return self._board.clock_offset

    def know_phones(self, phones: Iterable[Interface]) -> None:
        """Devices that are agents', told by who knows (the app's records)."""
        self._board.phones.update(phones)

    def set_clock(self, offset: float) -> None:
        """Moments told from now on are the switch's plus `offset` seconds (`telephony.clock`); 0 until said."""
        self._board.clock_offset = offset

    def mark_stale(self) -> None:
        """The link is broken or behind: what stands here may no longer be so, until `rebuild`."""
        self.stale = True

    def apply(self, event: Event) -> list[Change]:
        at = self._board.moment(event.at)
        self._apply[type(event)](event, at)
        return self._finish()

    def tick(self, at: float) -> list[Change]:
        """Time passes on a switch that says nothing: what waited for a moment to pass is settled. `at`: now, by
        the floor's clock (the switch's, moved by `set_clock`)."""
        self._board.pass_to(at)
        return self._finish()

    def rebuild(self, snapshot: Snapshot, at: float) -> list[Change]:
        """All of `rebuilding` at once."""
        return [change for portion in self.rebuilding(snapshot, at) for change in portion]

    def rebuilding(self, snapshot: Snapshot, at: float) -> Iterator[list[Change]]:
        """The snapshot becomes the truth: reports what was missed, what began before we looked, and which
        calls' stories cannot be whole. `at`: now, by the floor's clock.

        In steps of about a millisecond. Nothing is reported before the floor is whole again, then so much at a time; once
        begun it must be carried to its end, and nothing else be applied meanwhile.
        """
        self.stale = True
        self._board.pass_to(at)
        for _ in rebuild(snapshot, self._board, self._legs, self._talks, self._waits, self._end_leg, at):
            yield []
        self._recordings.compare(snapshot.channels or (), at)
        self.channels_seen = snapshot.channels is not None
        self.stale = False
        changes = self._finish()
        for start in range(0, len(changes), PORTION):
            yield changes[start : start + PORTION]

    def differences(self, seen: Snapshot) -> list[Difference]:
        """Where a look at the switch, at this very point of its stream, does not agree with what stands here."""
        return differences(seen, self._board, self._legs)

    def _finish(self) -> list[Change]:
        self._waits.tick(self._board.now)
        self._endings.tick(self._board.now)
        return self._board.take()

    def _nothing(self, event: Event, at: float) -> None:
        """Told to others, not kept here."""

    # Channels

    def _state_changed(self, event: happened.ChannelStateChanged, at: float) -> None:
        leg = self._legs.seen(event.channel, event.call, event.name, at)
        if leg is not None:
            leg.state = event.state

    def _renamed(self, event: happened.ChannelRenamed, at: float) -> None:
        leg = self._legs.by_id.get(event.channel)
        if leg is not None:
            leg.name = event.name

    def _hangup_asked(self, event: happened.HangupAsked, at: float) -> None:
        leg = self._legs.ending(event.channel, event.call, event.name, at)
        if leg is None:
            self._ignore_hangup(event.channel)
            return
        leg.cause = event.cause
        if leg is leg.call.client or leg.id == leg.call.origin or leg.talk_since is not None:
            leg.call.last_asked = leg.part

    def _hung_up(self, event: happened.ChannelHungUp, at: float) -> None:
        leg = self._legs.ending(event.channel, event.call, event.name, at)
        if leg is None:
            self._ignore_hangup(event.channel)
            return
        self._end_leg(leg, event.cause, at)

    def _end_leg(self, leg: Leg, cause: int, at: float) -> None:
        self._optimising.over(leg.id)
        self._recordings.over(leg, at)
        self._endings.end_leg(leg, cause, at)

    def _ignore_hangup(self, channel: ChannelId) -> None:
        if channel not in self._legs.by_id:
            self._board.unknown["hang-up of an unknown channel"] += 1

    # Dials and bridges

    def _dial_began(self, event: happened.DialBegan, at: float) -> None:
        source, queue = None, None
        if event.source is not None and event.source_call is not None and event.source_name is not None:
            source = self._legs.seen(event.source, event.source_call, event.source_name, at)
        leg = self._legs.seen(event.channel, event.call, event.name, at)
        if source is not None:
            queue = self._waits.dials(source, leg, at)
            dialled = (
                event.source_dialled if queue is None else None
            )  # else it is our dialplan's word for whom to ring
            self._legs.came_from(source, event.source_number, event.source_number_name, dialled)
        if leg is None:
            return
        if source is not None and source.call is not leg.call:
            self._legs.merge(source.call, leg.call)
        if not self._legs.dialled(leg, event.dial):
            return
        twin = source.pair if source is not None else None
        behind = twin.ring if twin is not None and twin.call is leg.call else None
        if behind is not None and leg.ring is None:
            self._talks.share(leg, behind)  # the real phone of a member that is a Local channel
        else:
            self._talks.ring(leg, leg.interface, queue, at)

    def _dial_ended(self, event: happened.DialEnded, at: float) -> None:
        leg = self._legs.known(event.channel, event.call)
        if leg is None:
            return
        ring = leg.ring
        if ring is None:
            if leg.part is Part.OUTSIDE and leg.call.far_result is None:
                leg.call.far_result = ring_result(leg, event.result)
            return
        if ring.legs[0] is not leg or (event.result is RingResult.ANSWERED and ring.queue is not None):
            return  # a phone behind a Local member; and a queue says itself when talk begins
        self._talks.end_ring(leg.call, ring, ring_result(leg, event.result), at)

    def _bridge_entered(self, event: happened.BridgeEntered, at: float) -> None:
        leg = self._legs.seen(event.channel, event.call, event.name, at)
        if leg is None:
            return
        self._legs.bridges.enter(leg, event.bridge, alone=event.alone)
        if leg is leg.call.client:
            self._legs.left_behind(leg, at)
        self._legs.join_talks(leg, at)
        self._waits.seen_elsewhere(leg, at, sure=event.alone)

    def _bridge_left(self, event: happened.BridgeLeft, at: float) -> None:
        leg = self._legs.known(event.channel, event.call)
        if leg is None or leg.bridge != event.bridge:
            return
        alone = leg.ring is None or sum(not device.gone for device in leg.ring.legs) == 1
        is_over = alone and not leg.put_on_hold and not self._optimising.changes_over(leg, at)
        self._legs.bridges.leave(leg)
        if is_over:
            self._talks.end_talk(leg, at)

    def _local_bridged(self, event: happened.LocalBridged, at: float) -> None:
        one = self._legs.seen(event.one, event.call, event.one_name, at)
        two = self._legs.seen(event.two, event.two_call, event.two_name, at)
        if one is not None and two is not None:
            self._legs.pair(one, two)

    def _hold_started(self, event: happened.HoldStarted, at: float) -> None:
        leg = self._legs.known(event.channel, event.call)
        if leg is not None:
            self._talks.hold(leg, at)

    def _hold_ended(self, event: happened.HoldEnded, at: float) -> None:
        leg = self._legs.known(event.channel, event.call)
        if leg is not None:
            self._talks.resume(leg, at)
