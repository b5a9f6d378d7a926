"""What the name of a channel, its id and what was dialled tell by themselves."""

from telephony.ids import CallId, ChannelId, Interface

_INNER = frozenset({"Local", "CBAnn", "CBRec", "Announcer", "Recorder", "Snoop", "Surrogate", "Message"})


def is_inner(name: str) -> bool:
    return name.partition("/")[0] in _INNER


def is_first(channel: ChannelId, linked: CallId) -> bool:
    """A call has the id of its first leg."""
    return str(channel) == str(linked)


def device_of(name: str) -> Interface:
    """`PJSIP/1006-0000002f` is a channel of the device `PJSIP/1006`."""
    device, dash, _ = name.rpartition("-")
    return Interface(device if dash else name)


def dialled_by_name(interface: Interface, dial: str, contacts: frozenset[str] | set[str]) -> bool:
    """A phone is dialled by its own name (`1006`, `PJSIP/1006`) or at one of its contacts
    (`1006/sip:1006@10.0.0.6`); through a trunk one dials a number (`79160000000@trunk`, `trunk/7916…`)."""
    tech, _, device = interface.partition("/")
    name, _, uri = dial.removeprefix(f"{tech}/").partition("/")
    return name == device and (not uri or uri in contacts)
