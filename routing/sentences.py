"""What was decided and done with a call, as sentences for a supervisor, in the languages of the screens.

Made from codes and values, never from other sentences. A step that has no sentence here is told in the words it brought
along, so that a new rule is readable from its first day.
"""

from typing import NamedTuple

from routing.facts import Because
from routing.phrases import ADDED, AFTER, CANDIDATES, ENDINGS, OUTCOMES, RULES, STEPS, TREATMENTS, UNITS
from routing.why import Candidate, Language, PassedOver, sentence

LANGUAGES: tuple[Language, ...] = ("en", "ru")


class Attempt(NamedTuple):
    """One try to ring one agent. `agent`: as people call him."""

    agent: str
    waited_s: float
    idle: int
    personal: bool
    outcome: str


class Ring(NamedTuple):
    """What the switch did by itself. `agent`: as people call him."""

    agent: str
    outcome: str


class Ending(NamedTuple):
    """`agent`: who answered, as people call him."""

    outcome: str | None
    wait_s: float | None
    agent: str | None
    doubtful: bool


def step_told(step: Because, language: Language) -> str:
    """Never raises: a step of another version, or with other values, is told in its own words."""
    template = STEPS.get(f"{step.rule}.{_variant(step)}")
    if template is None:
        return _in_its_own_words(step, language)
    shown = {name: _shown(name, value, language) for name, value in step.values.items()}
    try:
        text = _in(template, language).format(**shown)
        if step.values.get("lookup") in ("late", "failed"):
            text += _in(ADDED["stale"], language)
        if "of" in step.values:
            text += _in(ADDED["highest"], language).format(**shown)
    except (KeyError, IndexError):
        return _in_its_own_words(step, language)
    return text


def attempt_told(one: Attempt, language: Language) -> str:
    ended = _in(OUTCOMES.get(one.outcome, (one.outcome, one.outcome)), language)
    waited = duration(one.waited_s, language)
    if language == "ru":
        why = "личный оператор" if one.personal else f"свободных было {one.idle}"
        return f"Через {waited} ожидания предложен оператору {one.agent} ({why}): {ended}."
    why = "an agent of his own" if one.personal else f"one of {one.idle} idle"
    return f"After waiting {waited} offered to {one.agent} ({why}): {ended}."


def ring_told(one: Ring, language: Language) -> str:
    ended = _in(OUTCOMES.get(one.outcome, (one.outcome, one.outcome)), language)
    if language == "ru":
        return f"Asterisk вызвал оператора {one.agent}: {ended}."
    return f"Asterisk rang {one.agent}: {ended}."


def passed_told(one: PassedOver, language: Language) -> str:
    """Of a caller who was first of his tier and need, and was not chosen."""
    waited, why = duration(one.waited_s, language), sentence(one.because, language)
    if one.because.code == "later":
        if language == "ru":
            return f"Следом стоял звонящий {one.caller} ({one.tier}, ждал {waited})."
        return f"Next would have been caller {one.caller} ({one.tier}, waiting {waited})."
    if language == "ru":
        return f"Не мог начаться звонок {one.caller} ({one.tier}, ждал {waited}): {why}"
    return f"Caller {one.caller} could not start ({one.tier}, waiting {waited}): {why}"


def candidate_told(one: Candidate, agent: str, language: Language) -> str:
    template = _in(CANDIDATES[one.because], language)
    return template.format(agent=agent, level=one.level, idle=duration(one.idle_s, language))


def ending_told(one: Ending, language: Language) -> str:
    if one.outcome is None:
        return "Звонок ещё не завершён." if language == "ru" else "The call is not over yet."
    template = _in(ENDINGS.get(one.outcome, (one.outcome, one.outcome)), language)
    told = template.format(agent=one.agent or "–", wait=duration(one.wait_s or 0.0, language))
    if one.doubtful:
        told += " Не всё было видно." if language == "ru" else " Not all of it was seen."
    return told


def duration(seconds: float, language: Language) -> str:
    """`45 s`, `3 min 20 s`, `1 h 5 min`; a tenth where seconds are few."""
    hour, minute, second = UNITS[language]
    if 0 < seconds < 10 and seconds != int(seconds):
        return f"{_number(round(seconds, 1), language)} {second}"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} {second}"
    if whole < 3600:
        return f"{whole // 60} {minute}" + (f" {whole % 60} {second}" if whole % 60 else "")
    return f"{whole // 3600} {hour}" + (f" {whole % 3600 // 60} {minute}" if whole % 3600 // 60 else "")


def _variant(step: Because) -> str:
    """The code, or a finer one that follows from the values."""
    values = step.values
    if step.rule == "line" and values.get("dnis", "") is None:
        return "no_number"
    if step.rule == "caller" and step.code == "unknown":
        return "nobody"
    if step.rule == "hours" and f"hours.{step.code}_for_long" in STEPS and values.get("opens") is None:
        return f"{step.code}_for_long"
    if step.rule == "tier" and step.code == "by_revenue":
        return (
            "no_revenue"
            if values.get("arpu") is None
            else "by_revenue"
            if values.get("threshold")
            else "lowest"
        )
    return step.code


def _in_its_own_words(step: Because, language: Language) -> str:
    name = RULES.get(step.rule, step.rule) if language == "ru" else step.rule.replace("_", " ").capitalize()
    return f"{name}: {step.saw} → {step.so}." if step.saw else f"{name}: {step.so}."


def _shown(name: str, value: str | int | float | None, language: Language) -> str:
    if value is None:
        return "–"
    if name == "treatment":
        return _in(TREATMENTS.get(str(value), (str(value), str(value))), language)
    if name == "after":
        return _in(AFTER.get(str(value), (str(value), str(value))), language)
    if isinstance(value, str):
        return _moment(value, language) if name in ("local", "opens") else value
    if name.endswith("_s"):
        return duration(value, language)
    return _number(value, language) if name in ("arpu", "threshold") else f"{value}"


def _moment(written: str, language: Language) -> str:
    """`2026-11-23T09:00+03:00` as people write it, by the same clock."""
    day, _, clock = written.partition("T")
    if language == "ru":
        day = ".".join(reversed(day.split("-")))
    return f"{day} {clock[:5]}".strip()


def _number(value: float, language: Language) -> str:
    """Thousands apart; the comma and the space of the language."""
    text = f"{value:,.2f}".rstrip("0").rstrip(".") if value != int(value) else f"{value:,.0f}"
    return text.replace(",", " ").replace(".", ",") if language == "ru" else text


def _in(both: tuple[str, str], language: Language) -> str:
    return both[0] if language == "en" else both[1]
