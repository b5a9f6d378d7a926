"""The live floor of one project: what the core loop tells, and who is looking.

The core loop calls `batch`, `rebuilt`, `link` and `clock`, the inbound webhook `know`; none of them ever waits.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import date, datetime, tzinfo

from prometheus_client import Counter, Gauge

from app.live.pops import PopShown, PopTimes
from app.live.tickets import Holder, Tickets
from screenpop.hub import Hub
from screenpop.messages import CardShown, Viewer
from screenpop.moves import Move
from screenpop.project import LinkState, Screen
from screenpop.sources import Day, Directory, Instant, Known
from screenpop.stream import Stream
from telephony.changes import Change
from telephony.floor import Floor
from telephony.ids import PbxId

VIEWERS = Gauge("tierline_live_viewers", "Browsers connected")
SNAPSHOTS = Counter(
    "tierline_live_snapshots", "Whole pictures sent: at joining, or because a viewer was slow"
)
REFRESH_S = 0.5
CHECK_SESSIONS_S = 5.0

SIGNED_OUT = (4401, "Signed out: sign in again.")
TAKEN_OVER = (4409, "This stream was continued by another connection.")


def now() -> Instant:
    return Instant(time.time(), time.monotonic())


class Seat:
    """One connected browser. `closing` is done when we want it gone: (close code, sentence). `news`: there is
    something to send. `at_once`: sends it right now if it can; set while nothing else is on its way."""

    def __init__(self, stream: Stream, session: bytes) -> None:
        self.stream = stream
        self.session = session
        self.news = asyncio.Event()
        self.at_once: Callable[[], bool] | None = None
        self.closing: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    def wake(self, pop: bool) -> None:
        """A pop does not wait for its turn in the loop; what goes with it has no hurry."""
        if not (pop and self.at_once is not None and self.at_once()):
            self.news.set()

    def close(self, why: tuple[int, str]) -> None:
        if not self.closing.done():
            self.closing.set_result(why)


class Live:
    """`on_shown`: hears of each pop that stands on a screen. `zone`: where midnight resets the day's figures,
    the server's own when None."""

    def __init__(
        self,
        directory: Directory,
        *,
        on_shown: Callable[[PopShown], None] | None = None,
        zone: tzinfo | None = None,
        backlog: int = 512,
    ) -> None:
        self.screen = Screen(directory)
        self.hub = Hub(self.screen, lambda: secrets.token_urlsafe(18), backlog)
        self.tickets = Tickets()
        self.pops = PopTimes(on_shown)
        self._zone = zone
        self._day = self._today()
        self._seats: dict[str, Seat] = {}
        self.directory_changed()

    # --- from the core loop and the app -------------------------------------------------------------------

    def batch(self, floor: Floor, changes: Iterable[Change], received: Instant) -> None:
        """`received`: when the bytes of these changes were read."""
        self._publish(self.screen.apply(floor.pbx, floor, changes, received))

    def rebuilt(self, floor: Floor) -> None:
        """The floor was built anew from the switch."""
        self._publish(self.screen.rebuild(floor.pbx, floor, now()))

    def directory_changed(self) -> None:
        """Also once before the first switch: lines and agents are there without one."""
        self._publish(self.screen.redraw(now()))

    def know(self, call: str, known: Known) -> None:
        """`call`: `<pbx>/<call id>`. Before the switch shows it as well as after; replaces what was known."""
        self._publish(self.screen.know(call, known, now()))

    def link(self, pbx: str, state: LinkState, why: str | None = None) -> None:
        self._publish(self.screen.link(PbxId(pbx), state, why, now()))

    def clock(self, pbx: str, offset: float) -> None:
        """`offset`: our clock minus the switch's, seconds. For people: the floors' moments are ours already."""
        self._publish(self.screen.clock(PbxId(pbx), offset))

    def begin_day(self, figures: Mapping[tuple[str, str], Day]) -> None:
        """Figures of today, by (line, tier), that were counted before this process began. Without the `offered`
        of calls that still wait: those are counted when the switch shows them."""
        self.screen.begin_day(figures)

    def refresh(self) -> None:
        """Figures and places, twice a second; a new day; streams nobody came back to."""
        at = now()
        if self._today() != self._day:
            self._day = self._today()
            self.screen.begin_day({})
        self._publish(self.screen.refresh(at))
        self.hub.expire(at)

    async def keep_fresh(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_S)
            self.refresh()

    # --- who is looking -----------------------------------------------------------------------------------

    def join(self, holder: Holder, resume: tuple[str, int] | None) -> Seat:
        """A stream that still has a socket (a browser that noticed first) is taken over."""
        stream = self.hub.join(holder.viewer, resume)
        former = self._seats.get(stream.id)
        if former is not None:
            former.close(TAKEN_OVER)
        seat = self._seats[stream.id] = Seat(stream, holder.session)
        stream.wake = seat.wake
        seat.news.set()
        VIEWERS.set(len(self._seats))
        return seat

    def leave(self, seat: Seat) -> None:
        if self._seats.get(seat.stream.id) is seat:
            del self._seats[seat.stream.id]
            self.hub.leave(seat.stream, now())
            VIEWERS.set(len(self._seats))

    def snapshot(self, stream: Stream) -> bytes:
        SNAPSHOTS.inc()
        return self.hub.snapshot(stream, now())

    def shown(self, stream: Stream, message: CardShown) -> None:
        self.pops.shown(stream.viewer, stream.shown(message), now())

    def sign_out(self, sessions: set[bytes]) -> None:
        """Those sessions are over: their sockets are closed, their tickets and streams void."""
        self.tickets.void(sessions)
        for seat in list(self._seats.values()):
            if seat.session in sessions:
                seat.close(SIGNED_OUT)
                self.leave(seat)
                self.hub.drop(seat.stream)

    async def watch_sessions(self, check_open: Callable[[set[bytes]], Awaitable[set[bytes]]]) -> None:
        """Until cancelled. `check_open` (of `IdentityService`) says which of these sessions are over."""
        while True:
            await asyncio.sleep(CHECK_SESSIONS_S)
            if sessions := {seat.session for seat in self._seats.values()}:
                self.sign_out(await check_open(sessions))

    def viewers(self) -> list[Viewer]:
        return [seat.stream.viewer for seat in self._seats.values()]

    def _publish(self, moves: Iterable[Move]) -> None:
        self.hub.publish(moves)

    def _today(self) -> date:
        return datetime.fromtimestamp(time.time(), self._zone).astimezone(self._zone).date()
