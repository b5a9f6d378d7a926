"""Made-up clients: the same ones for the same seed, with a history that looks like one.

Tiers by ARPU in the proportions 66 / 32 / 2 (below 300, up to 1000, from 1000 a month). Their mobile numbers are
+7 900 0…, valid to `phonenumbers`; nothing is ever dialled there.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from faker import Faker

from app.clients import generator_words as words
from app.clients.card import months_before
from app.clients.rules import name_key

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]

FIRST_PHONE = 79000000001
SECOND_PHONES = 500_000
SHARES = (("vip", 0.02), ("priority", 0.32), ("standard", 0.66))
ARPU = {"standard": (60.0, 290.0), "priority": (310.0, 980.0), "vip": (1020.0, 6000.0)}
"""Drawn from within the tier with some way to its borders: rounding must not move anybody."""
MONTHS = 13

COLUMNS: dict[str, tuple[str, ...]] = {
    "clients": (
        *("id", "external_id", "name", "name_key", "kind", "segment", "language", "currency", "email"),
        *("born_on", "client_since", "blocked"),
    ),
    "client_phones": ("client_id", "phone", "label", "is_primary"),
    "client_revenue": ("client_id", "month", "amount"),
    "contracts": (
        *("id", "client_id", "service_id", "number", "service_level", "starts_on", "expires_on"),
        *("monthly_fee", "sla_minutes"),
    ),
    "entitlements": ("contract_id", "name", "unit", "included", "used", "price"),
    "cases": (
        *("client_id", "kind", "title", "status", "topic", "opened_at", "due_at", "closed_at", "agent_id"),
    ),
    "interactions": (
        *("client_id", "channel", "direction", "at", "topic", "summary", "agent_id", "disposition"),
        "duration_s",
    ),
    "notes": ("client_id", "agent_id", "body", "created_at", "updated_at"),
    "offers": ("client_id", "title", "reason", "state", "valid_until"),
    "client_personal_agents": ("client_id", "agent_id", "rank"),
}


def make_clients(
    *,
    seed: int,
    now: datetime,
    ids: list[int],
    contract_ids: list[int],
    service_ids: list[int],
    agents: list[int],
) -> Rows:
    """Rows by table in the order of `COLUMNS`; the same for the same arguments. `contract_ids`: two for each client."""
    chance = random.Random(seed)  # noqa: S311 -- not a secret
    people = _People(seed)
    rows: Rows = {table: [] for table in COLUMNS}
    months = [months_before(now.date(), back) for back in range(MONTHS - 1, -1, -1)]
    free_contracts = iter(contract_ids)
    for number, (client_id, tier) in enumerate(zip(ids, _tiers(len(ids), chance), strict=True)):
        one = _One(client_id, number, tier, chance.random() < (0.4 if tier == "vip" else 0.06), now, chance)
        arpu = _arpu(tier, chance)
        rows["clients"].append(one.client(people))
        rows["client_phones"] += one.phones()
        rows["client_revenue"] += zip([client_id] * MONTHS, months, _amounts(arpu, chance), strict=True)
        for _ in range(2 if one.company or chance.random() < 0.2 else 1):
            contract_id = next(free_contracts)
            rows["contracts"].append(one.contract(contract_id, service_ids, arpu))
            rows["entitlements"] += one.entitlements(contract_id, rows["contracts"][-1][2], service_ids)
        rows["interactions"] += one.interactions(agents)
        rows["cases"] += one.cases(agents)
        rows["notes"] += one.notes(agents)
        rows["offers"] += one.offers()
        if tier == "vip" and agents:
            chosen = chance.sample(agents, min(3, len(agents)))
            rows["client_personal_agents"] += [
                (client_id, agent, rank) for rank, agent in enumerate(chosen, 1)
            ]
    return rows


class _One:
    """One client being made."""

    def __init__(
        self, client_id: int, number: int, tier: str, company: bool, now: datetime, chance: random.Random
    ) -> None:
        self.client_id, self.number, self.tier, self.company = client_id, number, tier, company
        self.now, self.chance = now, chance
        self.language = "en" if chance.random() < 0.15 else "ru"

    def client(self, people: _People) -> Row:
        chance = self.chance
        name = people.name(self.language, self.company, chance)
        segment = ("key accounts" if self.tier == "vip" else "business") if self.company else "mass"
        born = (
            None
            if self.company
            else date(chance.randint(1945, 2007), chance.randint(1, 12), chance.randint(1, 28))
        )
        return (
            *(self.client_id, f"demo-{self.number:06}", name, name_key(name)),
            *("company" if self.company else "person", segment, self.language, "RUB"),
            *(f"client{self.number}@example.com", born, self._ago(chance.randint(400, 5000)).date()),
            self.tier == "standard" and chance.random() < 0.003,
        )

    def phones(self) -> list[Row]:
        """One in 33 shares the number of the client before him (a household); one in 12 has a second number."""
        rows: list[Row] = [(self.client_id, FIRST_PHONE + self.number, "mobile", True)]
        if self.number and self.chance.random() < 0.03:
            rows[0] = (self.client_id, FIRST_PHONE + self.number - 1, "household", False)
        if self.chance.random() < 0.08:
            rows.append((self.client_id, FIRST_PHONE + SECOND_PHONES + self.number, "work", False))
        return rows

    def contract(self, contract_id: int, service_ids: list[int], arpu: float) -> Row:
        chance = self.chance
        level, sla = "standard", None
        if self.tier == "vip":
            level, sla = chance.choice((("vip", 60), ("vip", 60), ("golden", 15)))
        starts = self._ago(chance.randint(30, 1500)).date()
        expires = chance.choice((None, self.now.date() + timedelta(days=chance.randint(3, 700))))
        service = service_ids[2] if self.company else chance.choice(service_ids[:2])
        return (
            *(contract_id, self.client_id, service, f"T-{contract_id:08}", level),
            *(starts, expires, _money(arpu * 0.8), sla),
        )

    def entitlements(self, contract_id: int, service_id: int, service_ids: list[int]) -> Iterator[Row]:
        for name, unit, included, price in words.SERVICES[service_ids.index(service_id)][2]:
            used = Decimal(round(self.chance.uniform(0, 1.1) * (included or 80)))
            yield contract_id, name, unit, included, used, None if price is None else _money(price)

    def interactions(self, agents: list[int]) -> Iterator[Row]:
        chance = self.chance
        for _ in range(min(30, int(chance.expovariate(1 / (14 if self.tier == "vip" else 6))))):
            channel = chance.choice(words.CHANNELS)
            topic = chance.choice(_TOPICS)
            spoken = channel in ("phone", "chat", "shop") and bool(agents)
            yield (
                *(self.client_id, channel, "out" if chance.random() < 0.1 else "in"),
                *(
                    self._ago(chance.uniform(0.1, 420)),
                    topic,
                    chance.choice(words.TOPICS[topic][self.language]),
                ),
                *(
                    chance.choice(agents) if spoken else None,
                    chance.choice(words.DISPOSITIONS) if spoken else None,
                ),
                chance.randint(40, 900) if channel in ("phone", "ivr") else None,
            )

    def cases(self, agents: list[int]) -> Iterator[Row]:
        """Some closed long ago; one client in eight has an open one, due around now."""
        chance = self.chance
        for is_open in (False, True):
            if chance.random() > (0.12 if is_open else 0.25):
                continue
            complaint = chance.random() < 0.4
            title = chance.choice((words.COMPLAINTS if complaint else words.REQUESTS)[self.language])
            opened = self._ago(chance.uniform(0.1, 3) if is_open else chance.uniform(20, 400))
            due = opened + timedelta(days=3 if complaint else 5)
            yield (
                *(self.client_id, "complaint" if complaint else "request", title),
                *(
                    chance.choice(("open", "in_progress", "waiting")) if is_open else "closed",
                    chance.choice(_TOPICS),
                ),
                *(opened, due, None if is_open else opened + timedelta(days=chance.uniform(0.2, 4))),
                chance.choice(agents) if agents else None,
            )

    def notes(self, agents: list[int]) -> Iterator[Row]:
        if self.chance.random() < 0.25:
            at = self._ago(self.chance.uniform(1, 300))
            author = self.chance.choice(agents) if agents else None
            yield self.client_id, author, self.chance.choice(words.NOTES[self.language]), at, at

    def offers(self) -> Iterator[Row]:
        if self.chance.random() < 0.3:
            title, reason = self.chance.choice(words.OFFERS[self.language])
            state = self.chance.choice(("open", "open", "later", "declined"))
            yield (
                self.client_id,
                title,
                reason,
                state,
                self.now.date() + timedelta(days=self.chance.randint(5, 90)),
            )

    def _ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days)


_TOPICS = tuple(words.TOPICS)


class _People:
    """Names are drawn from some hundreds of Faker's, because ten thousand calls of it take longer than all the rest."""

    def __init__(self, seed: int) -> None:
        russian, english = Faker("ru_RU"), Faker("en_GB")
        russian.seed_instance(seed)
        english.seed_instance(seed)
        self._russian = [
            [(one(), two(), three()) for _ in range(150)]
            for one, two, three in (
                (russian.last_name_male, russian.first_name_male, russian.middle_name_male),
                (russian.last_name_female, russian.first_name_female, russian.middle_name_female),
            )
        ]
        self._english = [(english.first_name(), english.last_name()) for _ in range(300)]
        self._companies = [russian.company() for _ in range(400)]

    def name(self, language: str, company: bool, chance: random.Random) -> str:
        if company:
            return chance.choice(self._companies)
        if language == "en":
            return f"{chance.choice(self._english)[0]} {chance.choice(self._english)[1]}"
        pool = chance.choice(self._russian)
        return " ".join(chance.choice(pool)[part] for part in range(3))


def _tiers(count: int, chance: random.Random) -> list[str]:
    """Exact proportions in a random order."""
    tiers = [tier for tier, share in SHARES[:-1] for _ in range(round(count * share))]
    tiers += ["standard"] * (count - len(tiers))
    chance.shuffle(tiers)
    return tiers


def _arpu(tier: str, chance: random.Random) -> float:
    low, high = ARPU[tier]
    return round(chance.triangular(low, high, low + (high - low) * (0.15 if tier == "vip" else 0.4)), 2)


def _amounts(arpu: float, chance: random.Random) -> Iterator[Decimal]:
    """Nine months around the ARPU, three that have it as their mean, and the running month's beginning."""
    trend = chance.uniform(-0.03, 0.03)
    for back in range(MONTHS - 2, 2, -1):
        yield _money(arpu * max(0.2, 1 - trend * back + chance.uniform(-0.12, 0.12)))
    swing = arpu * chance.uniform(-0.1, 0.1)
    yield _money(arpu + swing)
    yield _money(arpu)
    yield _money(arpu - swing)
    yield _money(arpu * chance.uniform(0.1, 0.9))


def _money(amount: float) -> Decimal:
    return Decimal(f"{amount:.2f}")
