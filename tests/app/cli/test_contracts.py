"""The generated references follow the code, and the build notices when they do not."""

from pathlib import Path

import pytest

from app.cli.contracts import DOCUMENTS, REFERENCE, ROOT, Stale, _current
from app.cli.contracts import contracts as run
from app.cli.reference import commands_reference, settings_reference
from app.cli.root import COMMANDS
from app.settings import PbxSettings, RecordingSettings, Settings

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_committed_reference_is_current(name: str) -> None:
    assert _current(ROOT / REFERENCE / name, DOCUMENTS[name](), check=True), "run `make contracts`"


def test_every_setting_stands_in_the_reference_with_what_it_does() -> None:
    text = settings_reference()
    for name, field in Settings.model_fields.items():
        if name not in ("pbx", "recordings"):
            assert f"| `TIERLINE_{name.upper()}` |" in text
            assert field.description
    for name in RecordingSettings.model_fields:
        assert f"| `TIERLINE_RECORDINGS__{name.upper()}` |" in text
    for name in PbxSettings.model_fields:
        assert f"| `TIERLINE_PBX__<NAME>__{name.upper()}` |" in text


def test_no_reference_depends_on_the_machine_that_wrote_it() -> None:
    home = str(Path.home())
    assert all(home not in produce() for produce in DOCUMENTS.values())


def test_every_command_stands_in_the_reference() -> None:
    text = commands_reference()
    assert all(f"## `tierline {entry.name}" in text for entry in COMMANDS)


def test_check_changes_nothing_and_names_what_is_stale(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    with pytest.raises(Stale, match=r"docs/reference/settings\.md.*make contracts"):
        run(check=True, root=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["pyproject.toml"]
