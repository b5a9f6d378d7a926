"""The screen of one project: what its whole floor looks like now, and what moved with each batch of changes.

Nothing is decided here about who may see it. Several changes of one thing in one batch are one move. What only
counts and orders (figures of lines, places in the queue) moves at `refresh()`, which the app calls twice a second,
because one caller leaving shifts all those behind him.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from screenpop.figures import Figures
from screenpop.messages import LineView, LinkView
from screenpop.moves import AgentMoved, CallMoved, LineMoved, LinkMoved, Move, Shown
from screenpop.sources import Day, Directory, Floor, Instant, Known
from screenpop.views import AgentView, agent_key, agent_view, call_key, call_view, ended_view
from telephony.agents import Agent
from telephony.calls import Call
from telephony.changes import (
    CallAnswered,
    CallEnded,
    Change,
    LineJoined,
    LineLeft,
    Outcome,
)
from telephony.ids import CallId, Interface, PbxId, QueueName

KEEP_UNSEEN_S = 900.0
"""How long we keep what the app knows of a call that the switch never showed."""

CLOCK_NEWS_S = 0.5
"""Clocks compared anew differ by milliseconds each time; nobody needs to be told that."""

LinkState = Literal["up", "connecting", "down", "refused", "resyncing"]


class Screen:
    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.calls: dict[str, Shown] = {}
        self.agents: dict[str, AgentView] = {}
        self.lines: dict[str, LineView] = {}
        self.links: dict[str, LinkView] = {}
        self._figures = Figures(directory.tiers)
        self._floors: dict[PbxId, Floor] = {}
        self._clocks: dict[PbxId, float] = {}
        self._known: dict[str, tuple[Known, float]] = {}
        self._at: dict[str, dict[str, None]] = {}  # agent -> his calls, oldest first
        self._devices: dict[str, tuple[PbxId, Interface]] = {}
        self._ids: dict[str, tuple[PbxId, CallId]] = {}
        self._places: dict[tuple[PbxId, QueueName], dict[CallId, int]] = {}  # good for one batch
        self._unplaced: set[str] = set()  # lines in which places may have changed

    # --- what comes in ----------------------------------------------------------------------------------

    def clock(self, pbx: PbxId, offset: float) -> list[Move]:
        """`offset`: server clock minus that switch's clock, seconds. To be seen only: floors have corrected it."""
        before = self._clocks.get(pbx)
        if before is not None and abs(offset - before) < CLOCK_NEWS_S:
            return []
        self._clocks[pbx] = offset
        link = self.links.get(pbx)
        if link is None:
            return []
        self.links[pbx] = link.model_copy(update={"clock_offset": offset})
        return [LinkMoved(self.links[pbx])]

    def apply(self, pbx: PbxId, floor: Floor, changes: Iterable[Change], received: Instant) -> list[Move]:
        """`received`: when the switch's bytes of this batch arrived."""
        self._floors[pbx] = floor
        self._places.clear()
        calls: dict[CallId, Outcome | None] = {}
        agents: dict[str, float] = {}
        for change in changes:
            call = getattr(change, "call", None)
            interface = getattr(change, "interface", None)
            if interface is not None:
                agents[self._device(pbx, interface)] = change.at
            if call is not None:
                calls[call] = change.outcome if isinstance(change, CallEnded) else calls.get(call)
                self._count(pbx, change)
        moves: list[Move] = []
        for call, outcome in calls.items():
            moves += self._call(pbx, call, outcome, agents, received)
        for agent, since in agents.items():
            moves += self._agent(agent, since)
        return moves

    def know(self, call: str, known: Known, at: Instant) -> list[Move]:
        """What the app knows of a call; before the switch shows it as well as after."""
        self._known[call] = (known, at.epoch)
        old = self.calls.get(call)
        if old is None:
            return []
        self._figures.tier_known(call, known.tier)
        view = msgspec.structs.replace(
            old.view,
            tier=known.tier,
            priority=known.priority,
            client_id=known.client_id,
            client_name=known.client_name,
        )
        new = Shown(view, known.card, known.card_at, old.reached)
        self.calls[call] = new
        return [CallMoved(old, new)]

    def link(self, pbx: PbxId, state: LinkState, why: str | None, at: Instant) -> list[Move]:
        """Nothing moves when state and reason are the same as before."""
        old = self.links.get(pbx)
        if old is not None and (old.state, old.why) == (state, why):
            return []
        same = old is not None and (old.state == "up") == (state == "up")
        self.links[pbx] = LinkView(
            pbx=pbx,
            state=state,
            since=old.since if old is not None and same else at.epoch,
            why=why,
            clock_offset=self._clocks.get(pbx),
        )
        return [LinkMoved(self.links[pbx])]

    def rebuild(self, pbx: PbxId, floor: Floor, at: Instant) -> list[Move]:
        """Draw one switch's part anew: its floor was replaced, or the directory changed."""
        self._figures.tiers = self.directory.tiers
        self._floors[pbx] = floor
        self._places.clear()
        moves: list[Move] = []
        known = [one for where, one in [*self.directory.agents(), *self._devices.values()] if where == pbx]
        agents = {self._device(pbx, one): at.epoch for one in dict.fromkeys([*known, *floor.agents])}
        gone = [call for one, call in self._ids.values() if one == pbx and call not in floor.calls]
        for call_id in [*gone, *floor.calls]:
            moves += self._call(pbx, call_id, None, agents, at)
            self._rejoin(pbx, floor.calls.get(call_id))
        for agent, since in agents.items():
            moves += self._agent(agent, since)
        return moves + self._lines()

    def redraw(self, at: Instant) -> list[Move]:
        """The directory was read, or read again: lines and agents are there even while no switch is."""
        moves: list[Move] = []
        for pbx, floor in self._floors.items():
            moves += self.rebuild(pbx, floor, at)
        self._figures.tiers = self.directory.tiers
        for pbx, interface in self.directory.agents():
            self._device(pbx, interface)
        for agent in list(self._devices):
            moves += self._agent(agent, at.epoch)
        return moves + self._lines()

    def begin_day(self, days: Mapping[tuple[str, str], Day]) -> None:
        """At local midnight without figures; at a start in mid-day with those stored, by (line, tier)."""
        self._figures.begin_day(days)

    def refresh(self, at: Instant) -> list[Move]:
        """Places in the queues and figures of the lines that changed since last time."""
        stale, moves = self._figures.stale(), list[Move]()
        self._places.clear()
        for key, shown in list(self.calls.items()):
            if shown.view.line in self._unplaced and shown.view.position is not None:
                pbx, call = self._ids[key]
                moves += self._call(pbx, call, None, {}, at)
        self._unplaced.clear()
        for key, (_, since) in list(self._known.items()):
            if key not in self.calls and at.epoch - since > KEEP_UNSEEN_S:
                del self._known[key]
        return moves + self._lines(stale)

    # --- what follows -----------------------------------------------------------------------------------

    def _count(self, pbx: PbxId, change: Change) -> None:
        match change:
            case LineJoined(call=call, queue=queue):
                if line := self._line(pbx, queue):
                    self._figures.joined(call_key(pbx, call), line, self._tier(pbx, call), change.at)
            case LineLeft(call=call, queue=queue):
                key = call_key(pbx, call)
                if self._line(pbx, queue) and (wait := self._figures.waits.get(key)):
                    target = self._target(wait.line, wait.tier)
                    self._figures.left(key, change.reason, change.at, target)
            case CallAnswered(call=call):
                key = call_key(pbx, call)
                if wait := self._figures.waits.get(key):
                    self._figures.answered(key, change.waited, self._target(wait.line, wait.tier))
            case CallEnded(call=call):
                self._figures.closed(call_key(pbx, call))
            case _:
                pass

    def _line(self, pbx: PbxId, queue: QueueName) -> str | None:
        line = self.directory.line_of(pbx, queue)
        if line is not None:
            self._unplaced.add(line)
        return line

    def _target(self, line: str, tier: str) -> float | None:
        return next((one.targets.get(tier) for one in self.directory.lines() if one.code == line), None)

    def _tier(self, pbx: PbxId, call: CallId) -> str | None:
        known = self._known.get(call_key(pbx, call))
        return known[0].tier if known else None

    def _rejoin(self, pbx: PbxId, call: Call | None) -> None:
        """A floor built anew may hold waiting callers whose joining nobody saw."""
        if call is None or call.queue is None or call.joined_at is None:
            return
        key = call_key(pbx, call.id)
        shown = self.calls.get(key)
        line = self._line(pbx, call.queue)
        if shown and line and shown.view.stage in ("waiting", "ringing") and key not in self._figures.waits:
            self._figures.joined(key, line, self._tier(pbx, call.id), call.joined_at)

    def _call(
        self, pbx: PbxId, call_id: CallId, outcome: Outcome | None, agents: dict[str, float], at: Instant
    ) -> list[Move]:
        """`agents` gains those whose calls it changed."""
        key = call_key(pbx, call_id)
        old = self.calls.get(key)
        new = self._shown(key, pbx, call_id, old, outcome, at)
        if new is not None and old is not None and new.view == old.view:
            return []
        before = set(old.parties) if old else set[str]()
        now = set(new.parties) if new else set[str]()
        for agent in sorted(before ^ now):
            agents.setdefault(agent, at.epoch)
        for agent in before - now:
            self._at[agent].pop(key, None)
        for agent in now - before:
            self._at.setdefault(agent, {})[key] = None
        if new is None or new.view.stage == "ended":
            self._forget(key)
        else:
            self.calls[key] = new
            self._ids[key] = (pbx, call_id)
        return [CallMoved(old, new)] if old or new else []

    def _shown(
        self,
        key: str,
        pbx: PbxId,
        call_id: CallId,
        old: Shown | None,
        outcome: Outcome | None,
        at: Instant,
    ) -> Shown | None:
        if outcome is not None:
            return old and Shown(ended_view(old.view, outcome), old.card, old.card_at, {})
        call = self._floors[pbx].calls.get(call_id)
        if call is None or not call.announced or call.ended is not None or call.merged_into is not None:
            return None
        known, _ = self._known.get(key, (None, 0.0))
        view = call_view(key, call, known, self.directory, self._position(pbx, call))
        before: Mapping[str, Instant] = old.reached if old else {}
        reached: dict[str, Instant] = {}
        for interface in (*view.ringing, *view.talking):
            agent = self._device(pbx, Interface(interface))
            reached[agent] = before.get(agent, at)
        card, card_at = (known.card, known.card_at) if known else (None, None)
        return Shown(view, card, card_at, reached)

    def _position(self, pbx: PbxId, call: Call) -> int | None:
        """On his line: a second queue that is served before his counts. Asked for many calls at a time, so each queue is
        counted through once."""
        if call.queue is None:
            return None
        place = self._places_in(pbx, call.queue).get(call.id)
        first = self.directory.served_before(pbx, call.queue)
        return place if place is None or first is None else place + len(self._places_in(pbx, first))

    def _places_in(self, pbx: PbxId, name: QueueName) -> dict[CallId, int]:
        places = self._places.get((pbx, name))
        if places is None:
            queue = self._floors[pbx].queues.get(name)
            places = self._places[pbx, name] = queue.positions() if queue else {}
        return places

    def _forget(self, key: str) -> None:
        self.calls.pop(key, None)
        self._ids.pop(key, None)
        self._known.pop(key, None)
        self._figures.closed(key)

    def _device(self, pbx: PbxId, interface: Interface) -> str:
        """The agent's key, from which his switch and device are found again."""
        key = agent_key(pbx, interface)
        if key not in self._devices:
            self._devices[key] = (pbx, interface)
        return key

    def _agent(self, key: str, at: float) -> list[Move]:
        """`at`: since when a new state of his holds, epoch seconds."""
        old = self.agents.get(key)
        pbx, device = self._devices[key]
        floor = self._floors.get(pbx)
        on_floor = floor.agents.get(device) if floor is not None else None
        entry = self.directory.agent(pbx, device)
        if on_floor is None and entry is None:
            new = None
        else:
            calls = [self.calls[call].view for call in self._at.get(key, ()) if call in self.calls]
            lines = self._signed_in(pbx, on_floor) if on_floor is not None else ()
            new = agent_view(pbx, device, on_floor, entry, lines, calls, old, at)
        if new == old:
            return []
        if new is None:
            del self.agents[key]
        else:
            self.agents[key] = new
        return [AgentMoved(old, new)]

    def _signed_in(self, pbx: PbxId, agent: Agent) -> Iterable[str]:
        codes = {self.directory.line_of(pbx, queue) for queue in agent.memberships}
        return (line.code for line in self.directory.lines() if line.code in codes)

    def _lines(self, stale: set[str] | None = None) -> list[Move]:
        """`stale`: only these; None: all."""
        moves: list[Move] = []
        lines = {line.code: line for line in self.directory.lines()}
        for code, line in lines.items():
            if stale is None or code in stale:
                old, new = self.lines.get(code), self._figures.view(line)
                if new != old:
                    self.lines[code] = new
                    moves.append(LineMoved(old, new))
        if stale is None:
            moves += [LineMoved(self.lines.pop(code), None) for code in self.lines.keys() - lines.keys()]
        return moves
