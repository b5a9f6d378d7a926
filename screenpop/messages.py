"""The WebSocket contract of `/live`: a closed union, generated into AsyncAPI and TypeScript.

One viewer gets one `snapshot` with its `seq`, then deltas numbered `seq + 1`, `seq + 2`, … without gaps; a new
snapshot at any time replaces all. Each delta puts or removes one whole thing by its key, so that `snapshot +
deltas` is plainly equal to a fresh snapshot. A call that is gone takes its card along. A call that ends in
front of a viewer is put once more with stage `ended` and its outcome, and is gone right after; a call that
goes on without him is just gone. To a resumed stream come the missed deltas only, without a snapshot.
All times are seconds since the epoch by **our server's** clock; the browser corrects its own by `snapshot.at`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

CallKey = Annotated[str, Field(description="`<pbx>/<call id>`: unique over all switches", max_length=200)]
AgentKey = Annotated[str, Field(description="`<pbx>/<interface>`: unique over all switches", max_length=200)]
Moment = Annotated[float, Field(description="seconds since the epoch, server clock")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="ISO date")]

Language = Literal["ru", "en"]
Role = Literal["agent", "supervisor", "admin"]
Stage = Literal["arriving", "waiting", "ringing", "talking", "held", "ended"]
AgentState = Literal["offline", "unreachable", "available", "ringing", "in_call", "paused"]
DeviceState = Literal["registered", "unregistered", "ringing", "in_use", "busy", "unknown"]
ServiceLevel = Literal["standard", "vip", "golden"]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)


# --- the card ---------------------------------------------------------------------------------------------


class RevenueMonth(Part):
    month: Day = Field(description="first day of the month")
    amount: float


class Entitlement(Part):
    name: str
    unit: str
    included: float | None = Field(description="None: unlimited")
    used: float
    price: float | None = Field(description="per unit beyond what is included; None: not offered")


class ContractCard(Part):
    id: int
    number: str
    service: str
    service_level: ServiceLevel
    starts_on: Day
    expires_on: Day | None
    monthly_fee: float
    entitlements: list[Entitlement]


class CaseCard(Part):
    id: int
    kind: Literal["request", "complaint", "task"]
    title: str
    topic: str | None
    status: str
    opened_at: Moment
    due_at: Moment | None


class InteractionCard(Part):
    id: int
    channel: Literal["phone", "web", "chat", "email", "fax", "ivr", "shop"]
    direction: Literal["in", "out"]
    at: Moment
    topic: str | None
    summary: str
    agent: str | None
    disposition: str | None


class NoteCard(Part):
    id: int
    text: str
    at: Moment
    author: str | None


class OfferCard(Part):
    id: int
    title: str
    reason: str
    state: Literal["open", "accepted", "later", "declined"]


class PersonalAgent(Part):
    pbx: str
    interface: str
    name: str


class ClientCard(Part):
    """All an agent sees of one client."""

    id: int
    external_id: str | None
    name: str
    kind: Literal["person", "company"]
    segment: str | None
    language: Language | None
    currency: str
    blocked: bool
    service_level: ServiceLevel = Field(description="highest of his running contracts")
    sla_minutes: int | None = Field(
        description="in which time he is promised an answer: shortest of his running contracts", default=None
    )
    tier: str = Field(description="by the active policy; filled in by the app", default="")
    arpu: float | None = Field(description="mean of the last 3 full months; None: no revenue known")
    revenue: list[RevenueMonth] = Field(description="the last 12 full months, oldest first")
    phones: list[str] = Field(description="E.164 with +")
    personal_agents: list[PersonalAgent] = Field(description="best first")
    contracts: list[ContractCard]
    cases: list[CaseCard] = Field(description="open ones, nearest deadline first")
    interactions: list[InteractionCard] = Field(description="last 20 of all channels, newest first")
    notes: list[NoteCard]
    offers: list[OfferCard]


class PromisedCall(Part):
    """Why an agent is rung without anybody calling: this client was promised a call."""

    id: int
    line: str = Field(description="line code")
    topic: str | None
    asked_at: Moment
    wanted_at: Moment | None = Field(description="the time he chose")
    asked_by: Literal["caller", "web", "agent"]
    note: str = Field(description="why he wants to be called, as he or an agent wrote it")
    attempts: int = Field(description="how often he was called before, in vain")


class Card(Part):
    """What pops for one call. Nobody known: `clients` is empty. Several on one number: the agent chooses."""

    call: CallKey
    number: str | None = Field(
        description="E.164 with +, or as heard when it is not a number; None: withheld"
    )
    clients: list[ClientCard]
    chosen: int | None = Field(description="client id; None while nobody is known or not yet chosen")
    callback: PromisedCall | None = Field(description="set when this call keeps a promise")


# --- what is on the floor ---------------------------------------------------------------------------------


class CallView(Part):
    call: CallKey
    pbx: str
    stage: Stage
    line: str | None = Field(description="line code")
    ani: str | None = Field(description="E.164 with +, or as heard; None: withheld")
    ani_name: str | None
    dnis: str | None
    tier: str | None
    client_id: int | None
    client_name: str | None
    priority: int | None
    position: int | None = Field(description="place in the line's serving order, from 1")
    started_at: Moment
    joined_at: Moment | None
    answered_at: Moment | None
    ringing: list[str] = Field(description="interfaces being rung, of the call's own PBX")
    talking: list[str] = Field(description="interfaces in conversation, of the call's own PBX")
    outcome: str | None = None
    doubtful: bool = False


class AgentView(Part):
    agent: AgentKey
    pbx: str
    interface: str
    agent_id: int | None
    name: str
    state: AgentState
    since: Moment
    device: DeviceState
    pause_reasons: list[str]
    lines: list[str] = Field(description="those he is signed in to now")
    calls: list[CallKey]


class TierFigures(Part):
    tier: str
    waiting: int
    longest_since: Moment | None = Field(description="when the longest waiting caller joined")
    offered: int
    answered: int
    abandoned: int
    answered_in_target: int = Field(description="answered within the line's target for this tier")
    abandoned_in_target: int = Field(description="gave up within it: nobody broke a promise to them")


class LineView(Part):
    line: str
    name: dict[Language, str]
    tiers: list[TierFigures] = Field(
        description="highest tier first; figures since local midnight; empty for an agent"
    )


class LinkView(Part):
    """The connection to one PBX, so that nobody trusts a silent stale screen: while it is not `up`, what is shown
    of that PBX is what was known at `since`."""

    pbx: str
    state: Literal["up", "connecting", "down", "refused", "resyncing"]
    since: Moment = Field(description="when it came up, or when it ceased to be up")
    why: str | None
    clock_offset: float | None = Field(
        description="our server's clock minus that of the PBX, seconds; None until compared. Moments here are"
        " corrected by it already"
    )


class Viewer(Part):
    user_id: int
    login: str
    name: str
    role: Role
    language: Language
    pbx: str | None
    interface: str | None = Field(description="his device on that PBX, if he is an agent")


# --- server to browser ------------------------------------------------------------------------------------


class Snapshot(Part):
    type: Literal["snapshot"] = "snapshot"
    stream: str = Field(description="give it back with the last seq to resume")
    seq: int
    at: Moment
    viewer: Viewer
    links: list[LinkView]
    lines: list[LineView]
    agents: list[AgentView]
    calls: list[CallView]
    cards: list[Card]


class Stamps(Part):
    """How fast this pop was, server clock: PBX event received, card ready, message sent."""

    event_at: Moment
    card_at: Moment
    sent_at: Moment


class CallPut(Part):
    type: Literal["call"] = "call"
    seq: int
    call: CallView


class CallGone(Part):
    type: Literal["call_gone"] = "call_gone"
    seq: int
    call: CallKey


class CardPut(Part):
    type: Literal["card"] = "card"
    seq: int
    card: Card
    stamps: Stamps | None = Field(description="None when it is not a pop but a later change of the card")


class CardGone(Part):
    """The call stays in sight (a supervisor's floor), but it is no longer his own."""

    type: Literal["card_gone"] = "card_gone"
    seq: int
    call: CallKey


class AgentPut(Part):
    type: Literal["agent"] = "agent"
    seq: int
    agent: AgentView


class AgentGone(Part):
    type: Literal["agent_gone"] = "agent_gone"
    seq: int
    agent: AgentKey


class LinePut(Part):
    type: Literal["line"] = "line"
    seq: int
    line: LineView


class LineGone(Part):
    type: Literal["line_gone"] = "line_gone"
    seq: int
    line: str


class LinkPut(Part):
    type: Literal["link"] = "link"
    seq: int
    link: LinkView


class Pong(Part):
    type: Literal["pong"] = "pong"
    at: Moment


Delta = CallPut | CallGone | CardPut | CardGone | AgentPut | AgentGone | LinePut | LineGone | LinkPut
ServerMessage = Annotated[Snapshot | Delta | Pong, Field(discriminator="type")]


# --- browser to server ------------------------------------------------------------------------------------


class CardShown(Part):
    """The card of delta `seq` stands on the screen: the pop's last stamp."""

    type: Literal["card_shown"] = "card_shown"
    call: CallKey
    seq: int


class Ping(Part):
    type: Literal["ping"] = "ping"


ClientMessage = Annotated[CardShown | Ping, Field(discriminator="type")]

server_message: TypeAdapter[Snapshot | Delta | Pong] = TypeAdapter(ServerMessage)
client_message: TypeAdapter[CardShown | Ping] = TypeAdapter(ClientMessage)
