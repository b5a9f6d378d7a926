"""At arrival: where does this call go, and why. Each question adds one step that a supervisor can read."""

from math import isfinite

from routing.facts import (
    AfterHours,
    Because,
    ClientFacts,
    Decision,
    Executor,
    Facts,
    Overflow,
    Promise,
    Treatment,
    Values,
)
from routing.hours import OpenState
from routing.overflow import overflow
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

_AFTER: dict[AfterHours, str] = {
    "goodbye": "he is told so",
    "voicemail": "he is told so and may leave a message",
    "callback": "he is told so and may ask for a callback",
}
_NO_SELF_SERVICE = {
    "always_first": "its tier is always first: never self-service",
    "promised": "he was promised a callback: no self-service before it",
    "self_served": "he was in self-service already",
}
_SAID = {"position": "position", "wait": "estimated wait"}
_CLOSED = {"outside_hours": "outside the line's hours", "holiday": "a holiday of the line"}


def decide(facts: Facts, policy: Policy, now: float) -> Decision:
    """`now`: seconds since 1970, taken as the moment the caller begins to wait. Never raises; pure."""
    clients = tuple(sorted(facts.clients, key=lambda client: client.id))
    client, who = _who(facts, clients)
    candidates = clients if client is None else (client,)
    promise, promised = _promise(client)
    topic, why = _topic(facts, client)
    tier, ranked = _tier(candidates, policy)
    treatment, treated = _treatment(facts, candidates, tier, policy, promise)
    own = facts.line.queue_of(tier.always_first)
    line, queue, executor = facts.line.code, own, facts.line.executor
    sent: Overflow | None = None
    flowed: Because | None = None
    if treatment == "straight":
        sent, flowed = overflow(facts, tier)
        if sent is not None and sent.to == "line" and sent.other is not None:
            line, queue, executor = sent.other.code, sent.other.queue, sent.other.executor
        elif sent is not None and sent.to != "line":
            treatment = sent.to
    waits = treatment in ("straight", "self_service")
    priority, placed = _priority(tier, now, promise)
    opened = facts.line.open
    because = (
        _line(facts, own),
        hours_told(opened),
        who,
        promised,
        why,
        ranked,
        treated,
        _personal(client, tier, facts, executor) if waits else None,
        flowed,
        _announced(facts, executor) if waits else None,
        placed if waits else None,
    )
    return Decision(
        treatment=treatment,
        line=line,
        queue=queue,
        tier=tier.name,
        priority=priority,
        client_id=client.id if client else None,
        language=facts.language or _language(candidates),
        personal_agents=client.personal_agents if client else (),
        record=_recorded(facts, line, tier, policy),
        because=tuple(step for step in because if step is not None),
        topic=topic,
        executor=executor,
        after=_after(facts) if treatment == "closed" else None,
        message=(opened.message or facts.line.closed_message) if treatment == "closed" else None,
        opens_at=opened.opens_at,
        time_zone=facts.line.time_zone if opened.opens_at is not None else None,
        topics=facts.line.topics if treatment == "self_service" and facts.topic is None else (),
        announce=facts.line.announce if waits and executor == "directed" else (),
        promise=promise.id if promise else None,
        sla_minutes=client.sla_minutes if client else None,
    )


def _recorded(facts: Facts, line: str, tier: Tier, policy: Policy) -> bool:
    """As far as can be said before an agent has answered; asked again when one has."""
    talk = Talk(PbxId(facts.pbx), CallId(facts.call_id), line, tier.name, None)
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


