"""`tierline contracts`: what we promise to others, written from the code itself, and checked by the build."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, cast

import typer

from app.bootstrap import Services
from app.callbacks.rules import CALLBACK_LIFE, State
from app.cli.reference import commands_reference, settings_reference
from app.errors import BadInput, TierlineError
from app.main import VERSION, create_app, openapi_document
from app.settings import Settings
from screenpop import asyncapi
from telephony.diagrams import life_cycles, section

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

ROOT = Path(__file__).parents[2]
REFERENCE = Path("docs/reference")


def http_contract() -> str:
    """Nothing is started: routes only remember their services until they are called."""
    nobody = dict.fromkeys((field.name for field in fields(Services)), None)
    services = SimpleNamespace(**{**nobody, "settings": Settings.model_construct()})
    return _json(openapi_document(create_app(cast(Services, services))))


def live_contract() -> str:
    return _json(asyncapi.document(VERSION))


def lives() -> str:
    """Those of the floor, and of what the app itself carries through several steps."""
    return life_cycles() + "\n".join(section("A callback", CALLBACK_LIFE, State.WAITING))


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


DOCUMENTS: dict[str, Callable[[], str]] = {
    "openapi.json": http_contract,
    "asyncapi.json": live_contract,
    "settings.md": settings_reference,
    "cli.md": commands_reference,
    "life-cycles.md": lives,
}


class Stale(TierlineError):
    code = "stale"


@app.command(help="Write the generated references (docs/reference) and the pages' types (web/src/contract).")
def contracts(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail when a file is out of date.")
    ] = False,
    root: Annotated[Path, typer.Option(help="The checkout.", show_default=False)] = ROOT,
) -> None:
    if not (root / "pyproject.toml").exists():
        raise BadInput("`tierline contracts` writes into a checkout of the project: there is none here.")
    stale = [
        name for name, produce in DOCUMENTS.items() if not _current(root / REFERENCE / name, produce(), check)
    ]
    if stale and check:
        listed = ", ".join(str(REFERENCE / name) for name in stale)
        raise Stale(f"Out of date: {listed}. Run `make contracts` and commit the result.")
    for name in stale:
        typer.echo(f"wrote {REFERENCE / name}")
    _pages_types(root, check)


def _current(path: Path, text: str, check: bool) -> bool:
    """Writes it when it is not, unless `check`."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return True
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return False


def _pages_types(root: Path, check: bool) -> None:
    """TypeScript comes from the same documents, by a generator of the pages' own world."""
    if not (root / "web/node_modules").is_dir():
        raise BadInput(
            "The pages' packages are not installed, so their types cannot be checked: run `make setup`."
        )
    command = ["tools/web.sh", "npm", "run", "--silent", "contracts", *(["--", "--check"] if check else [])]
    if subprocess.run(command, cwd=root, check=False).returncode != 0:  # noqa: S603 -- fixed words
        raise Stale(
            "web/src/contract is out of date or could not be written: see above, run `make contracts`."
        )
