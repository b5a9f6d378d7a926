"""Who may take whom: what an agent can do, what a call needs, and how the need gives way while the caller waits.

A need names skills and the least level (1-10) of each. A later step may only ask for less, so that whoever could take
the call before still can: relaxing never takes an agent away from a caller.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

SkillName = Annotated[str, Meta(min_length=1, max_length=64)]
Level = Annotated[int, Meta(ge=1, le=10)]

Skills = frozenset[tuple[str, int]]
"""Of an agent: each skill once, with his level. Of a need: each skill once, with the least level that will do."""

NOTHING: Skills = frozenset()


class Step(NamedTuple):
    """From `after_s` seconds of waiting on, the call needs `need`."""

    after_s: float
    need: Skills


ANYBODY = (Step(0.0, NOTHING),)


class NeedStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As the administrator writes it: skill to least level; nothing named: anybody will do."""

    need: dict[SkillName, Level] = {}
    after_s: Annotated[float, Meta(ge=0, le=86_400)] = 0.0


class SkillRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls on these lines (codes), about these topics, in these languages need an agent who can do `steps`.
    A part left out names all; the first rule that names a call decides."""

    steps: Annotated[tuple[NeedStep, ...], Meta(min_length=1, max_length=10)]
    lines: tuple[SkillName, ...] = ()
    topics: tuple[SkillName, ...] = ()
    languages: tuple[SkillName, ...] = ()


def steps_for(
    rules: tuple[SkillRule, ...], line: str, topic: str | None, language: str | None
) -> tuple[Step, ...]:
    """What a call needs, first step first; `ANYBODY` when no rule names it."""
    for rule in rules:
        wanted = ((rule.lines, line), (rule.topics, topic), (rule.languages, language))
        if all(not names or name in names for names, name in wanted):
            return tuple(Step(step.after_s, frozenset(step.need.items())) for step in rule.steps)
    return ANYBODY


_LINE = "line:"


def line_skill(line: str) -> str:
    """Serving a line is a skill too, so that its callers only meet agents of it."""
    return f"{_LINE}{line}"


def without_line(need: Skills) -> Skills:
    """What people call skills."""
    return frozenset(one for one in need if not one[0].startswith(_LINE))


def steps_on_line(
    rules: tuple[SkillRule, ...], line: str, topic: str | None, language: str | None
) -> tuple[Step, ...]:
    """The same for an executor that has agents of several lines in one room: each step needs the line besides."""
    serving = (line_skill(line), 1)
    return tuple(
        Step(step.after_s, step.need | {serving}) for step in steps_for(rules, line, topic, language)
    )


def level(skills: Skills, need: Skills) -> int | None:
    """How well somebody with these skills meets the need: the sum of his levels in it; None when he does not."""
    if not need:
        return 0
    can = dict(skills)
    total = 0
    for skill, least in need:
        has = can.get(skill, 0)
        if has < least:
            return None
        total += has
    return total


def told(need: Skills) -> str:
    """For people: `billing 5+, english 3+`; that an agent must serve the line goes without saying."""
    return ", ".join(f"{skill} {least}+" for skill, least in sorted(without_line(need))) or "anybody"


def problems_of_skills(rules: tuple[SkillRule, ...]) -> Iterator[str]:
    for place, rule in enumerate(rules):
        where = f"skills.{place}"
        if rule.steps[0].after_s != 0:
            yield f"{where}.steps.0.after_s: the first step holds from the beginning; make it 0"
        for number, (before, after) in enumerate(pairwise(rule.steps), 1):
            if after.after_s <= before.after_s:
                yield f"{where}.steps.{number}.after_s: must be more than {before.after_s:g} of the step before it"
            for skill, least in sorted(after.need.items()):
                if least > before.need.get(skill, 0):
                    yield (
                        f"{where}.steps.{number}: asks for {skill} {least}, more than the step before it; "
                        "a later step may only ask for less"
                    )
        if place < len(rules) - 1 and not (rule.lines or rule.topics or rule.languages):
            yield f"{where} names every call, so that no rule below it is ever asked: put it last"
