"""Stories of a capture, for people and for programs."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.replay import app, read
from app.errors import BadInput

pytestmark = pytest.mark.unit

CAPTURES = Path(__file__).parents[2] / "fixtures/ami"
FORTY = CAPTURES / "session-40-calls.ami"


def test_programs_get_the_promised_fields() -> None:
    done = CliRunner().invoke(app, ["--json", str(FORTY)])
    told = json.loads(done.stdout)
    wanted = {
        "call_id",
        "ani",
        "dnis",
        "lines",
        "waited",
        "started",
        "ended",
        "rings",
        "transfers",
        "outcome",
    }
    assert len(told) > 30
    assert all(set(story) == wanted for story in told)
    assert {"answered", "abandoned"} <= {story["outcome"] for story in told}


def test_people_get_a_line_for_each_call_with_its_caller() -> None:
    shown = CliRunner().invoke(app, [str(FORTY)]).stdout
    for story in read(FORTY):
        assert story["ani"] in shown
    assert "answered after" in shown


@pytest.mark.parametrize(
    "content", [b"", b"Dear sir,\r\n\r\nno AMI here\r\n\r\n", os.urandom(20_000).replace(b"Event", b"")]
)
def test_a_file_that_is_no_capture_is_refused_with_the_reason(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd.ami"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=r"odd\.ami holds no AMI messages"):
        read(file)


def test_a_folder_is_no_capture(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Is a directory"):
        read(tmp_path)


def test_a_capture_without_calls_tells_none(tmp_path: Path) -> None:
    file = tmp_path / "quiet.ami"
    file.write_bytes(
        b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nMessage: Authentication accepted\r\n\r\n"
    )
    assert read(file) == []
