"""Log lines as people and collectors read them."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from app.infra.logging import Level, configure

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_ours_and_the_libraries_lines_are_json_alike(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json", "info")
    with structlog.contextvars.bound_contextvars(request_id="abc-1"):
        structlog.get_logger("ours").info("call arrived", ani="+79161234567")
    logging.getLogger("theirs").warning("pool is %s", "full")
    ours, theirs = (json.loads(line) for line in lines(capsys))
    assert (ours["event"], ours["ani"], ours["level"], ours["request_id"]) == (
        "call arrived",
        "+79161234567",
        "info",
        "abc-1",
    )
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("pool is full", "theirs", "warning")
    assert ours["timestamp"].endswith("Z")


def test_a_traceback_stays_on_its_line_for_collectors(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json", "info")
    try:
        raise ZeroDivisionError("no")
    except ZeroDivisionError:
        structlog.get_logger("ours").exception("failed")
    (line,) = lines(capsys)
    assert json.loads(line)["exception"][0]["exc_type"] == "ZeroDivisionError"


@pytest.mark.parametrize(("level", "shown"), [("debug", 3), ("info", 2), ("warning", 1), ("error", 0)])
def test_less_than_the_least_level_is_not_written(
    capsys: pytest.CaptureFixture[str], level: Level, shown: int
) -> None:
    configure("text", level)
    log = structlog.get_logger("ours")
    log.debug("fine detail")
    log.info("ordinary")
    log.warning("odd")
    assert len(lines(capsys)) == shown


def test_a_ticket_that_opens_a_screen_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text", "info")
    address = "/live?resume=7&ticket=abc-DEF_9"
    logging.getLogger("uvicorn.error").info('%s - "WebSocket %s" [accepted]', ("127.0.0.1", 5), address)
    (line,) = lines(capsys)
    assert "/live?resume=7&ticket=…" in line
    assert "abc-DEF_9" not in line
