"""What the parts of a floor share: the things themselves, the clock of the switch, the changes to report."""

from collections import Counter, deque

from telephony.agents import Agent, AgentStep, NoSuchAgentStep, agent_step
from telephony.calls import Call, NoSuchStep, Stage, Step, call_step
from telephony.changes import CallArrived, CallDoubtful, Change, QueueChanged
from telephony.events import DeviceState
from telephony.ids import CallId, ChannelId, Interface, PbxId, QueueName
from telephony.queues import Queue

CLOCK_STEP_S = 60.0
"""Events from different channels come out of order by milliseconds; a minute back is a clock that was set."""


class Board:
    """`now`: the latest moment the switch has told. `phones`: devices known to be agents', see `Legs`.

    `clock_offset`: seconds added to every moment the switch tells (see `telephony.clock`).
    """

    def __init__(self, pbx: PbxId, phones: frozenset[Interface]) -> None:
        self.pbx = pbx
        self.now = 0.0
        self.clock_offset = 0.0
        self.calls: dict[CallId, Call] = {}
        self.agents: dict[Interface, Agent] = {}
        self.queues: dict[QueueName, Queue] = {}
        self.phones: set[Interface] = set(phones)
        self.devices: dict[Interface, DeviceState] = {}
        self.contacts: dict[Interface, set[str]] = {}
        self.gone_calls: deque[tuple[float, Call]] = deque()
        self.unknown: Counter[str] = Counter()
        self._changes: list[Change] = []

    def moment(self, at: float | None) -> float:
        """The moment of an event, moving the clock. `at`: as the switch told it."""
        if at is None:
            return self.now
        return self.pass_to(at + self.clock_offset)

    def pass_to(self, at: float) -> float:
        """It is `at` now, by the floor's clock."""
        if at > self.now or self.now - at > CLOCK_STEP_S:
            self.now = at
        return at

    def report(self, change: Change) -> None:
        self._changes.append(change)

    def tell(self, call: Call, change: Change) -> None:
        """A change of a call is heard only after its arrival."""
        if not call.announced:
            self.announce(call)
        self._changes.append(change)

    def announce(self, call: Call) -> None:
        if not call.announced:
            call.announced = True
            channel = call.origin or next(iter(call.legs), None) or ChannelId(call.id)
            self._changes.append(
                CallArrived(call.started, call.id, channel, call.ani, call.ani_name, call.dnis)
            )

    def take(self) -> list[Change]:
        changes = self._changes
        if changes:
            self._changes = []
        return changes

    def advance(self, call: Call, step: Step) -> None:
        try:
            call.stage = call_step(call.stage, step)
        except NoSuchStep as error:
            self.unknown[str(error)] += 1

    def doubt(self, call: Call, why: str, at: float) -> None:
        """The first doubt is the one that is told."""
        if call.doubtful is None and call.stage is not Stage.ENDED:
            call.doubtful = why
            self.tell(call, CallDoubtful(at, call.id, why))

    def settle(self, call: Call) -> None:
        """Nothing rings any more without a word of how it ended: back to waiting, or to the dialplan."""
        if call.stage is Stage.RINGING and not call.ringing:
            self.advance(call, Step.RING_OVER_ON_LINE if call.place else Step.RING_OVER)

    def agent(self, interface: Interface) -> Agent:
        agent = self.agents.get(interface)
        if agent is None:
            agent = self.agents[interface] = Agent(interface, self.now)
            agent.device = self.devices.get(interface, DeviceState.UNKNOWN)
            agent.contacts = self.contacts.setdefault(interface, set())
            self.phones.add(interface)
        return agent

    def does(self, agent: Agent, step: AgentStep, at: float) -> None:
        try:
            activity = agent_step(agent.activity, step)
        except NoSuchAgentStep as error:
            self.unknown[str(error)] += 1
            return
        if activity is not agent.activity:
            agent.activity = activity
            agent.since = at

    def queue(self, name: QueueName, at: float) -> Queue:
        queue = self.queues.get(name)
        if queue is None:
            queue = self.queues[name] = Queue(name)
            self.report(QueueChanged(at, name))
        return queue
