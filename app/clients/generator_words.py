"""What made-up clients buy, ask and complain about, in their own language."""

SERVICES = (
    (
        "mobile",
        "Мобильная связь",
        (("Минуты", "мин", 500, 1.5), ("Интернет", "ГБ", 30, 25), ("SMS", "шт.", 100, 2)),
    ),
    (
        "home",
        "Домашний интернет",
        (
            ("Интернет", "ГБ", None, None),
            ("Выезд мастера", "выезд", 1, 900),
            ("Телевидение", "каналов", 120, 4),
        ),
    ),
    (
        "office",
        "Связь для бизнеса",
        (("Минуты", "мин", 5000, 0.9), ("Линии", "шт.", 20, 350), ("Поддержка", "обращений", None, None)),
    ),
)
"""Code, name, and what it entitles to: name, unit, included (None: unlimited), price of one more (None: not offered)."""

TOPICS = {
    "balance": {
        "ru": ("Уточнил баланс", "Спросил о списании за подписку", "Попросил детализацию за месяц"),
        "en": ("Asked for the balance", "Asked about a subscription charge", "Wanted an itemised bill"),
    },
    "tariff": {
        "ru": ("Спросил о тарифах для семьи", "Сменил тариф", "Узнал о пакете для поездок"),
        "en": ("Asked about family plans", "Changed the plan", "Asked about a travel package"),
    },
    "quality": {
        "ru": ("Нет связи дома", "Медленный интернет вечером", "Обрывы разговора"),
        "en": ("No signal at home", "Slow internet in the evening", "Calls drop"),
    },
    "payment": {
        "ru": ("Платёж не поступил", "Просил обещанный платёж", "Вернули ошибочный платёж"),
        "en": ("A payment did not arrive", "Asked for a deferred payment", "A wrong payment was returned"),
    },
    "equipment": {
        "ru": ("Настроили роутер", "Заменили SIM-карту", "Спросил об аренде оборудования"),
        "en": ("Router set up", "SIM card replaced", "Asked about renting equipment"),
    },
}
"""Topic and what was noted of it, by language."""

COMPLAINTS = {
    "ru": ("Трижды не перезвонили", "Списание за неподключённую услугу", "Мастер не приехал в срок"),
    "en": (
        "Promised calls never came",
        "Charged for a service not ordered",
        "The engineer did not come in time",
    ),
}
REQUESTS = {
    "ru": ("Подключить вторую линию", "Перенести номер", "Выставить счёт на новые реквизиты"),
    "en": ("Add a second line", "Port the number", "Send the invoice to the new address"),
}
NOTES = {
    "ru": (
        "Просит звонить после 18:00",
        "Предпочитает общение по почте",
        "Решает вопросы через бухгалтера",
        "Ценит краткость",
    ),
    "en": ("Call after 6 p.m.", "Prefers e-mail", "His accountant decides", "Likes short answers"),
}
OFFERS = {
    "ru": (
        ("Безлимитный интернет", "Три месяца подряд расходует весь пакет"),
        ("Семейный тариф", "На договоре двое и более"),
        ("Скидка за продление", "Договор скоро истекает"),
    ),
    "en": (
        ("Unlimited internet", "Used up the package three months running"),
        ("Family plan", "Two or more on the contract"),
        ("Renewal discount", "The contract expires soon"),
    ),
}
DISPOSITIONS = ("solved", "solved", "solved", "case_opened", "call_again", "transferred")
CHANNELS = ("phone", "phone", "phone", "phone", "web", "chat", "email", "ivr", "shop", "fax")
