"""What the dialplan sends, as JSON or as a form."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.infra import dialplan

LANGUAGES = ("ru", "en")

Name = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[!-~]+$")]
CallName = Annotated[str, Meta(min_length=1, max_length=150, pattern="^[!-~]+$")]


class CallArrives(msgspec.Struct, frozen=True):
    """A call asks where to go. Only `pbx` and `call_id` (Asterisk's Linkedid) must be there.

    Numbers and names come as the switch has them: nothing in them is an error, because no call may be lost for it.
    """

    pbx: Annotated[Name, Meta(description="our name of the switch, as in the settings")]
    call_id: Annotated[CallName, Meta(description="Linkedid of the caller's first leg")]
    channel: Annotated[str, Meta(description="Uniqueid of the asking channel")] = ""
    ani: Annotated[
        str | None, Meta(description="caller's number, as heard; empty or `anonymous`: withheld")
    ] = None
    ani_name: Annotated[str | None, Meta(description="caller's name, as heard")] = None
    dnis: Annotated[str | None, Meta(description="dialled number")] = None
    topic: Annotated[str | None, Meta(description="reason for calling, when self-service asked for it")] = (
        None
    )
    language: Annotated[str | None, Meta(description="`ru` or `en`, when self-service asked for it")] = None
    self_served: Annotated[str, Meta(description="`yes`: he was in self-service and goes on to the line")] = (
        ""
    )


_json = msgspec.json.Decoder(CallArrives)


def read_call(body: bytes, content_type: str) -> CallArrives:
    """Raises `BadInput` that names the field and what is expected. Letters that are not UTF-8 are replaced, not refused."""
    call = dialplan.read(body, content_type, _json)
    return msgspec.structs.replace(
        call,
        channel=_clean(call.channel) or "",
        ani=_clean(call.ani),
        ani_name=_clean(call.ani_name),
        dnis=_clean(call.dnis),
        topic=_clean(call.topic),
        language=call.language if call.language in LANGUAGES else None,
    )


def _clean(text: str | None) -> str | None:
    """Without control characters, which PostgreSQL or a log would refuse or obey; at most 256 characters."""
    if text is None:
        return None
    if not text.isprintable():
        text = "".join(letter for letter in text if letter.isprintable())
    return text.strip()[:256] or None
