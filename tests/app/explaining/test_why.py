"""Why a call went where it went, as supervisors and programs are told; nobody else is."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec
import pytest

from app.agents.generator import load_floor
from app.calls.matches import StoredMatch, store_matches
from app.calls.repository import store_calls, store_decisions, store_events
from app.explaining.endpoints import router
from app.explaining.service import Explaining
from app.inbound.service import StoredDecision
from app.infra.db import Database
from app.projects.models import DEFAULT_PROJECT
from routing.answer import answer
from routing.decide import decide
from routing.facts import ClientFacts, Facts, LineFacts
from routing.match import match
from routing.places import Caller
from routing.policy import DEFAULT_POLICY
from routing.reserve import NO_RESERVE
from routing.room import Room
from routing.staff import Agent
from routing.why import Hindrance
from telephony.changes import RingResult
from tests.fakes.people import People, people

pytestmark = pytest.mark.db

AT = 1_800_000_000.0
CALL = "1800000000.7"
WHY = f"/routing/calls/main/{CALL}/why"


class Distribution:
    """Who waits now, as the port says."""

    def __init__(self) -> None:
        self.waiting: dict[tuple[str, str], Hindrance] = {}

    def hindrance(self, pbx: str, call_id: str) -> Hindrance | None:
        return self.waiting.get((pbx, call_id))


@pytest.fixture
def distribution() -> Distribution:
    return Distribution()


@pytest.fixture
async def office(database: Database, distribution: Distribution) -> AsyncIterator[People]:
    async with people(database, router) as one:
        one.app.state.explaining = Explaining(database, distribution.hindrance)
        yield one


@pytest.fixture
async def served(database: Database) -> Database:
    """A VIP rang for nothing at 1001, then was answered by 1002."""
    clients = (ClientFacts(7, 1500.0, "RUB", "standard"),)
    facts = Facts("main", CALL, 79161234567, "known", "74951234567", LineFacts("sales", "q-sales"), clients)
    decision = decide(facts, DEFAULT_POLICY, AT)
    row = StoredDecision(
        datetime.fromtimestamp(AT, UTC), "main", CALL, facts, answer(decision), decision.because, 4, 1.5
    )
    room = Room()
    for agent, since in (("PJSIP/1001", AT - 60), ("PJSIP/1002", AT - 30)):
        room.sign_on(Agent(agent), AT - 100)
        room.idle(agent, since)
    caller = Caller(CALL, "vip", AT + 1)
    room.join(caller, AT + 1)
    room.join(Caller("1800000000.3", "standard", AT), AT + 1)
    missed = StoredMatch.of(match(room, NO_RESERVE, AT + 2)[0], "main", CALL, AT + 2, 4)
    room.join(caller, AT + 5)
    room.idle("PJSIP/1002", AT + 5)
    taken = StoredMatch.of(match(room, NO_RESERVE, AT + 5)[0], "main", CALL, AT + 5, 4)
    ended = {
        "started_at": datetime.fromtimestamp(AT, UTC),
        **{"pbx": "main", "call_id": CALL, "tier": "vip", "line": "sales", "outcome": "answered"},
        **{"wait_s": 6.5, "answered_by": "PJSIP/1002", "doubtful": False},
        "ended_at": datetime.fromtimestamp(AT + 100, UTC),
    }
    async with database.raw(DEFAULT_PROJECT) as connection:
        await load_floor(connection, pbx="main", password_hash="x", agents=2)
        await store_decisions(connection, [msgspec.json.encode(row)])
        matches = [missed.ended(RingResult.NO_ANSWER, AT + 5), taken.ended(RingResult.ANSWERED, AT + 7)]
        await store_matches(connection, [one.row() for one in matches])
        await store_calls(connection, [msgspec.json.encode(ended)])
    return database


async def test_the_whole_story_is_told_with_what_was_considered_and_rejected(
    office: People, served: Database
) -> None:
    told = (await (await office.sign_in("supervisor")).get(WHY)).json()
    assert told["call"] == f"main/{CALL}"
    (decision,) = told["decisions"]
    assert decision["facts"]["clients"][0]["arpu"] == 1500.0
    assert decision["answer"]["tier"] == "vip"
    assert decision["policy_version"] == 4
    first, second = told["matches"]
    assert [first["outcome"], second["outcome"]] == ["no_answer", "answered"]
    assert [one["caller"] for one in first["passed_over"]] == ["1800000000.3"]
    assert [one["because"] for one in first["candidates"]] == ["best"]
    assert first["name"] != second["name"]
    assert told["hindrance"] is None
    assert told["outcome"]["outcome"] == "answered"


async def test_a_supervisor_reads_it_in_his_language(office: People, served: Database) -> None:
    told = (await (await office.sign_in("supervisor")).get(WHY)).json()
    names = [one["name"] for one in told["matches"]]
    assert told["sentences"]["ru"] == [
        "Набран номер 74951234567 (АТС main): линия sales.",
        "Линия открыта круглосуточно.",
        "Номер принадлежит клиенту 7.",
        "Тема неизвестна.",
        "Категория vip: 1 500 RUB в месяц, а начинается она с 1 000.",
        "Что дальше: сразу на линию.",
        "Личных операторов нет: любой оператор линии.",
        "Объявлений на линии нет.",
        "Идёт раньше всех звонящих младших категорий.",
        f"Через 1 с ожидания предложен оператору {names[0]} (PJSIP/1001) (свободных было 2): он не ответил вовремя.",
        f"Через 4 с ожидания предложен оператору {names[1]} (PJSIP/1002) (свободных было 1): он ответил.",
        f"Ответил оператор {names[1]}, ожидание 6,5 с.",
    ]
    assert told["sentences"]["en"][4] == "Tier vip: 1,500 RUB a month, and it begins at 1,000."
    assert told["sentences"]["en"][-1] == f"Answered by {names[1]} after a wait of 6.5 s."
    step = told["decisions"][0]["because"][4]
    assert (step["rule"], step["code"], step["values"]["arpu"]) == ("tier", "by_revenue", 1500.0)


async def test_of_somebody_who_waits_the_reason_of_this_moment_is_told(
    office: People, distribution: Distribution, database: Database
) -> None:
    facts = Facts("main", CALL, None, "withheld", None, LineFacts("sales", "q-sales"))
    decision = decide(facts, DEFAULT_POLICY, AT)
    row = StoredDecision(
        datetime.fromtimestamp(AT, UTC), "main", CALL, facts, answer(decision), decision.because, 0, 1.0
    )
    async with database.raw(DEFAULT_PROJECT) as connection:
        await store_decisions(connection, [msgspec.json.encode(row)])
    distribution.waiting["main", CALL] = Hindrance("kept", "anybody", 2, 2)
    told = (await (await office.sign_in("admin")).get(WHY)).json()
    assert told["hindrance"]["code"] == "kept"
    assert told["sentences"]["en"][-1] == "Idle: 2; kept for higher tiers: 2."
    assert told["outcome"] is None


async def test_where_app_queue_distributes_the_rings_are_told(office: People, served: Database) -> None:
    events = [
        {"at": AT + second, "kind": kind, "data": {"interface": device, **result}}
        for second, kind, device, result in (
            (1, "RingStarted", "PJSIP/1001", {"queue": "sales"}),
            (1, "RingStarted", "PJSIP/1002", {"queue": "sales"}),
            (4, "RingEnded", "PJSIP/1001", {"result": "no_answer"}),
            (5, "RingStarted", "PJSIP/1001", {"queue": "sales"}),
            (6, "RingEnded", "PJSIP/1002", {"result": "answered"}),
        )
    ]
    rows = [
        {**one, "at": datetime.fromtimestamp(one["at"], UTC), "pbx": "main", "call_id": CALL}
        for one in events
    ]
    async with served.raw(DEFAULT_PROJECT) as connection:
        await connection.execute("DELETE FROM matches")
        await store_events(connection, [msgspec.json.encode(row) for row in rows])
    told = (await (await office.sign_in("supervisor")).get(WHY)).json()
    assert [(one["agent"], one["result"]) for one in told["rings"]] == [
        ("PJSIP/1001", "no_answer"),
        ("PJSIP/1002", "answered"),
        ("PJSIP/1001", None),
    ]
    ended = [one["ended_at"] for one in told["rings"]]
    assert ended[:2] == sorted(filter(None, ended))
    name = told["rings"][0]["name"]
    assert f"Asterisk rang {name} (PJSIP/1001): he did not answer in time." in told["sentences"]["en"]
    assert (
        told["sentences"]["ru"][-2] == f"Asterisk вызвал оператора {name} (PJSIP/1001): ещё не завершилось."
    )


async def test_a_decision_of_a_former_version_is_told_in_its_own_words(
    office: People, served: Database
) -> None:
    async with served.raw(DEFAULT_PROJECT) as connection:
        await connection.execute(
            "UPDATE decisions SET because = $1",
            '[{"rule": "tier", "saw": "client 7: 1500.00 RUB a month", "so": "vip: from 1000 a month"}]',
        )
    told = (await (await office.sign_in("supervisor")).get(WHY)).json()
    assert told["sentences"]["ru"][0] == "Категория: client 7: 1500.00 RUB a month → vip: from 1000 a month."


async def test_agents_and_strangers_and_programs_without_the_scope_are_told_nothing(
    office: People, served: Database
) -> None:
    for asks, status in (
        (await office.stranger(), 401),
        (await office.sign_in("agent"), 403),
        (await office.program("routing"), 403),
        (await office.program("why"), 200),
    ):
        answer = await asks.get(WHY)
        assert answer.status_code == status
        assert ("decisions" in answer.json()) == (status == 200)


async def test_a_call_of_another_project_or_of_none_is_not_found(office: People, served: Database) -> None:
    supervisor = await office.sign_in("supervisor")
    assert (await supervisor.get("/routing/calls/main/nothing/why")).status_code == 404
    async with served.connection() as connection:
        await connection.execute("INSERT INTO projects (code, name) VALUES ('other', 'Other')")
    async with served.raw(2) as connection:
        row = {"started_at": "2027-01-01T00:00:00Z", "pbx": "main", "call_id": "theirs", "doubtful": False}
        await store_calls(connection, [msgspec.json.encode(row)])
    assert (await supervisor.get("/routing/calls/main/theirs/why")).status_code == 404
