"""A small switch that knows its own truth: the floor equals it at every step, and again after every damage.

One floor hears everything and must be right all the time. The other one loses, repeats and delays what it hears (order
stays within one channel only): it must stay consistent, and be right again as soon as a snapshot was taken.
"""

from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from telephony.agents import Activity
from telephony.calls import Stage
from telephony.changes import Change
from telephony.events import Event
from telephony.floor import GRACE_S, Floor
from telephony.ids import PbxId
from telephony.rebuild import Snapshot
from tests.fakes.ami_script import AmiScript, Channel
from tests.telephony.floors import events_of
from tests.telephony.invariants import check
from tests.telephony.test_rebuild import entry, member, picture, snapshot

PHONES = ("PJSIP/1001", "PJSIP/1002", "PJSIP/1003")
LINE = "sales"


@dataclass(eq=False)
class Client:
    """A call as the switch has it."""

    leg: Channel
    waits: bool = False
    line: str | None = None  # whose ring it is
    rung: dict[str, Channel] = field(default_factory=dict)
    talks: dict[str, Channel] = field(default_factory=dict)
    holds: set[str] = field(default_factory=set)
    aside: set[str] = field(default_factory=set)  # of these, who never said so: he took another call

    @property
    def stage(self) -> Stage:
        if self.talks:
            return Stage.HELD if self.talks.keys() <= self.holds else Stage.TALKING
        if self.rung:
            return Stage.RINGING
        return Stage.WAITING if self.waits else Stage.ARRIVED

    @property
    def legs(self) -> list[Channel]:
        return [self.leg, *self.rung.values(), *self.talks.values()]


