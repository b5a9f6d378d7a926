"""Is the floor what the switch says? Asked all the time, cheaply, so that nobody has to wonder.

One list at a time, spread over a minute: all channels, all device states, then each queue by itself. What a look shows
is looked at again after a moment, with everything heard that was on its way; what both show is a difference. It is
counted and logged before the floor is rebuilt from the switch's lists.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import structlog
from prometheus_client import Counter, Gauge

from telephony.ami.looks import NotBelieved
from telephony.ami.reader import Reader
from telephony.ami.resync import CHANNEL_LIST, DEVICE_LIST, FENCE, Asked, Snapshot, queue_list
from telephony.differences import Difference
from telephony.floor import Floor

log = structlog.get_logger(__name__)

CHECKS = Counter(
    "tierline_floor_checks", "Lists of the switch that were compared with the floor", ["pbx", "list"]
)
DIFFERENCES = Counter("tierline_floor_differences", "Where floor and switch did not agree", ["pbx", "kind"])
MENDINGS = Counter("tierline_floor_mendings", "Rebuilds because of a difference", ["pbx"])
AGE = Gauge(
    "tierline_floor_check_age_seconds", "Since the whole floor was last compared with the switch", ["pbx"]
)

ROUND_S = 60.0
SPACING_S = 1.0
"""With more than sixty queues a round takes longer, not more of the switch."""

SECOND_LOOK_S = 1.0
MEND_AGAIN_S = (60.0, 3600.0)
"""A difference that comes back after a rebuild is a fault of ours that rebuilding does not cure: try again, ever more seldom."""

LOGGED = 20

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class FloorReport:
    """One comparison of a whole floor. `why`: it could not be compared (wholly). `at`: seconds since the epoch by our
    clock. `mending`: the floor is rebuilt because of it."""

    pbx: str
    state: Literal["same", "different", "not_compared"]
    why: str
    differences: list[Difference]
    channels: int
    devices: int
    queues: int
    mending: bool
    at: float
    took_ms: float


@dataclass(slots=True)
class _Seen:
    """What some looks showed. `suspects`: differences of one look, by the list that showed them."""

    suspects: dict[str, tuple[Asked, frozenset[Difference]]]
    refused: list[str]
    channels: int = 0
    devices: int = 0
    queues: int = 0


class SelfCheck:
    """Of one switch. `clock`: monotonic seconds; `sleep`: as of asyncio."""

    def __init__(
        self,
        reader: Reader,
        floor: Floor,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._reader = reader
        self._floor = floor
        self._clock = clock
        self._sleep = sleep
        self._log = log.bind(pbx=floor.pbx)
        self._one_at_a_time = asyncio.Lock()
        self._whole_at = clock()
        self._mend_at = 0.0
        self._mend_wait_s = 0.0
        AGE.labels(floor.pbx).set_function(lambda: self._clock() - self._whole_at)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            lists = self._lists()
            calm = True
            for asked in lists:
                await self._sleep(max(SPACING_S, ROUND_S / len(lists)))
                try:
                    seen, found = await self._check([asked])
                except NotBelieved as error:
                    self._log.info("floor_not_compared", why=str(error))
                    calm = False
                    break
                if found:
                    self._mend(found)
                    calm = False
                if seen.refused:
                    self._log.info("floor_not_compared", why="; ".join(seen.refused))
            if calm:
                self._all_is_well()

    async def now(self) -> FloorReport:
        """Everything at once. Never raises because of the switch: the report says so."""
        began, at = self._clock(), time.time()
        seen, found, why = _Seen({}, []), list[Difference](), ""
        try:
            seen, found = await self._check(self._lists())
            why = "; ".join(seen.refused)
        except NotBelieved as error:
            why = str(error)
        mending = bool(found) and self._mend(found)
        if not found and not why:
            self._all_is_well()
        return FloorReport(
            self._floor.pbx,
            "different" if found else "not_compared" if why else "same",
            why,
            found,
            seen.channels,
            seen.devices,
            seen.queues,
            mending,
            at,
            round((self._clock() - began) * 1000, 1),
        )

    def _lists(self) -> list[Asked]:
        return [CHANNEL_LIST, DEVICE_LIST, *(queue_list(name) for name in sorted(self._floor.queues))]

    async def _check(self, lists: Iterable[Asked]) -> tuple[_Seen, list[Difference]]:
        """Raises `NotBelieved`."""
        async with self._one_at_a_time:
            first = await self._look(lists)
            if not first.suspects:
                return first, []
            await self._reader.look(FENCE, lambda _: None)
            await self._sleep(SECOND_LOOK_S)
            second = await self._look([asked for asked, _ in first.suspects.values()])
            found: list[Difference] = []
            for key, (_, differences) in second.suspects.items():
                found += sorted(differences & first.suspects[key][1], key=lambda one: (one.kind, one.about))
            for difference in found:
                DIFFERENCES.labels(self._floor.pbx, difference.kind.value).inc()
            return first, found

    async def _look(self, lists: Iterable[Asked]) -> _Seen:
        seen = _Seen({}, [])
        for asked in lists:
            said, differences = await self._reader.look(asked, self._compare)
            CHECKS.labels(self._floor.pbx, asked.action).inc()
            seen.refused += said.missing
            seen.channels += len(said.channels or ())
            seen.devices += len(said.devices or ())
            seen.queues += "Queue" in asked.headers
            if differences:
                key = f"{asked.action} {asked.headers.get('Queue', '')}"
                seen.suspects[key] = (asked, frozenset(differences))
        return seen

    def _compare(self, said: Snapshot) -> tuple[Snapshot, list[Difference]]:
        return said, self._floor.differences(said)

    def _mend(self, found: list[Difference]) -> bool:
        """Says what differs, then has the floor rebuilt, unless that was tried too lately."""
        for one in found[:LOGGED]:
            self._log.error(
                "floor_difference", kind=one.kind.value, about=one.about, floor=one.floor, switch=one.switch
            )
        now = self._clock()
        if now < self._mend_at:
            self._log.error("floor_differences_remain", count=len(found), next_try_s=self._mend_at - now)
            return False
        self._mend_wait_s = min(max(MEND_AGAIN_S[0], self._mend_wait_s * 2), MEND_AGAIN_S[1])
        self._mend_at = now + self._mend_wait_s
        MENDINGS.labels(self._floor.pbx).inc()
        kinds = ", ".join(sorted({one.kind.value for one in found}))
        self._reader.rebuild(
            f"PBX {self._floor.pbx}: the self-check found {len(found)} difference(s): {kinds}"
        )
        return True

    def _all_is_well(self) -> None:
        self._whole_at = self._clock()
        if self._clock() >= self._mend_at:
            self._mend_wait_s = 0.0
