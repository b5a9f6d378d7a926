"""Puts together what was decided, tried and seen of one call, and tells it in sentences."""

from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import msgspec

from app.calls.matches import matches_of
from app.errors import NotFound
from app.explaining import repository
from app.explaining.schemas import (
    CandidateView,
    DecisionView,
    HindranceView,
    MatchView,
    Outcome,
    PassedOverView,
    RingView,
    Sentences,
    Step,
    Why,
)
from app.infra.db import Database
from routing.facts import Because
from routing.sentences import (
    LANGUAGES,
    Attempt,
    Ending,
    Ring,
    attempt_told,
    candidate_told,
    ending_told,
    passed_told,
    ring_told,
    step_told,
)
from routing.why import Candidate, Hindrance, Language, PassedOver, sentence

HindranceOf = Callable[[str, str], Hindrance | None]
"""The port to whoever distributes callers: (pbx, call id) -> why he still waits, None when he does not."""

_because = msgspec.json.Decoder(list[Because])


class Explaining:
    def __init__(self, database: Database, hindrance_of: HindranceOf) -> None:
        self._database = database
        self._hindrance_of = hindrance_of

    async def why(self, project_id: int, pbx: str, call_id: str) -> Why:
        """Raises `NotFound` when nothing was ever stored of such a call in this project, `Unavailable`."""
        async with self._database.raw(project_id) as connection:
            decisions = await repository.decisions_of(connection, pbx, call_id)
            matches = await matches_of(connection, pbx, call_id)
            rings = await repository.rings_of(connection, pbx, call_id)
            ending = await repository.ending_of(connection, pbx, call_id)
            names = await repository.agents_of(connection, pbx)
        if not decisions and not matches and ending is None:
            raise NotFound("Nothing is known of this call: check its name, PBX/CALL.")
        waits = self._hindrance_of(pbx, call_id)
        shown = Why(
            call=f"{pbx}/{call_id}",
            decisions=[_decision(row) for row in decisions],
            matches=[_match(row, names) for row in matches],
            rings=_rings(rings, names),
            hindrance=_hindrance(waits) if waits is not None else None,
            outcome=Outcome.model_validate(dict(ending)) if ending is not None else None,
            sentences=Sentences(en=[], ru=[]),
        )
        shown.sentences = Sentences(en=list(_story(shown, "en")), ru=list(_story(shown, "ru")))
        return shown


def _story(why: Why, language: Language) -> Iterator[str]:
    """The last decision counts: asked again, the call goes where the later answer said."""
    for step in why.decisions[-1].because if why.decisions else ():
        yield step.ru if language == "ru" else step.en
    for match in why.matches or why.rings:
        yield match.ru if language == "ru" else match.en
    if why.hindrance is not None:
        yield why.hindrance.ru if language == "ru" else why.hindrance.en
    elif why.outcome is not None:
        one = why.outcome
        agent = one.agent or one.answered_by
        yield ending_told(Ending(one.outcome, one.wait_s, agent, one.doubtful), language)


def _decision(row: asyncpg.Record) -> DecisionView:
    steps = []
    for step in _because.decode(row["because"]):
        steps.append(Step(**msgspec.structs.asdict(step), **_both(step_told, step)))
    return DecisionView(
        at=row["at"],
        policy_version=row["policy_version"],
        took_ms=row["took_ms"],
        facts=msgspec.json.decode(row["facts"]),
        answer=msgspec.json.decode(row["answer"]),
        because=steps,
    )


def _match(row: asyncpg.Record, names: dict[str, str]) -> MatchView:
    body: dict[str, Any] = msgspec.json.decode(row["body"])
    agent = row["agent"]
    attempt = Attempt(_called(agent, names), row["waited_s"], body["idle"], body["personal"], row["outcome"])
    stored = ("at", "agent", "waited_s", "outcome", "ended_at", "policy_version")
    return MatchView(
        **{name: row[name] for name in stored},
        **{name: body[name] for name in ("tier", "need", "idle", "kept", "personal")},
        name=names.get(agent),
        passed_over=[_passed(one) for one in body["passed_over"]],
        candidates=[_candidate(one, names) for one in body["candidates"]],
        **_both(attempt_told, attempt),
    )


def _rings(rows: list[asyncpg.Record], names: dict[str, str]) -> list[RingView]:
    """Each beginning with the next end of the same device; an end without a beginning was heard of too late."""
    found: list[dict[str, Any]] = []
    for row in rows:
        open_ = [one for one in found if one["agent"] == row["interface"] and one["result"] is None]
        if row["result"] is None or not open_:
            found.append({"at": row["at"], "agent": row["interface"], "result": None, "ended_at": None})
            open_ = found[-1:]
        if row["result"] is not None:
            open_[0].update(result=row["result"], ended_at=row["at"])
    return [
        RingView(
            **one,
            name=names.get(one["agent"]),
            **_both(ring_told, Ring(_called(one["agent"], names), one["result"] or "offered")),
        )
        for one in found
    ]


def _passed(told: dict[str, Any]) -> PassedOverView:
    because = Hindrance(**{**told["because"], "agents": tuple(told["because"]["agents"])})
    one = PassedOver(told["caller"], told["tier"], told["waited_s"], because)
    return PassedOverView(
        caller=one.caller,
        tier=one.tier,
        waited_s=one.waited_s,
        because=_hindrance(because),
        **_both(passed_told, one),
    )


def _candidate(told: dict[str, Any], names: dict[str, str]) -> CandidateView:
    one = Candidate(**told)
    called = _called(one.agent, names)
    words = {language: candidate_told(one, called, language) for language in LANGUAGES}
    return CandidateView(**one._asdict(), name=names.get(one.agent), **words)


def _hindrance(one: Hindrance) -> HindranceView:
    return HindranceView(**{**one._asdict(), "agents": list(one.agents)}, **_both(sentence, one))


def _called(interface: str, names: dict[str, str]) -> str:
    name = names.get(interface)
    return f"{name} ({interface})" if name else interface


def _both(told: Callable[[Any, Language], str], one: object) -> dict[str, str]:
    return {language: told(one, language) for language in LANGUAGES}
