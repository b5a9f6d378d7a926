"""A forecast as a file: calls and agents by interval, and who calls.

{"mix": [{"name": "vip", "share": 0.07, "aht_s": 210, "patience_s": 600}, …],
 "intervals": [{"start": "08:00", "calls": 120, "agents": 22}, {"start": "08:30", "calls": 160, "agents": 28}],
 "end": "18:00", "days": 20, "sigma": 0.9, "ring_s": 0}
"""

from itertools import pairwise
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from routing.rehearse.calls import STANDARD_MIX, Chance, Forecast, Interval, Kind, Mix, Traffic, draw
from routing.rehearse.scenario import BadScenario

Clock = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of caller. Shares need not sum to 1."""

    name: Literal["vip", "mid", "low"]
    share: Annotated[float, Meta(ge=0)]
    aht_s: Seconds
    patience_s: Seconds


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    start: Clock
    calls: Annotated[float, Meta(ge=0, le=1_000_000)]
    agents: Annotated[int, Meta(ge=0, le=5000)]


class ForecastFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`days`: so many days are drawn, one stretch each."""

    intervals: Annotated[tuple[Span, ...], Meta(min_length=1, max_length=1000)]
    end: Clock
    mix: Annotated[tuple[Part, ...], Meta(max_length=3)] = tuple(Part(*part) for part in STANDARD_MIX)  # type: ignore[arg-type]
    days: Annotated[int, Meta(ge=1, le=1000)] = 20
    sigma: Annotated[float, Meta(gt=0, le=3)] = 0.9
    ring_s: Annotated[float, Meta(ge=0, le=60)] = 0.0


def read_forecast(text: bytes) -> ForecastFile:
    """Raises `BadScenario` with the place and what is expected there."""
    try:
        forecast = msgspec.json.decode(text, type=ForecastFile)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadScenario(str(error).replace("`$", "`forecast")) from None
    starts = [span.start for span in forecast.intervals] + [forecast.end]
    for before, after in pairwise(starts):
        if after <= before:
            raise BadScenario(f"intervals: {after} must come after {before}")
    names = [part.name for part in forecast.mix]
    if len(set(names)) != len(names) or not sum(part.share for part in forecast.mix):
        raise BadScenario("mix: each of vip, mid, low once at the most, and some share above 0")
    return forecast


def mix_of(forecast: ForecastFile) -> Mix:
    return tuple((part.name, part.share, part.aht_s, part.patience_s) for part in forecast.mix)


def day_of(forecast: ForecastFile, kinds: tuple[Kind, ...], chance: Chance) -> Traffic:
    starts = [_seconds(span.start) for span in forecast.intervals] + [_seconds(forecast.end)]
    intervals = tuple(
        Interval(start, span.calls / (end - start), span.agents)
        for span, (start, end) in zip(forecast.intervals, pairwise(starts), strict=True)
    )
    return draw(Forecast(kinds, intervals, starts[-1], forecast.sigma), chance)


def _seconds(clock: str) -> float:
    hours, minutes = clock.split(":")
    return float(int(hours) * 3600 + int(minutes) * 60)
