"""What app_queue wrote into `queue_log` about a story, against what the floor says of it."""

from collections.abc import Sequence
from pathlib import Path

from app.infra.asterisk import LocalAsterisk
from telephony.changes import Change
from telephony.queue_log import Bookkeeper, parse_row
from telephony.reconcile import Kind, reconcile

ONLY_IN_THE_ROOM = (
    "directed-answered",
    "directed-rona-then-next-agent",
    "directed-refused-then-not-there",
    "directed-abandoned-while-waiting",
    "directed-abandoned-while-ringing",
    "directed-waited-too-long",
    "directed-through-a-broken-link-while-waiting",
    "directed-through-a-broken-link-while-ringing",
    "directed-found-ringing-after-a-restart",
    "directed-from-before-the-connection",
    "directed-served-while-the-link-was-broken",
    "directed-moved-to-another-line",
    "transferred-into-a-directed-line",
)

PARTINGS: dict[str, set[Kind]] = {
    "line-timed-out": {Kind.MOVED_BUT_ABANDONED},
    "moved-to-another-line-while-waiting": {Kind.MOVED_BUT_ABANDONED},
    "withdrawn-from-the-line": {Kind.MOVED_BUT_ABANDONED},
    # app_queue counts on while agent and caller speak in a conference room, and never learns who picked up
    "conference": {Kind.DURATION},
    "pick-up": {Kind.AGENT},
    # it takes the number a phone forwards to for the agent; for us nobody of ours answered
    "forwarded": {Kind.ROW_ONLY_THERE},
    "three-way": {Kind.ROW_ONLY_HERE, Kind.ROW_ONLY_THERE},
    # the consulting leg joined the line, the client was put in its place: under whose id app_queue writes then varies
    "attended-transfer-to-another-line": {Kind.ROW_ONLY_HERE, Kind.ROW_ONLY_THERE, Kind.CALL_ONLY_THERE},
    # the row of the transfer stands at times under the id of the leg that consulted: app_queue races its own masquerade
    "blonde-transfer-by-refer": {Kind.ROW_ONLY_HERE, Kind.CALL_ONLY_THERE},
    # not seen by us
    "transferred-while-the-link-was-broken": {Kind.ROW_ONLY_HERE, Kind.ROW_ONLY_THERE},
    "rung-by-another-after-a-broken-link": {Kind.ROW_ONLY_THERE},
    # it knows of callers in our own room only what it had of them itself
    **{name: {Kind.CALL_ONLY_HERE} for name in ONLY_IN_THE_ROOM},
    "directed-orphaned-and-taken-back": {Kind.ROW_ONLY_HERE, Kind.ROW_ONLY_THERE},
}
"""How book and floor may part, by story; in no other they do."""


class Book:
    """The rows written since."""

    def __init__(self, pbx: LocalAsterisk) -> None:
        self._file: Path = pbx.log_path.parent / "queue_log"
        self._before = len(self._lines())

    def _lines(self) -> list[str]:
        return self._file.read_text().splitlines() if self._file.exists() else []

    def partings(self, changes: Sequence[Change]) -> set[Kind]:
        keeper = Bookkeeper(str)
        here = keeper.rows(changes)
        there = [parse_row(line) for line in self._lines()[self._before :]]
        return {one.kind for one in reconcile(here, there, {}, frozenset(keeper.moved))}
