"""The rehearsal as a person and a program ask for it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.rehearse import app
from app.errors import BadInput

pytestmark = pytest.mark.unit

SMALL = ("--scenario", "N=10,load=0.9,calls=2000")
FORECAST = {
    "intervals": [{"start": "08:00", "calls": 60, "agents": 4}, {"start": "09:00", "calls": 90, "agents": 8}],
    "end": "10:00",
    "days": 3,
}
HISTORY = """joined,tier,wait_s,outcome,handling_s,agent
2026-03-02T08:00:05,vip,1.5,answered,200,PJSIP/1001
2026-03-02T08:01:00,low,30,abandoned,,
2026-03-02T08:02:00,gold,30,abandoned,,
"""


def told(*arguments: str) -> dict[str, object]:
    done = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_programs_get_the_promised_fields() -> None:
    report = told(*SMALL, "--policy", "res-hs,strict,fifo")
    assert set(report) == {"scenario", "policies"}
    assert report["scenario"]["N"] == 10
    assert list(report["policies"]) == ["res-hs", "strict", "fifo"]
    for kinds in report["policies"].values():
        assert {"within_5s"} <= set(kinds["vip"])
        assert {"within_20s", "abandoned"} <= set(kinds["mid"])
        assert {"p95_wait_s", "abandoned"} <= set(kinds["low"])
        assert {"abandoned", "occupancy"} <= set(kinds["all"])
        assert 0 < kinds["all"]["occupancy"] < 1
        assert 0 <= kinds["vip"]["within_5s"] <= 1
        assert sum(kinds[kind]["offered"] for kind in ("vip", "mid", "low")) == kinds["all"]["offered"]


def test_all_policies_meet_the_same_callers() -> None:
    policies = told(*SMALL, "--policy", "strict,fifo")["policies"]
    assert policies["strict"]["all"]["offered"] == policies["fifo"]["all"]["offered"]


def test_people_get_a_table_and_the_spreadsheet_the_same(tmp_path: Path) -> None:
    table = CliRunner().invoke(app, [*SMALL, "--policy", "strict", "--csv", str(tmp_path / "x.csv")]).stdout
    header, *rows = (tmp_path / "x.csv").read_text().splitlines()
    assert header.startswith("policy,callers,offered,within_5s")
    assert [row.split(",")[1] for row in rows] == ["vip", "mid", "low", "all"]
    assert f"{100 * float(rows[0].split(',')[3]):.2f} %" in table


def test_the_picture_is_a_png(tmp_path: Path) -> None:
    told(*SMALL, "--policy", "strict", "--png", str(tmp_path / "x.png"))
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_a_forecast_has_the_calls_it_says(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text(json.dumps(FORECAST))
    report = told("--forecast", str(tmp_path / "f.json"), "--policy", "fifo")
    assert report["policies"]["fifo"]["all"]["offered"] == pytest.approx(450, rel=0.2)


def test_a_log_is_read_and_what_was_left_out_is_said(tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_text(HISTORY, encoding="utf-8-sig")
    report = told("--log", str(tmp_path / "h.csv"), "--policy", "fifo", "--scale", "3")
    assert report["scenario"] == {
        "log": "h.csv",
        "format": "history",
        "scale": 3,
        "days": 1,
        "calls": 6,
        "left_out": {"broken": 1},
    }


def test_a_stored_file_is_a_policy_too(tmp_path: Path) -> None:
    mine = tmp_path / "mine.json"
    mine.write_text('{"waiting": {"order": "fifo"}}')
    policies = told(*SMALL, "--policy", f"fifo,{mine}")["policies"]
    assert policies["fifo"] == policies[str(mine)]


def test_the_least_staff_for_the_targets_is_found() -> None:
    report = told("--scenario", "N=10,load=0.9,calls=3000", "--policy", "strict", "--staffing")
    agents = report["staffing"]["strict"]["agents"]
    assert 10 < agents < 30
    assert report["policies"]["strict"]["vip"]["within_5s"] >= 0.99


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "exactly one of --scenario"),
        (["--scenario", "N=3"], "missing required field `load`"),
        (["--scenario", "N=3,load=1,vip=0.7,mid=0.7"], "more than all calls"),
        (["--scenario", "a lot"], "no NAME=VALUE"),
        (["--scenario", "N=3,load=1", "--policy", "best"], "No policy 'best'"),
        (["--scenario", "N=2,load=1,calls=1000", "--csv", "no/such/x.csv"], "cannot be written"),
        (["--log", "no/such.csv"], "cannot be read"),
        (["--forecast", "no/such.json"], "cannot be read"),
        (["--log", "no/such.csv", "--staffing"], "--staffing searches for a steady load"),
    ],
)
def test_what_cannot_be_rehearsed_is_refused_with_what_to_do(arguments: list[str], problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        CliRunner().invoke(app, arguments, catch_exceptions=False, standalone_mode=False)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"intervals": []}, "intervals"),
        ({"end": "08:30"}, "08:30 must come after 09:00"),
        ({"mix": [{"name": "vip", "share": 0, "aht_s": 1, "patience_s": 1}]}, "some share above 0"),
        ({"agents": 3}, "agents"),
    ],
)
def test_a_forecast_that_makes_no_sense_is_refused(
    change: dict[str, object], problem: str, tmp_path: Path
) -> None:
    (tmp_path / "f.json").write_text(json.dumps({**FORECAST, **change}))
    with pytest.raises(BadInput, match=problem):
        CliRunner().invoke(
            app, ["--forecast", str(tmp_path / "f.json")], catch_exceptions=False, standalone_mode=False
        )
