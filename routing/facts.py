"""What a decision may look at, and what it says. Plain values: no session, no clock, no lazy loading."""

from typing import Literal

import msgspec

from routing.hours import OPEN, OpenState

AniKind = Literal["known", "unknown", "withheld", "malformed", "internal"]
ServiceLevel = Literal["standard", "vip", "golden"]
Treatment = Literal["straight", "self_service", "refused", "closed", "voicemail", "callback"]
AfterHours = Literal["goodbye", "voicemail", "callback"]
"""What follows the message that the line is closed."""

Announced = Literal["position", "wait"]
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
    sla_minutes: int | None = None
    promise: "Promise | None" = None


class Promise(msgspec.Struct, frozen=True):
    """A callback he was promised and calls before it. `since`: from when on he waits, seconds since 1970."""

    id: int
    since: float
    topic: str | None = None


class OtherLine(msgspec.Struct, frozen=True):
    """Where callers of a line may go instead. `full`: over a limit of its own."""

    code: str
    queue: str
    executor: Executor = "queued"
    open: bool = True
    full: bool = False


class Overflow(msgspec.Struct, frozen=True):
    """Over either limit callers go elsewhere: their estimated wait in seconds, callers waiting for each agent on duty."""

    to: Literal["line", "callback", "voicemail"]
    wait_s: float | None = None
    per_agent: float | None = None
    other: OtherLine | None = None


class Load(msgspec.Struct, frozen=True):
    """Of the line now. `wait_s`: estimated wait of one who comes now, by tier; None: nobody can say."""

    waiting: int
    agents: int
    wait_s: dict[str, float | None] = {}


class LineFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """`code`: our line; `queue`: its queue on that switch; `vip_queue`: that of the tiers that are always first; `by_default`:
    no line owns the dialled number. `topic`: of that number. `topics`: what self-service lets callers choose, in the order
    of the keys from 1 on. `closed_message`: a sound.
    """

    code: str
    queue: str
    by_default: bool = False
    executor: Executor = "queued"
    vip_queue: str | None = None
    open: OpenState = OPEN
    after_hours: AfterHours = "goodbye"
    closed_message: str | None = None
    time_zone: str = "UTC"
    topic: str | None = None
    topics: tuple[str, ...] = ()
    overflow: Overflow | None = None
    announce: tuple[Announced, ...] = ()

    def queue_of(self, always_first: bool) -> str:
        """Where we distribute there is one queue: nobody is served from it while we live."""
        apart = always_first and self.executor == "queued"
        return self.vip_queue if apart and self.vip_queue else self.queue


class Facts(msgspec.Struct, frozen=True):
    """All that is known when a call asks where to go.

    `ani`: E.164 digits, None unless it is a telephone number. `clients`: all who have that number;
    empty when unknown; as last known (or empty) when the look-up was late or failed (`lookup` says which).
    `topic`, `language`: what the caller chose in self-service; `self_served`: he was there already.
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
    load: Load | None = None
    language: str | None = None
    self_served: bool = False


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
    """Where a call goes. `priority` is `QUEUE_PRIO`: an integer 0 … 2,000,000,000, higher is served first.

    `after`: what follows the message of a closed line, `message` its sound, `opens_at` (seconds since 1970) when it opens.
    `announce`: what he is told while he waits. `promise`: the callback that this call makes unnecessary.
    """

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
    after: AfterHours | None = None
    message: str | None = None
    opens_at: float | None = None
    time_zone: str | None = None
    topics: tuple[str, ...] = ()
    announce: tuple[Announced, ...] = ()
    promise: int | None = None
    sla_minutes: int | None = None
