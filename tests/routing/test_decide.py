"""Where a call goes: the rules of the policy, one by one, and what must hold for any facts."""

from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.answer import answer
from routing.decide import decide
from routing.facts import ClientFacts, Decision, Facts, LineFacts
from routing.policy import DEFAULT_POLICY, Policy, read_policy

pytestmark = pytest.mark.unit

NOW = 1_800_000_000.0
LINE = LineFacts("support", "support-main")


def client(
    number: int = 1,
    arpu: float | None = 100.0,
    level: str = "standard",
    blocked: bool = False,
    language: str | None = "ru",
    **more: object,
) -> ClientFacts:
    fields = {"id": number, "arpu": arpu, "currency": "RUB", "service_level": level, "blocked": blocked}
    return msgspec.convert(fields | {"language": language} | more, ClientFacts)


def facts(*clients: ClientFacts, **more: object) -> Facts:
    known = Facts("main", "1700000000.1", 79161234567, "known", "74951234567", LINE, clients)
    return msgspec.structs.replace(known, **more)


def decided(*clients: ClientFacts, policy: Policy = DEFAULT_POLICY, **more: object) -> Decision:
    return decide(facts(*clients, **more), policy, NOW)


def step(decision: Decision, rule: str) -> str:
    (one,) = [because for because in decision.because if because.rule == rule]
    return f"{one.saw} -> {one.so}"


@pytest.mark.parametrize(
    ("arpu", "tier", "treatment"),
    [
        (None, "standard", "self_service"),
        (-12.0, "standard", "self_service"),
        (299.99, "standard", "self_service"),
        (300.0, "priority", "self_service"),
        (999.99, "priority", "self_service"),
        (1000.0, "vip", "straight"),
    ],
)
def test_revenue_makes_the_tier(arpu: float | None, tier: str, treatment: str) -> None:
    decision = decided(client(arpu=arpu))
    assert (decision.tier, decision.treatment, decision.client_id) == (tier, treatment, 1)
    assert (decision.line, decision.queue) == ("support", "support-main")


@pytest.mark.parametrize("level", ["vip", "golden"])
def test_a_contract_lifts(level: str) -> None:
    decision = decided(client(arpu=10.0, level=level))
    assert (decision.tier, decision.treatment) == ("vip", "straight")
    assert "lifts him" in step(decision, "tier")


def test_a_contract_never_lowers() -> None:
    policy = read_policy({"service_levels": {"golden": "priority"}}, version=1)
    assert decided(client(arpu=5000.0, level="golden"), policy=policy).tier == "vip"


def test_thresholds_of_the_clients_currency() -> None:
    policy = read_policy(
        {
            "tiers": [
                {"name": "standard"},
                {"name": "vip", "arpu_from": 1000, "arpu_from_in": {"USD": 60}},
            ]
        },
        version=1,
    )
    assert decided(client(arpu=60.0, currency="USD"), policy=policy).tier == "vip"
    assert decided(client(arpu=60.0, currency="RUB"), policy=policy).tier == "standard"


@pytest.mark.parametrize(
    ("kind", "lookup", "reason"),
    [
        ("unknown", "done", "no client has this number"),
        ("withheld", "not_needed", "withholds"),
        ("malformed", "not_needed", "not a telephone number"),
        ("internal", "not_needed", "internal number"),
        ("unknown", "late", "missed its deadline"),
        ("unknown", "failed", "failed"),
    ],
)
def test_a_caller_without_a_client_is_an_ordinary_case(kind: str, lookup: str, reason: str) -> None:
    decision = decided(ani_kind=kind, lookup=lookup)
    assert (decision.tier, decision.treatment, decision.client_id) == ("standard", "self_service", None)
    assert reason in step(decision, "caller")


def test_the_policy_says_which_tier_an_unknown_caller_has() -> None:
    policy = read_policy({"unknown_tier": "priority"}, version=1)
    assert decided(ani_kind="unknown", policy=policy).tier == "priority"


def test_when_the_look_up_is_late_what_was_last_known_counts() -> None:
    decision = decided(client(arpu=2000.0), lookup="late")
    assert (decision.tier, decision.client_id) == ("vip", 1)
    assert "missed its deadline; as last known" in step(decision, "caller")


def test_of_several_clients_nobody_is_guessed_and_the_highest_tier_decides() -> None:
    decision = decided(client(1, arpu=50.0), client(2, arpu=1500.0, personal_agents=("PJSIP/1001",)))
    assert (decision.client_id, decision.tier, decision.personal_agents) == (None, "vip", ())
    assert "the agent chooses" in step(decision, "caller")
    assert "highest of the clients" in step(decision, "tier")


def test_the_client_chosen_before_is_the_caller() -> None:
    decision = decided(client(1, arpu=50.0), client(2, arpu=1500.0), chosen_client=1)
    assert (decision.client_id, decision.tier) == (1, "standard")
    assert "chosen for this number before" in step(decision, "caller")