class Switch(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.script = AmiScript()
        self.clients: list[Client] = []
        self.line: list[Client] = []
        self.true, self.damaged = Floor(PbxId("p")), Floor(PbxId("p"))
        self.told: list[Change] = []
        self.late: list[Event] = []
        self.paused: set[str] = set()
        self._fed = 0
        for phone in PHONES:
            self.script.member(LINE, phone)
        for event in self._news():
            self.true.apply(event)
            self.damaged.apply(event)

    # What happens on the switch

    @rule(chance=st.randoms(use_true_random=False), on_line=st.booleans())
    def arrives(self, chance: Random, on_line: bool) -> None:
        client = Client(self.script.arrives(f"7916{len(self.clients):07d}"))
        self.clients.append(client)
        if on_line:
            client.waits = True
            self.line.append(client)
            self.script.joins(client.leg, LINE, len(self.line))
        self._tell(chance)

    @precondition(lambda self: self._ringable())
    @rule(chance=st.randoms(use_true_random=False))
    def rings(self, chance: Random) -> None:
        client, phone = chance.choice(self._ringable())
        client.line = LINE if client.waits else None
        client.rung[phone] = self.script.rings(client.leg, phone, client.line)
        self._tell(chance)

    @precondition(lambda self: self._rung())
    @rule(chance=st.randoms(use_true_random=False), status=st.sampled_from(["NOANSWER", "BUSY", "CANCEL"]))
    def rings_in_vain(self, chance: Random, status: str) -> None:
        client, phone = chance.choice(self._rung())
        self._stops(client, phone, status)
        self._tell(chance)

    @precondition(lambda self: self._rung())
    @rule(chance=st.randoms(use_true_random=False))
    def answers(self, chance: Random) -> None:
        client, phone = chance.choice(self._rung())
        leg = client.rung.pop(phone)
        for other in list(client.rung):
            self._stops(client, other, "CANCEL")
        position = self.line.index(client) + 1 if client.waits else 1
        self.script.up(leg)
        self.script.dial_ends(client.leg, leg, "ANSWER")
        if client.waits:
            self.script.leaves(client.leg, LINE, position)
            self.script.connects(client.leg, leg, LINE)
            self._out(client)
        self.script.enters(leg, f"bridge-{leg.uniqueid}")
        self.script.enters(client.leg, f"bridge-{leg.uniqueid}")
        for other in self._others(client, phone):
            if phone not in other.holds:
                other.holds.add(phone)
                other.aside.add(phone)
        self.clients.remove(client)
        self.clients.append(client)  # in the order in which they were answered
        client.talks[phone] = leg
        self._tell(chance)

    @precondition(lambda self: self._talks())
    @rule(chance=st.randoms(use_true_random=False))
    def holds_or_resumes(self, chance: Random) -> None:
        client, phone = chance.choice(self._talks())
        if phone not in client.holds:
            client.holds.add(phone)
            self.script.holds(client.talks[phone])
        elif all(phone in other.holds for other in self._others(client, phone)):
            client.holds.discard(phone)
            client.aside.discard(phone)
            self.script.resumes(client.talks[phone])
        self._tell(chance)

    @precondition(lambda self: self._transferable())
    @rule(chance=st.randoms(use_true_random=False))
    def is_transferred(self, chance: Random) -> None:
        client, phone, to = chance.choice(self._transferable())
        leg = client.talks.pop(phone)
        client.holds.discard(phone)
        client.aside.discard(phone)
        self._take_back(client, phone)
        self.script.blind_transfer(leg, to.removeprefix("PJSIP/"))
        self.script.leaves_bridge(client.leg)
        self.script.gone(leg)
        client.line = None
        client.rung[to] = self.script.rings(client.leg, to)
        self._tell(chance)

    @precondition(lambda self: self.clients)
    @rule(chance=st.randoms(use_true_random=False))
    def hangs_up(self, chance: Random) -> None:
        self._hang_up(chance.choice(self.clients))
        self._tell(chance)

    @rule(chance=st.randoms(use_true_random=False))
    def pauses(self, chance: Random) -> None:
        phone = chance.choice(PHONES)
        self.paused ^= {phone}
        self.script.pauses(LINE, phone, phone in self.paused, "lunch" if phone in self.paused else "")
        self._tell(chance)

    @rule(seconds=st.sampled_from([0.3, 2.0, GRACE_S + 1]))
    def time_passes(self, seconds: float) -> None:
        self.script.wait(seconds)
        for floor in (self.true, self.damaged):
            self._heard(floor, floor.tick(self.script.now))

    # What the floors make of it

    @rule()
    def is_looked_at(self) -> None:
        """After a break: what was still on its way is lost, the snapshot tells the rest."""
        self.late.clear()
        fresh = Floor(PbxId("p"))
        truth = self._snapshot()
        for floor in (self.damaged, fresh):
            self._heard(floor, floor.rebuild(truth, self.script.now))
            check(floor, [])
            assert seen(floor) == seen(self.true)

    @invariant()
    def the_floor_is_true(self) -> None:
        floor = self.true
        check(floor, self.told)
        check(self.damaged, [])
        assert not floor.unknown
        live = {call.id: call for call in floor.calls.values() if call.stage is not Stage.ENDED}
        assert live.keys() == {client.leg.linkedid for client in self.clients}
        for client in self.clients:
            call = live[client.leg.linkedid]
            assert (call.stage, call.ani) == (client.stage, client.leg.number)
            assert set(call.legs) == {leg.uniqueid for leg in client.legs}
            assert (set(call.ringing), set(call.talking)) == (set(client.rung), set(client.talks))
            assert (call.held, call.queue) == (client.holds, LINE if client.waits else None)
        assert [place.call for place in floor.queues[LINE].waiting] == [c.leg.linkedid for c in self.line]
        for phone in PHONES:
            agent = floor.agents[phone]
            assert agent.ringing == {client.leg.linkedid for client, rung in self._rung() if rung == phone}
            assert agent.talking == {client.leg.linkedid for client, talks in self._talks() if talks == phone}
            busy = Activity.TALKING if agent.talking else Activity.RINGING if agent.ringing else Activity.IDLE
            assert (agent.activity, agent.paused) == (busy, phone in self.paused)

    def teardown(self) -> None:
        for client in list(self.clients):
            self._hang_up(client)
        for event in self._news():
            self._heard(self.true, self.true.apply(event))
        self._heard(self.damaged, self.damaged.rebuild(self._snapshot(), self.script.now))
        for floor in (self.true, self.damaged):
            assert not any(agent.ringing or agent.talking for agent in floor.agents.values())
            assert not floor.queues[LINE].waiting
            for waits in (1, 2):  # one whose first leg was never heard of is given up before it is forgotten
                self._heard(floor, floor.tick(self.script.now + waits * (GRACE_S + 1)))
            assert not floor.calls, "no call without a leg stays"
        check(self.true, self.told)

    # Within

    def _rung(self) -> list[tuple[Client, str]]:
        return [(client, phone) for client in self.clients for phone in client.rung]

    def _talks(self) -> list[tuple[Client, str]]:
        return [(client, phone) for client in self.clients for phone in client.talks]

    def _others(self, client: Client, phone: str) -> list[Client]:
        return [other for other, its in self._talks() if its == phone and other is not client]

    def _take_back(self, client: Client, phone: str) -> None:
        """His other call is over: the last one he left without a word has him again."""
        others = self._others(client, phone)
        aside = [other for other in others if phone in other.aside]
        if aside and all(phone in other.holds for other in others):
            aside[-1].holds.discard(phone)
            aside[-1].aside.discard(phone)

    def _free(self, phone: str) -> bool:
        """It may be rung: nothing rings there, and whom it talks with is on hold."""
        held = all(phone in client.holds for client, its in self._talks() if its == phone)
        return held and all(its != phone for _, its in self._rung())

    def _ringable(self) -> list[tuple[Client, str]]:
        clients = [client for client in self.clients if not client.talks]
        return [(client, phone) for client in clients for phone in PHONES if self._free(phone)]

    def _transferable(self) -> list[tuple[Client, str, str]]:
        return [
            (client, phone, to)
            for client, phone in self._talks()
            for to in PHONES
            if to != phone and self._free(to)
        ]

    def _stops(self, client: Client, phone: str, status: str) -> None:
        leg = client.rung.pop(phone)
        if status == "BUSY":
            self.script.far_end_hangs_up(leg, 17)
        self.script.dial_ends(client.leg, leg, status)
        self.script.dial_ends(client.leg, leg, "CANCEL")
        self.script.gone(leg, 26)

    def _out(self, client: Client) -> None:
        client.waits = False
        self.line.remove(client)

    def _hang_up(self, client: Client) -> None:
        self.script.far_end_hangs_up(client.leg)
        for phone in list(client.rung):
            self._stops(client, phone, "CANCEL")
        if client.waits:
            self.script.leaves(client.leg, LINE, self.line.index(client) + 1, unserved=True)
            self._out(client)
        if client.leg.bridge is not None:
            self.script.leaves_bridge(client.leg)
        for phone, leg in client.talks.items():
            self.script.gone(leg)
            self._take_back(client, phone)
        self.script.gone(client.leg, 0)
        self.clients.remove(client)

    def _news(self) -> list[Event]:
        new = b"".join(self.script.blocks[self._fed :])
        self._fed = len(self.script.blocks)
        return events_of(new)

    def _tell(self, chance: Random) -> None:
        for event in self._news():
            self._heard(self.true, self.true.apply(event))
            self._mishear(event, chance)

    def _mishear(self, event: Event, chance: Random) -> None:
        about = getattr(event, "channel", None)
        fate = chance.random()
        if fate < 0.1:
            return  # lost
        if fate < 0.3 or any(getattr(other, "channel", None) == about for other in self.late):
            self.late.append(event)
        else:
            for _ in range(1 + (fate > 0.9)):
                self._heard(self.damaged, self.damaged.apply(event))
        if chance.random() < 0.2:
            for other in self.late:
                self._heard(self.damaged, self.damaged.apply(other))
            self.late.clear()

    def _heard(self, floor: Floor, changes: list[Change]) -> None:
        if floor is self.true:
            self.told += changes

    def _snapshot(self) -> Snapshot:
        now = self.script.now
        members = [member(phone, paused=phone in self.paused) for phone in PHONES]
        waiting = [entry(client.leg, place, 1) for place, client in enumerate(self.line, 1)]
        return snapshot([leg for client in self.clients for leg in client.legs], now, [*members, *waiting])


def seen(floor: Floor) -> dict[str, object]:
    """Without what no list tells: who holds."""
    told = picture(floor)
    calls = told["calls"]
    assert isinstance(calls, dict)
    for call, facts in calls.items():
        calls[call] = tuple(Stage.TALKING if fact is Stage.HELD else fact for fact in facts)
    return told


TestSwitch = Switch.TestCase
TestSwitch.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestSwitch.pytestmark = [pytest.mark.unit]
