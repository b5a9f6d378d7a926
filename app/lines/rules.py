"""A line's hours as they stand in the database -> what the engine looks at."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.errors import BadInput
from routing.hours import BadHours, Hours, read_hours

SOUND = r"^[A-Za-z0-9_][A-Za-z0-9_-]*(/[A-Za-z0-9_][A-Za-z0-9_-]*)*$"
"""The name of a sound as the dialplan takes it: no option, no path that leads out of the folder of sounds."""


@lru_cache(256)
def zone_of(name: str) -> ZoneInfo:
    """Raises `BadInput` for a name the machine's time zones do not contain."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadInput(
            f"{name!r} is no time zone; write one like Europe/Moscow, Asia/Yekaterinburg or UTC"
            " (and install tzdata where none is known)."
        ) from None


def hours_of(week: Sequence[str], holidays: Mapping[str, Sequence[str]]) -> Hours:
    """Raises `BadInput` that says what is wrong."""
    try:
        return read_hours(week, holidays)
    except BadHours as error:
        raise BadInput(f"{error}.") from None
