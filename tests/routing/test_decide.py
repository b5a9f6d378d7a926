"""Where a call goes: the rules of the policy, one by one, and what must hold for any facts."""

from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.answer import Answer, answer
from routing.decide import decide
from routing.facts import ClientFacts, Decision, Facts, LineFacts, Load, OtherLine, Overflow, Promise
from routing.hours import OpenState
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


# --- whether the line is open -------------------------------------------------------------------------------

CLOSED = OpenState(
    open=False,
    why="outside_hours",
    local="2026-11-22T21:00+03:00",
    opens="2026-11-23T09:00+03:00",
    opens_at=1_795_417_200.0,
)


def on(line: LineFacts = LINE, **changed: object) -> LineFacts:
    return msgspec.structs.replace(line, **changed)


@pytest.mark.parametrize("arpu", [10.0, 5000.0])
@pytest.mark.parametrize("after", ["goodbye", "voicemail", "callback"])
def test_a_closed_line_is_closed_for_everybody(arpu: float, after: str) -> None:
    line = on(open=CLOSED, after_hours=after, closed_message="tierline/night", time_zone="Europe/Moscow")
    decision = decided(client(arpu=arpu), line=line)
    assert (decision.treatment, decision.after, decision.message) == ("closed", after, "tierline/night")
    assert (decision.opens_at, decision.time_zone) == (1_795_417_200.0, "Europe/Moscow")
    assert (decision.client_id, decision.line, decision.queue) == (1, "support", "support-main")
    assert "outside the line's hours -> closed until 2026-11-23T09:00+03:00" in step(decision, "hours")


def test_a_supervisors_message_goes_before_the_lines_own() -> None:
    forced = OpenState(open=False, why="forced", reason="fire drill", message="tierline/drill")
    decision = decided(client(), line=on(open=forced, closed_message="tierline/night"))
    assert (decision.message, decision.opens_at, decision.time_zone) == ("tierline/drill", None, None)
    assert "closed by a supervisor: fire drill" in step(decision, "hours")


def test_nobody_is_offered_a_callback_whose_number_is_not_known() -> None:
    decision = decided(line=on(open=CLOSED, after_hours="callback"), ani=None, ani_kind="withheld")
    assert decision.after == "voicemail"


def test_a_blocked_client_is_refused_also_when_closed() -> None:
    assert decided(client(blocked=True), line=on(open=CLOSED)).treatment == "refused"


def test_the_first_question_is_whether_the_line_is_open() -> None:
    rules = [because.rule for because in decided(client()).because]
    assert rules == [
        "line",
        "hours",
        "caller",
        "topic",
        "tier",
        "treatment",
        "personal",
        "announce",
        "priority",
    ]


def test_nothing_is_said_that_the_queue_of_asterisk_cannot_keep() -> None:
    known = client(personal_agents=("PJSIP/1001",))
    line = on(announce=("position",))
    queued, directed = (
        decided(known, line=line),
        decided(known, line=on(announce=("position",), executor="directed")),
    )
    assert (queued.announce, directed.announce) == ((), ("position",))
    assert "anybody of the line" in step(queued, "personal")
    assert "preferred" in step(directed, "personal")
    assert "hears music" in step(queued, "announce")


# --- self-service, topics, promises ---------------------------------------------------------------------------


def test_self_service_offers_the_lines_topics_unless_one_was_chosen() -> None:
    line = on(topics=("billing", "repair"))
    assert decided(client(), line=line).topics == ("billing", "repair")
    assert decided(client(arpu=2000.0), line=line).topics == ()


def test_who_was_in_self_service_goes_on_with_what_he_chose() -> None:
    decision = decided(client(language="ru"), self_served=True, topic="repair", language="en")
    assert (decision.treatment, decision.topic, decision.language) == ("straight", "repair", "en")
    assert "in self-service already" in step(decision, "treatment")


def test_a_tier_that_is_always_first_is_never_sent_to_self_service_whatever_the_policy_says() -> None:
    policy = read_policy(
        {
            "tiers": [
                {"name": "standard"},
                {"name": "vip", "arpu_from": 9, "always_first": True, "treatment": "self_service"},
            ]
        },
        version=1,
    )
    decision = decided(client(), policy=policy)
    assert (decision.treatment, decision.tier) == ("straight", "vip")


