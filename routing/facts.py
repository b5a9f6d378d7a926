"""What a decision may look at, and what it says. Plain values: no session, no clock, no lazy loading."""

from typing import Literal

import msgspec

AniKind = Literal["known", "unknown", "withheld", "malformed", "internal"]
ServiceLevel = Literal["standard", "vip", "golden"]
Treatment = Literal["straight", "self_service", "refused"]
Executor = Literal["queued", "directed"]
"""Who gives waiting callers to agents: app_queue by `QUEUE_PRIO`, or we by `match`."""


class ClientFacts(msgspec.Struct, frozen=True):
    """One client having the caller's number. `arpu`: per month in `currency`, None when no revenue is known.
    `personal_agents`: interfaces on the switch of the call, best first.
    """

    id: int
    arpu: float | None
    currency: str
    service_level: ServiceLevel
    language: str | None = None
    blocked: bool = False
    personal_agents: tuple[str, ...] = ()
    open_case_topics: tuple[str, ...] = ()


class LineFacts(msgspec.Struct, frozen=True):
    """`code`: our line; `queue`: its queue on that switch; `vip_queue`: that of the tiers that are always first; `by_default`: no line owns the dialled number."""

    code: str
    queue: str
    by_default: bool = False
    executor: Executor = "queued"
    vip_queue: str | None = None

    def queue_of(self, always_first: bool) -> str:
        """Where we distribute there is one queue: nobody is served from it while we live."""
        apart = always_first and self.executor == "queued"
        return self.vip_queue if apart and self.vip_queue else self.queue


class Facts(msgspec.Struct, frozen=True):
    """All that is known when a call asks where to go.

    `ani`: E.164 digits, None unless it is a telephone number. `clients`: all who have that number;
    empty when unknown; as last known (or empty) when the look-up was late or failed (`lookup` says which).
    """

    pbx: str
    call_id: str
    ani: int | None
    ani_kind: AniKind
    dnis: str | None
    line: LineFacts
    clients: tuple[ClientFacts, ...] = ()
    chosen_client: int | None = None
    topic: str | None = None
    lookup: Literal["done", "late", "failed", "not_needed"] = "done"


Values = dict[str, str | int | float | None]


class Because(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of a decision a supervisor can read: the rule, what it looked at, what followed.

    `code` and `values` say the same for `routing.sentences`, which tells it in any language; a step without them is
    told in the words of `saw` and `so`. The dialplan gets neither.
    """

    rule: str
    saw: str
    so: str
    code: str = ""
    values: Values = {}


class Decision(msgspec.Struct, frozen=True):
    """Where a call goes. `priority` is `QUEUE_PRIO`: an integer 0 … 2,000,000,000, higher is served first."""

    treatment: Treatment
    line: str
    queue: str
    tier: str
    priority: int
    client_id: int | None
    language: str | None
    personal_agents: tuple[str, ...]
    record: bool
    because: tuple[Because, ...]
    topic: str | None = None
    executor: Executor = "queued"
