"""One-time tickets for the WebSocket: a browser cannot send headers with it, and a cookie alone would let every
page of another site connect."""

import secrets
from collections import OrderedDict
from typing import NamedTuple

from screenpop.messages import Viewer

LASTS_S = 30.0
MOST = 10_000
"""Tickets open at one time; beyond that the oldest is void."""


class Holder(NamedTuple):
    """`session`: key of the session that asked; when it ends, so does the socket."""

    viewer: Viewer
    session: bytes


class Tickets:
    """Times: monotonic seconds."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, tuple[float, Holder]] = OrderedDict()  # oldest first

    def issue(self, holder: Holder, now: float) -> str:
        self._drop_expired(now)
        if len(self._open) >= MOST:
            self._open.popitem(last=False)
        ticket = secrets.token_urlsafe(24)
        self._open[ticket] = (now + LASTS_S, holder)
        return ticket

    def redeem(self, ticket: str, now: float) -> Holder | None:
        """None when it is unknown, used or too old."""
        expires, holder = self._open.pop(ticket, (0.0, None))
        return holder if expires > now else None

    def void(self, sessions: set[bytes]) -> None:
        for ticket, (_, holder) in list(self._open.items()):
            if holder.session in sessions:
                del self._open[ticket]

    def _drop_expired(self, now: float) -> None:
        while self._open:
            expires, _ = self._open[next(iter(self._open))]
            if expires > now:
                return
            self._open.popitem(last=False)
