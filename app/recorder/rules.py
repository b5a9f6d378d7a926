"""Which leg is recorded for an agent's part of a call: his own, so that a recording ends with him, never holds the music the
client hears, and has his voice on one side and what he heard on the other. Pure."""

from collections.abc import Iterable

from telephony.calls import Call, Leg, Part, Recording
from telephony.floor import Floor
from telephony.ids import CallId, Interface


def talking_leg(call: Call, interface: Interface) -> Leg | None:
    """The leg on which this agent and the client hear each other: his phone, or what leads to it."""
    legs = [
        leg
        for leg in call.legs.values()
        if leg.talk_since is not None and not leg.gone and of_whom(leg) == interface
    ]
    return min(legs, key=lambda leg: leg.part is not Part.PHONE, default=None)


def recorded(call: Call) -> list[tuple[Leg, Recording]]:
    return [(leg, leg.recording) for leg in call.legs.values() if leg.recording is not None and not leg.gone]


def of_whom(leg: Leg) -> Interface:
    return leg.ring.interface if leg.ring is not None else leg.interface


def takes_part(floor: Floor, call_id: CallId, interface: Interface) -> bool:
    """Whether this agent and the client hear each other now."""
    call = floor.calls.get(call_id)
    return call is not None and interface in call.talking


def files_of(floor: Floor) -> Iterable[str]:
    """Being written now, as far as they are ours."""
    for call in floor.calls.values():
        for leg in call.legs.values():
            if leg.recording is not None and leg.recording.file is not None:
                yield leg.recording.file
