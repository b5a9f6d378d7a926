"""Fan-out: each message is encoded once and shared; each viewer's number is spliced in when his socket takes it.

Viewers with the same sight (floor or not, which device) are told the same, so a move is judged once for each
sight that it concerns, and found by device: a ringing phone costs the same with 5 or 500 agents signed in.
What a viewer is told of one move comes in one push: the phone's own first, those who watch the floor after it.
"""

from collections.abc import Callable, Iterable
from itertools import chain

import msgspec
from pydantic import BaseModel

from screenpop.audience import Sight, Tell, of_agent, of_call, of_line, picture, plain, sight
from screenpop.messages import Viewer
from screenpop.moves import AgentMoved, CallMoved, LineMoved, LinkMoved, Move, Shown
from screenpop.project import Screen
from screenpop.sources import Instant
from screenpop.stream import BACKLOG, Frame, Pop, Stream

LINGER_S = 60.0
"""How long a stream without a socket is kept for resuming."""


class Hub:
    """`new_id`: makes an unguessable stream id. `backlog`: deltas kept for each viewer."""

    def __init__(self, screen: Screen, new_id: Callable[[], str], backlog: int = BACKLOG) -> None:
        self.screen = screen
        self.streams: dict[str, Stream] = {}
        self._new_id = new_id
        self._backlog = backlog
        self._by_sight: dict[Sight, dict[str, Stream]] = {}
        self._by_agent: dict[str, set[Sight]] = {}
        self._floor: set[Sight] = set()
        self._left_at: dict[str, float] = {}

    # --- viewers ----------------------------------------------------------------------------------------

    def join(self, viewer: Viewer, resume: tuple[str, int] | None = None) -> Stream:
        """`resume`: the stream's id and the last number seen. A stream is given back only to the same viewer
        with the same rights; whoever was attached to it before must let go of it (`wake` is replaced)."""
        if resume is not None:
            known = self.streams.get(resume[0])
            if known is not None and known.viewer == viewer:
                known.resume(resume[1])
                self._left_at.pop(known.id, None)
                return known
        stream = Stream(self._new_id(), viewer, self._backlog)
        self.streams[stream.id] = stream
        seen = sight(viewer)
        self._by_sight.setdefault(seen, {})[stream.id] = stream
        if seen.floor:
            self._floor.add(seen)
        if seen.agent is not None:
            self._by_agent.setdefault(seen.agent, set()).add(seen)
        return stream

    def leave(self, stream: Stream, at: Instant) -> None:
        """The socket is gone; the stream goes on collecting for a while."""
        stream.wake = None
        if stream.id in self.streams:
            self._left_at[stream.id] = at.epoch

    def drop(self, stream: Stream) -> None:
        """Nobody may come back to this stream."""
        self._left_at.pop(stream.id, None)
        if self.streams.pop(stream.id, None) is None:
            return
        seen = sight(stream.viewer)
        same = self._by_sight[seen]
        del same[stream.id]
        if not same:
            del self._by_sight[seen]
            self._floor.discard(seen)
            if seen.agent is not None:
                self._by_agent[seen.agent].discard(seen)

    def expire(self, at: Instant) -> None:
        for id, left_at in list(self._left_at.items()):
            if at.epoch - left_at > LINGER_S:
                self.drop(self.streams[id])

    def snapshot(self, stream: Stream, at: Instant) -> bytes:
        """All that this viewer may see now, a `messages.Snapshot` as JSON; his deltas go on behind it."""
        screen, seen = self.screen, sight(stream.viewer)
        stream.started_over()
        cut = picture(
            seen, list(screen.lines.values()), list(screen.agents.values()), list(screen.calls.values())
        )
        return _encode(
            {
                "type": "snapshot",
                "stream": stream.id,
                "seq": stream.seq,
                "at": at.epoch,
                "viewer": stream.viewer,
                "links": list(screen.links.values()),
                "lines": cut.lines,
                "agents": cut.agents,
                "calls": cut.calls,
                "cards": [msgspec.Raw(card.json.encode()) for card in cut.cards],
            }
        )

    # --- news -------------------------------------------------------------------------------------------

    def publish(self, moves: Iterable[Move]) -> None:
        for move in moves:
            match move:
                case CallMoved():
                    self._call(move)
                case AgentMoved():
                    self._agent(move)
                case LineMoved():
                    self._line(move)
                case LinkMoved():
                    frame = _put(b"link", move.new)
                    for stream in self.streams.values():
                        stream.push(frame)

    def _concerned(self, agents: Iterable[str]) -> Iterable[Sight]:
        """Each once; those at whose phone something happens before those who watch the floor."""
        own = (one for agent in agents for one in self._by_agent.get(agent, ()))
        return dict.fromkeys(chain(own, self._floor))

    def _tell(self, seen: Sight, *frames: Frame) -> None:
        for stream in self._by_sight[seen].values():
            stream.push(*frames)

    def _call(self, move: CallMoved) -> None:
        shown = [one for one in move if one is not None]
        last, made = shown[-1], dict[Tell, Frame]()
        gone = move.new is None or last.view.stage == "ended"
        card = b"" if gone or last.card is None else last.card.json.encode()
        for seen in self._concerned([party for one in shown for party in one.parties]):
            frames: list[Frame] = []
            for tell in of_call(seen, move):
                frame = made.get(tell) or made.setdefault(tell, _call_frame(tell, last, card))
                frames.append(frame._replace(pop=_pop(last, seen)) if tell is Tell.POP else frame)
            if frames:
                self._tell(seen, *frames)

    def _agent(self, move: AgentMoved) -> None:
        one = move.new or move.old
        if one is None:
            return
        frame = _gone(b"agent", b"agent", one.agent) if move.new is None else _put(b"agent", one)
        for seen in self._concerned([one.agent]):
            for _ in of_agent(seen, move):
                self._tell(seen, frame)

    def _line(self, move: LineMoved) -> None:
        made: dict[Tell, Frame] = {}
        for seen in self._by_sight:
            for tell in of_line(seen, move):
                frame = made.get(tell) or made.setdefault(tell, _line_frame(tell, move))
                self._tell(seen, frame)


