"""At arrival: where does this call go, and why. Each question adds one step that a supervisor can read."""

from routing.facts import Because, ClientFacts, Decision, Facts, Treatment, Values
from routing.policy import Policy, Tier
from routing.priority import queue_prio
from routing.recording import Talk, records
from routing.tiers import tier_of
from telephony.ids import CallId, PbxId

_NOBODY = {
    "known": "no client has this number",
    "unknown": "no client has this number",
    "withheld": "the caller withholds his number",
    "malformed": "what came as the caller's number is not a telephone number",
    "internal": "an internal number",
}
_NOT_LOOKED_UP = {
    "late": "the look-up missed its deadline",
    "failed": "the look-up failed: database away",
}


def decide(facts: Facts, policy: Policy, now: float) -> Decision:
    """`now`: seconds since 1970, taken as the moment the caller begins to wait. Never raises; pure."""
    clients = tuple(sorted(facts.clients, key=lambda client: client.id))
    client, who = _who(facts, clients)
    topic, why = _topic(facts, client)
    tier, ranked = _tier(clients if client is None else (client,), policy)
    treatment, treated = _treatment(clients if client is None else (client,), tier, policy)
    priority, placed = _priority(tier, now)
    queue = facts.line.queue_of(tier.always_first)
    return Decision(
        treatment=treatment,
        line=facts.line.code,
        queue=queue,
        tier=tier.name,
        priority=priority,
        client_id=client.id if client else None,
        language=_language(clients if client is None else (client,)),
        personal_agents=client.personal_agents if client else (),
        record=_recorded(facts, tier, policy),
        because=(_line(facts, queue), who, why, ranked, treated, placed),
        topic=topic,
        executor=facts.line.executor,
    )


def _recorded(facts: Facts, tier: Tier, policy: Policy) -> bool:
    """As far as can be said before an agent has answered; asked again when one has."""
    talk = Talk(PbxId(facts.pbx), CallId(facts.call_id), facts.line.code, tier.name, None)
    return records(talk, policy).records


def _line(facts: Facts, queue: str) -> Because:
    dialled = f"{facts.dnis or 'no number'} dialled on {facts.pbx}"
    values: Values = {
        "dnis": facts.dnis,
        "pbx": facts.pbx,
        "line": facts.line.code,
        "queue": queue,
    }
    if facts.line.by_default:
        so = f"no line has this number: default line {facts.line.code}"
        return Because("line", dialled, so, "by_default", values)
    return Because("line", dialled, f"line {facts.line.code}, queue {queue}", "dialled", values)


def _who(facts: Facts, clients: tuple[ClientFacts, ...]) -> tuple[ClientFacts | None, Because]:
    """One client, or the one remembered for the number; of several nobody is guessed."""
    missed = _NOT_LOOKED_UP.get(facts.lookup)
    if not clients:
        code = facts.lookup if missed else "nobody" if facts.ani_kind == "known" else facts.ani_kind
        saw = missed or _NOBODY[facts.ani_kind]
        return None, Because("caller", saw, "treated as an unknown caller", code)
    source = f"{missed}; as last known, " if missed else ""
    if len(clients) == 1:
        saw, so = f"{source}one client has this number", f"client {clients[0].id}"
        return clients[0], Because(
            "caller", saw, so, "one", {"client": clients[0].id, "lookup": facts.lookup}
        )
    ids = ", ".join(str(client.id) for client in clients)
    saw = f"{source}{len(clients)} clients have this number: {ids}"
    values: Values = {"count": len(clients), "clients": ids, "lookup": facts.lookup}
    for client in clients:
        if client.id == facts.chosen_client:
            so = f"client {client.id}, chosen for this number before"
            return client, Because("caller", saw, so, "chosen", {**values, "client": client.id})
    return None, Because("caller", saw, "not known which of them; the agent chooses", "several", values)


def _topic(facts: Facts, client: ClientFacts | None) -> tuple[str | None, Because]:
    """What the caller (or the dialled number) says goes before what his open cases suggest."""
    if facts.topic:
        saw = "asked for by the caller or the dialled number"
        return facts.topic, Because("topic", saw, facts.topic, "asked", {"topic": facts.topic})
    topics = sorted(set(client.open_case_topics)) if client else []
    if len(topics) == 1:
        saw = "all his open cases have one topic"
        return topics[0], Because("topic", saw, topics[0], "open_cases", {"topic": topics[0]})
    if topics:
        several = ", ".join(topics)
        saw, so = f"open cases on {several}", "no topic: several are possible"
        return None, Because("topic", saw, so, "several", {"topics": several})
    return None, Because("topic", "nothing asked for, no open case with a topic", "no topic", "none")


def _tier(candidates: tuple[ClientFacts, ...], policy: Policy) -> tuple[Tier, Because]:
    """The highest tier among the candidates: whoever of them calls, he is not served below his own."""
    if not candidates:
        tier = policy.tier(policy.rules.unknown_tier)
        so = f"{tier.name}: the policy's tier for unknown callers"
        return tier, Because("tier", "no client to go by", so, "unknown", {"tier": tier.name})
    tier, because = max(
        (tier_of(client, policy) for client in candidates), key=lambda one: policy.rank(one[0])
    )
    if len(candidates) > 1:
        so = f"{because.so}; the highest of the clients on this number"
        values = {**because.values, "of": len(candidates)}
        return tier, Because("tier", because.saw, so, because.code, values)
    return tier, because


def _treatment(candidates: tuple[ClientFacts, ...], tier: Tier, policy: Policy) -> tuple[Treatment, Because]:
    """A number shared by a blocked client and another one is not blocked."""
    blocked = [str(client.id) for client in candidates if client.blocked]
    if blocked and len(blocked) == len(candidates):
        clients = ", ".join(blocked)
        values: Values = {"clients": clients, "treatment": policy.rules.blocked}
        return policy.rules.blocked, Because(
            "treatment", f"blocked: client {clients}", policy.rules.blocked, "blocked", values
        )
    values = {"tier": tier.name, "treatment": tier.treatment}
    return tier.treatment, Because("treatment", f"tier {tier.name}", tier.treatment, "of_tier", values)


def _priority(tier: Tier, now: float) -> tuple[int, Because]:
    priority = queue_prio(now, tier.head_start_s, tier.always_first)
    values: Values = {"tier": tier.name, "head_start_s": tier.head_start_s}
    if tier.always_first:
        code, so = "always_first", "before every lower tier"
    elif tier.head_start_s:
        code, so = "head_start", f"as if he had come {tier.head_start_s} s earlier"
    else:
        code, so = "by_arrival", "by time of arrival"
    return priority, Because("priority", f"tier {tier.name}", so, code, values)


def _language(candidates: tuple[ClientFacts, ...]) -> str | None:
    """The one language of all who may be calling."""
    languages = {client.language for client in candidates}
    return languages.pop() if len(languages) == 1 else None
