"""Who is recorded: rules in order, shares by the call's own id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.policy import BadPolicy, Policy, read_policy
from routing.recording import Talk, records, share_of
from telephony.ids import CallId, Interface, PbxId

pytestmark = pytest.mark.unit

MAIN = PbxId("main")
AGENT = Interface("PJSIP/1001")

shares = st.floats(0, 100).filter(lambda share: share == 0 or share > 1e-3)
names = st.sampled_from(["support", "sales", "vip", "standard", "PJSIP/1001", "PJSIP/1002"])
ids = st.builds(CallId, st.text(min_size=1, max_size=40))


def policy(*rules: dict[str, object], record: bool = False) -> Policy:
    return read_policy({"recording": list(rules), "record": record}, 7)


def talk(
    line: str | None = "support",
    tier: str | None = "vip",
    agent: Interface | None = AGENT,
    call: str = "main-1.0",
) -> Talk:
    return Talk(MAIN, CallId(call), line, tier, agent)


def test_without_rules_the_old_word_decides() -> None:
    assert not records(talk(), policy()).records
    assert records(talk(), policy(record=True)).records
    assert records(talk(), policy()).because == "policy 7, no recording rule names it: no talk"


@pytest.mark.parametrize(
    ("rule", "recorded"),
    [
        ({"lines": ["support"]}, True),
        ({"lines": ["sales"]}, False),
        ({"lines": ["sales", "support"], "tiers": ["vip"]}, True),
        ({"lines": ["support"], "tiers": ["standard"]}, False),
        ({"agents": ["PJSIP/1001"]}, True),
        ({"agents": ["PJSIP/1002"]}, False),
        ({}, True),
    ],
)
def test_a_rule_names_what_all_its_parts_name(rule: dict[str, object], recorded: bool) -> None:
    assert records(talk(), policy({**rule, "percent": 100})).records is recorded


def test_the_first_rule_that_names_a_talk_decides() -> None:
    rules = policy({"lines": ["support"], "percent": 0}, {"tiers": ["vip"], "percent": 100}, record=True)
    verdict = records(talk(), rules)
    assert not verdict.records
    assert verdict.because == "policy 7, recording rule 1 (line support): no talk"
    assert records(talk(line="sales"), rules).records
    assert records(talk(line="sales", tier="standard"), rules).records


def test_what_is_not_known_is_named_by_no_rule_about_it() -> None:
    rules = policy({"lines": ["support"], "percent": 100})
    assert not records(talk(line=None), rules).records
    assert not records(talk(agent=None), policy({"agents": ["PJSIP/1001"], "percent": 100})).records


@given(ids, st.lists(st.tuples(shares, st.lists(names, max_size=2)), max_size=4))
def test_asking_again_gives_the_same_answer(call: CallId, rules: list[tuple[float, list[str]]]) -> None:
    written = [{"percent": percent, "lines": ["support", *lines]} for percent, lines in rules]
    one, again = (records(Talk(MAIN, call, "support", "vip", AGENT), policy(*written)) for _ in range(2))
    assert one == again


@given(ids, shares, shares)
def test_a_smaller_share_is_a_part_of_a_larger_one(call: CallId, one: float, other: float) -> None:
    smaller, larger = sorted((one, other))
    asked = Talk(MAIN, call, "support", "vip", AGENT)
    if records(asked, policy({"percent": smaller})).records:
        assert records(asked, policy({"percent": larger})).records


@given(ids)
def test_none_and_all_are_exact(call: CallId) -> None:
    asked = Talk(MAIN, call, "support", "vip", AGENT)
    assert not records(asked, policy({"percent": 0})).records
    assert records(asked, policy({"percent": 100})).records
    assert 0 <= share_of(MAIN, call) < 100


def test_shares_are_spread_evenly() -> None:
    """10,000 real-looking ids; 4 standard deviations of a fair draw are 1.8 points."""
    stands = [share_of(MAIN, CallId(f"main-{1795374968 + i // 3}.{i}")) for i in range(10_000)]
    for percent in (1, 10, 25, 50, 90):
        recorded = sum(share < percent for share in stands) / 100
        assert recorded == pytest.approx(percent, abs=1.8)


def test_two_switches_draw_for_themselves() -> None:
    calls = [CallId(f"main-{i}.0") for i in range(50)]
    assert [share_of(MAIN, call) for call in calls] != [share_of(PbxId("west"), call) for call in calls]


def test_the_reason_tells_the_share() -> None:
    verdict = records(talk(), policy({"lines": ["support"], "percent": 0.5}))
    stands = share_of(MAIN, CallId("main-1.0"))
    assert f"recording rule 1 (line support): 0.5 %, and this call stands at {stands:.4f}" in verdict.because


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([{"percent": 101}], "<= 100.0"),
        ([{"lines": ["support"]}], "percent"),
        ([{"percent": 5, "tiers": ["gold"]}], "recording.0.tiers: no tier 'gold'; use one of standard"),
        (
            [{"percent": 5}, {"percent": 10, "lines": ["support"]}],
            "recording.0 names every talk, so that no rule below it is ever asked: put it last",
        ),
        ([{"percent": 5, "agent": "PJSIP/1001"}], "agent"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(rules: list[dict[str, object]], said: str) -> None:
    with pytest.raises(BadPolicy) as refused:
        policy(*rules)
    assert any(said in problem for problem in refused.value.problems)
