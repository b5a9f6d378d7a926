"""The name of a recording's file: made of its call, its beginning and the agent's device, and read back from it, so that a
file alone tells whose it is when nothing else is left. Pure."""

import re
from datetime import UTC, datetime
from typing import NamedTuple

from telephony.ids import CallId, Interface, PbxId

_NAME = re.compile(r"(?P<call>[A-Za-z0-9_.-]+)_(?P<ms>[0-9]{13})_(?P<device>[A-Za-z0-9_.-]+)")
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.-]")


class Named(NamedTuple):
    """`started`: seconds since 1970. `interface`: of a message that a caller left `voicemail/<line>`."""

    call: CallId
    started: float
    interface: Interface

    @property
    def is_message(self) -> bool:
        return self.interface.startswith("voicemail/")


def file_name(call: CallId, interface: Interface, at: float) -> str:
    """`main-1795374968.0_1795374969131_PJSIP-1001`: letters, digits, `_`, `.`, `-`; the switch takes no others."""
    device = interface.replace("/", "-", 1)
    return _NOT_IN_A_NAME.sub("-", f"{call}_{round(at * 1000):013d}_{device}").lstrip(".-")


def read_name(file: str) -> Named | None:
    """None: not one of ours."""
    found = _NAME.fullmatch(file)
    if found is None:
        return None
    interface = Interface(found["device"].replace("-", "/", 1))
    return Named(CallId(found["call"]), int(found["ms"]) / 1000, interface)


def place_of(pbx: PbxId, file: str, started: float) -> str:
    """The key under which a finished recording lies: one folder for each switch and day (UTC)."""
    day = datetime.fromtimestamp(started, UTC)
    return f"{pbx}/{day:%Y/%m/%d}/{file}.wav"
