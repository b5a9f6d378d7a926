"""What the doctor says of folders of recordings."""

import os
from pathlib import Path

import pytest

from app.doctor import recordings
from app.settings import PbxSettings, RecordingSettings, Settings

pytestmark = pytest.mark.unit


def settings(folder: Path, spool: Path | None) -> Settings:
    return Settings(
        pbx={"main": PbxSettings(host="127.0.0.1", secret="x", recordings=spool)},
        recordings=RecordingSettings(folder=folder),
    )


def said(folder: Path, spool: Path | None) -> list[tuple[str, str]]:
    return [(one.about, one.verdict) for one in recordings.examine(settings(folder, spool))]


def test_nothing_is_said_where_nothing_is_recorded(tmp_path: Path) -> None:
    assert said(tmp_path / "kept", None) == []
    assert not (tmp_path / "kept").exists()


def test_folders_that_can_be_used_are_well_and_left_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    assert said(tmp_path / "kept", tmp_path / "spool") == [
        ("PBX main: recordings", "ok"),
        ("place of recordings", "ok"),
    ]
    assert list((tmp_path / "spool").iterdir()) == []
    assert list((tmp_path / "kept" / ".incoming").iterdir()) == []


def test_a_folder_that_is_not_there_yet_may_be_well(tmp_path: Path) -> None:
    first, _ = recordings.examine(settings(tmp_path / "kept", tmp_path / "spool"))
    assert first.verdict == "warning"
    assert "TIERLINE_PBX__MAIN__RECORDINGS" in first.advice


def test_files_in_the_place_of_folders_are_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert said(tmp_path / "file", tmp_path / "file") == [
        ("PBX main: recordings", "failed"),
        ("place of recordings", "failed"),
    ]


def test_who_may_not_delete_is_told_whose_the_folder_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, right: not right & os.W_OK)
    (tmp_path / "spool").mkdir(mode=0o755)
    first, _ = recordings.examine(settings(tmp_path / "kept", tmp_path / "spool"))
    assert first.verdict == "failed"
    assert "may not delete" in first.found
    assert "mode 755" in first.found
