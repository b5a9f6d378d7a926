"""The words of `routing.sentences`, English and Russian side by side so that neither is forgotten."""

Both = tuple[str, str]
"""English, Russian."""

STEPS: dict[str, Both] = {
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
    "hours.always": ("The line is open round the clock.", "Линия открыта круглосуточно."),
    "hours.open": ("The line is open ({local}).", "Линия открыта ({local})."),
    "hours.outside_hours": (
        "Outside the line's hours ({local}); it opens {opens}.",
        "Вне часов работы линии ({local}); откроется {opens}.",
    ),
    "hours.outside_hours_for_long": (
        "Outside the line's hours ({local}); when it opens is not known.",
        "Вне часов работы линии ({local}); когда откроется, неизвестно.",
    ),
    "hours.holiday": (
        "A holiday of the line ({local}); it opens {opens}.",
        "У линии выходной ({local}); откроется {opens}.",
    ),
    "hours.holiday_for_long": (
        "A holiday of the line ({local}); when it opens is not known.",
        "У линии выходной ({local}); когда откроется, неизвестно.",
    ),
    "hours.forced": (
        "A supervisor closed the line ({reason}); it opens {opens}.",
        "Линию закрыл супервизор ({reason}); откроется {opens}.",
    ),
    "hours.forced_for_long": (
        "A supervisor closed the line ({reason}); when it opens is not known.",
        "Линию закрыл супервизор ({reason}); когда откроется, неизвестно.",
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
    "topic.asked": ("Topic {topic}: chosen by the caller.", "Тема {topic}: выбрана звонящим."),
    "topic.number": ("Topic {topic}: set for the dialled number.", "Тема {topic}: задана для набранного номера."),
    "topic.promise": (
        "Topic {topic}: of the callback he was promised.",
        "Тема {topic}: о ней обещанный ему обратный звонок.",
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
    "callback.promised": (
        "He was promised a callback ({callback}): he keeps the time at which he asked for it.",
        "Ему обещан обратный звонок ({callback}): считается время, когда он его попросил.",
    ),
    "treatment.closed": ("The line is closed: {after}.", "Линия закрыта: {after}."),
    "treatment.always_first": (
        "Straight to the line: tier {tier} never goes through self-service.",
        "Сразу на линию: категория {tier} не проходит самообслуживание.",
    ),
    "treatment.promised": (
        "Straight to the line: he calls before the callback he was promised.",
        "Сразу на линию: он позвонил раньше обещанного обратного звонка.",
    ),
    "treatment.self_served": (
        "Straight to the line: he was in self-service already.",
        "Сразу на линию: самообслуживание он уже прошёл.",
    ),
    "treatment.blocked": ("Blocked (client {clients}): {treatment}.", "Заблокирован (клиент {clients}): {treatment}."),
    "treatment.of_tier": ("Treatment: {treatment}.", "Что дальше: {treatment}."),
    "personal.team": (
        "He has no agents of his own: anybody of the line.",
        "Личных операторов нет: любой оператор линии.",
    ),
    "personal.queued": (
        "He has agents of his own ({agents}), but the line's queue of Asterisk rings anybody.",
        "Есть личные операторы ({agents}), но очередь Asterisk этой линии звонит любому.",
    ),
    "personal.waits": (
        "Agents of his own ({agents}): he waits {wait_s} for them alone.",
        "Личные операторы ({agents}): первые {wait_s} ждёт только их.",
    ),
    "personal.preferred": (
        "Agents of his own ({agents}) are preferred when one of them is idle.",
        "Личные операторы ({agents}): если кто-то из них свободен, звонок ему.",
    ),
    "overflow.not_known": (
        "How many wait is not known now: he stays on his line.",
        "Сколько человек ждёт, сейчас неизвестно: остаётся на своей линии.",
    ),
    "overflow.within": (
        "Not too many wait on the line (waiting {waiting}, agents {agents}).",
        "Очередь линии в пределах нормы (ждут: {waiting}, операторов: {agents}).",
    ),
    "overflow.always_first": (
        "Too many wait (waiting {waiting}, agents {agents}), but tier {tier} is never sent elsewhere.",
        "Очередь слишком велика (ждут: {waiting}, операторов: {agents}), но категорию {tier} не переводят никуда.",
    ),
    "overflow.no_number": (
        "Too many wait (waiting {waiting}, agents {agents}); without his number he cannot be called back: he stays.",
        "Очередь слишком велика (ждут: {waiting}, операторов: {agents}); без номера перезвонить нельзя: остаётся.",
    ),
    "overflow.no_other": (
        "Too many wait (waiting {waiting}, agents {agents}); the other line is not on this PBX: he stays.",
        "Очередь слишком велика (ждут: {waiting}, операторов: {agents}); другой линии на этой АТС нет: остаётся.",
    ),
    "overflow.other_closed": (
        "Too many wait (waiting {waiting}, agents {agents}); line {other} is closed: he stays.",
        "Очередь слишком велика (ждут: {waiting}, операторов: {agents}); линия {other} закрыта: остаётся.",
    ),
    "overflow.other_full": (
        "Too many wait (waiting {waiting}, agents {agents}); line {other} is full too: he stays.",
        "Очередь слишком велика (ждут: {waiting}, операторов: {agents}); линия {other} тоже полна: остаётся.",
    ),
    "overflow.to_line": (
        "Too many wait (waiting {waiting}, agents {agents}): he goes to line {other}.",
        "Очередь слишком велика (ждут: {waiting}, операторов: {agents}): переведён на линию {other}.",
    ),
    "overflow.to_callback": (
        "Too many wait (waiting {waiting}, agents {agents}): a callback is offered.",
        "Очередь слишком велика (ждут: {waiting}, операторов: {agents}): предлагается обратный звонок.",
    ),
    "overflow.to_voicemail": (
        "Too many wait (waiting {waiting}, agents {agents}): voicemail.",
        "Очередь слишком велика (ждут: {waiting}, операторов: {agents}): голосовая почта.",
    ),
    "announce.nothing": ("The line announces nothing.", "Объявлений на линии нет."),
    "announce.queued": (
        "The line's queue of Asterisk announces nothing: with priorities no place would be true.",
        "Очередь Asterisk этой линии ничего не объявляет: с приоритетами названное место было бы неверным.",
    ),
    "announce.position": ("He is told his place in the queue.", "Ему сообщают место в очереди."),
    "announce.wait": ("He is told how long it will take.", "Ему сообщают, сколько ждать."),
    "announce.position_and_wait": (
        "He is told his place in the queue and how long it will take.",
        "Ему сообщают место в очереди и сколько ждать.",
    ),
    "announce.wait_and_position": (
        "He is told how long it will take and his place in the queue.",
        "Ему сообщают, сколько ждать и место в очереди.",
    ),
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

ADDED: dict[str, Both] = {
    "stale": (" Known from an earlier call.", " Известно по прежнему звонку."),
    "highest": (
        " The highest tier among {of} clients with this number.",
        " Старшая категория из {of} клиентов с этим номером.",
    ),
}

AFTER: dict[str, Both] = {
    "goodbye": ("he is told so", "ему об этом сообщают"),
    "voicemail": ("he is told so and may leave a message", "ему об этом сообщают, можно оставить сообщение"),
    "callback": (
        "he is told so and may ask for a callback",
        "ему об этом сообщают, можно заказать обратный звонок",
    ),
}

RULES: dict[str, str] = {
    "line": "Линия", "caller": "Звонящий", "topic": "Тема", "tier": "Категория", "treatment": "Что дальше",
    "priority": "Место в очереди", "hours": "Часы работы", "overflow": "Переполнение",
    "personal": "Личный оператор", "announce": "Объявления", "callback": "Обратный звонок",
}  # fmt: skip

TREATMENTS: dict[str, Both] = {
    "straight": ("straight to the line", "сразу на линию"),
    "self_service": ("self-service first", "сначала самообслуживание"),
    "refused": ("the call is refused", "звонок отклоняется"),
    "voicemail": ("voicemail", "голосовая почта"),
    "callback": ("a callback is offered", "предлагается обратный звонок"),
    "closed": ("told that the line is closed", "сообщение, что линия закрыта"),
}

OUTCOMES: dict[str, Both] = {
    "offered": ("not over yet", "ещё не завершилось"),
    "answered": ("he answered", "он ответил"),
    "no_answer": ("he did not answer in time", "он не ответил вовремя"),
    "busy": ("his device was busy", "его телефон был занят"),
    "rejected": ("he declined", "он отклонил звонок"),
    "cancelled": ("it was cancelled before he answered", "попытка отменена до ответа"),
    "elsewhere": ("somebody else took the call", "звонок принял другой"),
    "failed": ("his device could not be reached", "его телефон недоступен"),
}

ENDINGS: dict[str, Both] = {
    "answered": ("Answered by {agent} after a wait of {wait}.", "Ответил оператор {agent}, ожидание {wait}."),
    "abandoned": ("The caller hung up after waiting {wait}.", "Звонящий положил трубку, прождав {wait}."),
    "unanswered": ("Nobody took the call; it waited {wait}.", "Звонок никто не принял; ожидание {wait}."),
    "rejected": ("The call was refused.", "Звонок отклонён."),
    "failed": ("The call failed on the way.", "Звонок не прошёл по техническим причинам."),
}

CANDIDATES: dict[str, Both] = {
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

UNITS: dict[str, tuple[str, str, str]] = {"en": ("h", "min", "s"), "ru": ("ч", "мин", "с")}
