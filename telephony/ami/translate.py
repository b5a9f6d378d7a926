"""AMI message -> event in our words: the only file that knows the names of AMI events."""

from telephony.ami.wire import Message

Event = object
WANTED: frozenset[bytes] = frozenset()


class TranslateError(Exception):
    """A wanted event lacks a header it always has."""


def translate(message: Message) -> Event | None:
    """None: not ours."""
    return None
