"""JSON of the HTTP part of `/live`."""

from pydantic import BaseModel, Field


class Ticket(BaseModel):
    ticket: str = Field(description="for one connection to /live?ticket=…")
    expires_in_s: float


class Speed(BaseModel):
    """Of the last pops, milliseconds; None while nothing was measured."""

    count: int
    p50: float | None
    p95: float | None
    p99: float | None


class PopSpeed(BaseModel):
    """From reading the switch's event to writing the pop to the socket, and to the browser's acknowledgement."""

    event_to_socket_ms: Speed
    event_to_ack_ms: Speed
