"""The policy as an administrator changes it: checked, saved, confirmed, in force at once, rolled back; nobody else may."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from app.calls.repository import store_calls
from app.inbound.rules import KnownRules
from app.infra.db import Database
from app.projects.models import DEFAULT_PROJECT
from tests.fakes.people import People

pytestmark = pytest.mark.db

MODEST: dict[str, Any] = {"goal": {"percent": 80, "within_s": 120}, "unknown_tier": "priority"}
"""Eight agents can promise that."""


async def test_until_one_is_activated_the_defaults_are_in_force(office: People) -> None:
    told = (await (await office.sign_in("admin")).get("/api/policy")).json()
    assert (told["version"], told["active"], told["body"]) == (0, True, {})
    assert [tier["name"] for tier in told["rules"]["tiers"]] == ["standard", "priority", "vip"]
    assert told["rules"]["goal"]["percent"] == 99.0


async def test_what_a_small_pool_cannot_promise_is_said_with_what_it_can(office: People) -> None:
    admin = await office.sign_in("admin")
    told = (await admin.post("/api/policy/check", json={"body": {}})).json()
    assert told["errors"] == []
    (warning,) = told["warnings"]
    assert (warning["code"], warning["place"]) == ("promise", "goal")
    assert warning["en"].startswith(
        "sales: a pool of 8 agents cannot promise 99 % in 5 s: expect 94 %; promise "
    )
    assert warning["ru"].startswith(
        "sales (операторов: 8): нельзя обещать 99 % за 5 с, ожидайте 94 %; обещайте "
    )
    (promise,) = told["promises"]
    assert (promise["line"], promise["agents"], promise["known"], promise["kept"]) == (
        "sales",
        8,
        False,
        False,
    )
    assert promise["enough_agents"] > 8
    kept = (await admin.post("/api/policy/check", json={"body": MODEST})).json()
    assert (kept["warnings"], kept["promises"][0]["kept"]) == ([], True)


async def test_stored_calls_say_how_long_talks_are_and_how_many_vips_come(
    office: People, staffed: Database
) -> None:
    """Three VIPs in each of two hours, of 100 s; ten standard callers change nothing but the mean."""
    since = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=2)
    calls = [
        {
            **{"pbx": "main", "call_id": f"{hour}.{number}", "line": "sales", "doubtful": False},
            **{"tier": "vip" if number < 3 else "standard", "talk_s": 100, "outcome": "answered"},
            "started_at": since + timedelta(hours=hour, minutes=number),
            "joined_at": since + timedelta(hours=hour, minutes=number),
        }
        for hour in range(2)
        for number in range(8)
    ]
    async with staffed.raw(DEFAULT_PROJECT) as connection:
        await store_calls(connection, [msgspec.json.encode(call) for call in calls])
    told = (await (await office.sign_in("admin")).post("/api/policy/check", json={"body": {}})).json()
    (promise,) = told["promises"]
    assert (promise["aht_s"], promise["vip_per_hour"], promise["known"]) == (100.5, 3.0, True)
    assert promise["expected_percent"] > 97


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"unknown_tier": "gold"}, "unknown_tier: no tier 'gold'; use one of standard, priority, vip"),
        ({"colour": "red"}, "Object contains unknown field `colour`"),
        ({"goal": {"within_s": 5, "answer_s": 6}}, "leave nothing after 6 s of ringing"),
    ],
)
async def test_a_policy_that_cannot_be_used_is_refused_in_words(
    office: People, body: dict[str, Any], problem: str
) -> None:
    admin = await office.sign_in("admin")
    checked = (await admin.post("/api/policy/check", json={"body": body})).json()
    assert problem in checked["errors"][0]
    saved = await admin.post("/api/policy/versions", json={"body": body})
    assert saved.status_code == 422
    assert problem in saved.json()["message"]
    assert (await admin.get("/api/policy/versions")).json() == []


async def test_what_the_database_cannot_keep_is_refused(office: People) -> None:
    admin = await office.sign_in("admin")
    for wanted in (
        {"body": {"recording": [{"percent": 1, "lines": ["\0"]}]}},
        {"body": {}, "note": "\0"},
        {"body": {"recording": [{"percent": 1, "lines": ["x" * 99] * 2100}]}},
    ):
        assert (await admin.post("/api/policy/versions", json=wanted)).status_code == 422


async def test_names_that_lead_nowhere_are_told_before_a_caller_finds_out(office: People) -> None:
    body = {
        **MODEST,
        "recording": [{"percent": 100, "lines": ["sale"]}],
        "skills": [{"topics": ["billing"], "steps": [{"need": {"billing": 5}}]}],
    }
    told = (await (await office.sign_in("admin")).post("/api/policy/check", json={"body": body})).json()
    assert [(one["code"], one["place"]) for one in told["warnings"]] == [
        ("no_such_line", "recording.0.lines"),
        ("nobody_can", "skills.0"),
    ]
    assert "there is no line 'sale'; lines are sales" in told["warnings"][0]["en"]


async def test_a_version_counts_for_calls_as_soon_as_it_is_activated(
    office: People, rules: KnownRules
) -> None:
    admin = await office.sign_in("admin")
    saved = await admin.post("/api/policy/versions", json={"body": MODEST, "note": "be modest"})
    assert (saved.status_code, saved.json()["version"]) == (201, 1)
    assert rules.last_known(DEFAULT_PROJECT).policy.version == 0
    answer = await admin.post("/api/policy/versions/1/activate", json={})
    assert (answer.status_code, answer.json()) == (200, {"version": 1, "warnings": []})
    assert rules.last_known(DEFAULT_PROJECT).policy.version == 1
    assert rules.last_known(DEFAULT_PROJECT).policy.rules.unknown_tier == "priority"
    (row,) = (await admin.get("/api/policy/versions")).json()
    assert (row["version"], row["active"], row["note"], row["created_by"]) == (1, True, "be modest", "Admin")
    assert (await admin.get("/api/policy")).json()["body"] == MODEST


async def test_warnings_must_be_confirmed_and_who_did_is_noted(office: People, rules: KnownRules) -> None:
    admin = await office.sign_in("admin")
    await admin.post("/api/policy/versions", json={"body": {"unknown_tier": "vip"}})
    refused = await admin.post("/api/policy/versions/1/activate", json={})
    assert refused.status_code == 409
    assert "cannot promise 99 % in 5 s" in refused.json()["message"]
    assert rules.last_known(DEFAULT_PROJECT).policy.version == 0
    await admin.post("/api/policy/versions/1/activate", json={"confirmed": True})
    assert rules.last_known(DEFAULT_PROJECT).policy.version == 1
    (row,) = (await admin.get("/api/policy/activations")).json()
    assert (row["version"], row["by"]) == (1, "Admin")
    assert "cannot promise" in row["confirmed"][0]


async def test_one_click_takes_it_back(office: People, rules: KnownRules) -> None:
    admin = await office.sign_in("admin")
    assert (await admin.post("/api/policy/roll-back")).status_code == 409
    for body in (MODEST, {**MODEST, "unknown_tier": "vip"}):
        number = (await admin.post("/api/policy/versions", json={"body": body})).json()["version"]
        await admin.post(f"/api/policy/versions/{number}/activate", json={"confirmed": True})
    assert (await admin.post("/api/policy/roll-back")).json()["version"] == 1
    assert rules.last_known(DEFAULT_PROJECT).policy.version == 1
    rows = (await admin.get("/api/policy/activations")).json()
    assert [row["version"] for row in rows] == [1, 2, 1]


async def test_what_a_version_changes_is_shown_by_name(office: People) -> None:
    admin = await office.sign_in("admin")
    tiers = [{"name": "standard"}, {"name": "vip", "arpu_from": 500, "always_first": True}]
    body = {"tiers": tiers, "goal": {"within_s": 20}}
    await admin.post("/api/policy/versions", json={"body": body})
    told = (await admin.get("/api/policy/differences", params={"before": 0, "after": 1})).json()
    changes = {one["path"]: (one["before"], one["after"]) for one in told["changes"]}
    assert changes["goal.within_s"] == (5.0, 20.0)
    assert changes["tiers.vip.arpu_from"] == (1000.0, 500.0)
    assert changes["tiers.priority.head_start_s"] == (900, None)
    assert not any(path.startswith("waiting") for path in changes)
    same = (await admin.get("/api/policy/differences", params={"before": 1, "after": 1})).json()
    assert same["changes"] == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/policy", None),
        ("GET", "/api/policy/versions", None),
        ("GET", "/api/policy/versions/0", None),
        ("GET", "/api/policy/activations", None),
        ("GET", "/api/policy/differences?before=0&after=0", None),
        ("POST", "/api/policy/check", {"body": {}}),
        ("POST", "/api/policy/versions", {"body": {}}),
        ("POST", "/api/policy/versions/0/activate", {"confirmed": True}),
        ("POST", "/api/policy/roll-back", None),
    ],
)
async def test_only_administrators_may(
    office: People, method: str, path: str, body: dict[str, Any] | None
) -> None:
    for role in ("agent", "supervisor"):
        answer = await (await office.sign_in(role)).request(method, path, json=body)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert (await (await office.stranger()).request(method, path, json=body)).status_code == 401


@pytest.mark.parametrize("version", [7, 2_000_000_000])
async def test_a_version_that_never_was_is_not_found(office: People, version: int) -> None:
    admin = await office.sign_in("admin")
    assert (await admin.get(f"/api/policy/versions/{version}")).status_code == 404
    activated = await admin.post(f"/api/policy/versions/{version}/activate", json={"confirmed": True})
    assert activated.status_code == 404
    assert (await admin.get(f"/api/policy/versions/{10**12}")).status_code == 422