def _contract(model: object) -> msgspec.Raw:
    """The rarer parts of messages are models of the contract itself."""
    if isinstance(model, BaseModel):
        return msgspec.Raw(model.model_dump_json().encode())
    raise NotImplementedError(f"{type(model)} is no part of a message")


_encode = msgspec.json.Encoder(enc_hook=_contract).encode


def _put(kind: bytes, thing: object) -> Frame:
    return Frame(b'{"type":"%b","seq":' % kind, b',"%b":%b}' % (kind, _encode(thing)))


def _gone(kind: bytes, field: bytes, key: str) -> Frame:
    return Frame(b'{"type":"%b_gone","seq":' % kind, b',"%b":%b}' % (field, _encode(key)))


def _call_frame(tell: Tell, shown: Shown, card: bytes) -> Frame:
    match tell:
        case Tell.PUT:
            return _put(b"call", shown.view)
        case Tell.GONE:
            return _gone(b"call", b"call", shown.view.call)
        case Tell.CARD_GONE:
            return _gone(b"card", b"call", shown.view.call)
        case _:
            stamps = b"" if tell is Tell.POP else b"null}"
            return Frame(b'{"type":"card","seq":', b',"card":%b,"stamps":%b' % (card, stamps))


def _line_frame(tell: Tell, move: LineMoved) -> Frame:
    if move.new is None:
        return _gone(b"line", b"line", move.old.line if move.old else "")
    return _put(b"line", plain(move.new) if tell is Tell.PUT_PLAIN else move.new)


def _pop(shown: Shown, seen: Sight) -> Pop:
    event = shown.reached[seen.agent or ""]
    return Pop(shown.view.call, event, shown.card_at or event)
