"""Which legs belong to which call, what each is in it, and who hears whom.

A call is what hangs together by Linkedid, by a dial, by two halves of a Local channel. The Linkedid of a leg
changes without notice, so it is read again from every event; when it leads to another call the two become one.

**Whose leg is it?** An agent's phone is a device that is or was a member of a queue, that was dialled by its
own name, or that the caller of `Floor` named. Every other device whose call comes in is a trunk with a client
behind it: unknown phones are taken for clients rather than the other way round.
"""

from telephony.board import Board
from telephony.bridges import Bridges
from telephony.calls import Call, Direction, Leg, Part, Stage, Step
from telephony.changes import CallEnded, Outcome, RingResult
from telephony.events import ChannelCreated, LegState
from telephony.ids import CallId, ChannelId, Interface
from telephony.names import dialled_by_name, is_first, is_inner
from telephony.talks import Talks
from telephony.waits import Waits

UNSEEN = "its beginning was not seen"


class Legs:
    """`by_id` keeps a leg for a while after its hang-up: the switch still speaks of it."""

    def __init__(self, board: Board, talks: Talks, waits: Waits) -> None:
        self._board = board
        self._talks = talks
        self._waits = waits
        self.by_id: dict[ChannelId, Leg] = {}
        self.by_linkedid: dict[CallId, Call] = {}
        self.bridges = Bridges()

    def known(self, channel: ChannelId, linked: CallId) -> Leg | None:
        """The living leg of an event that ends something: the unknown and the dead are not worth a stub."""
        leg = self.by_id.get(channel)
        if leg is None or leg.gone:
            return None
        if leg.linked != linked:
            self._relink(leg, linked)
        return leg

    def ending(self, channel: ChannelId, linked: CallId, name: str, at: float) -> Leg | None:
        """The same for a hang-up, which tells at least that a call we know had this leg too."""
        if channel not in self.by_id:
            call = self.by_linkedid.get(linked)
            return self.seen(channel, linked, name, at) if call is not None and call.ended is None else None
        return self.known(channel, linked)

    def seen(self, channel: ChannelId, linked: CallId, name: str, at: float) -> Leg | None:
        """The living leg of an event; one we never saw begin is made up from what the event says."""
        leg = self.by_id.get(channel)
        if leg is not None:
            if leg.gone:
                return None
            if leg.linked != linked:
                self._relink(leg, linked)
            return leg
        leg = self._add(channel, linked, name, at)
        if leg.call.stage is Stage.ENDED:
            return leg
        leg.call.doubtful = leg.call.doubtful or UNSEEN
        if leg.part is Part.UNKNOWN:
            self._guess(leg)
        return leg

    def created(self, event: ChannelCreated, at: float) -> None:
        known = self.by_id.get(event.channel)
        if known is not None and event.at is not None and _is_over(known.call, at):
            self.forget_call(
                known.call
            )  # a switch that was started again within a second begins its ids anew
            self.forget_leg(known)
        elif known is not None:
            if not known.gone and known.linked != event.call:
                self._relink(known, event.call)
            return
        leg = self._add(event.channel, event.call, event.name, at)
        leg.state = event.state
        call = leg.call
        if call.stage is Stage.ENDED or not is_first(event.channel, event.call):
            if leg.part is Part.UNKNOWN and leg.interface in self._board.phones:
                leg.part = Part.PHONE
            return
        if call.doubtful == UNSEEN:  # another leg of it was heard of first
            call.doubtful = None
        call.ani, call.ani_name, call.dnis = event.number, event.number_name, event.dialled
        self.first(leg)
        if leg.part is not Part.INNER:
            self._board.announce(call)

    def came_from(self, leg: Leg, number: str | None, name: str | None, dialled: str | None) -> None:
        """What a later event says of the first leg fills what its beginning did not."""
        call = leg.call
        if leg.id != call.origin:
            return
        if call.dnis is None:
            call.dnis = dialled
        if call.doubtful == UNSEEN and call.ani is None:
            call.ani, call.ani_name = number, name

    def first(self, leg: Leg) -> None:
        """The leg that began the call decides its direction."""
        call = leg.call
        call.origin = leg.id
        if leg.part is Part.INNER:
            call.direction = Direction.INTERNAL
        elif leg.interface in self._board.phones:
            leg.part = Part.PHONE
            call.direction = Direction.INTERNAL
        elif leg.state is LegState.DOWN:  # the switch dials out by itself: whom, the dial will say
            call.direction = Direction.INTERNAL
        else:
            leg.part = Part.OUTSIDE
            call.direction = Direction.INBOUND
            call.client = leg

    def restored(self, channel: ChannelId, linked: CallId, name: str, at: float) -> Leg:
        """A leg that a snapshot tells of and no event did; `at`: when it was created. A call that was taken
        for ended and still has a leg begins anew."""
        call = self.by_linkedid.get(linked)
        if call is not None and call.stage is Stage.ENDED:
            self.forget_call(call)
        return self._add(channel, linked, name, at)

    def dialled(self, leg: Leg, dial: str) -> bool:
        """Sorts a dialled leg; True when it is an agent's phone that may be rung."""
        call = leg.call
        if leg.part is Part.INNER:
            return False
        if leg.interface in self._board.phones or dialled_by_name(
            leg.interface, dial, self._board.contacts.get(leg.interface, frozenset())
        ):
            self.phone(leg)
            return leg.id != call.origin
        self.outside(leg)
        return False

    def outside(self, leg: Leg) -> None:
        """This leg was dialled and leads out of the house."""
        call = leg.call
        leg.part = Part.OUTSIDE
        if call.direction is Direction.INTERNAL:
            call.direction = Direction.OUTBOUND
        if call.client is None:
            call.client = leg

    def phone(self, leg: Leg) -> None:
        self._board.phones.add(leg.interface)
        if leg.part is not Part.INNER:
            leg.part = Part.PHONE
            if leg.call.client is leg:  # taken for a client until the queue rang it
                leg.call.client = None

    def pair(self, one: Leg, two: Leg) -> None:
        one.pair, two.pair = two, one
        if one.call is not two.call:
            self.merge(one.call, two.call)

    def join_talks(self, leg: Leg, at: float) -> None:
        """After a leg entered a bridge: who hears each other shares one call (in a conference room nothing else
        says so), and whoever hears the client now, talks with him."""
        parties = self.bridges.hearing(leg)
        if len(parties) < 2:
            return
        for party in parties:
            if party.call is not leg.call:
                self.merge(party.call, leg.call)
        for party in parties:
            call = party.call
            client = call.client or self._origin(call)
            if client is None or party is client or client not in parties:
                continue
            if party.part is Part.PHONE:
                self._waits.hears(client.id, party, at)
                self._talks.talk(party, at)
            elif party.part is Part.OUTSIDE:
                call.spoken = True

    def left_behind(self, client: Leg, at: float) -> None:
        """The client hears somebody else now, or music in a parking place: whoever is alone talks no more."""
        hearing = self.bridges.hearing(client)
        for leg in list(client.call.legs.values()):
            alone = leg.talk_since is not None and leg.bridge is not None and leg not in hearing
            if alone and not leg.put_on_hold and len(self.bridges.hearing(leg)) == 1:
                self._talks.end_talk(leg, at)

    def without_client(self, call: Call, at: float) -> None:
        """He hung up. Somebody else from outside whom an agent hears is whom the agents talk with now; without one
        nobody talks any more, though an agent may stay in a conference room."""
        others = (
            leg
            for leg in call.legs.values()
            if leg.part is Part.OUTSIDE and len(self.bridges.hearing(leg)) > 1
        )
        other = next(others, None)
        if other is None:
            self._talks.end_all_talks(call, at)
        else:
            call.client = other

    def _origin(self, call: Call) -> Leg | None:
        return call.legs.get(call.origin) if call.origin is not None else None

    def remove(self, leg: Leg) -> None:
        self.bridges.leave(leg)
        leg.gone = True
        leg.call.legs.pop(leg.id, None)
        if leg.pair is not None:
            leg.pair.pair = None
            leg.pair = None

    def forget_leg(self, leg: Leg) -> None:
        if self.by_id.get(leg.id) is leg:
            del self.by_id[leg.id]

    def forget_call(self, call: Call) -> None:
        if self._board.calls.get(call.id) is call:
            del self._board.calls[call.id]
        for linked in call.linkedids:
            if self.by_linkedid.get(linked) is call:
                del self.by_linkedid[linked]

    def merge(self, one: Call, other: Call) -> None:
        """Two calls turn out to be one conversation. The client's stays; two clients' never merge."""
        if one is other or Stage.ENDED in (one.stage, other.stage):
            return
        if other.direction is Direction.INBOUND:
            one, other = other, one
        if other.direction is Direction.INBOUND:
            return
        at, board = self._board.now, self._board
        ringing = list(other.ringing.values())
        self._talks.end_all_talks(other, at)
        for ring in ringing:
            self._talks.end_ring(other, ring, RingResult.CANCELLED, at)
            other.rings.remove(ring)
        places = self._waits.depart(other, at)
        board.advance(other, Step.LAST_LEG_GONE)
        other.ended, other.merged_into = at, one.id
        other.outcome = Outcome.ANSWERED if other.spoken else Outcome.UNANSWERED
        board.gone_calls.append((at, other))
        if other.announced:
            board.report(CallEnded(at, other.id, other.outcome, None))
        self._move(other, one)
        for place in places:
            self._waits.bring(one, place, at)
        for ring in ringing:
            self._talks.carry_on(one, ring, at)
        for leg in list(one.legs.values()):
            if leg.bridge is not None and leg.part is not Part.INNER:
                self.join_talks(leg, at)

    def _move(self, other: Call, one: Call) -> None:
        one.rings.extend(other.rings)
        one.transfers.extend(other.transfers)
        one.lines.extend(other.lines)
        one.linkedids |= other.linkedids
        for linked in other.linkedids:
            self.by_linkedid[linked] = one
        for leg in other.legs.values():
            leg.call = one
            one.legs[leg.id] = leg
        if one.client is None and other.client is not None:
            one.client = other.client
        other.legs, other.lines, other.rings, other.place = {}, [], [], None

    def _add(self, channel: ChannelId, linked: CallId, name: str, at: float) -> Leg:
        call = self.by_linkedid.get(linked)
        if call is None:
            call = Call(linked, self._board.pbx, at)
            self._board.calls[linked] = self.by_linkedid[linked] = call
        leg = Leg(channel, name, linked, call)
        self.by_id[channel] = leg
        if call.stage is Stage.ENDED:
            return leg  # an afterthought of the switch: nobody's business any more
        call.legs[channel] = leg
        if is_inner(name) and name[-2:] in (";1", ";2"):
            self._pair_by_name(leg)
        return leg

    def _pair_by_name(self, leg: Leg) -> None:
        twin = leg.name[:-1] + ("2" if leg.name[-1] == "1" else "1")
        for other in leg.call.legs.values():
            if other.name == twin:
                leg.pair, other.pair = other, leg
                return

    def _guess(self, leg: Leg) -> None:
        if leg.interface in self._board.phones:
            leg.part = Part.PHONE
        elif is_first(leg.id, leg.linked):
            leg.state = LegState.UP
            self.first(leg)
        else:
            leg.part = Part.PHONE

    def _relink(self, leg: Leg, linked: CallId) -> None:
        leg.linked = linked
        target = self.by_linkedid.get(linked)
        if target is None:
            self.by_linkedid[linked] = leg.call
            leg.call.linkedids.add(linked)
        elif target is not leg.call:
            self.merge(target, leg.call)

    def interface(self, leg: Leg) -> Interface | None:
        """The agent behind a leg, None when it is not an agent's."""
        if leg.ring is not None:
            return leg.ring.interface
        return leg.interface if leg.part is Part.PHONE else None


def _is_over(call: Call, at: float) -> bool:
    return call.ended is not None and at > call.ended
