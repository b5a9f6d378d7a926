"""What must hold of a floor at any moment, whatever the switch said."""

from collections import Counter

from telephony import events as happened
from telephony.calls import Stage
from telephony.changes import (
    CallAnswered,
    CallArrived,
    CallEnded,
    Change,
    LineJoined,
    LineLeft,
    RingEnded,
    RingStarted,
    TalkEnded,
)
from telephony.events import DeviceState
from telephony.floor import Floor
from telephony.ids import Interface


def check(floor: Floor, changes: list[Change]) -> None:
    """The invariants of a floor at any moment."""
    for call in floor.calls.values():
        assert call.held <= call.talking.keys()
        assert call.waited(floor.now) >= 0
        for ring in call.rings:
            if call.stage is Stage.ENDED:
                assert ring.result is not None
                assert ring.ended_at is not None
            assert (ring.result is None) == (call.ringing.get(ring.interface) is ring)
        if call.stage is Stage.ENDED:
            assert not call.legs
            assert not call.ringing
            assert not call.talking
            assert call.outcome is not None
            assert call.place is None
    for agent in floor.agents.values():
        for call_id in agent.ringing:
            assert agent.interface in floor.calls[call_id].ringing
        for call_id in agent.talking:
            assert agent.interface in floor.calls[call_id].talking
        heard = [call_id for call_id in agent.talking if agent.interface not in floor.calls[call_id].held]
        assert len(heard) <= 1, "one person hears one call, the others are held"
    for queue in floor.queues.values():
        for place in queue.waiting:
            assert floor.calls[place.call].place is place or place.left_at is None
    arrived: set[str] = set()
    ended: set[str] = set()
    rung: Counter[tuple[str, str]] = Counter()
    talks: Counter[tuple[str, str]] = Counter()
    lines: Counter[tuple[str, str]] = Counter()
    for change in changes:
        if isinstance(change, CallArrived):
            arrived.add(change.call)
            ended.discard(change.call)
        elif hasattr(change, "call"):
            assert change.call in arrived, "a change of a call that never arrived"
            assert change.call not in ended, "a change of a call that had ended"
        match change:
            case CallEnded():
                ended.add(change.call)
                assert not [key for key, n in (rung + talks + lines).items() if key[0] == change.call and n]
            case RingStarted():
                rung[change.call, change.interface] += 1
            case RingEnded():
                rung[change.call, change.interface] -= 1
            case CallAnswered():
                assert change.waited >= 0
                talks[change.call, change.interface] += 1
                assert talks[change.call, change.interface] == 1, "answered twice without an end between"
            case TalkEnded():
                assert change.talked >= 0
                talks[change.call, change.interface] -= 1
            case LineJoined():
                assert change.position >= 1
                lines[change.call, change.queue] += 1
            case LineLeft():
                lines[change.call, change.queue] -= 1
        assert min([*rung.values(), *talks.values(), *lines.values(), 0]) == 0


def later(floor: Floor, seconds: float) -> list[Change]:
    """Time passes: the switch says something about a device nobody knows."""
    return floor.apply(happened.DeviceStateChanged(floor.now + seconds, Interface("X/1"), DeviceState.IDLE))