def test_what_the_caller_says_goes_before_his_number_his_callback_and_his_cases() -> None:
    him = client(open_case_topics=("cases",), promise={"id": 5, "since": NOW, "topic": "promise"})
    of_number = on(topic="number")
    assert decided(him, line=of_number, topic="said").topic == "said"
    assert decided(him, line=of_number).topic == "number"
    assert decided(him).topic == "promise"
    assert decided(client(open_case_topics=("cases",))).topic == "cases"


def test_who_was_promised_a_callback_keeps_his_time_and_needs_no_self_service() -> None:
    since = NOW - 1800
    decision = decided(client(promise={"id": 5, "since": since}))
    assert (decision.promise, decision.treatment) == (5, "straight")
    assert decision.priority == decide(facts(client()), DEFAULT_POLICY, since).priority
    assert "callback 5 is promised to him" in step(decision, "callback")


def test_personal_agents_are_told() -> None:
    his, line = client(personal_agents=("PJSIP/1001",)), on(executor="directed")
    assert "agents of his own: PJSIP/1001 -> preferred" in step(decided(his, line=line), "personal")
    policy = read_policy({"tiers": [{"name": "standard", "personal_wait_s": 4}]} | NO_LEVELS, version=1)
    assert "waits 4 s for them alone" in step(decided(his, line=line, policy=policy), "personal")


NO_LEVELS: dict[str, object] = {"service_levels": {}}


# --- when too many wait ---------------------------------------------------------------------------------------

OTHER = OtherLine("sales", "sales-main")


def crowded(to: str = "line", other: OtherLine | None = OTHER, **more: object) -> dict[str, object]:
    rule = Overflow(to, wait_s=300.0, per_agent=2.0, other=other if to == "line" else None)  # type: ignore[arg-type]
    load = more.pop("load", Load(waiting=5, agents=2, wait_s={"standard": 100.0}))
    return {"line": on(overflow=rule), "load": load, "self_served": True, **more}


def test_over_the_limit_a_caller_goes_to_the_other_line() -> None:
    decision = decided(client(), **crowded())
    assert (decision.line, decision.queue, decision.treatment) == ("sales", "sales-main", "straight")
    assert "2.5 waiting for each agent, 2 allowed -> goes to line sales" in step(decision, "overflow")


@pytest.mark.parametrize("to", ["callback", "voicemail"])
def test_or_is_offered_a_callback_or_voicemail(to: str) -> None:
    assert decided(client(), **crowded(to)).treatment == to


@pytest.mark.parametrize(
    ("load", "goes"),
    [
        (Load(4, 2, {"standard": 300.0}), False),
        (Load(5, 2, {"standard": None}), True),
        (Load(1, 2, {"standard": 300.5}), True),
        (Load(1, 2, {"vip": 900.0, "standard": 10.0}), False),
        (Load(0, 0, {}), True),
        (None, False),
    ],
    ids=[
        "at the limits",
        "waiting per agent",
        "expected wait",
        "of another tier",
        "nobody on duty",
        "unknown",
    ],
)
def test_either_limit_counts(load: Load | None, goes: bool) -> None:
    assert (decided(client(), **crowded(load=load)).line == "sales") is goes


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (None, "not on this PBX"),
        (OtherLine("sales", "s", open=False), "closed"),
        (OtherLine("sales", "s", full=True), "over its own limit"),
    ],
)
def test_he_stays_where_the_other_line_cannot_take_him(other: OtherLine | None, why: str) -> None:
    decision = decided(client(), **crowded(other=other))
    assert decision.line == "support"
    assert why in step(decision, "overflow")


@pytest.mark.parametrize("to", ["line", "callback", "voicemail"])
def test_a_vip_is_never_sent_elsewhere(to: str) -> None:
    decision = decided(client(arpu=5000.0), **crowded(to))
    assert (decision.treatment, decision.line) == ("straight", "support")
    assert "never sent elsewhere" in step(decision, "overflow")


def test_a_callback_is_not_offered_to_a_number_that_is_not_known() -> None:
    assert decided(**crowded("callback", ani=None, ani_kind="withheld")).treatment == "straight"


