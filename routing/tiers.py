"""Which tier a client belongs to: his revenue, and the service level he was sold."""

from math import isfinite

from routing.facts import Because, ClientFacts, Values
from routing.policy import Policy, Tier


def tier_of(client: ClientFacts, policy: Policy) -> tuple[Tier, Because]:
    """By ARPU thresholds; a contract's service level lifts him, never lowers him."""
    by_revenue = _by_revenue(client, policy)
    promised = policy.rules.service_levels.get(client.service_level)
    values: Values = {
        "tier": by_revenue.name,
        "client": client.id,
        "arpu": client.arpu if client.arpu is not None and isfinite(client.arpu) else None,
        "currency": client.currency,
        "threshold": by_revenue.threshold(client.currency),
        "level": client.service_level,
    }
    if promised is None:
        return by_revenue, Because(
            "tier", _revenue(client), _reached(by_revenue, client), "by_revenue", values
        )
    by_contract = policy.tier(promised)
    saw = f"{_revenue(client)}; contract with service level {client.service_level}"
    if policy.rank(by_contract) > policy.rank(by_revenue):
        so = f"{by_contract.name}: the contract lifts him above his revenue"
        return by_contract, Because(
            "tier",
            saw,
            so,
            "by_contract",
            {**values, "tier": by_contract.name, "by_revenue": by_revenue.name},
        )
    return by_revenue, Because("tier", saw, _reached(by_revenue, client), "by_revenue", values)


def _by_revenue(client: ClientFacts, policy: Policy) -> Tier:
    """No revenue known, or none (a refund makes it negative), is the lowest tier."""
    lowest, *higher = policy.rules.tiers
    for tier in reversed(higher):
        if client.arpu is not None and client.arpu >= tier.threshold(client.currency):
            return tier
    return lowest


def _revenue(client: ClientFacts) -> str:
    if client.arpu is None:
        return f"client {client.id}: no revenue known"
    return f"client {client.id}: {client.arpu:.2f} {client.currency} a month"


def _reached(tier: Tier, client: ClientFacts) -> str:
    threshold = tier.threshold(client.currency)
    return f"{tier.name}: from {threshold:g} a month" if threshold else f"{tier.name}: below every threshold"