def hours_told(state: OpenState) -> Because:
    values: Values = {"local": state.local, "opens": state.opens, "reason": state.reason}
    if state.open:
        saw = f"{state.local}: within the line's hours" if state.local else "open round the clock"
        return Because("hours", saw, "open", "always" if state.why == "always" else "open", values)
    so = f"closed until {state.opens}" if state.opens else "closed; when it opens is not known"
    if state.why == "forced":
        return Because("hours", f"closed by a supervisor: {state.reason}", so, "forced", values)
    return Because("hours", f"{state.local}: {_CLOSED.get(state.why, 'closed')}", so, state.why, values)


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
        saw = "chosen by the caller"
        return facts.topic, Because("topic", saw, facts.topic, "asked", {"topic": facts.topic})
    if facts.line.topic:
        topic = facts.line.topic
        return topic, Because("topic", "set for the dialled number", topic, "number", {"topic": topic})
    if client and client.promise and client.promise.topic:
        topic = client.promise.topic
        return topic, Because("topic", "of the callback he was promised", topic, "promise", {"topic": topic})
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


def _promise(client: ClientFacts | None) -> tuple[Promise | None, Because | None]:
    if client is None or client.promise is None:
        return None, None
    promise = client.promise
    values: Values = {"callback": promise.id, "client": client.id, "topic": promise.topic}
    saw, so = f"callback {promise.id} is promised to him", "he keeps the time he asked for it"
    return promise, Because("callback", saw, so, "promised", values)


def _treatment(
    facts: Facts,
    candidates: tuple[ClientFacts, ...],
    tier: Tier,
    policy: Policy,
    promise: Promise | None,
) -> tuple[Treatment, Because]:
    """A number shared by a blocked client and another one is not blocked."""
    blocked = [str(client.id) for client in candidates if client.blocked]
    if blocked and len(blocked) == len(candidates):
        clients = ", ".join(blocked)
        values: Values = {"clients": clients, "treatment": policy.rules.blocked}
        return policy.rules.blocked, Because(
            "treatment", f"blocked: client {clients}", policy.rules.blocked, "blocked", values
        )
    if not facts.line.open.open:
        after = _after(facts)
        values = {"treatment": "closed", "after": after}
        return "closed", Because("treatment", "the line is closed", _AFTER[after], "closed", values)
    if tier.treatment == "self_service":
        passed = "always_first" if tier.always_first else "promised" if promise else None
        passed = passed or ("self_served" if facts.self_served else None)
        if passed:
            values = {"tier": tier.name, "treatment": "straight"}
            return "straight", Because("treatment", _NO_SELF_SERVICE[passed], "straight", passed, values)
    values = {"tier": tier.name, "treatment": tier.treatment}
    return tier.treatment, Because("treatment", f"tier {tier.name}", tier.treatment, "of_tier", values)


def _after(facts: Facts) -> AfterHours:
    """Nobody can be called back whose number is not known."""
    if facts.line.after_hours == "callback" and facts.ani is None:
        return "voicemail"
    return facts.line.after_hours


def _personal(client: ClientFacts | None, tier: Tier, facts: Facts, executor: Executor) -> Because:
    if client is None or not client.personal_agents:
        return Because("personal", "no agents of his own", f"anybody of line {facts.line.code}", "team")
    count, wait_s = len(client.personal_agents), tier.personal_wait_s
    values: Values = {"count": count, "agents": ", ".join(client.personal_agents), "wait_s": wait_s}
    saw = f"agents of his own: {values['agents']}"
    if executor == "queued":
        return Because("personal", saw, "app_queue rings anybody of the line", "queued", values)
    if wait_s:
        return Because("personal", saw, f"waits {wait_s:g} s for them alone", "waits", values)
    return Because("personal", saw, "preferred when one of them is idle", "preferred", values)


def _announced(facts: Facts, executor: Executor) -> Because:
    said = facts.line.announce
    if not said:
        return Because("announce", "the line announces nothing", "he hears music", "nothing")
    if executor == "queued":
        return Because(
            "announce", "set for the line", "app_queue knows no true place: he hears music", "queued"
        )
    what = " and ".join(_SAID[one] for one in said)
    return Because("announce", "set for the line", f"he hears his {what}", "_and_".join(said))


def _priority(tier: Tier, now: float, promise: Promise | None) -> tuple[int, Because]:
    joined = min(now, promise.since) if promise and isfinite(promise.since) else now
    priority = queue_prio(joined, tier.head_start_s, tier.always_first)
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
