"""Who serves: members of queues, their pauses, devices and registrations."""

from telephony import events as happened
from telephony.agents import Agent, Membership
from telephony.board import Board
from telephony.changes import AgentChanged


class Staff:
    """Reports an agent only when something about him is new: switches repeat themselves."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def name(self, agent: Agent, name: str, at: float) -> None:
        if name and agent.name != name:
            agent.name = name
            self._board.report(AgentChanged(at, agent.interface))

    def member_set(self, event: happened.MemberAdded | happened.MemberPaused, at: float) -> None:
        agent = self._board.agent(event.interface)
        membership = Membership(event.paused, event.reason if event.paused else "")
        name = event.name or agent.name
        self._board.queue(event.queue, at).members[event.interface] = None
        if agent.memberships.get(event.queue) != membership or agent.name != name:
            agent.memberships[event.queue] = membership
            agent.name = name
            self._board.report(AgentChanged(at, agent.interface))

    def member_removed(self, event: happened.MemberRemoved, at: float) -> None:
        self._board.queue(event.queue, at).members.pop(event.interface, None)
        agent = self._board.agents.get(event.interface)
        if agent is not None and agent.memberships.pop(event.queue, None) is not None:
            self._board.report(AgentChanged(at, agent.interface))

    def device_state_changed(self, event: happened.DeviceStateChanged, at: float) -> None:
        self._board.devices[event.device] = event.state
        agent = self._board.agents.get(event.device)
        if agent is not None and agent.device is not event.state:
            agent.device = event.state
            self._board.report(AgentChanged(at, agent.interface))

    def contact_changed(self, event: happened.ContactChanged, at: float) -> None:
        contacts = self._board.contacts.setdefault(event.interface, set())
        agent = self._board.agents.get(event.interface)
        before = agent is not None and agent.registered
        if event.there:
            contacts.add(event.uri)
        else:
            contacts.discard(event.uri)
        if agent is not None and agent.registered != before:
            self._board.report(AgentChanged(at, agent.interface))
