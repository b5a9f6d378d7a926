"""Where Asterisk and SIPp are: those of this machine, or private ones fetched once and kept in the cache.

The machine's own win: `TIERLINE_ASTERISK` and `TIERLINE_SIPP` (paths), else what is on PATH. The private ones are one
tarball in the cache directory (`TIERLINE_CACHE_DIR`) and a tree unpacked from it; both may be deleted at any time.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from app.errors import Misconfigured, Unavailable
from app.infra import debs

Say = Callable[[str], None]

PACKAGES = (
    "asterisk",
    "asterisk-core-sounds-en-gsm",
    "asterisk-core-sounds-ru-gsm",
    "asterisk-modules",
    "libc6",
    "sip-tester",
)
_VOICES = {"en": "en_US_f_Allison", "ru": "ru_RU_f_IvrvoiceRU"}
"""Languages of callers, and the folders of sounds that speak them."""

OLDEST = (20, 11)
"""Older Asterisks do not know the event filters of our manager.conf."""

_WORLD_READABLE_CACHE = Path("/var/cache/tierline")
_NOT_NEEDED = ("doc", "locale", "man", "info", "lintian", "bug")


@dataclass(frozen=True)
class PbxPrograms:
    """Words that start each program. `modules` and `data` are None for an Asterisk that knows its own places."""

    asterisk: tuple[str, ...]
    sipp: tuple[str, ...]
    modules: Path | None = None
    data: Path | None = None


def config_dir() -> Path:
    """`asterisk-config/`: beside the source in a clone, inside the package when installed."""
    app = Path(__file__).resolve().parents[1]
    shipped = app / "_shipped" / "asterisk-config"
    return shipped if shipped.is_dir() else app.parent / "asterisk-config"


def cache_dir() -> Path:
    return Path(os.environ.get("TIERLINE_CACHE_DIR") or user_cache_path("tierline")).absolute()


def obtain(say: Say = lambda _: None) -> PbxPrograms:
    """Find or fetch both programs. Raises `PackagesMissing` or `Misconfigured` that say what to do."""
    asterisk = _own("TIERLINE_ASTERISK", "asterisk", say)
    sipp = _own("TIERLINE_SIPP", "sipp", say)
    if asterisk and sipp:
        return PbxPrograms((str(asterisk),), (str(sipp),))
    tree = _private_tree(say)
    private_sipp = tree.command(Path("usr/bin/sipp"))
    if asterisk:
        return PbxPrograms((str(asterisk),), private_sipp)
    return PbxPrograms(
        tree.command(Path("usr/sbin/asterisk")),
        (str(sipp),) if sipp else private_sipp,
        modules=tree.libraries / "asterisk/modules",
        data=tree.root / "usr/share/asterisk",
    )


def _own(variable: str, name: str, say: Say) -> Path | None:
    told = os.environ.get(variable)
    places = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
    found = shutil.which(told or name, path=places)
    if told and not found:
        raise Misconfigured(f"{variable}: {told} is no program that can be run")
    if not found or name != "asterisk":
        return Path(found) if found else None
    version = _version(Path(found))
    if version >= OLDEST:
        return Path(found)
    numbers = ".".join(map(str, version)) or "unknown"
    if told:
        raise Misconfigured(
            f"{variable}: {told} is version {numbers}; {'.'.join(map(str, OLDEST))} or later is needed"
        )
    say(f"{found} is version {numbers}, too old: a private one is used")
    return None


def _version(asterisk: Path) -> tuple[int, ...]:
    done = subprocess.run([asterisk, "-V"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    match = re.search(r"(\d+)\.(\d+)", done.stdout)
    return (int(match[1]), int(match[2])) if match else ()


def _private_tree(say: Say) -> debs.Prefix:
    """Unpacked tree ← tarball ← archive, each made when it is not there. One process at a time."""
    architecture = debs.machine_architecture()
    modules = re.findall(
        r"^load\s*=>?\s*(\S+\.so)", (config_dir() / "modules.conf").read_text(), re.MULTILINE
    )
    key = hashlib.sha256("\n".join((*PACKAGES, *sorted(modules))).encode()).hexdigest()[:12]
    name = f"asterisk-{architecture}-{key}"
    cache = cache_dir()
    home = _home_of_trees(cache)
    tree = debs.Prefix(home / name, architecture)
    tarball = cache / f"{name}.tar.gz"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        home.mkdir(parents=True, exist_ok=True)
        with _lock(cache / "asterisk.lock"):
            if tree.root.is_dir():
                return tree
            if not tarball.exists():
                _fetch(tarball, modules, say)
            say("unpacking Asterisk and SIPp from the cache")
            with _made_whole(tree.root) as fresh:
                fresh.mkdir(mode=0o755)
                _tar(
                    "--gzip",
                    "--extract",
                    "--no-same-owner",
                    "--directory",
                    str(fresh),
                    "--file",
                    str(tarball),
                )
            return tree
    except OSError as error:
        raise Unavailable(
            f"the cache for Asterisk and SIPp cannot be written ({error}): free some disk, or set TIERLINE_CACHE_DIR"
        ) from error


def _fetch(tarball: Path, modules: list[str], say: Say) -> None:
    def programs(prefix: debs.Prefix) -> Iterable[Path]:
        folder = prefix.libraries / "asterisk/modules"
        return [
            prefix.root / "usr/sbin/asterisk",
            prefix.root / "usr/bin/sipp",
            *(folder / module for module in modules if (folder / module).exists()),
        ]

    say("Asterisk and SIPp are fetched from the Debian archive (once, about 35 MB)")
    with tempfile.TemporaryDirectory(prefix="tierline-tree-") as scratch:
        prefix = debs.unpack(Path(scratch), packages=PACKAGES, programs=programs, say=say)
        for folder in _NOT_NEEDED:
            shutil.rmtree(prefix.root / "usr/share" / folder, ignore_errors=True)
        sounds = prefix.root / "usr/share/asterisk/sounds"
        for (
            language,
            voice,
        ) in _VOICES.items():  # packages make these links when they are installed, which they are not
            if not (sounds / language).exists():
                (sounds / language).symlink_to(voice)
        say("packing them into the cache")
        with _made_whole(tarball) as fresh:
            _tar(
                "--use-compress-program=gzip -3",
                "--create",
                "--directory",
                scratch,
                "--file",
                str(fresh),
                ".",
            )
    for old in tarball.parent.glob("asterisk-*.tar.gz"):
        if old != tarball:
            old.unlink()


def _home_of_trees(cache: Path) -> Path:
    """Root's own cache is closed to `nobody`, as whom Asterisk runs then."""
    if os.geteuid() != 0:
        return cache
    existing = [folder for folder in (cache, *cache.parents) if folder.exists()]
    return cache if all(folder.stat().st_mode & 0o001 for folder in existing) else _WORLD_READABLE_CACHE


@contextmanager
def _made_whole(path: Path) -> Iterator[Path]:
    """A name to build under; it becomes `path` in one step, or nothing is left."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield fresh
        fresh.rename(path)
    finally:
        if fresh.is_dir():
            shutil.rmtree(fresh)
        else:
            fresh.unlink(missing_ok=True)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _tar(*words: str) -> None:
    done = subprocess.run(["tar", *words], capture_output=True, text=True, timeout=300, check=False)  # noqa: S603, S607
    if done.returncode:
        raise OSError(f"tar: {done.stderr.strip()[-300:]}")
