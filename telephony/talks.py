"""Rings and talks: who is rung, who answers, who hears the client, who holds."""

from telephony.agents import Agent, AgentStep
from telephony.board import Board
from telephony.calls import Call, Leg, Part, Ring, Stage, Step
from telephony.changes import (
    CallAnswered,
    CallHeld,
    CallResumed,
    RingEnded,
    RingResult,
    RingStarted,
    TalkEnded,
)
from telephony.ids import Interface, QueueName


class Talks:
    def __init__(self, board: Board) -> None:
        self._board = board

    def ring(self, leg: Leg, interface: Interface, queue: QueueName | None, at: float) -> None:
        """This leg is an agent's device and is being rung."""
        call = leg.call
        if call.stage is Stage.ENDED:
            return
        if leg.ring is not None:
            if leg.ring.queue is None:  # the queue says so after the dial has begun
                leg.ring.queue = queue
            return
        going_on = call.ringing.get(interface)
        if going_on is not None:
            self.share(leg, going_on)
            return
        self.begin(call, leg, Ring(interface, queue, at), at)

    def begin(self, call: Call, leg: Leg | None, ring: Ring, at: float) -> None:
        call.rings.append(ring)
        call.ringing[ring.interface] = ring
        if leg is not None:
            self.share(leg, ring)
        agent = self._board.agent(ring.interface)
        agent.ringing.add(call.id)
        self._board.does(agent, AgentStep.RANG, at)
        self._board.tell(call, RingStarted(at, call.id, ring.interface, ring.queue))
        self._board.advance(call, Step.RANG)

    def carry_on(self, call: Call, ring: Ring, at: float) -> None:
        """A ring of a call that has become part of this one goes on here."""
        going_on = call.ringing.get(ring.interface)
        if going_on is None:
            ring.result = ring.ended_at = None
            self.begin(call, None, ring, at)
            return
        for leg in ring.legs:
            self.share(leg, going_on)

    def share(self, leg: Leg, ring: Ring) -> None:
        leg.ring = ring
        ring.legs.append(leg)

    def end_ring(self, call: Call, ring: Ring, result: RingResult, at: float) -> None:
        """The first final word wins; every later one is ignored."""
        if ring.result is not None:
            return
        ring.result = result
        if call.ringing.get(ring.interface) is ring:
            del call.ringing[ring.interface]
        if result is RingResult.ANSWERED:
            ring.answered_at = at
        else:
            ring.ended_at = at
        self._stop_ringing(self._board.agent(ring.interface), call, at)
        self._board.tell(call, RingEnded(at, call.id, ring.interface, result))
        if result is not RingResult.ANSWERED:
            self._board.settle(call)

    def _stop_ringing(self, agent: Agent, call: Call, at: float) -> None:
        if call.id in agent.ringing:
            agent.ringing.discard(call.id)
            self._board.does(agent, AgentStep.STILL_RINGS if agent.ringing else AgentStep.RING_OVER, at)

    def talk(self, leg: Leg, at: float) -> None:
        """The agent behind this leg and the client hear each other."""
        call, ring = leg.call, leg.ring
        if leg.talk_since is not None or call.stage is Stage.ENDED:
            return
        if ring is not None:
            self.end_ring(call, ring, RingResult.ANSWERED, at)
            ring.ended_at = None
        elif leg.id != call.origin:
            ring = self._unrung(leg, at)
        leg.talk_since = at
        interface = ring.interface if ring else leg.interface
        if interface in call.talking:
            return
        waited = self._waited(call, ring, at)
        call.talking[interface] = at
        call.spoken = True
        if call.answered_at is None:
            call.answered_at = at
        agent = self._board.agent(interface)
        agent.talking.add(call.id)
        self._board.does(agent, AgentStep.ANSWERED, at)
        self._set_others_aside(agent, call, at)
        queue = ring.queue if ring else None
        self._board.tell(call, CallAnswered(at, call.id, interface, queue, waited))
        self._board.advance(call, Step.ANSWERED)

    def _unrung(self, leg: Leg, at: float) -> Ring:
        """He came by himself, to a parked client for example: part of the story though nothing rang."""
        ring = Ring(leg.interface, None, None)
        ring.result, ring.answered_at = RingResult.ANSWERED, at
        leg.call.rings.append(ring)
        self.share(leg, ring)
        return ring

    def _waited(self, call: Call, ring: Ring | None, at: float) -> float:
        """Since joining the line, or since the arrival of a call that never waited on one. Who talked already
        and is passed on straight waits only while the next one is rung."""
        if call.lines and (call.answered_at is None or (ring is not None and ring.queue is not None)):
            since = call.lines[-1].joined_at
        elif call.answered_at is None:
            since = call.started
        else:
            since = at if ring is None or ring.rang_at is None else ring.rang_at
        return max(0.0, at - since)

    def end_talk(self, leg: Leg, at: float) -> None:
        call, ring = leg.call, leg.ring
        if leg.talk_since is None:
            if ring is not None and ring.result is RingResult.ANSWERED and ring.ended_at is None:
                ring.ended_at = at  # he took the phone, but was never joined to the client
            return
        since, leg.talk_since = leg.talk_since, None
        leg.held = leg.aside = False
        interface = ring.interface if ring else leg.interface
        agent = self._board.agent(interface)
        others = [other for other in call.legs.values() if _talks(other, agent)]
        if ring is not None and all(other.ring is not ring for other in others):
            ring.ended_at = max(at, since)
        if others:
            return
        since = call.talking.pop(interface, at)
        call.held.discard(interface)
        agent.talking.discard(call.id)
        self._board.does(agent, self._after_talk(agent), at)
        self._board.tell(call, TalkEnded(at, call.id, interface, max(0.0, at - since)))
        if not call.talking:
            self._board.advance(call, Step.TALK_OVER_RINGS if call.ringing else Step.TALK_OVER)
        elif call.stage is Stage.TALKING and call.talking.keys() <= call.held:
            self._board.advance(call, Step.ALL_HELD)
        if agent.talking:
            self._take_back(agent, at)

    def _after_talk(self, agent: Agent) -> AgentStep:
        if agent.talking:
            return AgentStep.STILL_TALKS
        return AgentStep.TALK_OVER_RINGS if agent.ringing else AgentStep.TALK_OVER

    def end_all_talks(self, call: Call, at: float) -> None:
        for leg in list(call.legs.values()):
            if leg.talk_since is not None:
                self.end_talk(leg, at)

    def end_all_rings(self, call: Call, result: RingResult, at: float) -> None:
        for ring in list(call.ringing.values()):
            self.end_ring(call, ring, result, at)

    def hold(self, leg: Leg, at: float) -> None:
        if leg.part is Part.PHONE and leg.talk_since is not None:
            leg.aside = False
            if not leg.held:
                self._put_on_hold(leg, at)

    def _put_on_hold(self, leg: Leg, at: float) -> None:
        call, interface = leg.call, _who(leg)
        leg.held = True
        if interface in call.held:
            return
        call.held.add(interface)
        self._board.tell(call, CallHeld(at, call.id, interface))
        if call.stage is Stage.TALKING and call.talking.keys() <= call.held:
            self._board.advance(call, Step.ALL_HELD)

    def resume(self, leg: Leg, at: float) -> None:
        call = leg.call
        if not leg.held:
            return
        leg.held = leg.aside = False
        interface = _who(leg)
        call.held.discard(interface)
        self._board.tell(call, CallResumed(at, call.id, interface))
        if call.stage is Stage.HELD:
            self._board.advance(call, Step.RESUMED)
        self._set_others_aside(self._board.agent(interface), call, at)

    def _set_others_aside(self, agent: Agent, call: Call, at: float) -> None:
        """Nobody has two pairs of ears: a call that his phone left without a word counts as held while another one
        has him. Its bridge still stands, so it is neither ended nor sure."""
        if len(agent.talking) < 2:
            return
        legs = self._legs_of(agent)
        for other in [leg for leg in legs if leg.call is not call and agent.interface not in leg.call.held]:
            self._put_on_hold(other, at)
            other.aside = True
            self._board.doubt(other.call, "the agent took another call", at)

    def _take_back(self, agent: Agent, at: float) -> None:
        """A call that was set aside for one that is over has him again, unless a third one has."""
        legs = self._legs_of(agent)
        if all(leg.held for leg in legs):
            aside = next((leg for leg in reversed(legs) if leg.aside), None)
            if aside is not None:
                self.resume(aside, at)

    def _legs_of(self, agent: Agent) -> list[Leg]:
        calls = (self._board.calls[call] for call in agent.talking)
        talks = [leg for call in calls for leg in call.legs.values() if _talks(leg, agent)]
        return sorted(talks, key=lambda leg: (leg.talk_since, leg.id))


def _talks(leg: Leg, agent: Agent) -> bool:
    return leg.talk_since is not None and _who(leg) == agent.interface


def _who(leg: Leg) -> Interface:
    return leg.ring.interface if leg.ring else leg.interface
