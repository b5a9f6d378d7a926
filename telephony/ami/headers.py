"""Reading single headers straight from the bytes of a message: the hot path builds no dict.

Headers are given as they stand in the block, `b"\\r\\nQueue: "`.
"""

from telephony.ids import CallId, ChannelId


class TranslateError(Exception):
    """A wanted event lacks a header it always has, or says a number that is none."""


def missing(raw: bytes, header: bytes) -> TranslateError:
    name = raw[7 : raw.find(b"\r\n")].decode("ascii", "replace")
    return TranslateError(f"event {name} without header {header.strip(b': ').decode()}")


def read(raw: bytes, header: bytes) -> str:
    """The value of a header that is always there; `TranslateError` when it is not."""
    begin = raw.find(header)
    if begin < 0:
        raise missing(raw, header)
    begin += len(header)
    end = raw.find(b"\r\n", begin)
    return (raw[begin:end] if end >= 0 else raw[begin:]).decode("utf-8", "surrogateescape")


def find(raw: bytes, header: bytes) -> str | None:
    """A value for people, which may be absent, empty or `<unknown>`: None then. What is no UTF-8 is shown as
    such: half a letter in a caller's name must not stop his card on its way to a screen."""
    begin = raw.find(header)
    if begin < 0:
        return None
    begin += len(header)
    end = raw.find(b"\r\n", begin)
    value = (raw[begin:end] if end >= 0 else raw[begin:]).decode("utf-8", "replace")
    return None if value in ("", "<unknown>") else value


def moment(raw: bytes) -> float | None:
    """`Timestamp`, None when the switch does not tell it."""
    begin = raw.find(b"\r\nTimestamp: ", 0, 160)
    if begin < 0:
        return None
    end = raw.find(b"\r\n", begin + 13)
    try:
        at = float(raw[begin + 13 : end] if end >= 0 else raw[begin + 13 :])
    except ValueError:
        raise TranslateError("event with a Timestamp that is no number") from None
    return at if 0.0 <= at < 1e11 else None


def number(raw: bytes, header: bytes) -> int:
    text = read(raw, header)
    try:
        return int(text)
    except ValueError:
        raise TranslateError(f"header {header.strip().decode()} is no number: {text!r}") from None


def cause(raw: bytes) -> int:
    """Q.850, 0 when not said."""
    text = find(raw, b"\r\nCause: ")
    return int(text) if text is not None and text.isdecimal() and len(text) < 6 else 0


def channel(raw: bytes) -> tuple[ChannelId, CallId, str]:
    """Id, call and name of the channel an event is about."""
    return (
        ChannelId(read(raw, b"\r\nUniqueid: ")),
        CallId(read(raw, b"\r\nLinkedid: ")),
        read(raw, b"\r\nChannel: "),
    )


def dest(raw: bytes) -> tuple[ChannelId, CallId, str]:
    """The same of the channel that is dialled."""
    return (
        ChannelId(read(raw, b"\r\nDestUniqueid: ")),
        CallId(read(raw, b"\r\nDestLinkedid: ")),
        read(raw, b"\r\nDestChannel: "),
    )


def number_of(raw: bytes) -> tuple[str | None, str | None]:
    return find(raw, b"\r\nCallerIDNum: "), find(raw, b"\r\nCallerIDName: ")


def dialled(raw: bytes, header: bytes) -> str | None:
    """`s` and its like are places in the dialplan, not numbers somebody dialled."""
    exten = find(raw, header)
    return None if exten in ("s", "h", "t", "i", "failed") else exten
