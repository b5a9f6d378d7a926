"""By when a message is answered. Pure."""

from collections.abc import Callable

VOICEMAIL = "voicemail/"
"""How the device of a message's file begins; the line follows."""

SHORTEST_S = 1.0
"""Less is somebody who hung up at the tone: kept as a recording, and nothing is owed."""


def line_of(device: str) -> str | None:
    """None: a recording of a talk."""
    return device.removeprefix(VOICEMAIL) if device.startswith(VOICEMAIL) else None


def due(
    at: float, sla_minutes: int | None, reply_minutes: int, opens: Callable[[float], float | None]
) -> float:
    """A contract's minutes count from the message on, because they were promised so; the line's own from when it is open.
    `opens(moment)`: first moment from then on at which the line is open by its hours."""
    if sla_minutes is not None:
        return at + sla_minutes * 60
    begins = opens(at)
    return (begins if begins is not None else at) + reply_minutes * 60
