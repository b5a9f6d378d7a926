"""Who may see what.

- An agent sees the calls that ring or talk at his own device (interface of one PBX), with their cards; himself;
  the links; the names of the lines, without figures.
- A supervisor and an administrator see the whole floor. Cards are pushed to them, too, only for calls at
  their own device.
- A viewer without a device owns nothing.

Everything is told from the old and the new picture of one thing alone, so that nothing has to be remembered
about a viewer, and `snapshot + deltas` cannot drift apart.
"""

from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from screenpop.messages import LineView, Viewer
from screenpop.moves import AgentMoved, CallMoved, LineMoved, Shown
from screenpop.sources import CardText
from screenpop.views import AgentView, CallView, agent_key


class Tell(Enum):
    """What a viewer is told of a move, in this order."""

    PUT = auto()
    PUT_PLAIN = auto()  # a line without its figures
    POP = auto()  # the card comes to him now: stamped
    CARD = auto()  # his card changed
    CARD_GONE = auto()
    GONE = auto()


class Sight(NamedTuple):
    """The part of a viewer that rights follow from; viewers with the same sight are told the same.

    `agent`: the key of his device (`views.agent_key`).
    """

    floor: bool
    agent: str | None

    def owns(self, shown: Shown | None) -> bool:
        return shown is not None and self.agent is not None and self.agent in shown.reached

    def sees(self, shown: Shown | None) -> bool:
        return shown is not None and (self.floor or self.owns(shown))

    def reads_card(self, shown: Shown | None) -> bool:
        return shown is not None and shown.card is not None and self.owns(shown)


def sight(viewer: Viewer) -> Sight:
    return Sight(viewer.role != "agent", device_of(viewer.pbx, viewer.interface))


def device_of(pbx: str | None, interface: str | None) -> str | None:
    """The key of somebody's device, if he has one."""
    return None if pbx is None or interface is None else agent_key(pbx, interface)


def of_call(sight: Sight, move: CallMoved) -> Iterator[Tell]:
    old, new = move
    if new is not None and new.view.stage == "ended":
        if sight.sees(old):
            yield Tell.PUT
            yield Tell.GONE
        return
    sees, saw = sight.sees(new), sight.sees(old)
    if not sees:
        if saw:
            yield Tell.GONE
        return
    if not saw or old is None or new is None or old.view != new.view:
        yield Tell.PUT
    reads, did_read = sight.reads_card(new), sight.reads_card(old)
    if reads and not did_read:
        yield Tell.POP
    elif reads and old is not None and new is not None and old.card is not new.card:
        yield Tell.CARD
    elif did_read and not reads:
        yield Tell.CARD_GONE


def of_agent(sight: Sight, move: AgentMoved) -> Iterator[Tell]:
    one = move.new or move.old
    if one is not None and (sight.floor or sight.agent == one.agent):
        yield Tell.GONE if move.new is None else Tell.PUT


def of_line(sight: Sight, move: LineMoved) -> Iterator[Tell]:
    old, new = move
    if new is None:
        yield Tell.GONE
    elif sight.floor:
        yield Tell.PUT
    elif old is None or old.name != new.name:
        yield Tell.PUT_PLAIN


def plain(line: LineView) -> LineView:
    return line.model_copy(update={"tiers": []})


class Picture(NamedTuple):
    """All one viewer may see at this moment, links apart: everybody sees those."""

    lines: list[LineView]
    agents: list[AgentView]
    calls: list[CallView]
    cards: list[CardText]


def picture(sight: Sight, lines: list[LineView], agents: list[AgentView], calls: list[Shown]) -> Picture:
    """Cut a viewer's part out of the screen. `calls`: at least all those that he may see."""
    return Picture(
        lines=lines if sight.floor else [plain(line) for line in lines],
        agents=[one for one in agents if sight.floor or one.agent == sight.agent],
        calls=[shown.view for shown in calls if sight.sees(shown)],
        cards=[shown.card for shown in calls if shown.card is not None and sight.reads_card(shown)],
    )