def test_self_service_comes_before_the_question_how_many_wait() -> None:
    decision = decided(client(), **crowded(self_served=False))
    assert (decision.treatment, decision.line) == ("self_service", "support")


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
        sla_minutes=st.none() | st.integers(1, 10_000),
        promise=st.none() | st.builds(Promise, st.integers(1, 99), st.floats(), words),
    ),
    max_size=4,
    unique_by=lambda one: one.id,
).map(tuple)
numbers = st.none() | st.floats(allow_nan=False)
lines = st.builds(
    LineFacts,
    st.text(max_size=8),
    st.text(max_size=8),
    st.booleans(),
    st.sampled_from(["queued", "directed"]),
    open=st.builds(
        OpenState,
        st.booleans(),
        st.sampled_from(["always", "hours", "outside_hours", "holiday", "forced"]),
        words,
        words,
        st.none() | st.floats(0, 1e10),
        words,
        words,
    ),
    after_hours=st.sampled_from(["goodbye", "voicemail", "callback"]),
    topic=words,
    topics=st.lists(st.text(max_size=8), max_size=3).map(tuple),
    overflow=st.none()
    | st.builds(
        Overflow,
        st.sampled_from(["line", "callback", "voicemail"]),
        numbers,
        numbers,
        st.none() | st.builds(OtherLine, st.just("other"), st.just("other-main"), full=st.booleans()),
    ),
    announce=st.sampled_from([(), ("position",), ("position", "wait")]),
)
any_facts = st.builds(
    Facts,
    pbx=st.text(max_size=8),
    call_id=st.text(max_size=8),
    ani=st.none() | st.integers(),
    ani_kind=st.sampled_from(["known", "unknown", "withheld", "malformed", "internal"]),
    dnis=words,
    line=lines,
    clients=clients,
    chosen_client=st.none() | st.integers(1, 5),
    topic=words,
    lookup=st.sampled_from(["done", "late", "failed", "not_needed"]),
    load=st.none()
    | st.builds(
        Load,
        st.integers(0, 10_000),
        st.integers(0, 500),
        st.dictionaries(st.sampled_from(["standard", "priority", "vip"]), numbers),
    ),
    language=st.sampled_from([None, "ru", "en"]),
    self_served=st.booleans(),
)
times = st.floats(0, 1e11)


@given(any_facts, times)
def test_decides_for_any_facts_and_always_alike(one: Facts, now: float) -> None:
    decision = decide(one, DEFAULT_POLICY, now)
    assert decision == decide(one, DEFAULT_POLICY, now)
    assert 0 <= decision.priority <= 2_000_000_000
    assert all(
        because.saw and because.so and because.code for because in decision.because if because.rule != "topic"
    )
    told = [because.rule for because in decision.because]
    assert len(told) == len(set(told)), "one step for each question"
    assert msgspec.json.decode(msgspec.json.encode(answer(decision)), type=Answer) == answer(decision)


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


@given(any_facts, times)
def test_a_vip_is_never_in_self_service_nor_sent_elsewhere(one: Facts, now: float) -> None:
    decision = decide(one, DEFAULT_POLICY, now)
    if decision.tier == "vip" and decision.treatment != "refused":
        assert decision.treatment == ("straight" if one.line.open.open else "closed")
        assert (decision.line, decision.queue) == (one.line.code, one.line.queue)


@given(any_facts, times)
def test_nobody_waits_on_a_closed_line_and_nobody_is_turned_away_from_an_open_one(
    one: Facts, now: float
) -> None:
    decision = decide(one, DEFAULT_POLICY, now)
    waits = decision.treatment in ("straight", "self_service")
    assert not waits or one.line.open.open
    assert decision.treatment != "closed" or not one.line.open.open
    assert (decision.after is not None) == (decision.treatment == "closed")


@given(any_facts, times)
def test_the_order_of_what_is_known_by_tier_does_not_matter(one: Facts, now: float) -> None:
    if one.load is not None:
        turned = msgspec.structs.replace(one.load, wait_s=dict(reversed(one.load.wait_s.items())))
        assert decide(msgspec.structs.replace(one, load=turned), DEFAULT_POLICY, now) == decide(
            one, DEFAULT_POLICY, now
        )
