"""Why this caller, why this agent, why he still waits: plain values to store, and sentences for a supervisor."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from routing.places import Caller, Key, Place
from routing.reserve import Reserve, kept_from
from routing.room import Room
from routing.skills import NOTHING, Skills, level, told, without_line
from routing.staff import Pool

Language = Literal["en", "ru"]

NOTHING_NEEDED = told(NOTHING)

MOST_TOLD = 10
"""So many candidates of each kind are told; a supervisor does not read more."""


class Hindrance(NamedTuple):
    """Why a caller does not start. `nobody_on_duty`: at no step of his needs; `personal`: held for these agents;
    `nobody_idle` who can do `need`; `kept`: no more idle than his tier has to leave; `later`: others go before him."""

    code: Literal["nobody_on_duty", "personal", "nobody_idle", "kept", "later"]
    need: str
    idle: int
    kept: float
    agents: tuple[str, ...] = ()


class PassedOver(NamedTuple):
    """A caller who was first of his tier and need and was not chosen, and why."""

    caller: str
    tier: str
    waited_s: float
    because: Hindrance


class Candidate(NamedTuple):
    """An idle agent who might have taken the caller. `level`: sum of his levels in what is needed."""

    agent: str
    level: int
    idle_s: float
    because: Literal["personal", "best", "not_personal", "lower_level", "idle_for_less"]


def hindrance(room: Room, reserve: Reserve, caller: str) -> Hindrance:
    """About somebody who waits now. Raises `KeyError` when he does not."""
    if stranded := room.stranded.get(caller):
        return Hindrance("nobody_on_duty", told(stranded.steps[-1].need), 0, 0)
    place = room.places[caller]
    pool = place.group.pool
    kept = kept_from(place.band, pool, reserve)
    return Hindrance(_code(room, place, pool, kept), told(pool.need), pool.idle, kept, place.held)


def passed_over(room: Room, reserve: Reserve, chosen: Key, now: float) -> Iterable[PassedOver]:
    """Heads before him that may not start, then those after him: they would have been next."""
    heads = (group.queue[0] for group in room.groups.values() if group.queue)
    for key in sorted(head for head in heads if head != chosen)[:MOST_TOLD]:
        caller = room.places[key[3]].caller
        yield PassedOver(caller.id, caller.tier, now - caller.joined, hindrance(room, reserve, caller.id))


def candidates(room: Room, caller: Caller, pool: Pool, chosen: str, now: float) -> Iterable[Candidate]:
    """The chosen agent, then whoever was first of each other set of skills."""
    personal = chosen in caller.personal
    profile = room.staff.profile(chosen)
    line = len(pool.need) - len(without_line(pool.need))
    grade = _grade(profile.skills, pool.need) - line
    yield Candidate(chosen, grade, now - profile.idle[chosen], "personal" if personal else "best")
    heads = [(other - line, head) for other, those in pool.profiles if (head := those.longest_idle())]
    for other, (since, agent) in [one for one in heads if one[1][1] != chosen][: MOST_TOLD - 1]:
        if personal:
            yield Candidate(agent, other, now - since, "not_personal")
        else:
            yield Candidate(agent, other, now - since, "lower_level" if other < grade else "idle_for_less")


def sentence(because: Hindrance, language: Language) -> str:
    """For a supervisor."""
    anybody = because.need == NOTHING_NEEDED and because.code in ("nobody_on_duty", "nobody_idle")
    return _SENTENCES[language][f"{because.code}_at_all" if anybody else because.code].format(
        need=because.need, idle=because.idle, kept=f"{because.kept:g}", agents=", ".join(because.agents)
    )


_SENTENCES: dict[Language, dict[str, str]] = {
    "en": {
        "nobody_on_duty": "Nobody on duty can do {need}.",
        "nobody_on_duty_at_all": "Nobody who could take him is on duty.",
        "personal": "Waits for an agent of his own ({agents}); none of them is idle.",
        "nobody_idle": "Nobody who can do {need} is idle.",
        "nobody_idle_at_all": "Nobody who could take him is idle.",
        "kept": "Idle: {idle}; kept for higher tiers: {kept}.",
        "later": "Others go before him.",
    },
    "ru": {
        "nobody_on_duty": "На смене нет никого, кто умеет: {need}.",
        "nobody_on_duty_at_all": "На смене нет никого, кто мог бы его принять.",
        "personal": "Ждёт своего оператора ({agents}); никто из них не свободен.",
        "nobody_idle": "Нет свободных операторов, которые умеют: {need}.",
        "nobody_idle_at_all": "Нет свободных операторов, которые могли бы его принять.",
        "kept": "Свободно: {idle}; оставлено для старших категорий: {kept}.",
        "later": "Перед ним есть другие.",
    },
}


def _code(
    room: Room, place: Place, pool: Pool, kept: float
) -> Literal["personal", "nobody_idle", "kept", "later"]:
    if place.held and not room.ready.intersection(place.held):
        return "personal"
    if not pool.idle:
        return "nobody_idle"
    return "kept" if pool.idle <= kept else "later"


def _grade(skills: Skills, need: Skills) -> int:
    return level(skills, need) or 0
