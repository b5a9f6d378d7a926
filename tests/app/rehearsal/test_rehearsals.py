"""Rehearsals as an administrator's page asks for them: run beside the service, watched, fetched, cancelled."""

import csv
import io
import shutil
from typing import Any

import psutil
import pytest

from app.infra.db import Database
from app.policies.service import publish
from app.projects.models import DEFAULT_PROJECT
from app.rehearsal import jobs
from tests.app.rehearsal.conftest import Until
from tests.fakes.people import People

pytestmark = pytest.mark.db

SMALL = "N=10,load=0.9,calls=2000"
LONG = "N=500,load=0.97,calls=1000000"
HISTORY = {"from": "2026-03-02", "to": "2026-03-04"}


async def test_a_scenario_is_compared_under_stored_and_unsaved_policies(
    office: People, database: Database, until: Until
) -> None:
    async with database.raw(DEFAULT_PROJECT) as connection:
        await publish(connection, '{"waiting": {"order": "fifo"}}')
    admin = await office.sign_in("admin")
    wish = {
        "scenario": SMALL,
        "policies": ["active", "1", "fifo", {"name": "draft", "body": {"waiting": {"order": "strict"}}}],
    }
    answer = await admin.post("/api/rehearsals", json=wish)
    assert answer.status_code == 202
    assert answer.json()["state"] == "preparing"
    done = await until(admin, answer.json(), "done")
    assert (done["state"], done["error"]) == ("done", None)
    assert done["done"] == done["of"] > 0
    report = done["report"]
    assert set(report) == {"scenario", "policies"}
    assert list(report["policies"]) == ["active", "1", "fifo", "draft"]
    assert report["policies"]["active"] == report["policies"]["1"] == report["policies"]["fifo"]
    vip = report["policies"]["draft"]["vip"]
    assert vip["within_5s"] > report["policies"]["fifo"]["vip"]["within_5s"]
    assert 0 <= vip["half_width"]["within_5s"] < 1
    (listed,) = (await admin.get("/api/rehearsals")).json()
    assert (listed["id"], listed["report"], listed["asked_by"]) == (done["id"], None, "Admin")


async def test_figures_and_chart_can_be_fetched(office: People, until: Until) -> None:
    admin = await office.sign_in("admin")
    started = (await admin.post("/api/rehearsals", json={"scenario": SMALL, "policies": ["strict"]})).json()
    path = f"/api/rehearsals/{started['id']}"
    assert (await admin.get(f"{path}/figures.csv")).status_code == 409
    done = await until(admin, started, "done")
    rows = list(csv.DictReader(io.StringIO((await admin.get(f"{path}/figures.csv")).text)))
    assert [row["callers"] for row in rows] == ["vip", "mid", "low", "all"]
    assert float(rows[0]["within_5s"]) == done["report"]["policies"]["strict"]["vip"]["within_5s"]
    chart = await admin.get(f"{path}/waits.png")
    assert done["chart"]
    assert (chart.headers["content-type"], chart.content[:4]) == ("image/png", b"\x89PNG")


async def test_own_history_is_rehearsed_by_the_clock_of_the_lines(
    office: People, past: Database, until: Until
) -> None:
    admin = await office.sign_in("admin")
    started = await admin.post("/api/rehearsals", json={"history": HISTORY, "policies": ["active", "fifo"]})
    done = await until(admin, started.json(), "done")
    assert done["error"] is None
    scenario = done["report"]["scenario"]
    assert (scenario["format"], scenario["days"], scenario["calls"]) == ("export", 2, 119)
    assert scenario["left_out"] == {"neither answered nor hung up": 1}
    assert done["report"]["policies"]["active"]["vip"]["offered"] == 20
    empty = await admin.post(
        "/api/rehearsals", json={"history": {**HISTORY, "line": "support"}, "policies": ["active"]}
    )
    failed = await until(admin, empty.json(), "failed")
    assert (failed["state"], failed["error"]) == ("failed", "No call of this period is stored.")


async def test_an_uploaded_log_is_rehearsed(office: People, until: Until) -> None:
    admin = await office.sign_in("admin")
    log = "joined,tier,wait_s,outcome,handling_s,agent\n2026-03-02T08:00:05,vip,1.5,answered,200,PJSIP/1001\n"
    answer = await admin.post("/api/rehearsals/logs", content=log, headers={"content-type": "text/csv"})
    assert (answer.status_code, answer.json()["size"]) == (201, len(log))
    wish = {"log": answer.json()["log"], "scale": 2, "policies": ["fifo"]}
    done = await until(admin, (await admin.post("/api/rehearsals", json=wish)).json(), "done")
    assert done["report"]["scenario"]["calls"] == 2
    nonsense = (await admin.post("/api/rehearsals/logs", content=b"\x00\xff what is this")).json()
    wish = {"log": nonsense["log"], "policies": ["fifo"]}
    failed = await until(admin, (await admin.post("/api/rehearsals", json=wish)).json(), "failed")
    assert failed["error"].startswith("uploaded log: ")


