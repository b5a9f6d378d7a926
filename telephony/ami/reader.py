"""The event connection of one PBX, kept alive until cancelled.

Connects, watches that the switch is still there, and begins again with growing waits. What happens within
one connection stands in `stream.py`.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

from telephony.ami.capture import Capture
from telephony.ami.connection import (
    Backoff,
    Connecting,
    Ending,
    Endpoint,
    LinkState,
    Sleep,
    keep_connected,
    unreachable,
)
from telephony.ami.consumer import Consumer, Counters, Limits
from telephony.ami.looks import NotBelieved
from telephony.ami.resync import Asked, Snapshot
from telephony.ami.stream import EventStream
from telephony.ami.translate import WANTED

T = TypeVar("T")


class Reader:
    """`await run()` for as long as the PBX is ours.

    `ping_every_s`, `ping_deadline_s`: the switch must show a sign of life within the deadline after each
    Ping, or the link is taken for lost. `backoff`: waits between attempts; `calm`: waits after an overflow.
    `clock`: monotonic seconds. A fault of the consumer ends `run()` with that exception.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        consumer: Consumer,
        *,
        wanted: frozenset[bytes] = WANTED,
        capture: Capture | None = None,
        limits: Limits | None = None,
        ping_every_s: float = 10.0,
        ping_deadline_s: float = 5.0,
        backoff: Backoff | None = None,
        calm: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.endpoint = endpoint
        self.counters = Counters()
        self.state: LinkState = Connecting()
        self._consumer = consumer
        self._wanted = wanted
        self._capture = capture
        self._limits = limits or Limits()
        self._ping_every_s = ping_every_s
        self._ping_deadline_s = ping_deadline_s
        self._backoff = backoff or Backoff()
        self._calm = calm or Backoff(first_s=0.25, ceiling_s=10.0)
        self._clock = clock
        self._sleep = sleep
        self._stream: EventStream | None = None

    @property
    def believed(self) -> bool:
        """Whether the consumer's floor is what the switch says now."""
        return self._stream is not None and self._stream.live

    @property
    def capture(self) -> Capture | None:
        """Raw recording; may be begun and ended at any moment. Whoever made a capture closes it."""
        return self._capture

    @capture.setter
    def capture(self, capture: Capture | None) -> None:
        self._capture = capture
        if self._stream is not None:
            self._stream.capture = capture

    async def look(self, asked: Asked, compare: Callable[[Snapshot], T]) -> T:
        """What `compare` makes of this list, at the point in the stream where it is whole. Raises `NotBelieved` when the
        floor is not (or no longer) what the switch says, or the switch does not answer in time."""
        if self._stream is None:
            raise NotBelieved(f"PBX {self.endpoint.pbx}: not connected yet")
        try:
            async with asyncio.timeout(self._limits.snapshot_s):
                return await self._stream.look(asked, compare)
        except TimeoutError:
            limit = f"{self._limits.snapshot_s:g} s"
            raise NotBelieved(
                f"PBX {self.endpoint.pbx}: no answer to {asked.action} within {limit}"
            ) from None

    def rebuild(self, why: str) -> None:
        """Ask the switch for everything again, on the same link; nothing while that goes on already."""
        if self._stream is not None:
            self._stream.rebuild(why)

    async def run(self) -> None:
        await keep_connected(self._session, self._say, self._backoff, self._sleep)

    def _say(self, state: LinkState) -> None:
        self.state = state
        self._consumer.link_state(state)

    async def _session(self) -> Ending:
        endpoint = self.endpoint
        stream = EventStream(
            endpoint,
            self._consumer,
            self.counters,
            self._limits,
            tell=self._say,
            calm=self._calm.after_loss,
            clock=self._clock,
            wanted=self._wanted,
        )
        stream.capture = self._capture
        self._stream = stream
        decided: set[asyncio.Future[Any]] = {stream.ready, stream.ended}
        try:
            async with asyncio.timeout(endpoint.connect_timeout_s):
                await asyncio.get_running_loop().create_connection(
                    lambda: stream, endpoint.host, endpoint.port, ssl=endpoint.ssl_context
                )
                await asyncio.wait(decided, return_when=asyncio.FIRST_COMPLETED)
            self.counters.connections += 1
            await self._watch(stream)
        except OSError as error:
            stream.end(unreachable(endpoint, error, greeted=stream.banner is not None))
        finally:
            stream.end(Ending("stopped"))
        return stream.ended.result()

    async def _watch(self, stream: EventStream) -> None:
        """Any byte after a Ping is a sign of life: the answer itself may stand behind a long queue."""
        while not stream.ended.done():
            await asyncio.wait({stream.ended}, timeout=self._ping_every_s)
            heard = stream.heard
            stream.ping()
            await asyncio.wait({stream.ended}, timeout=self._ping_deadline_s)
            await asyncio.sleep(0)  # what arrived while the loop was held up counts
            if stream.heard == heard:
                limit = f"{self._ping_deadline_s:g} s"
                stream.end(Ending(f"PBX {self.endpoint.pbx}: no answer to a Ping within {limit}"))
            elif stream.believed:
                self._backoff.reset()
                self._calm.reset()