def test_a_choice_of_somebody_who_lost_the_number_counts_no_more() -> None:
    assert decided(client(1), client(2), chosen_client=9).client_id is None


def test_a_blocked_client_is_refused() -> None:
    decision = decided(client(arpu=5000.0, blocked=True))
    assert decision.treatment == "refused"
    assert "blocked" in step(decision, "treatment")


def test_the_policy_may_let_blocked_clients_into_self_service() -> None:
    policy = read_policy({"blocked": "self_service"}, version=1)
    assert decided(client(arpu=5000.0, blocked=True), policy=policy).treatment == "self_service"


def test_a_blocked_client_does_not_block_others_on_his_number() -> None:
    assert decided(client(1, blocked=True), client(2)).treatment == "self_service"
    assert decided(client(1, blocked=True), client(2, blocked=True)).treatment == "refused"


def test_topic_language_and_personal_agents_pass_through() -> None:
    him = client(language="en", personal_agents=("PJSIP/1001", "PJSIP/1002"))
    decision = decided(him, topic="billing")
    assert (decision.topic, decision.language) == ("billing", "en")
    assert decision.personal_agents == ("PJSIP/1001", "PJSIP/1002")


def test_an_open_case_suggests_the_topic() -> None:
    assert decided(client(open_case_topics=("repair", "repair"))).topic == "repair"
    assert decided(client(open_case_topics=("repair", "billing"))).topic is None
    assert decided(client(open_case_topics=("repair",)), topic="sales").topic == "sales"


def test_the_default_line_says_so() -> None:
    decision = decided(client(), line=LineFacts("main", "main", by_default=True))
    assert "default line main" in step(decision, "line")


def test_the_answer_leaves_out_what_has_no_value() -> None:
    unknown = msgspec.to_builtins(answer(decided(ani_kind="unknown")))
    assert not {"client_id", "language", "topic"} & unknown.keys()
    known = msgspec.to_builtins(answer(decided(client(7))))
    assert (known["client_id"], known["language"], known["personal_agents"]) == (7, "ru", ())
    assert known.keys() >= {"treatment", "line", "queue", "tier", "priority", "record", "because"}


# --- for any facts ----------------------------------------------------------------------------------------

words = st.none() | st.text(max_size=12)
clients = st.lists(
    st.builds(
        ClientFacts,
        id=st.integers(1, 10**12),
        arpu=st.none() | st.floats(),
        currency=st.sampled_from(["RUB", "USD", "", "₽"]),
        service_level=st.sampled_from(["standard", "vip", "golden"]),
        language=st.sampled_from([None, "ru", "en"]),
        blocked=st.booleans(),
        personal_agents=st.lists(st.text(max_size=8), max_size=3).map(tuple),
        open_case_topics=st.lists(st.text(max_size=8), max_size=3).map(tuple),
    ),
    max_size=4,
    unique_by=lambda one: one.id,
).map(tuple)
any_facts = st.builds(
    Facts,
    pbx=st.text(max_size=8),
    call_id=st.text(max_size=8),
    ani=st.none() | st.integers(),
    ani_kind=st.sampled_from(["known", "unknown", "withheld", "malformed", "internal"]),
    dnis=words,
    line=st.builds(LineFacts, st.text(max_size=8), st.text(max_size=8), st.booleans()),
    clients=clients,
    chosen_client=st.none() | st.integers(1, 5),
    topic=words,
    lookup=st.sampled_from(["done", "late", "failed", "not_needed"]),
)
times = st.floats(0, 1e11)


@given(any_facts, times)
def test_decides_for_any_facts_and_always_alike(one: Facts, now: float) -> None:
    decision = decide(one, DEFAULT_POLICY, now)
    assert decision == decide(one, DEFAULT_POLICY, now)
    assert 0 <= decision.priority <= 2_000_000_000
    assert all(because.saw and because.so for because in decision.because if because.rule != "topic")
    assert msgspec.json.decode(msgspec.json.encode(decision), type=Decision) == decision


@given(any_facts, times)
def test_the_order_in_which_clients_came_from_the_database_does_not_matter(one: Facts, now: float) -> None:
    expected = decide(one, DEFAULT_POLICY, now)
    for order in permutations(one.clients):
        assert decide(msgspec.structs.replace(one, clients=order), DEFAULT_POLICY, now) == expected


@given(any_facts, any_facts, times, times)
def test_a_vip_is_before_anybody_of_a_lower_tier(one: Facts, other: Facts, now: float, later: float) -> None:
    first, second = decide(one, DEFAULT_POLICY, now), decide(other, DEFAULT_POLICY, later)
    if first.tier == "vip" and second.tier != "vip":
        assert first.priority > second.priority