async def test_a_log_that_is_too_large_is_refused_while_it_comes(
    office: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LARGEST_LOG", 1000)
    admin = await office.sign_in("admin")
    assert (await admin.post("/api/rehearsals/logs", content=b"x" * 1001)).status_code == 413


def working_for(rehearsal: str) -> list[int]:
    return [
        one.pid
        for one in psutil.process_iter(["cmdline"])
        if rehearsal in " ".join(one.info["cmdline"] or ())
    ]


async def test_only_one_runs_at_a_time_and_it_can_be_cancelled(office: People, until: Until) -> None:
    admin = await office.sign_in("admin")
    wish = {"scenario": LONG, "policies": ["fifo"]}
    started = (await admin.post("/api/rehearsals", json=wish)).json()
    await until(admin, started, "running")
    assert working_for(started["id"])
    again = await admin.post("/api/rehearsals", json=wish)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    cancelled = (await admin.post(f"/api/rehearsals/{started['id']}/cancel")).json()
    assert (cancelled["state"], cancelled["report"]) == ("cancelled", None)
    assert cancelled["ended_at"] is not None
    assert not working_for(started["id"])
    small = await admin.post("/api/rehearsals", json={"scenario": SMALL, "policies": ["fifo"]})
    assert (await until(admin, small.json(), "done"))["state"] == "done"


@pytest.mark.parametrize("program", ["false", "echo"])
async def test_a_process_that_dies_or_talks_nonsense_is_a_failure_and_no_more(
    office: People, until: Until, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(jobs.sys, "executable", shutil.which(program))
    admin = await office.sign_in("admin")
    started = await admin.post("/api/rehearsals", json={"scenario": SMALL, "policies": ["fifo"]})
    failed = await until(admin, started.json(), "failed")
    assert failed["error"] == "The rehearsal broke off; the service's log tells why."
    again = await admin.post("/api/rehearsals", json={"scenario": SMALL, "policies": ["fifo"]})
    assert again.status_code == 202
    await until(admin, again.json(), "failed")


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        ({"policies": ["fifo"]}, "exactly one of scenario, forecast, history and log"),
        ({"scenario": SMALL, "log": "x", "policies": ["fifo"]}, "exactly one of"),
        ({"scenario": "N=3", "policies": ["fifo"]}, "scenario: Object missing required field `load`"),
        ({"scenario": "N=9,load=1,calls=9000000", "policies": ["fifo"]}, "set calls=4000000 or less"),
        ({"scenario": SMALL, "policies": ["best"]}, "No policy 'best'"),
        ({"scenario": SMALL, "policies": ["7"]}, "No version 7 of the policy is stored"),
        ({"scenario": SMALL, "policies": ["99999999999"]}, "No policy '99999999999'"),
        ({"scenario": SMALL, "policies": ["/etc/passwd.json"]}, "No policy '/etc/passwd.json'"),
        ({"scenario": SMALL, "policies": ["fifo", "fifo"]}, "named twice"),
        ({"scenario": SMALL, "policies": [{"name": "a", "body": {"blocked": 1}}]}, "a: Expected `str`"),
        ({"scenario": SMALL, "policies": [{"name": "fifo", "body": {}}]}, "cannot be called 'fifo'"),
        ({"scenario": SMALL, "policies": []}, "policies"),
        ({"log": "guessed", "policies": ["fifo"]}, "no such log"),
        ({"history": HISTORY, "staffing": True, "policies": ["fifo"]}, "searches for a steady load"),
    ],
)
async def test_what_cannot_be_rehearsed_is_refused_at_once(
    office: People, wish: dict[str, Any], problem: str
) -> None:
    answer = await (await office.sign_in("admin")).post("/api/rehearsals", json=wish)
    assert answer.status_code in (404, 422)
    assert problem in answer.json()["message"]


@pytest.mark.parametrize(
    ("history", "problem"),
    [
        ({"from": "2026-03-04", "to": "2026-03-02"}, "ends before it begins"),
        ({"from": "2024-03-04", "to": "2026-03-02"}, "longer than a year"),
        ({**HISTORY, "zone": "Moon/Base"}, "no time zone 'Moon/Base'"),
        ({**HISTORY, "zone": "../../etc/passwd"}, "no time zone"),
    ],
)
async def test_a_period_that_makes_no_sense_fails_in_words(
    office: People, until: Until, history: dict[str, str], problem: str
) -> None:
    admin = await office.sign_in("admin")
    started = await admin.post("/api/rehearsals", json={"history": history, "policies": ["fifo"]})
    failed = await until(admin, started.json(), "failed")
    assert failed["state"] == "failed"
    assert problem in failed["error"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/rehearsals"),
        ("GET", "/api/rehearsals"),
        ("POST", "/api/rehearsals/logs"),
        ("GET", "/api/rehearsals/x"),
        ("POST", "/api/rehearsals/x/cancel"),
        ("GET", "/api/rehearsals/x/figures.csv"),
        ("GET", "/api/rehearsals/x/waits.png"),
    ],
)
async def test_only_administrators_may(office: People, method: str, path: str) -> None:
    body = {"scenario": SMALL, "policies": ["fifo"]}
    for role in ("agent", "supervisor"):
        answer = await (await office.sign_in(role)).request(method, path, json=body)  # type: ignore[arg-type]
        assert answer.status_code == 403
    assert (await (await office.stranger()).request(method, path, json=body)).status_code == 401


async def test_nobody_sees_the_rehearsals_of_another_project(office: People, until: Until) -> None:
    admin = await office.sign_in("admin")
    started = (await admin.post("/api/rehearsals", json={"scenario": SMALL, "policies": ["fifo"]})).json()
    await until(admin, started, "done")
    for job in office.app.state.rehearsals._jobs.values():
        job.project_id = 2
    assert (await admin.get("/api/rehearsals")).json() == []
    assert (await admin.get(f"/api/rehearsals/{started['id']}")).status_code == 404
