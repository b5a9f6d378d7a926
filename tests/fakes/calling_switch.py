"""A switch that makes the calls it is told to make: says the events a real one says (captured in the story
`outbound-by-originate`), and feeds floor and callbacks with them."""

from app.callbacks.keeping import Callbacks
from telephony.commands import (
    Command,
    CommandOutcome,
    Done,
    LinkLost,
    OfferCallback,
    Originate,
    Refused,
    ToNumber,
)
from telephony.floor import Floor
from telephony.ids import Interface, PbxId
from tests.fakes.ami_script import AmiScript, Channel
from tests.telephony.floors import Watched

NUMBER = "74950000001"


class CallingSwitch:
    """`refuses`: it does not take orders; `deaf`: it takes them and does nothing; `lost`: its answer never comes."""

    def __init__(self, *agents: Interface, queue: str = "support") -> None:
        self.script = AmiScript()
        self.watched = Watched(self.script)
        self.callbacks: Callbacks
        self.taken: list[Originate] = []
        self.offered: list[str] = []
        self.refuses = self.deaf = self.lost = False
        self._legs: dict[str, Channel] = {}
        self._far: dict[str, Channel] = {}
        for agent in agents:
            self.script.say("DeviceStateChange", {"Device": agent, "State": "NOT_INUSE"})
            self.script.member(queue, agent)
        self.watched.hear()
        self.floor_of_app.channels_seen = True

    @property
    def floor_of_app(self) -> Floor:
        return self.watched.floor

    @property
    def pbx(self) -> PbxId:
        return self.floor_of_app.pbx

    def floor(self, pbx: PbxId) -> Floor | None:
        return self.floor_of_app if pbx == self.pbx else None

    async def execute(self, pbx: PbxId, command: Command) -> CommandOutcome:
        assert pbx == self.pbx
        if isinstance(command, OfferCallback):
            self.offered.append(command.channel)
            return Done("")
        assert isinstance(command, Originate)
        self.taken.append(command)
        if self.refuses:
            return Refused("no")
        if not self.deaf:
            self._rings(command)
        return LinkLost(sent=True) if self.lost else Done("")

    def agent_answers(self, which: int = -1) -> None:
        """And the number is dialled, which rings."""
        order = self.taken[which]
        leg = self._legs[order.id]
        self.script.up(leg)
        self._dial_end(leg, "ANSWER")
        assert isinstance(order.to, ToNumber)
        far = self.script.channel("PJSIP/trunk", order.to.number, "", "Down", of=leg)
        self._far[order.id] = far
        self.script.say(
            "DialBegin",
            {**leg.headers(), **far.headers("Dest"), "DialString": f"trunk/sip:{order.to.number}@far"},
        )
        self.tell()

    def client_answers(self, which: int = -1) -> None:
        order = self.taken[which]
        leg, far = self._legs[order.id], self._far[order.id]
        self.script.up(far)
        self.script.dial_ends(leg, far, "ANSWER")
        for channel in (leg, far):
            self.script.enters(channel, f"bridge-{order.id}")
        self.tell()

    def client_does_not(self, status: str, which: int = -1) -> None:
        """BUSY, NOANSWER, CONGESTION …: and the agent's leg is let go."""
        order = self.taken[which]
        leg, far = self._legs[order.id], self._far[order.id]
        self.script.dial_ends(leg, far, status)
        self.script.gone(far, 17 if status == "BUSY" else 16)
        self.script.gone(leg, 19)
        self.tell()

    def over(self, which: int = -1) -> None:
        """Whoever is in the call hangs up."""
        order = self.taken[which]
        if order.id in self._far:
            self.script.gone(self._far[order.id])
        self.script.gone(self._legs[order.id])
        self.tell()

    def agent_does_not(self, which: int = -1) -> None:
        leg = self._legs[self.taken[which].id]
        self._dial_end(leg, "NOANSWER")
        self.script.gone(leg, 19)
        self.tell()

    def arrives(self, ani: str) -> Channel:
        """A client calls himself and waits on the line."""
        client = self.script.arrives(ani, NUMBER)
        self.script.joins(client, "support")
        self.tell()
        return client

    def waits_in_room(self, ani: str) -> Channel:
        client = self.script.arrives(ani, NUMBER)
        self.script.stays(client, "support")
        self.tell()
        return client

    def is_answered(self, client: Channel, agent: str = "PJSIP/1009") -> Channel:
        leg = self.script.rings(client, agent, "support")
        self.script.picks_up(client, leg, "support", f"bridge-{client.uniqueid}")
        self.tell()
        return leg

    def hangs_up(self, *legs: Channel) -> None:
        for leg in legs:
            self.script.gone(leg)
        self.tell()

    def tell(self) -> None:
        changes = self.watched.hear()
        self.callbacks.batch(self.floor_of_app, changes)

    def _rings(self, order: Originate) -> None:
        leg = self.script.channel(order.interface, order.shows or "", "s", "Down")
        leg.uniqueid = leg.linkedid = order.id
        del self.script.blocks[-1]  # its own id, not the next number
        self.script.say("Newchannel", leg.headers())
        self._legs[order.id] = leg
        number = order.interface.partition("/")[2]
        self.script.say("DialBegin", {**leg.headers("Dest"), "DialString": number})
        self.script.state(leg, "Ringing")
        self.tell()

    def _dial_end(self, leg: Channel, status: str) -> None:
        self.script.say("DialEnd", {**leg.headers("Dest"), "DialStatus": status})
