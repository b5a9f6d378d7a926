"""Bytes of the Asterisk Manager Interface in, whole header blocks out. No socket, no clock.

An unfiltered switch sends ten times what we want, so a block is looked at only as far as its event name
before it is thrown away, and a wanted one keeps its bytes until somebody asks for a header. Nothing is
decoded before the block is whole: a UTF-8 letter may be cut between two reads.
"""

from collections.abc import Container

import msgspec

END_OF_LINE = b"\r\n"
END_OF_BLOCK = b"\r\n\r\n"
BANNER = b"Asterisk Call Manager/"
BLOCK_LIMIT = 1024 * 1024

NOISIEST = (b"VarSet", b"Newexten", b"RTCPSent", b"RTCPReceived", b"TestEvent")
"""Three quarters of an unfiltered stream: where they are not wanted, they are told by their first bytes."""

_EVENT = b"Event: "
_RESPONSE = b"Response:"
_PRIVILEGE = b"Privilege:"


class WireError(Exception):
    """The stream can no longer be read as AMI: the connection must be closed and begun anew."""


class Message(msgspec.Struct, frozen=True, gc=False):
    """One header block. `name`: of the event, b"" for a response. Headers are named as Asterisk writes them."""

    raw: bytes
    name: bytes

    @property
    def is_response(self) -> bool:
        return not self.name

    def get(self, header: bytes) -> str | None:
        """The first value of a header; None when it is absent, "" when it is empty."""
        raw = self.raw
        if raw.startswith(header + b":"):
            start = len(header) + 1
        else:
            start = raw.find(b"\r\n" + header + b":") + len(header) + 3
            if start == len(header) + 2:
                return None
        return _value(raw, start)

    def all(self, header: bytes) -> list[str]:
        """Every value of a header that may come more than once (`ChanVariable`, `Output`)."""
        prefix = header + b":"
        return [_value(line, len(prefix)) for line in self.raw.split(END_OF_LINE) if line.startswith(prefix)]

    def fields(self) -> dict[str, str]:
        """All headers; of a repeated one the first. For people and rare messages, not for the hot path."""
        return headers_of(self.raw.decode("utf-8", "surrogateescape"))


def headers_of(text: str) -> dict[str, str]:
    """Of a whole block; of a repeated one the first."""
    found: dict[str, str] = {}
    for line in text.split("\r\n"):
        header, colon, value = line.partition(":")
        if colon and header not in found:
            found[header] = value.removeprefix(" ")
    return found


def _value(raw: bytes, start: int) -> str:
    if raw[start : start + 1] == b" ":
        start += 1
    end = raw.find(END_OF_LINE, start)
    return (raw[start:] if end < 0 else raw[start:end]).decode("utf-8", "surrogateescape")


class Framer:
    """Cuts a stream into messages.

    `wanted`: names of the events to keep, None for all. Responses and the items of lists (they carry no
    `Privilege`) always pass. `skipped` counts unwanted events, `malformed` blocks that are neither event nor
    response: the torn first block of a capture that begins in mid-stream.
    """

    def __init__(self, wanted: Container[bytes] | None = None) -> None:
        self.banner: str | None = None
        self.skipped = 0
        self.malformed = 0
        self._wanted = wanted
        self._noise = tuple(
            b"Event: %b\r\nPrivilege:" % name
            for name in NOISIEST
            if wanted is not None and name not in wanted
        )
        self._rest = b""
        self._greeted = False

    def feed(self, data: bytes) -> list[Message]:
        """Raises `WireError` when one block outgrows `BLOCK_LIMIT`."""
        rest = self._rest
        data = rest + data if rest else data
        if not self._greeted:
            data, rest = self._greeting(data), b""
        if data.find(END_OF_BLOCK, max(0, len(rest) - 3)) < 0:
            self._keep(data)
            return []
        blocks = data.split(END_OF_BLOCK)
        self._keep(blocks.pop())
        return self._cut(blocks)

    def _cut(self, blocks: list[bytes]) -> list[Message]:
        wanted, noise = self._wanted, self._noise
        messages: list[Message] = []
        others = [block for block in blocks if not block.startswith(noise)]
        skipped = len(blocks) - len(others)
        for block in others:
            if block.startswith(_EVENT):
                end = block.find(END_OF_LINE, 7)
                name = block[7:end] if end > 0 else block[7:]
                if wanted is None or name in wanted or not block.startswith(_PRIVILEGE, end + 2):
                    messages.append(Message(block, name))
                else:
                    skipped += 1
            elif (message := self._uncommon(block)) is not None:
                messages.append(message)
        self.skipped += skipped
        return messages

    def _uncommon(self, block: bytes) -> Message | None:
        """Responses, and what may precede a block: stray line ends, the banner of a second login."""
        block = block.lstrip(END_OF_LINE)
        if block.startswith(BANNER):
            banner, _, block = block.partition(END_OF_LINE)
            self.banner = banner.decode("ascii", "replace")
        if block.startswith(_RESPONSE):
            return Message(block, b"")
        if block.startswith(_EVENT):
            return next(iter(self._cut([block])), None)
        if block:
            self.malformed += 1
        return None

    def _greeting(self, data: bytes) -> bytes:
        """The banner is one line without a blank line after it, and the login waits for it."""
        known = min(len(data), len(BANNER))
        if data[:known] != BANNER[:known]:
            self._greeted = True
            return data
        line, end, rest = data.partition(END_OF_LINE)
        if not end:
            return data
        self._greeted = True
        self.banner = line.decode("ascii", "replace")
        return rest

    def _keep(self, rest: bytes) -> None:
        if len(rest) > BLOCK_LIMIT:
            raise WireError(
                f"no end of block within {BLOCK_LIMIT} bytes, beginning with {rest[:60]!r}: "
                "this is not an Asterisk Manager Interface, or the stream is damaged"
            )
        self._rest = rest
