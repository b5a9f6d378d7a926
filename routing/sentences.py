"""What was decided and done with a call, as sentences for a supervisor, in the languages of the screens.

Made from codes and values, never from other sentences. A step that has no sentence here is told in the words it brought
along, so that a new rule is readable from its first day.
"""

from typing import NamedTuple

from routing.facts import Because
from routing.why import Candidate, Language, PassedOver, sentence

LANGUAGES: tuple[Language, ...] = ("en", "ru")

STEPS: dict[str, tuple[str, str]] = {
    "line.dialled": (
        "Dialled {dnis} on PBX {pbx}: line {line}.",
        "Набран номер {dnis} (АТС {pbx}): линия {line}.",
    ),
    "line.by_default": (
        "No line owns the dialled number {dnis}: default line {line}.",
        "Номер {dnis} не принадлежит ни одной линии: линия по умолчанию {line}.",
    ),
    "line.no_number": (
        "The dialled number is not known: default line {line}.",
        "Набранный номер неизвестен: линия по умолчанию {line}.",
    ),
    "caller.nobody": (
        "No client has this number: an unknown caller.",
        "Клиента с таким номером нет: неизвестный звонящий.",
    ),
    "caller.withheld": (
        "The caller withholds his number: an unknown caller.",
        "Номер скрыт: неизвестный звонящий.",
    ),
    "caller.malformed": (
        "What came as his number is not a telephone number: an unknown caller.",
        "Вместо номера пришло то, что номером не является: неизвестный звонящий.",
    ),
    "caller.internal": (
        "An internal number, of no client: an unknown caller.",
        "Внутренний номер, не клиент: неизвестный звонящий.",
    ),
    "caller.late": (
        "The client could not be looked up in time: an unknown caller.",
        "Клиента не успели найти вовремя: неизвестный звонящий.",
    ),
    "caller.failed": (
        "The client could not be looked up, the database was away: an unknown caller.",
        "Клиента не удалось найти, база не отвечала: неизвестный звонящий.",
    ),
    "caller.one": ("The number belongs to client {client}.", "Номер принадлежит клиенту {client}."),
    "caller.chosen": (
        "{count} clients share the number; client {client} was chosen for it before.",
        "У номера клиентов: {count}; раньше для него выбрали клиента {client}.",
    ),
    "caller.several": (
        "{count} clients share the number ({clients}): the agent chooses.",
        "У номера клиентов: {count} ({clients}); выберет оператор.",
    ),
    "topic.asked": (
        "Topic {topic}: asked for by the caller or set for the number.",
        "Тема {topic}: выбрана звонящим или задана для номера.",
    ),
    "topic.open_cases": (
        "Topic {topic}: his open cases are about it.",
        "Тема {topic}: о ней его открытые обращения.",
    ),
    "topic.several": (
        "His open cases are about {topics}: no topic is assumed.",
        "Его открытые обращения о разном ({topics}): тема не определена.",
    ),
    "topic.none": ("No topic is known.", "Тема неизвестна."),
    "tier.by_revenue": (
        "Tier {tier}: {arpu} {currency} a month, and it begins at {threshold}.",
        "Категория {tier}: {arpu} {currency} в месяц, а начинается она с {threshold}.",
    ),
    "tier.lowest": (
        "Tier {tier}: {arpu} {currency} a month is below every threshold.",
        "Категория {tier}: {arpu} {currency} в месяц ниже всех порогов.",
    ),
    "tier.no_revenue": ("Tier {tier}: his revenue is not known.", "Категория {tier}: доход неизвестен."),
    "tier.by_contract": (
        "Tier {tier}: his contract ({level}) lifts him above {by_revenue}, where his revenue stands.",
        "Категория {tier}: договор ({level}) поднимает его выше категории {by_revenue}, к которой относит доход.",
    ),
    "tier.unknown": ("Tier {tier}: set for unknown callers.", "Категория {tier}: задана для неизвестных."),
    "treatment.blocked": ("Blocked (client {clients}): {treatment}.", "Заблокирован (клиент {clients}): {treatment}."),
    "treatment.of_tier": ("Treatment: {treatment}.", "Что дальше: {treatment}."),
    "priority.always_first": (
        "Goes before every caller of a lower tier.",
        "Идёт раньше всех звонящих младших категорий.",
    ),
    "priority.head_start": (
        "Stands in the queue as if he had come {head_start_s} earlier.",
        "Стоит в очереди так, будто пришёл на {head_start_s} раньше.",
    ),
    "priority.by_arrival": ("Stands in the queue by time of arrival.", "Стоит в очереди по времени прихода."),
}  # fmt: skip
"""`rule.code` -> (English, Russian)."""

