"""A browser's memory of `/live`: folds messages as the contract tells, and refuses what the contract forbids."""

from screenpop.messages import (
    AgentGone,
    AgentPut,
    AgentView,
    CallGone,
    CallPut,
    CallView,
    Card,
    CardGone,
    CardPut,
    LineGone,
    LinePut,
    LineView,
    LinkPut,
    LinkView,
    Pong,
    Snapshot,
    server_message,
)


class ToyBrowser:
    """`snapshots`: how many came; `heard`: every message so far."""

    def __init__(self) -> None:
        self.stream = ""
        self.seq = 0
        self.snapshots = 0
        self.heard: list[object] = []
        self.calls: dict[str, CallView] = {}
        self.cards: dict[str, Card] = {}
        self.agents: dict[str, AgentView] = {}
        self.lines: dict[str, LineView] = {}
        self.links: dict[str, LinkView] = {}

    def picture(self) -> tuple[dict[str, object], ...]:
        return tuple(dict(part) for part in (self.calls, self.cards, self.agents, self.lines, self.links))

    def hear(self, text: str | bytes) -> None:
        message = server_message.validate_json(text)
        self.heard.append(message)
        if isinstance(message, Snapshot):
            self._start_over(message)
        elif not isinstance(message, Pong):
            assert message.seq == self.seq + 1, f"delta {message.seq} after {self.seq}"
            self.seq = message.seq
        match message:
            case CallPut(call=call):
                self.calls[call.call] = call
            case CallGone(call=key):
                del self.calls[key]
                self.cards.pop(key, None)
            case CardPut(card=card):
                assert card.call in self.calls, "a card of a call that is not there"
                self.cards[card.call] = card
            case CardGone(call=key):
                del self.cards[key]
            case AgentPut(agent=agent):
                self.agents[agent.agent] = agent
            case AgentGone(agent=key):
                del self.agents[key]
            case LinePut(line=line):
                self.lines[line.line] = line
            case LineGone(line=code):
                del self.lines[code]
            case LinkPut(link=link):
                self.links[link.pbx] = link
            case _:
                pass

    def _start_over(self, snapshot: Snapshot) -> None:
        self.snapshots += 1
        self.stream, self.seq = snapshot.stream, snapshot.seq
        self.calls = {one.call: one for one in snapshot.calls}
        self.cards = {one.call: one for one in snapshot.cards}
        self.agents = {one.agent: one for one in snapshot.agents}
        self.lines = {one.line: one for one in snapshot.lines}
        self.links = {one.pbx: one for one in snapshot.links}
