"""Who of the agents on a switch may be given a caller now, kept in the room as the floor shows it."""

from collections.abc import Callable, Iterator, Mapping

from app.directing.ports import Floor
from app.directing.rules import serves, skills_of
from routing.room import Room
from routing.staff import Agent as OnDuty
from telephony.ids import Interface, QueueName


class Shift:
    """`learnt(agent)`: his skills in the records. `tried(agent)`: his phone may ring any moment by our order."""

    def __init__(
        self,
        floor: Floor,
        learnt: Callable[[Interface], Mapping[str, int]],
        tried: Callable[[Interface], bool],
    ) -> None:
        self._floor = floor
        self._learnt = learnt
        self._tried = tried
        self._skills: dict[Interface, Mapping[str, int]] = {}
        self._spared: dict[Interface, float] = {}
        self._calls_back: dict[Interface, float] = {}

    def spare(self, interface: Interface, until: float) -> None:
        """He missed a call or his phone did not ring: nobody for him until then, or until a pause of his shows."""
        self._spared[interface] = until

    def calls_back(self, interface: Interface, until: float) -> None:
        """He is given a promised call: the same until his phone rings for it."""
        self._calls_back[interface] = until

    def left_alone(self, interface: Interface) -> bool:
        """He may be idle, and is given nobody."""
        return interface in self._spared or interface in self._calls_back or self._tried(interface)

    def back(self, now: float) -> Iterator[Interface]:
        """Who was left alone for long enough."""
        for those in (self._spared, self._calls_back):
            for interface in [one for one, until in those.items() if until <= now]:
                del those[interface]
                yield interface

    def due(self) -> list[float]:
        return [*self._spared.values(), *self._calls_back.values()]

    def learnt_else(self, interface: Interface) -> bool:
        """The records say something else of his skills than the last time."""
        return self._learnt(interface) != self._skills.get(interface, {})

    def see(self, interface: Interface, room: Room, lines: Mapping[QueueName, str], now: float) -> None:
        agent = self._floor.agents.get(interface)
        of_his, free = serves(agent, lines) if agent is not None else (frozenset[str](), False)
        staff = room.staff
        if agent is None or not of_his:
            if agent is not None and agent.paused:
                self._spared.pop(interface, None)
            if interface in staff:
                room.sign_off(interface, now)
            return
        learnt = self._skills[interface] = self._learnt(interface)
        skills = skills_of(of_his, learnt)
        known = staff.profile(interface) if interface in staff else None
        since = now if known is None else known.idle.get(interface, now)
        if known is None or known.skills != skills:
            room.sign_on(OnDuty(interface, skills), now)
        if agent.ringing or agent.talking:
            self._calls_back.pop(interface, None)
        if free and not self.left_alone(interface):
            if interface not in staff.profile(interface).idle:
                room.idle(interface, since)
        else:
            room.busy(interface)
