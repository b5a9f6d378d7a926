"""Several PBXs in the environment."""

import pytest

from app.errors import Misconfigured
from app.settings import read_settings

pytestmark = pytest.mark.unit


def put(monkeypatch: pytest.MonkeyPatch, name: str, host: str, **more: str) -> None:
    for key, value in {"HOST": host, "SECRET": "s", **more}.items():
        monkeypatch.setenv(f"TIERLINE_PBX__{name}__{key}", value)


def test_each_pbx_has_settings_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, "NORTH", "10.0.0.5", USERNAME="one")
    put(monkeypatch, "SOUTH", "10.0.0.5", PORT="5039")
    pbx = read_settings().pbx
    assert {(name, pbx[name].username, pbx[name].port) for name in ("north", "south")} == {
        ("north", "one", 5038),
        ("south", "tierline", 5039),
    }


def test_one_pbx_under_two_names_is_refused_because_each_of_its_calls_would_be_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(monkeypatch, "NORTH", "pbx.example")
    put(monkeypatch, "SOUTH", "PBX.example")
    with pytest.raises(Misconfigured, match=r"the same PBX, .*:5038: keep one of them"):
        read_settings()
