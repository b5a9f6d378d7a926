"""One call or agent of a switch's floor -> what browsers see of it.

`CallView` and `AgentView` are those of the contract (`messages.py`) over again: a pop waits for them, and a struct
is made, compared and encoded in a fraction of what a validated model takes. A test holds the two together.
"""

from collections.abc import Iterable

import msgspec

from screenpop.messages import AgentState, DeviceState, Stage
from screenpop.sources import Agent as Person
from screenpop.sources import Directory, Known
from telephony import events
from telephony.agents import Activity, Agent
from telephony.calls import Call
from telephony.calls import Stage as CallStage
from telephony.changes import Outcome
from telephony.ids import CallId, Interface, PbxId

STAGES: dict[CallStage, Stage] = {
    CallStage.ARRIVED: "arriving",
    CallStage.WAITING: "waiting",
    CallStage.RINGING: "ringing",
    CallStage.TALKING: "talking",
    CallStage.HELD: "held",
    CallStage.ENDED: "ended",
}

DEVICES: dict[events.DeviceState, DeviceState] = {
    events.DeviceState.IDLE: "registered",
    events.DeviceState.IN_USE: "in_use",
    events.DeviceState.ON_HOLD: "in_use",
    events.DeviceState.BUSY: "busy",
    events.DeviceState.RINGING: "ringing",
    events.DeviceState.RINGING_IN_USE: "ringing",
}


class CallView(msgspec.Struct, frozen=True):
    call: str
    pbx: str
    stage: Stage
    line: str | None
    ani: str | None
    ani_name: str | None
    dnis: str | None
    tier: str | None
    client_id: int | None
    client_name: str | None
    priority: int | None
    position: int | None
    started_at: float
    joined_at: float | None
    answered_at: float | None
    ringing: list[str]
    talking: list[str]
    outcome: str | None = None
    doubtful: bool = False


class AgentView(msgspec.Struct, frozen=True):
    agent: str
    pbx: str
    interface: str
    agent_id: int | None
    name: str
    state: AgentState
    since: float
    device: DeviceState
    pause_reasons: list[str]
    lines: list[str]
    calls: list[str]


def call_key(pbx: PbxId, call: CallId) -> str:
    """Two switches may give two calls the same id."""
    return f"{pbx}/{call}"


def agent_key(pbx: str, interface: str) -> str:
    """Two switches may have a device of the same name each."""
    return f"{pbx}/{interface}"


def call_view(
    key: str, call: Call, known: Known | None, directory: Directory, position: int | None
) -> CallView:
    """The line is the one he waits on or waited on last."""
    place = call.place or (call.lines[-1] if call.lines else None)
    stage = STAGES[call.stage]
    ringing: list[str] = list(call.ringing)
    if known is not None and known.made_for is not None and stage == "arriving":
        stage, ringing = "ringing", [known.made_for]
    return CallView(
        call=key,
        pbx=call.pbx,
        stage=stage,
        line=directory.line_of(call.pbx, place.queue) if place else None,
        ani=directory.number(call.ani),
        ani_name=call.ani_name,
        dnis=directory.number(call.dnis),
        tier=known.tier if known else None,
        client_id=known.client_id if known else None,
        client_name=known.client_name if known else None,
        priority=known.priority if known else None,
        position=position,
        started_at=call.started,
        joined_at=place.joined_at if place else None,
        answered_at=call.answered_at,
        ringing=ringing,
        talking=list(call.talking),
        doubtful=call.doubtful is not None,
    )


def ended_view(view: CallView, outcome: Outcome) -> CallView:
    """The last picture of a call: nobody's any more."""
    return msgspec.structs.replace(
        view, stage="ended", outcome=outcome.value, position=None, ringing=[], talking=[]
    )


def agent_view(
    pbx: PbxId,
    interface: Interface,
    agent: Agent | None,
    person: Person | None,
    lines: Iterable[str],
    calls: Iterable[CallView],
    before: AgentView | None,
    at: float,
) -> AgentView:
    """`agent`: None while the switch knows nothing of his device. `before`: keeps since when his state holds."""
    state = _state(agent)
    return AgentView(
        agent=agent_key(pbx, interface),
        pbx=pbx,
        interface=interface,
        agent_id=person.id if person else None,
        name=person.name if person else (agent and agent.name) or interface,
        state=state,
        since=before.since if before is not None and before.state == state else at,
        device=_device(agent),
        pause_reasons=sorted(agent.pauses) if agent else [],
        lines=list(lines),
        calls=[view.call for view in calls],
    )


def _state(agent: Agent | None) -> AgentState:
    """ "In use" wins over "paused"; a device in use without a call of ours counts as in a call."""
    if agent is None:
        return "offline"
    device = DEVICES.get(agent.device)
    if agent.activity is Activity.TALKING or device in ("in_use", "busy"):
        return "in_call"
    if agent.activity is Activity.RINGING:
        return "ringing"
    if not agent.memberships:
        return "offline"
    if agent.paused:
        return "paused"
    return "available" if agent.registered else "unreachable"


def _device(agent: Agent | None) -> DeviceState:
    if agent is None:
        return "unknown"
    if agent.device in DEVICES:
        return DEVICES[agent.device]
    if agent.registered:
        return "registered"
    return "unregistered" if agent.device is events.DeviceState.UNAVAILABLE else "unknown"
