"""What moved on the screen: old and new of one thing. Who gets to see which part of it: `audience.py`."""

from collections.abc import KeysView, Mapping
from typing import NamedTuple

from screenpop.messages import LineView, LinkView
from screenpop.sources import CardText, Instant
from screenpop.views import AgentView, CallView


class Shown(NamedTuple):
    """A call as the screen has it.

    `reached`: the agents (keys, see `views.agent_key`) at whom it rings or talks, and when the switch told us that
    it came to each: a pop's first stamp. `card_at`: when the card was ready.
    """

    view: CallView
    card: CardText | None
    card_at: Instant | None
    reached: Mapping[str, Instant]

    @property
    def parties(self) -> KeysView[str]:
        """Keys of the agents at whom it rings or talks."""
        return self.reached.keys()


class CallMoved(NamedTuple):
    """`old` None: it appeared. `new` with stage `ended`: its last picture, afterwards it is gone. `new` None:
    it vanished without a last word of the switch."""

    old: Shown | None
    new: Shown | None


class AgentMoved(NamedTuple):
    old: AgentView | None
    new: AgentView | None


class LineMoved(NamedTuple):
    old: LineView | None
    new: LineView | None


class LinkMoved(NamedTuple):
    new: LinkView


Move = CallMoved | AgentMoved | LineMoved | LinkMoved
