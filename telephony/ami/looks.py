"""Lists asked for on a live link, to compare them with the floor.

A list is never mixed with events, so there is one point in the stream at which it is whole: all that the switch had
said before it has been told, nothing after it has. There the comparison is made, before anything else happens.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from telephony.ami.resync import Asked, Snapshot, SnapshotBuilder
from telephony.ami.wire import Message

T = TypeVar("T")

OURS = "look-"
"""How the ids of our actions begin: what answers them is no event."""


class NotBelieved(Exception):
    """The floor is not believed, or ceased to be while the switch was asked: there is nothing to compare."""


class Look(Generic[T]):
    """One list. `compare` is called once, at the point in the stream where the list is whole, and must not block;
    `result` is done with what it returns."""

    def __init__(self, asked: Asked, compare: Callable[[Snapshot], T]) -> None:
        self.asked = asked
        self.result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._builder = SnapshotBuilder((asked,))
        self._compare = compare

    def add(self, message: Message) -> bool:
        """True when it is over."""
        self._builder.add(message)
        if self._builder.complete and not self.result.done():
            self.result.set_result(self._compare(self._builder.done()))
        return self._builder.complete

    def fail(self, why: str) -> None:
        if not self.result.done():
            self.result.set_exception(NotBelieved(why))
            self.result.exception()  # whoever asked may be gone


class Looks:
    """Those that are open, by the id of their action."""

    def __init__(self) -> None:
        self._open: dict[str, Look[Any]] = {}
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._open)

    def begin(self, asked: Asked, compare: Callable[[Snapshot], T]) -> tuple[str, Look[T]]:
        """The id to ask with."""
        self._count += 1
        look = Look(asked, compare)
        action_id = f"{OURS}{self._count}"
        self._open[action_id] = look
        return action_id, look

    def take(self, messages: list[Message], tell: Callable[[list[Message]], None]) -> None:
        """Answers go to their looks; what came before one is told before it is taken."""
        before: list[Message] = []
        for message in messages:
            action_id = message.get(b"ActionID") or ""
            look = self._open.get(action_id)
            if look is None:
                before.append(message)
                continue
            if before:
                tell(before)
                before = []
            if look.add(message):
                self._open.pop(action_id, None)
        if before:
            tell(before)

    def fail(self, why: str) -> None:
        for look in self._open.values():
            look.fail(why)
        self._open.clear()