ADDED: dict[str, tuple[str, str]] = {
    "stale": (" Known from an earlier call.", " Известно по прежнему звонку."),
    "highest": (
        " The highest tier among {of} clients with this number.",
        " Старшая категория из {of} клиентов с этим номером.",
    ),
}

RULES: dict[str, str] = {
    "line": "Линия", "caller": "Звонящий", "topic": "Тема", "tier": "Категория", "treatment": "Что дальше",
    "priority": "Место в очереди", "hours": "Часы работы", "blocked": "Чёрный список", "overflow": "Переполнение",
    "personal": "Личный оператор", "announce": "Сообщения",
}  # fmt: skip

TREATMENTS: dict[str, tuple[str, str]] = {
    "straight": ("straight to the line", "сразу на линию"),
    "self_service": ("self-service first", "сначала самообслуживание"),
    "refused": ("the call is refused", "звонок отклоняется"),
    "voicemail": ("voicemail", "голосовая почта"),
    "callback": ("a callback is offered", "предлагается обратный звонок"),
    "closed": ("told that the line is closed", "сообщение, что линия закрыта"),
}

OUTCOMES: dict[str, tuple[str, str]] = {
    "offered": ("not over yet", "ещё не завершилось"),
    "answered": ("he answered", "он ответил"),
    "no_answer": ("he did not answer in time", "он не ответил вовремя"),
    "busy": ("his device was busy", "его телефон был занят"),
    "rejected": ("he declined", "он отклонил звонок"),
    "cancelled": ("it was cancelled before he answered", "попытка отменена до ответа"),
    "elsewhere": ("somebody else took the call", "звонок принял другой"),
    "failed": ("his device could not be reached", "его телефон недоступен"),
}

ENDINGS: dict[str, tuple[str, str]] = {
    "answered": ("Answered by {agent} after a wait of {wait}.", "Ответил оператор {agent}, ожидание {wait}."),
    "abandoned": ("The caller hung up after waiting {wait}.", "Звонящий положил трубку, прождав {wait}."),
    "unanswered": ("Nobody took the call; it waited {wait}.", "Звонок никто не принял; ожидание {wait}."),
    "rejected": ("The call was refused.", "Звонок отклонён."),
    "failed": ("The call failed on the way.", "Звонок не прошёл по техническим причинам."),
}

CANDIDATES: dict[str, tuple[str, str]] = {
    "personal": ("{agent} is an agent of the client's own.", "{agent} — личный оператор клиента."),
    "best": ("{agent} was the best of those idle.", "{agent} подходил лучше всех свободных."),
    "not_personal": ("{agent} was idle too, but is not his own.", "{agent} тоже был свободен, но не личный."),
    "lower_level": (
        "{agent} was idle too, but can do it less well ({level}).",
        "{agent} тоже был свободен, но умеет хуже ({level}).",
    ),
    "idle_for_less": (
        "{agent} was idle too, but for less long ({idle}).",
        "{agent} тоже был свободен, но меньше времени ({idle}).",
    ),
}

UNITS = {"en": ("h", "min", "s"), "ru": ("ч", "мин", "с")}


class Attempt(NamedTuple):
    """One try to ring one agent. `agent`: as people call him."""

    agent: str
    waited_s: float
    idle: int
    personal: bool
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
    if isinstance(value, str):
        return value
    if name.endswith("_s"):
        return duration(value, language)
    return _number(value, language) if name in ("arpu", "threshold") else f"{value}"


def _number(value: float, language: Language) -> str:
    """Thousands apart; the comma and the space of the language."""
    text = f"{value:,.2f}".rstrip("0").rstrip(".") if value != int(value) else f"{value:,.0f}"
    return text.replace(",", " ").replace(".", ",") if language == "ru" else text


def _in(both: tuple[str, str], language: Language) -> str:
    return both[0] if language == "en" else both[1]
