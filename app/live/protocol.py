"""uvicorn's WebSocket, and a way around its queue of tasks: several messages in one write, without waiting.

ASGI only knows `await send(one message)`. A pop that goes that way waits for its turn in the loop, and each message
costs the way through every layer; both together are half of what a pop takes here.
"""

from collections.abc import Iterable
from typing import NamedTuple

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

EXTENSION = "tierline.outlet"


class Outlet(NamedTuple):
    """What a scope's `extensions[EXTENSION]` holds as `outlet`."""

    protocol: "OutletProtocol"

    @property
    def free(self) -> bool:
        """Open, and all that was written before has left."""
        one = self.protocol
        return one.writable.is_set() and not one.close_sent and one.conn.state is State.OPEN

    def write(self, texts: Iterable[bytes]) -> None:
        """Messages as UTF-8. Only while it is `free`."""
        one = self.protocol
        for text in texts:
            one.conn.send_text(text)
        one.transport.write(b"".join(one.conn.data_to_send()))


class OutletProtocol(WebSocketsSansIOProtocol):
    """For uvicorn's `ws=`."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["extensions"][EXTENSION] = {"outlet": Outlet(self)}
