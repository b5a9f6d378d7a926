"""pip's settings of a machine, as uv understands them."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.unit

SCRIPT = Path(__file__).parents[2] / "tools/pip_settings.py"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("pip_settings", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "prefix", "/nonexistent")
    monkeypatch.setattr(module, "MACHINE", Path("/nonexistent/pip.conf"))
    return module


def pip_conf(tmp_path: Path, text: str) -> dict[str, str]:
    """The environment of a machine whose pip reads this file alone."""
    file = tmp_path / "pip.conf"
    file.write_text(text)
    return {"HOME": str(tmp_path / "home"), "XDG_CONFIG_DIRS": "/nonexistent", "PIP_CONFIG_FILE": str(file)}


def test_an_index_a_certificate_and_folders_of_pip_reach_uv(script: ModuleType, tmp_path: Path) -> None:
    environ = pip_conf(
        tmp_path,
        "[global]\nindex-url = https://packages.example/simple\ncert = /etc/ca.pem\n"
        "[install]\nfind-links = /wheels\n   /more\nextra-index-url = https://extra.example/simple\n",
    )
    assert script.uv_environment(environ) == {
        "UV_DEFAULT_INDEX": "https://packages.example/simple",
        "SSL_CERT_FILE": "/etc/ca.pem",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_INDEX": "https://extra.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_the_environment_wins_over_files_and_uv_s_own_words_over_both(
    script: ModuleType, tmp_path: Path
) -> None:
    environ = pip_conf(tmp_path, "[global]\nindex-url = https://file.example\n")
    assert script.uv_environment(environ | {"PIP_INDEX_URL": "https://env.example"}) == {
        "UV_DEFAULT_INDEX": "https://env.example"
    }
    assert script.uv_environment(environ | {"UV_DEFAULT_INDEX": "https://uv.example"}) == {}


def test_a_broken_file_is_named_and_left_aside(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = pip_conf(tmp_path, "index-url without a section\n")
    assert script.uv_environment(environ) == {}
    assert "pip.conf: not understood" in capsys.readouterr().err


def test_pip_s_way_to_read_no_file_at_all_is_kept(script: ModuleType) -> None:
    assert script.uv_environment({"HOME": "/root", "PIP_CONFIG_FILE": "/dev/null"}) == {}
