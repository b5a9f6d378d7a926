"""Promises kept, broken and picked up again, on a switch that behaves like one and a real database."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import msgspec
import pytest

from app.agents.generator import load_floor
from app.callbacks.keeping import Callbacks
from app.callbacks.repository import New, ask, claim
from app.callbacks.rules import AGAIN_S, Promise
from app.callbacks.tasks import UNSEEN_S, CallbackTasks
from app.clients.repository import add_client
from app.errors import Unavailable
from app.infra import numbers
from app.infra.db import Database
from app.projects.models import DEFAULT_PROJECT
from routing.policy import DEFAULT_POLICY
from routing.policy import Callbacks as Rules
from telephony.commands import ToNumber
from telephony.ids import CallId, Interface, PbxId, QueueName
from tests.app.callbacks.conftest import NOW, Clock
from tests.fakes.calling_switch import NUMBER, CallingSwitch

pytestmark = pytest.mark.db

ANNA, BORIS = Interface("PJSIP/1001"), Interface("PJSIP/1002")
PHONE = 79161234567
RULES = Rules()


@dataclass
class Keeping:
    """`cards`: prepared, (call, callback, agent); `over`: clients nobody calls any more; `closed`: the line is."""

    database: Database
    switch: CallingSwitch
    clock: Clock
    cards: list[tuple[str, int, str]] = field(default_factory=list)
    over: list[int] = field(default_factory=list)
    closed: bool = False
    no_cards: bool = False
    work: set[asyncio.Task[None]] = field(default_factory=set)
    callbacks: Callbacks = field(init=False)
    tasks: CallbackTasks = field(init=False)

    def __post_init__(self) -> None:
        self.starts_anew()

    def starts_anew(self) -> None:
        """A new process."""
        self.callbacks = self.switch.callbacks = Callbacks(
            self.database,
            DEFAULT_PROJECT,
            self.switch,
            lambda: DEFAULT_POLICY,
            lambda raw: numbers.parse(raw, "RU").e164,
            lambda pbx, call: None,
            self._line_of,
            self._prepare,
            lambda line, now: not self.closed,
            self._spawn,
            self.clock,
        )
        self.callbacks.on_over(lambda pbx, client: self.over.append(client))
        self.tasks = CallbackTasks(
            self.callbacks,
            self.database,
            DEFAULT_PROJECT,
            self.switch,
            lambda: DEFAULT_POLICY,
            clock=self.clock,
        )

    def _line_of(self, pbx: PbxId, queue: QueueName) -> str | None:
        return str(queue)

    async def _prepare(self, pbx: PbxId, call: CallId, promise: Promise, agent: Interface) -> None:
        if self.no_cards:
            raise Unavailable("away")
        self.cards.append((call, promise.id, agent))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.work.add(task)
        task.add_done_callback(self.work.discard)

    async def turn(self, later_s: float = 0.0) -> None:
        """One round of what runs beside, until nothing is left to do."""
        self.clock.now += later_s
        await self.tasks.store()
        await self.tasks.read()
        self.tasks.look()
        while self.work:
            await asyncio.gather(*self.work)
        await self.tasks.store()

    async def promise(self, phone: int = PHONE, line: str = "support", **more: Any) -> int:
        asked = {"asked_at": self.clock.now, "joined_at": self.clock.now - 60, "tier": "standard", **more}
        new = New(phone, line, asked_by="caller", **{"deadline": self.clock.now + 86_400, **asked})
        async with self.database.raw(DEFAULT_PROJECT) as connection:
            made, _ = await ask(connection, new)
        return made.id

    async def row(self, callback: int) -> asyncpg.Record:
        async with self.database.raw(DEFAULT_PROJECT) as connection:
            found = await connection.fetchrow("SELECT * FROM callbacks WHERE id = $1", callback)
        assert found is not None
        return found

    async def tries(self, callback: int) -> list[str | None]:
        async with self.database.raw(DEFAULT_PROJECT) as connection:
            rows = await connection.fetch(
                "SELECT result FROM callback_attempts WHERE callback_id = $1 ORDER BY number", callback
            )
        return [row["result"] for row in rows]

    async def direct(self, line: str = "support") -> None:
        async with self.database.raw(DEFAULT_PROJECT) as connection:
            await connection.execute("UPDATE lines SET executor = 'directed' WHERE code = $1", line)


@asynccontextmanager
async def keeping(database: Database, *agents: Interface) -> AsyncIterator[Keeping]:
    switch = CallingSwitch(*agents)
    async with database.raw(DEFAULT_PROJECT) as connection:
        await load_floor(connection, pbx=switch.pbx, password_hash=None, agents=3)
    yield Keeping(database, switch, Clock())


async def test_agent_first_then_the_client_under_the_lines_number_and_the_card_before_both(
    database: Database,
) -> None:
    async with keeping(database, ANNA) as one:
        callback = await one.promise()
        await one.turn()
        (order,) = one.switch.taken
        assert (order.interface, order.to, order.shows) == (ANNA, ToNumber(f"+{PHONE}"), NUMBER)
        assert order.ring_s == RULES.ring_s
        assert one.cards == [(order.id, callback, ANNA)]
        assert (await one.row(callback))["state"] == "ringing_agent"
        one.switch.agent_answers()
        await one.turn()
        assert (await one.row(callback))["state"] == "ringing_client"
        one.switch.client_answers()
        await one.turn()
        row = await one.row(callback)
        assert (row["state"], row["attempts"], row["last_result"]) == ("done", 1, "answered")
        assert one.over == []
        one.switch.over()
        assert one.over == [-PHONE]
        assert await one.tries(callback) == ["answered"]


@pytest.mark.parametrize(("status", "result"), [("BUSY", "busy"), ("NOANSWER", "no_answer")])
async def test_a_client_who_cannot_be_reached_is_left_alone_for_the_gap_and_given_up_in_the_end(
    database: Database, status: str, result: str
) -> None:
    async with keeping(database, ANNA) as one:
        callback = await one.promise()
        for attempt in range(1, RULES.most_attempts + 1):
            await one.turn()
            assert len(one.switch.taken) == attempt
            one.switch.agent_answers()
            one.switch.client_does_not(status)
            await one.turn()
            await one.turn(RULES.min_gap_s - 1)
            assert len(one.switch.taken) == attempt
            one.clock.now += 2
        row = await one.row(callback)
        assert (row["state"], row["attempts"], row["ended_because"]) == ("failed", 4, result)
        assert await one.tries(callback) == [result] * 4
        await one.turn(RULES.min_gap_s)
        assert len(one.switch.taken) == RULES.most_attempts


async def test_an_agent_who_does_not_take_it_costs_the_client_nothing(database: Database) -> None:
    async with keeping(database, ANNA) as one:
        callback = await one.promise()
        await one.turn()
        one.switch.agent_does_not()
        await one.turn()
        row = await one.row(callback)
        assert (row["state"], row["attempts"], row["last_result"]) == ("waiting", 0, "agent_missed")
        assert one.over == [-PHONE]
        await one.turn(AGAIN_S + 1)
        assert len(one.switch.taken) == 2


async def test_an_order_that_the_switch_refuses_or_never_carries_out_is_over(database: Database) -> None:
    async with keeping(database, ANNA) as one:
        callback = await one.promise()
        one.switch.refuses = True
        await one.turn()
        await one.turn()
        assert await one.tries(callback) == ["not_started"]
        one.switch.refuses, one.switch.deaf = False, True
        await one.turn(AGAIN_S + 1)
        assert (await one.row(callback))["state"] == "ringing_agent"
        await one.turn(UNSEEN_S + 1)
        assert await one.tries(callback) == ["not_started", "not_started"]
        assert (await one.row(callback))["state"] == "waiting"


async def test_an_order_whose_answer_is_lost_is_followed_on_the_floor(database: Database) -> None:
    async with keeping(database, ANNA) as one:
        callback = await one.promise()
        one.switch.lost = True
        await one.turn()
        await one.turn(UNSEEN_S + 1)
        one.switch.agent_answers()
        one.switch.client_answers()
        await one.turn()
        assert (await one.row(callback))["state"] == "done"
        assert len(one.switch.taken) == 1


async def test_no_more_calls_than_idle_agents_and_one_for_each_client(database: Database) -> None:
    async with keeping(database, ANNA, BORIS) as one:
        for number in range(4):
            await one.promise(PHONE + number)
        await one.promise(PHONE, "sales")
        await one.turn()
        assert {order.interface for order in one.switch.taken} == {ANNA, BORIS}
        await one.turn(1)
        assert len(one.switch.taken) == 2


async def test_those_who_wait_on_a_queued_line_go_before_a_callback(database: Database) -> None:
    async with keeping(database, ANNA) as one:
        one.switch.arrives("79160000009")
        await one.promise()
        await one.turn()
        assert one.switch.taken == []


async def test_a_directed_lines_callbacks_are_given_to_whoever_gives_its_agents(database: Database) -> None:
    async with keeping(database, ANNA) as one:
        await one.direct()
        callback = await one.promise(topic="billing")
        await one.turn()
        assert one.switch.taken == []
        (caller,) = one.callbacks.due(one.switch.pbx, one.clock.now)
        assert (caller.id, caller.callback, caller.client) == (f"callback-{callback}", True, -PHONE)
        assert caller.joined == one.clock.now - 60
        assert caller.steps[0].need == {("line:support", 1)}
        assert one.callbacks.due(PbxId("other"), one.clock.now) == []
        one.callbacks.start(caller.id, ANNA)
        assert one.callbacks.due(one.switch.pbx, one.clock.now) == []
        await one.turn()
        assert [order.interface for order in one.switch.taken] == [ANNA]


async def test_one_that_was_called_off_in_the_meantime_frees_its_client(database: Database) -> None:
    async with keeping(database, ANNA) as one:
        await one.direct()
        callback = await one.promise()
        await one.turn()
        one.callbacks.changed(callback, None)
        one.callbacks.start(f"callback-{callback}", ANNA)
        await one.turn()
        assert one.over == [-PHONE]


async def test_called_off_in_the_database_while_it_was_about_to_start(database: Database) -> None:
    async with keeping(database, ANNA) as one:
        await one.direct()
        callback = await one.promise()
        await one.turn()
        async with one.database.raw(DEFAULT_PROJECT) as connection:
            await connection.execute(
                "UPDATE callbacks SET state = 'cancelled', ended_at = now() WHERE id = $1", callback
            )
        one.callbacks.start(f"callback-{callback}", ANNA)
        await one.turn()
        assert (one.switch.taken, one.over) == ([], [-PHONE])


async def test_not_at_night_not_before_its_time_and_not_while_he_is_on_the_telephone(
    database: Database,
) -> None:
    async with keeping(database, ANNA) as one:
        await one.promise(wanted_at=NOW + 100)
        await one.turn()
        one.closed = True
        await one.turn(200)
        one.closed = False
        client = one.switch.arrives(f"+{PHONE}")
        await one.turn()
        assert one.switch.taken == []
        one.switch.hangs_up(client)
        await one.turn()
        assert len(one.switch.taken) == 1


async def test_nobody_is_called_who_calls_us_or_chose_another_time_since_he_was_due(
    database: Database,
) -> None:
    async with keeping(database, ANNA) as one:
        await one.direct()
        callback = await one.promise()
        await one.turn()
        (caller,) = one.callbacks.due(one.switch.pbx, one.clock.now)
        client = one.switch.arrives(f"+{PHONE}")
        one.callbacks.start(caller.id, ANNA)
        await one.turn()
        one.switch.hangs_up(client)
        promise = one.callbacks.book.get(callback)
        assert promise is not None
        one.callbacks.changed(callback, msgspec.structs.replace(promise, not_before=NOW + 3600))
        one.callbacks.start(caller.id, ANNA)
        await one.turn()
        assert (one.switch.taken, one.over) == ([], [-PHONE, -PHONE])


async def test_a_client_who_calls_himself_and_is_answered_is_served(database: Database) -> None:
    async with keeping(database) as one:
        callback = await one.promise()
        await one.turn()
        client = one.switch.arrives(f"+{PHONE}")
        found = one.callbacks.promised([], PHONE)
        assert found is not None
        assert found.id == callback
        one.switch.is_answered(client)
        await one.turn()
        row = await one.row(callback)
        assert (row["state"], row["ended_because"]) == ("done", "he called himself and was answered")
        assert one.callbacks.promised([], PHONE) is None


async def test_he_calls_himself_while_his_agent_is_rung(database: Database) -> None:
    async with keeping(database, ANNA) as one:
        callback = await one.promise()
        await one.turn()
        client = one.switch.arrives(f"+{PHONE}")
        one.switch.is_answered(client)
        one.switch.agent_answers()
        one.switch.client_does_not("BUSY")
        await one.turn()
        assert (await one.row(callback))["state"] == "done"


async def test_what_is_not_kept_in_time_says_so(database: Database) -> None:
    async with keeping(database) as one:
        callback = await one.promise()
        await one.turn(86_401)
        row = await one.row(callback)
        assert (row["state"], row["ended_because"]) == ("expired", "not kept in time")


async def test_without_a_card_he_is_called_all_the_same(database: Database) -> None:
    async with keeping(database, ANNA) as one:
        await one.promise()
        one.no_cards = True
        await one.turn()
        assert len(one.switch.taken) == 1


@pytest.mark.parametrize(
    ("so_far", "state", "tries"),
    [
        ("ordered", "waiting", ["lost"]),
        ("rings", "ringing_agent", [None]),
        ("calls", "ringing_client", [None]),
        ("talks", "done", ["answered"]),
        ("gone", "waiting", ["lost"]),
    ],
)
async def test_a_process_that_was_killed_leaves_nothing_half_done(
    database: Database, so_far: str, state: str, tries: list[str | None]
) -> None:
    async with keeping(database, ANNA) as one:
        callback = await one.promise()
        one.switch.deaf = so_far == "ordered"
        await one.turn()
        before, one.switch.callbacks = one.switch.callbacks, Ignorant()  # type: ignore[assignment]
        if so_far in ("calls", "talks", "gone"):
            one.switch.agent_answers()
        if so_far == "talks":
            one.switch.client_answers()
        if so_far == "gone":
            one.switch.over()
        assert before is not one.switch.callbacks
        one.starts_anew()
        await one.tasks.read()
        one.callbacks.rebuilt(one.switch.floor_of_app)
        await one.turn()
        assert ((await one.row(callback))["state"], await one.tries(callback)) == (state, tries)


class Ignorant:
    """A process that is dead hears nothing."""

    def batch(self, *_: object) -> None:
        return


async def test_a_talk_that_ended_while_nobody_listened_is_known_from_its_call(database: Database) -> None:
    async with keeping(database, ANNA) as one:
        callback = await one.promise()
        one.switch.deaf = True
        await one.turn()
        (order,) = one.switch.taken
        async with one.database.raw(DEFAULT_PROJECT) as connection:
            await connection.execute(
                "INSERT INTO calls (pbx, call_id, started_at, answered_at) VALUES ($1, $2, now(), now())",
                *(one.switch.pbx, order.id),
            )
        one.starts_anew()
        await one.tasks.read()
        one.callbacks.rebuilt(one.switch.floor_of_app)
        await one.turn()
        assert (await one.row(callback))["state"] == "done"


async def test_a_known_client_is_one_client_on_all_his_numbers(database: Database) -> None:
    async with keeping(database, ANNA, BORIS) as one:
        async with database.raw(DEFAULT_PROJECT) as connection:
            client = await add_client(connection, "Vera", "en", PHONE)
        await one.promise(PHONE, "support", client_id=client)
        await one.promise(PHONE + 1, "sales", client_id=client)
        await one.turn()
        assert len(one.switch.taken) == 1
        found = one.callbacks.promised([client], None, "sales")
        assert found is not None
        assert found.phone == PHONE + 1


async def test_who_has_waited_too_long_in_the_room_is_offered_one_unless_he_has_it(
    database: Database,
) -> None:
    async with keeping(database) as one:
        client = one.switch.waits_in_room(f"+{PHONE}")
        one.callbacks.offer(one.switch.pbx, CallId(client.linkedid), "vip")
        one.callbacks.offer(one.switch.pbx, CallId("gone"), "standard")
        await one.turn()
        assert one.switch.offered == []
        one.callbacks.offer(one.switch.pbx, CallId(client.linkedid), "standard")
        await one.turn()
        assert one.switch.offered == [client.uniqueid]
        await one.promise()
        await one.turn()
        one.callbacks.offer(one.switch.pbx, CallId(client.linkedid), "standard")
        await one.turn()
        assert one.switch.offered == [client.uniqueid]


async def test_a_try_whose_beginning_was_stored_unheard_is_taken_up_again(database: Database) -> None:
    async with keeping(database) as one:
        callback = await one.promise()
        async with one.database.raw(DEFAULT_PROJECT) as connection:
            assert await claim(connection, callback, one.switch.pbx, "callback-unheard", ANNA, NOW)
        await one.turn()
        row = await one.row(callback)
        assert (row["state"], await one.tries(callback)) == ("waiting", ["lost"])
        promise = one.callbacks.book.get(callback)
        assert promise is not None
        assert promise.due(one.clock.now + AGAIN_S)
