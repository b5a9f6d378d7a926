"""Command -> AMI action. Pure.

AMI is lines of text: a line end inside a value would begin another header or another action, so every
value is checked here, once, for every way out. The limits are Asterisk's own: it drops an input line of
1,024 bytes or more without an answer, and cuts queue, interface and member names at 79.
"""

from collections.abc import Mapping

from telephony.commands import AddMember, Command, HangUp, PauseMember, RemoveMember
from telephony.ids import QueueName

LINE_LIMIT = 1000
NAME_LIMIT = 79
HEADERS_LIMIT = 100


class UnsafeAction(ValueError):
    """A value that cannot be sent to a switch; nothing was sent. Says which header and what to change."""


def to_action(command: Command) -> dict[str, str]:
    """Headers of the AMI action without an ActionID. Raises `UnsafeAction`."""
    match command:
        case AddMember():
            action = {
                "Action": "QueueAdd",
                "Queue": _name("Queue", command.queue),
                "Interface": _name("Interface", command.interface),
                "MemberName": _name("MemberName", command.name),
                "Penalty": "0",
                "Paused": _boolean(command.paused),
                "Reason": _name("Reason", command.reason, may_be_empty=True),
            }
        case RemoveMember():
            action = {
                "Action": "QueueRemove",
                "Queue": _name("Queue", command.queue),
                "Interface": _name("Interface", command.interface),
            }
        case PauseMember():
            action = {
                "Action": "QueuePause",
                "Interface": _name("Interface", command.interface),
                "Paused": _boolean(command.paused),
                "Reason": _name("Reason", command.reason, may_be_empty=True),
                "Queue": _name("Queue", command.queue or QueueName(""), may_be_empty=True),
            }
        case HangUp():
            action = {
                "Action": "Hangup",
                "Channel": _one_channel(command),
                "Cause": str(_cause(command.cause)),
            }
    return checked({header: value for header, value in action.items() if value})


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


def _name(header: str, value: str, *, may_be_empty: bool = False) -> str:
    if not value.strip() and not may_be_empty:
        raise UnsafeAction(f"{header} is empty")
    size = len(value.encode(errors="surrogatepass"))
    if size > NAME_LIMIT:
        raise UnsafeAction(f"{header} is {size} bytes long; a switch keeps {NAME_LIMIT}: shorten {value!r}")
    return value


def _one_channel(command: HangUp) -> str:
    """By its unique id: a name may belong to somebody else by now. `/…/` would hang up all that match."""
    channel = command.channel or command.channel_name
    if not channel.strip():
        raise UnsafeAction("Channel is empty: there is nothing to hang up")
    if channel.startswith("/"):
        raise UnsafeAction(f"Channel {channel!r} is a pattern: a hang-up is for one channel")
    return channel


def _cause(cause: int) -> int:
    if not 0 < cause < 128:
        raise UnsafeAction(f"Cause {cause} is not a Q.850 cause (1 to 127)")
    return cause


def _boolean(value: bool) -> str:
    return "true" if value else "false"
