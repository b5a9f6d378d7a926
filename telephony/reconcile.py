"""Our calls against `queue_log`: what one of them says and the other does not. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from telephony.queue_log import NOBODY, WORDS, Row

TOLERANCE_S = 2.0
"""The book keeps whole seconds, and its writer looks at the clock a moment later."""

TO_ROOM = "room"
"""What a caller is withdrawn with who goes on waiting in our own room."""

_LEAVING = frozenset({"ABANDON", "EXITWITHTIMEOUT", "EXITWITHKEY", "EXITEMPTY", "WITHDRAW"})
_SORTS = {
    **dict.fromkeys(_LEAVING - {"ABANDON"}, "left"),
    **dict.fromkeys(("COMPLETEAGENT", "COMPLETECALLER"), "completed"),
    **dict.fromkeys(("RINGNOANSWER", "AGENTDUMP"), "not taken"),
}
_TIMES = {
    "CONNECT": (0,), "COMPLETEAGENT": (0, 1), "COMPLETECALLER": (0, 1), "ABANDON": (2,), "EXITWITHTIMEOUT": (2,),
    "BLINDTRANSFER": (2, 3), "ATTENDEDTRANSFER": (2, 3),
}  # fmt: skip
"""Which of a row's data are durations in whole seconds."""


class Kind(StrEnum):
    CALL_ONLY_HERE = "call_only_here"
    CALL_ONLY_THERE = "call_only_there"
    ROW_ONLY_HERE = "row_only_here"
    ROW_ONLY_THERE = "row_only_there"
    AGENT = "agent"
    DURATION = "duration"
    MOVED_BUT_ABANDONED = (
        "moved_but_abandoned"  # app_queue writes ABANDON for a caller whom somebody took out
    )


class Difference(msgspec.Struct, frozen=True):
    """`here`: our row, `there`: the book's; one is None when it is missing."""

    kind: Kind
    call: str
    queue: str
    here: Row | None
    there: Row | None


def reconcile(
    here: Iterable[Row],
    there: Iterable[Row],
    names: Mapping[str, str],
    moved: frozenset[tuple[str, str]] = frozenset(),
) -> list[Difference]:
    """By call, in order of the first row. `names`: {interface: name}, because the book may use either. `moved`: (call,
    queue) of callers whom we know to have been taken out of the line by somebody."""
    ours = _by_call(here)
    theirs = {key: _one_wait(rows) for key, rows in _by_call(there).items()}
    found: list[Difference] = []
    for key in sorted(ours.keys() | theirs.keys(), key=lambda key: (_first(ours, theirs, key), key)):
        found += _of_call(key, ours.get(key, []), theirs.get(key, []), names, key in moved)
    return found


Key = tuple[str, str]


def _by_call(rows: Iterable[Row]) -> dict[Key, list[Row]]:
    calls: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        if row.word in WORDS or row.word in _SORTS:
            calls[row.call, row.queue].append(row)
    return calls


def _one_wait(rows: Iterable[Row]) -> list[Row]:
    """Between our own room and app_queue a caller goes on waiting, and the book tells it as a second entry, and as
    withdrawn on the way back. Nobody enters a queue twice without having left it."""
    kept, waits = [], False
    for row in rows:
        if row.word == "WITHDRAW" and row.data[-1:] == (TO_ROOM,):
            continue
        if row.word == "ENTERQUEUE":
            if waits:
                continue
            waits = True
        elif _sort(row) != "not taken":
            waits = False
        kept.append(row)
    return kept


def _first(ours: Mapping[Key, list[Row]], theirs: Mapping[Key, list[Row]], key: Key) -> float:
    return min(row.at for rows in (ours.get(key, ()), theirs.get(key, ())) for row in rows)


def _of_call(
    key: Key, here: list[Row], there: list[Row], names: Mapping[str, str], moved: bool
) -> list[Difference]:
    call, queue = key
    if not there:
        return [Difference(Kind.CALL_ONLY_HERE, call, queue, here[0], None)]
    if not here:
        return [Difference(Kind.CALL_ONLY_THERE, call, queue, None, there[0])]
    found = []
    left = list(there)
    for row in here:
        same = next((other for other in left if _sort(other) == _sort(row)), None)
        if same is None:
            found.append(Difference(Kind.ROW_ONLY_HERE, call, queue, row, None))
            continue
        left.remove(same)
        if not _same_agent(row.agent, same.agent, names):
            found.append(Difference(Kind.AGENT, call, queue, row, same))
        elif not _same_times(row, same):
            found.append(Difference(Kind.DURATION, call, queue, row, same))
    for other in left:
        if moved and other.word in _LEAVING:
            if other.word == "ABANDON":
                found.append(Difference(Kind.MOVED_BUT_ABANDONED, call, queue, None, other))
        else:
            found.append(Difference(Kind.ROW_ONLY_THERE, call, queue, None, other))
    return found


def _sort(row: Row) -> str:
    """Words between which we do not tell apart: who hung up is for app_queue who left the bridge first."""
    return _SORTS.get(row.word, row.word)


def _same_agent(here: str, there: str, names: Mapping[str, str]) -> bool:
    return here == there or NOBODY in (here, there) or names.get(here) == there or here == names.get(there)


def _same_times(here: Row, there: Row) -> bool:
    for place in _TIMES.get(here.word, ()):
        one, other = _seconds(here, place), _seconds(there, place)
        if one is not None and other is not None and abs(one - other) > TOLERANCE_S:
            return False
    return True


def _seconds(row: Row, place: int) -> float | None:
    try:
        return float(row.data[place])
    except (IndexError, ValueError):
        return None
