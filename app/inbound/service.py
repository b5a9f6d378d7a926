"""One call's question answered: who is it, where does he go; in time, whatever else fails."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

import msgspec
import structlog
from prometheus_client import Counter, Histogram

from app.clients.card import Cards, on_switch
from app.inbound.repository import LookUps
from app.inbound.rules import KnownRules, KnownTokens, Rules
from app.inbound.schemas import CallArrives
from app.infra import numbers
from app.infra.db import AWAY, Database
from app.infra.numbers import Number
from app.lines.known import Loads, no_loads
from routing.answer import Answer, answer
from routing.decide import decide
from routing.facts import AniKind, Because, ClientFacts, Decision, Facts, Load, Promise
from routing.policy import Policy

T = TypeVar("T")

log = structlog.get_logger(__name__)

TOOK = Histogram(
    "tierline_routing_seconds",
    "From the dialplan's question to our answer",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 1.5),
)
CALLS = Counter("tierline_routing_calls", "Calls routed", ["tier", "lookup"])

LookUpResult = Literal["done", "late", "failed", "not_needed"]

_MOST_LAST_KNOWN = 20_000
NOBODY = Cards(chosen=None, json="[]")


class Arrived(NamedTuple):
    """A call and all that was found out about it before any phone rings."""

    project_id: int
    call: CallArrives
    number: Number
    cards: Cards
    policy: Policy
    decision: Decision


class Remember(Protocol):
    """The port to the live screens. Called before the dialplan has its answer; quick, never waits.

    Called a second time with the cards for a call whose look-up was late: by then the decision is made and stays.
    """

    def __call__(self, arrived: Arrived) -> None: ...


Promised = Callable[[int, int], Promise | None]
"""The port to callbacks: what this client (project, id) was promised and waits for. From memory; quick, never raises."""


def nothing_promised(_project_id: int, _client_id: int) -> Promise | None:
    return None


class StoredDecision(msgspec.Struct, frozen=True):
    """A row of `decisions`."""

    at: datetime
    pbx: str
    call_id: str
    facts: Facts
    answer: Answer
    because: tuple[Because, ...]
    policy_version: int
    took_ms: float


class Inbound:
    """Answers calls of all projects."""

    def __init__(
        self,
        database: Database,
        rules: KnownRules,
        tokens: KnownTokens,
        remember: Remember,
        store: Callable[[int, bytes], None],
        *,
        deadline_ms: int,
        region: str,
        loads: Loads = no_loads,
        promised: Promised = nothing_promised,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`store(project_id, row as JSON)` takes a decision to be written later."""
        self._look_ups = LookUps(database, lambda: datetime.fromtimestamp(clock(), UTC).date())
        self._rules = rules
        self._tokens = tokens
        self._remember = remember
        self._store = store
        self._deadline_s = deadline_ms / 1000
        self._region = region
        self._loads = loads
        self._promised = promised
        self._clock = clock
        self._running: set[asyncio.Task[Any]] = set()
        self._last_known: OrderedDict[tuple[int, int], tuple[tuple[ClientFacts, ...], int | None]] = (
            OrderedDict()
        )
        self._encode = msgspec.json.Encoder().encode

    def deadline(self) -> float:
        """When the answer to a question that comes now must be out, in the loop's time."""
        return asyncio.get_running_loop().time() + self._deadline_s

    async def who_asks(self, token: str, deadline: float) -> int:
        """The project of a service token. Raises `NotSignedIn`, `NotAllowed`, `Unavailable`."""
        project_id = self._tokens.fresh(token)
        if project_id is not None:
            return project_id
        check = await self._until(deadline, self._tokens.check(token))
        if check.done():
            return check.result()
        check.cancel()
        return self._tokens.last_verdict(token)

    async def route(self, project_id: int, call: CallArrives, deadline: float) -> Answer:
        """Where the call goes. A database that is slow, away or broken changes the answer, never that there is one."""
        number = numbers.parse(call.ani, self._region)
        cards = NOBODY
        result: LookUpResult = "not_needed"
        if self._rules.of(project_id) is None:
            read = await self._until(deadline, self._rules.refresh(project_id))
            result = _result(read, result)
        look_up: asyncio.Future[Cards] | None = None
        if number.e164 is not None:
            look_up = self._look_ups.find(project_id, number.e164)
            await _wait(look_up, deadline)
            result = _result(look_up, "done")
            if result == "done":
                cards = look_up.result()
        arrived = self._arrived(project_id, call, number, cards, result, deadline)
        if look_up is not None and result == "late":
            look_up.add_done_callback(partial(self._card_after_all, arrived))
        self._tell(arrived)
        return answer(arrived.decision)

    async def _until(self, deadline: float, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Starts `work` and waits for it no longer than allowed. Late work is left running: whoever stops a query
        must wait until PostgreSQL agrees, and the caller cannot."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await _wait(task, deadline)
        return task

    def _arrived(
        self,
        project_id: int,
        call: CallArrives,
        number: Number,
        cards: Cards,
        result: LookUpResult,
        deadline: float,
    ) -> Arrived:
        """Decides, and gives the decision to be stored."""
        rules = self._rules.last_known(project_id)
        now = self._clock()
        facts = self._facts(project_id, call, number, cards, result, rules, now)
        decision = decide(facts, rules.policy, now)
        took_s = asyncio.get_running_loop().time() - (deadline - self._deadline_s)
        row = StoredDecision(
            at=datetime.fromtimestamp(now, UTC),
            pbx=call.pbx,
            call_id=call.call_id,
            facts=facts,
            answer=msgspec.structs.replace(answer(decision), because=()),
            because=decision.because,
            policy_version=rules.policy.version,
            took_ms=round(took_s * 1000, 3),
        )
        self._store(project_id, self._encode(row))
        TOOK.observe(took_s)
        CALLS.labels(decision.tier, result).inc()
        return Arrived(project_id, call, number, cards, rules.policy, decision)

    def _facts(
        self,
        project_id: int,
        call: CallArrives,
        number: Number,
        cards: Cards,
        result: LookUpResult,
        rules: Rules,
        now: float,
    ) -> Facts:
        clients, chosen = cards.facts(), cards.chosen
        if number.e164 is not None:
            key = (project_id, number.e164)
            if result == "done":
                self._keep(key, clients, chosen)
            else:
                clients, chosen = self._last_known.get(key, (clients, chosen))
        kind: AniKind = ("known" if clients else "unknown") if number.kind == "telephone" else number.kind
        line = rules.lines.facts(rules.lines.dialled(call.pbx, call.dnis), now, self._load)
        return Facts(
            pbx=call.pbx,
            call_id=call.call_id,
            ani=number.e164,
            ani_kind=kind,
            dnis=call.dnis,
            line=line,
            clients=tuple(self._of_call(project_id, client, call.pbx) for client in clients),
            chosen_client=chosen,
            topic=call.topic,
            lookup=result,
            load=self._load(call.pbx, line.code) if line.overflow is not None else None,
            language=call.language,
            self_served=call.self_served == "yes",
        )

    def _load(self, pbx: str, line: str) -> Load | None:
        """Whatever goes wrong there, the caller goes to his line."""
        try:
            return self._loads(pbx, line)
        except Exception:
            log.exception("load_not_known", pbx=pbx, line=line)
            return None

    def _of_call(self, project_id: int, client: ClientFacts, pbx: str) -> ClientFacts:
        try:
            promise = self._promised(project_id, client.id)
        except Exception:
            log.exception("promise_not_known", client=client.id)
            promise = None
        here = on_switch(client, pbx)
        return here if promise is None else msgspec.structs.replace(here, promise=promise)

    def _keep(self, key: tuple[int, int], clients: tuple[ClientFacts, ...], chosen: int | None) -> None:
        """For the hour when the database is away: the tier of those who called lately is still known."""
        self._last_known.pop(key, None)
        if clients:
            self._last_known[key] = (clients, chosen)
            if len(self._last_known) > _MOST_LAST_KNOWN:
                self._last_known.popitem(last=False)

    def _card_after_all(self, arrived: Arrived, look_up: asyncio.Future[Cards]) -> None:
        if _result(look_up, "done") == "done" and arrived.number.e164 is not None:
            cards = look_up.result()
            self._keep((arrived.project_id, arrived.number.e164), cards.facts(), cards.chosen)
            self._tell(arrived._replace(cards=cards))

    def _tell(self, arrived: Arrived) -> None:
        """A fault behind the port must not cost the caller his answer; it is logged with its trace."""
        try:
            self._remember(arrived)
        except Exception:
            log.exception("call_not_remembered", call=arrived.call.call_id)


def _result(work: asyncio.Future[Any], when_done: LookUpResult) -> LookUpResult:
    """A database that is away is expected; anything else is loud, and still costs no caller his answer."""
    if not work.done():
        return "late"
    if work.cancelled():
        return "failed"
    error = work.exception()
    if error is None:
        return when_done
    if isinstance(error, AWAY):
        log.warning("look_up_failed", error=repr(error))
    else:
        log.error("look_up_broken", exc_info=error)
    return "failed"


async def _wait(work: asyncio.Future[Any], deadline: float) -> None:
    """Until it is done or the deadline passed. Neither cancels nor raises: a lean `asyncio.wait` for every call."""
    loop = asyncio.get_running_loop()
    woken = loop.create_future()

    def wake(_: object = None) -> None:
        if not woken.done():
            woken.set_result(None)

    timer = loop.call_at(deadline, wake)
    work.add_done_callback(wake)
    try:
        await woken
    finally:
        timer.cancel()
        work.remove_done_callback(wake)
