"""The console command as a person types it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.root import COMMANDS, load

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]


def tierline(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(cwd), "PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, "-m", "app", *words]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_help_names_every_command_without_loading_one(tmp_path: Path) -> None:
    code = "import sys; from app.cli.root import root; root(['--help'], standalone_mode=False);"
    code += "print(*(name for name in ('sqlalchemy', 'fastapi', 'rich', 'asyncpg') if name in sys.modules), file=sys.stderr)"
    env = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert all(f"  {entry.name} " in done.stdout for entry in COMMANDS)
    assert done.stderr.split() == []


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_every_command_loads_and_explains_itself(entry: object, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        load(entry)(["--help"])  # type: ignore[arg-type]
    assert ended.value.code == 0
    assert "Usage:" in capsys.readouterr().out


def test_an_expected_error_is_one_line_and_status_2(tmp_path: Path) -> None:
    done = tierline("replay", "missing.ami", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tierline: missing.ami cannot be read: No such file or directory.\n"


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    done = tierline("user", "list", cwd=tmp_path, TIERLINE_PORT="eighty", TIERLINE_LOG_FORMAT="xml")
    assert done.returncode == 2
    assert [line.split(":")[1].strip() for line in done.stderr.splitlines()] == [
        "TIERLINE_PORT",
        "TIERLINE_LOG_FORMAT",
    ]


def test_an_unknown_command_or_option_is_named(tmp_path: Path) -> None:
    assert "No such command 'relpay'" in tierline("relpay", cwd=tmp_path).stderr
    done = tierline("replay", "--jsn", "x", cwd=tmp_path)
    assert (done.returncode, "--jsn" in done.stderr) == (2, True)
