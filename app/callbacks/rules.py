"""The life of a callback as a table, when it may be tried, and by whom. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Literal

import msgspec
import phonenumbers

from routing.policy import Callbacks as Policy
from telephony.agents import Activity
from telephony.changes import RingResult
from telephony.events import DeviceState
from telephony.floor import Floor
from telephony.ids import Interface, PbxId, QueueName


class State(StrEnum):
    WAITING = "waiting"
    RINGING_AGENT = "ringing_agent"
    RINGING_CLIENT = "ringing_client"  # the agent has answered and listens to it
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Step(StrEnum):
    STARTED = "started"
    AGENT_ANSWERED = "agent_answered"
    AGENT_MISSED = "agent_missed"  # also: the switch did not ring him
    CLIENT_ANSWERED = "client_answered"
    CLIENT_MISSED = "client_missed"
    LAST_MISSED = "last_missed"  # the client, for the last time
    LOST = "lost"  # nobody heard how the try ended
    SERVED = "served"  # he called himself meanwhile and was answered
    CANCELLED = "cancelled"
    EXPIRED = "expired"


CALLBACK_LIFE: dict[tuple[State, Step], State] = {
    (State.WAITING, Step.STARTED): State.RINGING_AGENT,
    (State.WAITING, Step.SERVED): State.DONE,
    (State.WAITING, Step.CANCELLED): State.CANCELLED,
    (State.WAITING, Step.EXPIRED): State.EXPIRED,
    (State.RINGING_AGENT, Step.AGENT_ANSWERED): State.RINGING_CLIENT,
    (State.RINGING_AGENT, Step.CLIENT_ANSWERED): State.DONE,
    (State.RINGING_AGENT, Step.AGENT_MISSED): State.WAITING,
    (State.RINGING_AGENT, Step.LOST): State.WAITING,
    (State.RINGING_CLIENT, Step.CLIENT_ANSWERED): State.DONE,
    (State.RINGING_CLIENT, Step.CLIENT_MISSED): State.WAITING,
    (State.RINGING_CLIENT, Step.LAST_MISSED): State.FAILED,
    (State.RINGING_CLIENT, Step.LOST): State.WAITING,
}

OPEN = frozenset({State.WAITING, State.RINGING_AGENT, State.RINGING_CLIENT})

Result = Literal["answered", "busy", "no_answer", "rejected", "failed", "agent_missed", "not_started", "lost"]
"""Of one attempt. `failed`: the number cannot be called, or nothing leads out of the switch."""

AskedBy = Literal["caller", "web", "agent"]

AGAIN_S = 30.0
"""After a try that never reached the client."""

URGENT_SHARE = 0.1
"""In the last tenth of his time he no longer waits for spare agents: an idle one is enough."""


class NoSuchStep(Exception):
    """A callback cannot take this step from where it is."""

    def __init__(self, state: State, step: Step) -> None:
        super().__init__(f"callback: {state} + {step}")


def callback_step(state: State, step: Step) -> State:
    try:
        return CALLBACK_LIFE[state, step]
    except KeyError:
        raise NoSuchStep(state, step) from None


class Promise(msgspec.Struct, frozen=True):
    """An open callback as the scheduler sees it. Moments: seconds since 1970, our clock. `phone`: E.164 digits."""

    id: int
    client_id: int | None
    phone: int
    line: str
    tier: str
    topic: str | None
    language: str | None
    note: str
    asked_by: AskedBy
    asked_at: float
    joined_at: float
    wanted_at: float | None
    not_before: float | None
    deadline: float
    state: State
    attempts: int

    @property
    def client(self) -> int:
        """One key for each client: his id, or minus his number while nobody knows who he is."""
        return self.client_id if self.client_id is not None else -self.phone

    def due(self, now: float) -> bool:
        return self.state is State.WAITING and (self.not_before or 0.0) <= now < self.deadline

    def urgent(self, now: float) -> bool:
        begins = self.wanted_at or self.asked_at
        return self.deadline - now <= URGENT_SHARE * (self.deadline - begins)


class Served(msgspec.Struct, frozen=True):
    """How a line is served, as far as callbacks care. `number`: what is shown to those who are called."""

    line: str
    pbx: PbxId
    queue: QueueName
    directed: bool
    number: str | None = None


def result_of(far: RingResult | None, dialled: bool) -> Result:
    """How an attempt ended that the client did not answer. `far`: what became of his leg; `dialled`: there was one."""
    match far:
        case RingResult.BUSY:
            return "busy"
        case RingResult.REJECTED:
            return "rejected"
        case RingResult.FAILED:
            return "failed"
        case None if not dialled:
            return "failed"
        case _:
            return "no_answer"


def missed(attempts: int, rules: Policy) -> Step:
    """`attempts`: with this one."""
    return Step.LAST_MISSED if attempts >= rules.most_attempts else Step.CLIENT_MISSED


def next_try(step: Step, now: float, rules: Policy) -> float | None:
    """When he may be tried again after this step; None: it does not wait any more."""
    if step is Step.CLIENT_MISSED:
        return now + rules.min_gap_s
    return now + AGAIN_S if step in (Step.AGENT_MISSED, Step.LOST) else None


def deadline_of(begins: float, sla_minutes: int | None, rules: Policy) -> float:
    """`begins`: when he can be called first; `sla_minutes`: of his Golden contract, if he has one."""
    return begins + (rules.deadline_s if sla_minutes is None else min(sla_minutes * 60.0, rules.deadline_s))


def idle_members(floor: Floor, queue: QueueName) -> list[Interface]:
    """Whom the queue could ring now, the longest idle first."""
    known = floor.queues.get(queue)
    members = [floor.agents[one] for one in known.members if one in floor.agents] if known is not None else []
    free = [
        agent
        for agent in members
        if agent.activity is Activity.IDLE
        and agent.registered
        and agent.device in (DeviceState.IDLE, DeviceState.UNKNOWN)
        and queue in agent.memberships
        and not agent.memberships[queue].paused
    ]
    return [agent.interface for agent in sorted(free, key=lambda one: (one.since, one.interface))]


def assigned(
    due: Iterable[Promise],
    spare: Mapping[str, Sequence[Interface]],
    idle: Mapping[str, Sequence[Interface]],
    taken: Collection[Interface],
    flying: Collection[int],
    now: float,
    always_first: Collection[str] = (),
) -> list[tuple[Promise, Interface]]:
    """Who calls whom now, on lines where app_queue distributes; `due` in the order in which they shall be served.

    `spare`, `idle`: agents by line, spare ones beyond every reserve; a tier that is always first and a promise about to
    break take idle ones. `taken`: agents who have a callback already. `flying`: clients (`Promise.client`) likewise.
    Each agent gets one at the most, and each client too.
    """
    busy, called = set(taken), set(flying)
    found: list[tuple[Promise, Interface]] = []
    for one in due:
        if one.client in called:
            continue
        privileged = one.tier in always_first or one.urgent(now)
        free = (idle if privileged else spare).get(one.line, ())
        agent = next((agent for agent in free if agent not in busy), None)
        if agent is not None:
            busy.add(agent)
            called.add(one.client)
            found.append((one, agent))
    return found


def may_be_called(phone: int, region: str, prefixes: Sequence[str]) -> bool:
    """A stranger may have us call numbers of our own country, or those that begin as the policy says, and none that is
    charged to us dearly. A client's own numbers are not asked about."""
    text = str(phone)
    number = phonenumbers.parse(f"+{text}")
    if phonenumbers.number_type(number) in _DEAR:
        return False
    allowed = prefixes or (str(phonenumbers.country_code_for_region(region)),)
    return text.startswith(tuple(allowed))


_DEAR = frozenset(
    {
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
        phonenumbers.PhoneNumberType.UAN,
    }
)
