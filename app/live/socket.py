"""The WebSocket `/live`: moves texts between one browser and his stream. Another site's page is refused by
`app.infra.http`, dead peers by the server's own pings."""

import asyncio
from contextlib import suppress
from typing import Any

from pydantic import ValidationError
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from app.live.protocol import EXTENSION, Outlet
from app.live.service import Live, Seat, now
from screenpop.messages import CardShown, Ping, Pong, client_message
from screenpop.stream import Delta

LONGEST_MESSAGE = 4096
CLOSE_WITHIN_S = 2.0
NOT_UNDERSTOOD = 1008
TOO_LONG = 1009


class LiveSocket:
    """`/live?ticket=…[&stream=…&seq=…]`"""

    def __init__(self, live: Live) -> None:
        self._live = live

    async def serve(self, socket: WebSocket) -> None:
        holder = self._live.tickets.redeem(socket.query_params.get("ticket", ""), now().monotonic)
        if holder is None:
            message = "The ticket is unknown, used or too old: get a new one from POST /api/live/tickets."
            await socket.send_denial_response(
                JSONResponse({"code": "not_signed_in", "message": message}, 401)
            )
            return
        await socket.accept()
        seat = self._live.join(holder, _resume(socket))
        try:
            await self._run(socket, seat)
        finally:
            self._live.leave(seat)

    async def _run(self, socket: WebSocket, seat: Seat) -> None:
        """Until the browser goes or we want him gone. A fault of ours comes out."""
        sender = asyncio.create_task(self._send(socket, seat))
        receiver = asyncio.create_task(self._receive(socket, seat))
        try:
            ends: set[asyncio.Future[Any]] = {sender, receiver, seat.closing}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sender, receiver):
                task.cancel()
            outcomes = await asyncio.gather(sender, receiver, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception) and not isinstance(outcome, WebSocketDisconnect):
                raise outcome
        if seat.closing.done() and socket.client_state is WebSocketState.CONNECTED:
            code, reason = seat.closing.result()
            with suppress(TimeoutError, WebSocketDisconnect):
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    await socket.close(code, reason)

    async def _send(self, socket: WebSocket, seat: Seat) -> None:
        """Whoever reads slowly blocks only this task; what he misses meanwhile becomes a snapshot."""
        stream = seat.stream
        outlet: Outlet | None = socket.scope["extensions"].get(EXTENSION, {}).get("outlet")

        def at_once() -> bool:
            if outlet is None or not outlet.free or stream.snapshot_due or seat.closing.done():
                return False
            deltas = stream.take(now())
            outlet.write(delta.text for delta in deltas)
            self._sent(deltas)
            return True

        while True:
            seat.at_once = at_once
            await seat.news.wait()
            seat.at_once = None  # what this task has taken goes first
            seat.news.clear()
            while stream.has_news and not seat.closing.done():
                if stream.snapshot_due:
                    await socket.send_text(self._live.snapshot(stream).decode())
                elif not at_once():
                    deltas = stream.take(now(), limit=1)
                    await socket.send_text(deltas[0].text.decode())
                    self._sent(deltas)

    def _sent(self, deltas: list[Delta]) -> None:
        for delta in deltas:
            if delta.pop is not None:
                self._live.pops.sent(delta.pop, now())

    async def _receive(self, socket: WebSocket, seat: Seat) -> None:
        while True:
            received = await socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            text = received.get("text") or ""
            if len(text) > LONGEST_MESSAGE:
                seat.close((TOO_LONG, f"Messages have at most {LONGEST_MESSAGE} characters."))
                return
            try:
                message = client_message.validate_json(text)
            except ValidationError as error:
                seat.close((NOT_UNDERSTOOD, _in_short(error)))
                return
            match message:
                case CardShown():
                    self._live.shown(seat.stream, message)
                case Ping():
                    await socket.send_text(Pong(at=now().epoch).model_dump_json())


def _resume(socket: WebSocket) -> tuple[str, int] | None:
    stream, seq = socket.query_params.get("stream"), socket.query_params.get("seq", "")
    return (stream, int(seq)) if stream and seq.isascii() and seq.isdigit() and len(seq) < 16 else None


def _in_short(error: ValidationError) -> str:
    """A close reason holds 123 bytes."""
    return f"Message not understood: {error.errors()[0]['msg']}".encode()[:120].decode(errors="ignore")
