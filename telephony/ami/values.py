"""What may stand in an AMI action: every value of a command is proven harmless here before it is sent.

AMI is lines of text, so a line end would begin another action; a name that begins with `/` is a pattern for many
channels; and a value that becomes an extension or a variable must not hold what the dialplan reads as its own.
The limits are Asterisk's own: it drops an input line of 1,024 bytes or more without an answer, and cuts names at 79.
"""

import re
from collections.abc import Mapping

LINE_LIMIT = 1000
NAME_LIMIT = 79
HEADERS_LIMIT = 100

PRIORITY_LIMIT = 2_000_000_000
"""`app_queue` keeps a signed 32-bit number."""


class UnsafeAction(ValueError):
    """A value that cannot be sent to a switch; nothing was sent. Says which header and what to change."""


def checked(action: Mapping[str, str]) -> dict[str, str]:
    """The same action, proven safe to write. `Originate` is made asynchronous: a synchronous one stops
    every other action on the connection until somebody answers."""
    if not action.get("Action"):
        raise UnsafeAction("an AMI action needs an 'Action' header")
    if len(action) > HEADERS_LIMIT:
        raise UnsafeAction(f"an AMI action of {len(action)} headers: at most {HEADERS_LIMIT} are allowed")
    for header, value in action.items():
        _check_line(header, value)
    if action["Action"].lower() == "originate":
        return {**{h: v for h, v in action.items() if h.lower() != "async"}, "Async": "true"}
    return dict(action)


def _check_line(header: str, value: str) -> None:
    if not header or not header.isascii() or not header.replace("-", "").replace("_", "").isalnum():
        raise UnsafeAction(f"{header!r} is not the name of an AMI header")
    for forbidden, name in (("\r", "carriage return"), ("\n", "line feed"), ("\0", "NUL")):
        if forbidden in value:
            raise UnsafeAction(f"{header} contains a {name}, which would become another action: {value!r}")
    try:
        size = len(header) + 2 + len(value.encode())
    except UnicodeEncodeError:
        raise UnsafeAction(f"{header} is not valid Unicode: {value!r}") from None
    if size > LINE_LIMIT:
        raise UnsafeAction(f"{header} is {size} bytes long; a switch reads at most {LINE_LIMIT}: shorten it")


def name(header: str, value: str, *, may_be_empty: bool = False) -> str:
    if not value.strip() and not may_be_empty:
        raise UnsafeAction(f"{header} is empty")
    size = len(value.encode(errors="surrogatepass"))
    if size > NAME_LIMIT:
        raise UnsafeAction(f"{header} is {size} bytes long; a switch keeps {NAME_LIMIT}: shorten {value!r}")
    return value


def one_channel(channel: str, header: str = "Channel") -> str:
    """`/…/` would be every channel that matches."""
    if not channel.strip():
        raise UnsafeAction(f"{header} is empty: nobody would be meant")
    if channel.startswith("/"):
        raise UnsafeAction(f"{header} {channel!r} is a pattern: a command is for one channel")
    return channel


def plain_id(header: str, value: str) -> str:
    """A channel's id that becomes an id of ours or the value of a variable."""
    if not re.fullmatch(r"[A-Za-z0-9_.:-]{1,79}", value):
        raise UnsafeAction(f"{header} {value!r} is no channel's id (letters, digits and . _ : - only)")
    return value


def cell(header: str, value: str) -> str:
    """Of a row whose cells are parted by bars."""
    if "|" in value:
        raise UnsafeAction(f"{header} {value!r} contains |, which would begin another column")
    return value


def device(interface: str) -> str:
    """`PJSIP/1001` is dialled as extension 1001."""
    found = re.fullmatch(r"PJSIP/([A-Za-z0-9_.+-]{1,60})", interface)
    if found is None:
        raise UnsafeAction(f"{interface!r} cannot be rung: a device is PJSIP/ and letters, digits, . _ + -")
    return found[1]


def queue_extension(queue: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,79}", queue):
        raise UnsafeAction(f"queue {queue!r} cannot be called (letters, digits, _ and - only)")
    return queue


def number(value: str) -> str:
    """Feature codes and anything else that a trunk might take for an order are refused."""
    if not re.fullmatch(r"\+?[0-9]{2,20}", value):
        raise UnsafeAction(f"{value!r} cannot be dialled: 2 to 20 digits, a plus before them at most")
    return value


def file_name(value: str) -> str:
    """No folder, no suffix, nothing the switch would read as an option or a command."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}", value):
        raise UnsafeAction(f"{value!r} is no name for a recording (letters, digits, _, . and -)")
    return value


def whole(header: str, value: int, least: int, most: int) -> str:
    if not least <= value <= most:
        raise UnsafeAction(f"{header} {value} is out of bounds ({least} to {most})")
    return str(value)
