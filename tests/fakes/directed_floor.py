"""A floor with a waiting room, moved by hand, and the switch under it that carries out a dispatcher's orders."""

from app.directing.attempts import Attempt
from app.directing.dispatcher import Dispatcher
from app.directing.orders import CallBack, Ended, Order, Ring, SetAside, Stuck, TakeBack
from app.directing.rules import Decided
from routing.policy import DEFAULT_POLICY, Policy
from telephony.calls import Leg, Part
from telephony.changes import QueueChanged, RingResult
from telephony.commands import CommandOutcome, Done, Refused
from telephony.events import DeviceState
from telephony.ids import CallId, ChannelId, Interface, QueueName
from telephony.queues import Place
from tests.fakes.toy_floor import ToyFloor

SUPPORT, SALES = QueueName("q-help"), QueueName("q-sales")
LINES = {SUPPORT: "help", SALES: "sales"}


class DirectedFloor(ToyFloor):
    """Callers who join wait in the room unless said otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.stale = False
        self.channels_seen = True

    def arrive(self, call: CallId, ani: str | None = "79161234567") -> None:
        super().arrive(call, ani)
        leg = Leg(ChannelId(call), f"PJSIP/trunk-{call}", call, self.calls[call])
        leg.part = Part.OUTSIDE
        self.calls[call].legs[leg.id] = leg

    def wait(self, call: CallId, queue: QueueName = SUPPORT, *, room: bool = True) -> None:
        """Arrives and waits."""
        self.arrive(call)
        self.join(call, queue)
        self.place(call).room = room

    def place(self, call: CallId) -> Place:
        place = self.calls[call].place
        assert place is not None
        return place

    def to_room(self, call: CallId, room: bool = True) -> None:
        place = self.place(call)
        place.room = room
        self.changes.append(QueueChanged(self.now, place.queue))

    def device(self, interface: Interface, state: DeviceState) -> None:
        self.agents[interface].device = state
        self.pause(interface, next(iter(self.agents[interface].pauses), None))  # tells AgentChanged


class DirectedSwitch:
    """The floor, a dispatcher on it, and what it ordered. `strangers`: of whom nobody has decided anything. `aside`, `stuck`, `called_back`, `stored`: what it wanted."""

    def __init__(self, policy: Policy = DEFAULT_POLICY) -> None:
        self.floor = DirectedFloor()
        self.known: dict[CallId, Decided] = {}
        self.strangers: set[CallId] = set()
        self.lines = dict(LINES)
        self.skills: dict[Interface, dict[str, int]] = {}
        self.dispatcher = Dispatcher(
            self.floor,
            policy,
            lambda: self.lines,
            LINES.get,
            lambda call: None if call in self.strangers else self.known.get(call, Decided()),
            lambda interface: self.skills.get(interface, {}),
        )
        self.ordered: list[Attempt] = []
        self.aside: list[Interface] = []
        self.stuck: list[tuple[CallId, str]] = []
        self.called_back: list[tuple[str, Interface]] = []
        self.taken_back: list[CallId] = []
        self.stored: list[tuple[CallId, Interface, str]] = []

    @property
    def now(self) -> float:
        return self.floor.now

    def tell(self) -> None:
        """The dispatcher hears what happened since."""
        if changes := self.floor.take():
            self.dispatcher.heard(changes, self.now)
        self.take_orders()

    def pass_time(self, seconds: float) -> None:
        self.floor.now += seconds
        self.dispatcher.tick(self.now)
        self.take_orders()

    def take_orders(self) -> None:
        orders, self.dispatcher.orders = self.dispatcher.orders, []
        for order in orders:
            self._take(order)

    def _take(self, order: Order) -> None:
        match order:
            case Ring(attempt):
                self.ordered.append(attempt)
            case SetAside(agent, _):
                self.aside.append(agent)
            case Stuck(call, why):
                self.stuck.append((call, why))
            case CallBack(id, agent):
                self.called_back.append((id, agent))
            case TakeBack():
                self.taken_back.append(order.call)
            case Ended(match):
                self.stored.append((CallId(match.call_id), Interface(match.agent), match.outcome))

    # What the switch does with the oldest order to ring

    def rings(self, *, outcome: CommandOutcome | None = None) -> Attempt:
        """It takes the order: the phone rings."""
        attempt = self._next()
        self.answers(attempt, Done("") if outcome is None else outcome)
        self.floor.ring(attempt.call, attempt.agent)
        self.tell()
        return attempt

    def refuses(self, outcome: CommandOutcome | None = None) -> Attempt:
        attempt = self._next()
        self.answers(attempt, Refused("Channel does not exist") if outcome is None else outcome)
        return attempt

    def answers(self, attempt: Attempt, outcome: CommandOutcome) -> None:
        self.dispatcher.outcome(attempt, outcome, self.now)
        self.take_orders()

    def _next(self) -> Attempt:
        return self.ordered.pop(0)

    def misses(self, attempt: Attempt, result: RingResult = RingResult.NO_ANSWER) -> None:
        self.floor.unring(attempt.call, attempt.agent, result)
        self.tell()

    def talks(self, attempt: Attempt) -> None:
        self.floor.answer(attempt.call, attempt.agent)
        self.tell()

    def hangs_up(self, call: CallId) -> None:
        self.floor.end(call, forget=True)
        self.tell()
