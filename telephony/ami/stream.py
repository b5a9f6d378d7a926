"""One event connection, from greeting to end: bytes in, ordered calls on the consumer out.

The fast path is synchronous: what was read is framed, translated and consumed before the loop does anything
else, so an idle backend adds no wait of its own. Only when more is there than fits into a time slice is it
queued, and worked off slice by slice between the loop's other duties. Reading never stops, because a switch
cuts off a client that does; when the queue is full the floor is declared stale and rebuilt instead.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TypeVar, cast

from telephony.ami.capture import Capture
from telephony.ami.connection import Ending, Endpoint, LinkState, Up
from telephony.ami.consumer import Consumer, Counters, Limits
from telephony.ami.joining import FULLY_BOOTED, Joining
from telephony.ami.looks import Looks, NotBelieved
from telephony.ami.resync import Asked, Snapshot
from telephony.ami.translate import WANTED, TranslateError, translate
from telephony.ami.wire import END_OF_BLOCK, Framer, Message, WireError
from telephony.events import Event

T = TypeVar("T")

PIECE = 64 * 1024
"""Bytes framed at once, about 140 events: the grain of a time slice."""

_BOOTED_LATE = "the switch was still loading its modules when it was asked"


class EventStream(asyncio.Protocol):
    """The life of one connection: greeting → login → snapshot → live; after an overflow a calm, then a
    snapshot again. `ready` is done after the login, `ended` tells why it is over.

    `tell`: hears `Up` before the first snapshot. `calm`: seconds to wait after an overflow.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        consumer: Consumer,
        counters: Counters,
        limits: Limits,
        *,
        tell: Callable[[LinkState], None],
        calm: Callable[[], float],
        clock: Callable[[], float],
        wanted: frozenset[bytes] = WANTED,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self.ended: asyncio.Future[Ending] = self._loop.create_future()
        self.heard = 0
        self.believed = False
        self.capture: Capture | None = None
        self._endpoint = endpoint
        self._consumer = consumer
        self._counters = counters
        self._limits = limits
        self._tell = tell
        self._calm = calm
        self._clock = clock
        self._wanted = wanted | {FULLY_BOOTED}
        self._framer = Framer(self._wanted)
        self._skipped_before = counters.skipped
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._step: Callable[[Message, float], None] | None = self._log_in
        self._login_sent = False
        self._calming = False
        self._torn_since: float | None = None
        self._backlog: deque[tuple[bytes, float]] = deque()
        self._queued = 0
        self._last_word: Ending | None = None
        self._looks = Looks()
        self._joining = Joining(
            consumer,
            counters,
            limits,
            clock,
            send=self._send,
            later=self._later,
            whole=self._all_lists_are_there,
            live=self._go_live,
            overflow=self._overflow,
        )

    @property
    def banner(self) -> str | None:
        return self._framer.banner

    @property
    def live(self) -> bool:
        """Believed, and events go straight to the consumer."""
        return self.believed and self._step is None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        received = self._clock()
        self.heard += 1
        self._counters.bytes += len(data)
        if self.capture is not None:
            self.capture.write(data)
        if self._calming or self.ended.done():
            return
        try:
            if self._backlog or len(data) > PIECE:
                self._queue(data, received)
            else:
                self._consume(data, received)
        except Exception as fault:
            self._fail(fault)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            words = "hung up before the login: check permit= and deny= in manager.conf"
        else:
            words = f"connection lost: {exc}" if exc else "connection closed by the switch"
        ending = Ending(f"PBX {self._endpoint.pbx}: {words}")
        if self._backlog:
            self._last_word = ending
        else:
            self.end(ending)

    def end(self, ending: Ending) -> None:
        """Close now; the first reason given is the one that counts."""
        if self.ended.done():
            return
        self.ended.set_result(ending)
        self._backlog.clear()
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()
        if self.capture is not None:
            self.capture.end_of_stream()
        self._disbelieve(ending.words)

    def ping(self) -> None:
        self._send("Ping", {}, "ping")

    def look(self, asked: Asked, compare: Callable[[Snapshot], T]) -> "asyncio.Future[T]":
        """Asks for one list on the live link; `compare` hears it at its point in the stream. Raises `NotBelieved`, or the
        future does when the floor ceases to be believed meanwhile."""
        if not self.live:
            raise NotBelieved(f"PBX {self._endpoint.pbx}: the floor is being rebuilt")
        action_id, look = self._looks.begin(asked, compare)
        self._send(asked.action, asked.headers, action_id)
        return look.result

    def rebuild(self, why: str) -> None:
        """Stop believing the floor and ask for everything, on this link."""
        if self.live:
            self._disbelieve(why)
            self._ask_snapshot()

    def _fail(self, fault: Exception) -> None:
        """A fault of the consumer is not the switch's: it must come out of `Reader.run()`."""
        if not self.ended.done():
            self.believed = False  # do not call again what has just failed
            self._joining.stop(in_order=False)
            self.end(Ending(f"fault while consuming events: {fault!r}", error=fault))

    # The queue: only when one read is more than one slice

    def _queue(self, data: bytes, received: float) -> None:
        backlog = self._backlog
        idle = not backlog
        backlog.extend((data[at : at + PIECE], received) for at in range(0, len(data), PIECE))
        self._queued += len(data)
        if self._queued > self._limits.queue_bytes:
            self._overflow(f"{self._queued} bytes waited to be read")
        elif received - backlog[0][1] > self._limits.lag_s:
            self._overflow(f"reading fell {received - backlog[0][1]:.1f} s behind")
        elif idle:
            self._work()

    def _work(self) -> None:
        """One slice. What is left waits until the loop has served the others."""
        until = self._clock() + self._limits.slice_s
        backlog = self._backlog
        while backlog:
            data, received = backlog[0]
            self._consume(data, received)
            if not backlog:  # ended or overflowed meanwhile
                return
            backlog.popleft()
            self._queued -= len(data)
            if backlog and self._clock() >= until:
                self._later(self._work)
                return
        if self._last_word is not None:  # what the switch said before it hung up is told first
            self.end(self._last_word)

    def _later(self, work: Callable[[], None]) -> None:
        self._loop.call_soon(self._guarded, work)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as fault:
            self._fail(fault)

    def _consume(self, data: bytes, received: float) -> None:
        try:
            messages = self._framer.feed(data)
        except WireError as error:
            self.end(Ending(f"PBX {self._endpoint.pbx}: {error}"))
            return
        since = received if self._torn_since is None else self._torn_since
        if data.endswith(END_OF_BLOCK):
            self._torn_since = None
        elif messages or self._torn_since is None:
            self._torn_since = received
        self._counters.skipped = self._skipped_before + self._framer.skipped
        if self._step is None:
            self._deliver(messages, since)
        else:
            self._settle(messages, since)

    def _deliver(self, messages: list[Message], since: float) -> None:
        """The hot path: a live link."""
        if self._looks:
            self._looks.take(messages, lambda before: self._tell_events(before, since))
        else:
            self._tell_events(messages, since)

    def _tell_events(self, messages: list[Message], since: float) -> None:
        events: list[Event] = []
        booted_late = False
        for message in messages:
            if message.name:
                try:
                    event = translate(message)
                except TranslateError:
                    self._counters.untranslatable[_name(message)] += 1
                else:
                    if event is not None:
                        events.append(event)
                    elif message.name == FULLY_BOOTED:
                        booted_late = True
                    else:
                        self._counters.ignored[_name(message)] += 1
        if events:
            self._counters.events += len(events)
            self._consumer.events(events, since)
        if booted_late:
            self.rebuild(f"PBX {self._endpoint.pbx}: {_BOOTED_LATE}")

    # Before the link is live

    def _settle(self, messages: list[Message], since: float) -> None:
        if not self._login_sent and self._framer.banner is not None:
            self._greet()
        for index, message in enumerate(messages):
            if self._step is None:
                self._deliver(messages[index:], since)
                return
            if self._calming or self.ended.done():
                return
            self._step(message, since)

    def _greet(self) -> None:
        """The secret is sent only to somebody who introduced himself as a manager interface."""
        self._login_sent = True
        headers = {"Username": self._endpoint.username, "Secret": self._endpoint.secret, "Events": "on"}
        self._send("Login", headers, "login")

    def _log_in(self, message: Message, since: float) -> None:
        if not message.is_response or message.get(b"ActionID") != "login":
            return
        if message.get(b"Response") != "Success":
            words = message.get(b"Message") or "no reason given"
            self.end(Ending(self._endpoint.refusal(words), refused=True))
            return
        self.ready.set_result(None)
        self._tell(Up(self._framer.banner or ""))
        self._ask_snapshot()

    def _ask_snapshot(self) -> None:
        self._step = self._joining.take
        self._joining.begin()
        self._after(self._limits.snapshot_s, self._give_up)

    def _give_up(self) -> None:
        limit, unanswered = f"{self._limits.snapshot_s:g} s", self._joining.unanswered
        self.end(Ending(f"PBX {self._endpoint.pbx}: no snapshot within {limit}, unanswered: {unanswered}"))

    def _all_lists_are_there(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.believed = True

    def _go_live(self, anew: bool) -> None:
        self._step = None
        if anew:
            self.rebuild(f"PBX {self._endpoint.pbx}: {_BOOTED_LATE}")

    # When the floor cannot be believed

    def _overflow(self, why: str) -> None:
        """Throw away what is waiting, keep reading, and begin anew when the storm may be over."""
        self._counters.overflows += 1
        self._backlog.clear()
        self._queued = 0
        self._calming = True
        self._disbelieve(f"PBX {self._endpoint.pbx}: {why}")
        self._after(self._calm(), self._begin_anew)

    def _begin_anew(self) -> None:
        """The first block after the gap is torn: a stray byte before it makes the framer see that."""
        self._calming = False
        self._skipped_before = self._counters.skipped
        self._framer = Framer(self._wanted)
        self._framer.feed(b"-")
        self._torn_since = None
        self._ask_snapshot()

    def _disbelieve(self, why: str) -> None:
        self._joining.stop()
        if self.believed:
            self.believed = False
            self._looks.fail(why)
            self._consumer.stale(why)

    def _after(self, delay: float, step: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(delay, step)

    def _send(self, action: str, headers: dict[str, str], action_id: str) -> None:
        if self._transport is not None and not self._transport.is_closing():
            lines = {"Action": action, "ActionID": action_id, **headers}
            text = "".join(f"{header}: {value}\r\n" for header, value in lines.items())
            self._transport.write(f"{text}\r\n".encode("utf-8", "surrogateescape"))


def _name(message: Message) -> str:
    return message.name.decode("ascii", "replace")
