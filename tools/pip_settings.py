"""Prints the machine's pip settings as uv's environment, one `NAME=value` line each.

uv reads neither pip.conf nor `PIP_*`, so on a machine that reaches packages through its own index or
certificate an install by uv would fail where pip works. Only the standard library: it runs before anything is
installed. What uv was told already (`UV_*`) wins.
"""

import configparser
import os
import sys
from pathlib import Path

MACHINE = Path("/etc/pip.conf")
KEYS = ("index-url", "extra-index-url", "find-links", "cert")


def config_files(environ: dict[str, str]) -> list[Path]:
    """pip's own order, least important first: machine, user, environment of this interpreter, PIP_CONFIG_FILE."""
    if environ.get("PIP_CONFIG_FILE") == os.devnull:
        return []
    home = Path(environ.get("HOME", "/nonexistent"))
    machine = [Path(part) / "pip/pip.conf" for part in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")]
    config_home = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    files = [*machine, MACHINE, home / ".pip/pip.conf", config_home / "pip/pip.conf"]
    files.append(Path(sys.prefix) / "pip.conf")
    if chosen := environ.get("PIP_CONFIG_FILE"):
        files.append(Path(chosen))
    return files


def pip_settings(environ: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in config_files(environ):
        config = configparser.RawConfigParser()
        try:
            config.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            print(f"{file}: not understood, left aside ({error})", file=sys.stderr)
            continue
        for section in ("global", "install"):
            if config.has_section(section):
                found |= {key: value for key, value in config.items(section) if key in KEYS and value.strip()}
    for key in KEYS:
        if value := environ.get("PIP_" + key.upper().replace("-", "_")):
            found[key] = value
    return {key: " ".join(value.split()) for key, value in found.items()}


def uv_environment(environ: dict[str, str]) -> dict[str, str]:
    settings = pip_settings(environ)
    uv: dict[str, str] = {}
    if index := settings.get("index-url"):
        uv["UV_DEFAULT_INDEX"] = index
    if extra := settings.get("extra-index-url"):
        uv["UV_INDEX"] = extra
        uv["UV_INDEX_STRATEGY"] = (
            "unsafe-best-match"  # as pip does; the lock's hashes decide what is accepted
        )
    if links := settings.get("find-links"):
        uv["UV_FIND_LINKS"] = ",".join(links.split())
    if cert := settings.get("cert"):
        uv["SSL_CERT_FILE"] = cert
    return {name: value for name, value in uv.items() if not environ.get(name)}


if __name__ == "__main__":
    for name, value in uv_environment(dict(os.environ)).items():
        print(f"{name}={value}")
