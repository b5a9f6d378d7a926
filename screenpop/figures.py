"""Today's figures of each line and tier, counted from what the switch says.

A wait is opened by joining a line and closed by an answer, an abandon or by leaving for elsewhere; each join
counts as offered once, however many phones ring for it.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from screenpop.messages import LineView, TierFigures
from screenpop.sources import Day, Line
from telephony.changes import LineLeaving


class Wait(NamedTuple):
    """`since`: epoch seconds, server clock."""

    line: str
    tier: str
    since: float


class Figures:
    """`tiers`: highest first; a call of unknown tier counts with the last."""

    def __init__(self, tiers: tuple[str, ...]) -> None:
        self.tiers = tiers
        self.days: dict[tuple[str, str], Day] = {}
        self.waits: dict[str, Wait] = {}
        self._stale: set[str] = set()

    def _tier(self, tier: str | None) -> str:
        return tier if tier in self.tiers and tier is not None else self.tiers[-1]

    def _day(self, line: str, tier: str) -> Day:
        self._stale.add(line)
        return self.days.setdefault((line, tier), Day())

    def begin_day(self, days: Mapping[tuple[str, str], Day]) -> None:
        """Local midnight (no figures), or a start in mid-day (what is stored). Waits go on."""
        self._stale.update(line for line, _ in self.days)
        self.days = dict(days)
        self._stale.update(line for line, _ in self.days)

    def joined(self, call: str, line: str, tier: str | None, since: float) -> None:
        self.closed(call)
        wait = Wait(line, self._tier(tier), since)
        self.waits[call] = wait
        self._day(line, wait.tier).offered += 1

    def answered(self, call: str, waited: float, target: float | None) -> None:
        """`waited`, `target`: seconds; without a target none is answered in it."""
        if wait := self.closed(call):
            day = self._day(wait.line, wait.tier)
            day.answered += 1
            day.answered_in_target += target is not None and waited <= target

    def left(self, call: str, reason: LineLeaving, at: float, target: float | None) -> None:
        """The wait that ends in an answer is closed by `answered`, which comes before or after this."""
        if reason is LineLeaving.ANSWERED:
            return
        wait = self.closed(call)
        if wait and reason is LineLeaving.ABANDONED:
            day = self._day(wait.line, wait.tier)
            day.abandoned += 1
            day.abandoned_in_target += target is not None and at - wait.since <= target

    def closed(self, call: str) -> Wait | None:
        wait = self.waits.pop(call, None)
        if wait:
            self._stale.add(wait.line)
        return wait

    def tier_known(self, call: str, tier: str | None) -> None:
        """The client was recognised while he waited: his offer counts where he belongs."""
        wait = self.waits.get(call)
        if wait and wait.tier != self._tier(tier):
            self._day(wait.line, wait.tier).offered -= 1
            self.waits[call] = wait._replace(tier=self._tier(tier))
            self._day(wait.line, self._tier(tier)).offered += 1

    def stale(self) -> set[str]:
        """Lines whose figures changed since the last question."""
        stale, self._stale = self._stale, set()
        return stale

    def view(self, line: Line) -> LineView:
        return LineView(line=line.code, name=line.name, tiers=list(self._tiers_of(line.code)))

    def _tiers_of(self, line: str) -> Iterable[TierFigures]:
        for tier in self.tiers:
            day = self.days.get((line, tier)) or Day()
            since = [wait.since for wait in self.waits.values() if wait.line == line and wait.tier == tier]
            yield TierFigures(
                tier=tier,
                waiting=len(since),
                longest_since=min(since, default=None),
                offered=day.offered,
                answered=day.answered,
                abandoned=day.abandoned,
                answered_in_target=day.answered_in_target,
                abandoned_in_target=day.abandoned_in_target,
            )
