"""An agent's device on the switch: independent facts side by side, never one overwritten word.

Who the person is, and his wrap-up, the switch does not know: the app keeps that.
"""

from enum import StrEnum

from telephony.events import DeviceState
from telephony.ids import CallId, Interface, QueueName

RESERVED = "tierline-reserve"
"""Reason of a pause in one queue of a line, so that callers of its other queue find him: no break of his own."""


class Activity(StrEnum):
    IDLE = "idle"
    RINGING = "ringing"
    TALKING = "talking"


class AgentStep(StrEnum):
    RANG = "rang"
    RING_OVER = "ring_over"  # the last ring
    STILL_RINGS = "still_rings"  # one of several rings is over
    ANSWERED = "answered"
    TALK_OVER = "talk_over"  # the last talk, and nothing rings
    STILL_TALKS = "still_talks"
    TALK_OVER_RINGS = "talk_over_rings"


AGENT_LIFE: dict[tuple[Activity, AgentStep], Activity] = {
    (Activity.IDLE, AgentStep.RANG): Activity.RINGING,
    (Activity.IDLE, AgentStep.ANSWERED): Activity.TALKING,  # he dialled himself, or the ring was missed
    (Activity.RINGING, AgentStep.RANG): Activity.RINGING,
    (Activity.RINGING, AgentStep.STILL_RINGS): Activity.RINGING,
    (Activity.RINGING, AgentStep.RING_OVER): Activity.IDLE,
    (Activity.RINGING, AgentStep.ANSWERED): Activity.TALKING,
    (Activity.TALKING, AgentStep.RANG): Activity.TALKING,
    (Activity.TALKING, AgentStep.STILL_RINGS): Activity.TALKING,
    (Activity.TALKING, AgentStep.RING_OVER): Activity.TALKING,
    (Activity.TALKING, AgentStep.ANSWERED): Activity.TALKING,
    (Activity.TALKING, AgentStep.STILL_TALKS): Activity.TALKING,
    (Activity.TALKING, AgentStep.TALK_OVER): Activity.IDLE,
    (Activity.TALKING, AgentStep.TALK_OVER_RINGS): Activity.RINGING,
}


class NoSuchAgentStep(Exception):
    """An agent cannot take this step from where he is."""

    def __init__(self, activity: Activity, step: AgentStep) -> None:
        super().__init__(f"agent: {activity} + {step}")


def agent_step(activity: Activity, step: AgentStep) -> Activity:
    try:
        return AGENT_LIFE[activity, step]
    except KeyError:
        raise NoSuchAgentStep(activity, step) from None


class Membership:
    """In one queue. `reason` is "" when he is paused without one."""

    __slots__ = ("paused", "reason")

    def __init__(self, paused: bool, reason: str) -> None:
        self.paused = paused
        self.reason = reason

    @property
    def reserved(self) -> bool:
        return self.paused and self.reason == RESERVED

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Membership) and (self.paused, self.reason) == (other.paused, other.reason)

    __hash__ = None  # type: ignore[assignment]


class Agent:
    """`since`: when `activity` last changed, by the floor's clock. `ringing`, `talking`: his calls now."""

    __slots__ = (
        "activity",
        "contacts",
        "device",
        "interface",
        "memberships",
        "name",
        "ringing",
        "since",
        "talking",
    )

    def __init__(self, interface: Interface, since: float) -> None:
        self.interface = interface
        self.name = ""
        self.memberships: dict[QueueName, Membership] = {}
        self.contacts: set[str] = set()
        self.device = DeviceState.UNKNOWN
        self.activity = Activity.IDLE
        self.since = since
        self.ringing: set[CallId] = set()
        self.talking: set[CallId] = set()

    @property
    def registered(self) -> bool:
        """His phone is there. The state of the device decides, registrations only where it is not known."""
        if self.device is DeviceState.UNKNOWN:
            return bool(self.contacts)
        return self.device is not DeviceState.UNAVAILABLE

    @property
    def pauses(self) -> frozenset[str]:
        """The reasons that hold in any of his queues; "" for a pause without a reason. Kept for a reserve is none."""
        return frozenset(m.reason for m in self.memberships.values() if m.paused and not m.reserved)

    @property
    def paused(self) -> bool:
        """No queue rings him: he is a member somewhere and paused everywhere."""
        return bool(self.pauses) and all(m.paused for m in self.memberships.values())
