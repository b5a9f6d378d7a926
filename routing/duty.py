"""What an agent's device and memberships say about his duty on our lines. Pure."""

from collections.abc import Callable, Mapping

from routing.pulse import WRAP_UP
from telephony.agents import Activity, Agent
from telephony.events import DeviceState
from telephony.ids import QueueName

FREE = (DeviceState.IDLE, DeviceState.UNKNOWN)


def duty(agent: Agent, line_of: Callable[[QueueName], str | None]) -> Mapping[str, bool]:
    """Line -> may he be given a call now. A line on which he is on a break, or cannot be rung at all, is left out."""
    free = agent.activity is Activity.IDLE and agent.device in FREE
    found: dict[str, bool] = {}
    if not agent.registered:
        return found
    for line, reasons in _by_line(agent, line_of).items():
        open_for_him = None in reasons or not (own := reasons - {None})
        if open_for_him or all(wraps_up(reason) for reason in own):
            found[line] = bool(open_for_him) and free
    return found


def in_wrap_up(agent: Agent) -> bool:
    return any(wraps_up(reason) for reason in agent.pauses)


def wraps_up(reason: str | None) -> bool:
    """An agent may have several reasons at once, one after the other in the switch's one word."""
    return reason is not None and WRAP_UP in reason.split(", ")


def _by_line(agent: Agent, line_of: Callable[[QueueName], str | None]) -> dict[str, set[str | None]]:
    """Line -> why he is paused in its queues; None for one that rings him. Kept for the reserve is no reason."""
    reasons: dict[str, set[str | None]] = {}
    for queue, membership in agent.memberships.items():
        if (line := line_of(queue)) is not None:
            of_line = reasons.setdefault(line, set())
            if not membership.reserved:
                of_line.add(membership.reason if membership.paused else None)
    return reasons
