"""Feeding a floor with what a switch says, and asking it for what a person would notice."""

from telephony.ami.translate import WANTED, translate
from telephony.ami.wire import Framer
from telephony.changes import Change
from telephony.events import Event
from telephony.floor import Floor
from telephony.ids import PbxId
from telephony.stories import Story, story
from tests.fakes.ami_script import AmiScript


def events_of(data: bytes) -> list[Event]:
    events = [translate(message) for message in Framer(WANTED).feed(data) if message.name]
    return [event for event in events if event is not None]


def naive(data: bytes) -> list[dict[str, str]]:
    """Every event as a dict: slow, simple, and none of our code."""
    return [
        dict(line.split(": ", 1) for line in block.split("\r\n") if ": " in line)
        for block in data.decode("utf-8", "replace").split("\r\n\r\n")
        if block.startswith("Event: ")
    ]


class Watched:
    """A floor fed from a script as it grows. `changes`: all so far."""

    def __init__(self, script: AmiScript | None = None) -> None:
        self.script = script or AmiScript()
        self.floor = Floor(PbxId("test"))
        self.changes: list[Change] = []
        self._fed = 0

    def hear(self) -> list[Change]:
        new = b"".join(self.script.blocks[self._fed :])
        self._fed = len(self.script.blocks)
        changes = [change for event in events_of(new) for change in self.floor.apply(event)]
        self.changes += changes
        return changes

    def names(self) -> list[str]:
        return [type(change).__name__ for change in self.changes]

    def of(self, kind: type) -> list[Change]:
        return [change for change in self.changes if isinstance(change, kind)]

    def story(self) -> Story:
        (call,) = self.floor.calls.values()
        return story(call)

    def rings(self) -> list[tuple[str, str | None]]:
        return [(ring["agent"], ring["result"]) for ring in self.story()["rings"]]
