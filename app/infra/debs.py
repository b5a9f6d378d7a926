"""Programs of the distribution's archive, unpacked into a directory of our own: no root, nothing installed.

`apt` is used in isolation (own sources, state, cache and status file), so it neither needs nor touches the machine's
package data base. Which mirror to ask is read from the machine's own apt. Signatures are checked as always; only the
date of the Release file is not, because a machine may pin an old snapshot of the archive.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from app.errors import Unavailable

Say = Callable[[str], None]
"""Told in a few words what is being done, for whoever watches."""

SUITES = ("forky", "sid")
"""Tried in this order; the first that carries every wanted package wins."""

_LOADERS = {
    "amd64": ("ld-linux-x86-64.so.2", "x86_64-linux-gnu"),
    "arm64": ("ld-linux-aarch64.so.1", "aarch64-linux-gnu"),
}
_NAMED_OTHERWISE = {
    "libbrotlicommon": "libbrotli",
    "libbrotlidec": "libbrotli",
    "libcrypto": "libssl",
    "libicudata": "libicu",
    "libicuuc": "libicu",
    "liblber": "libldap",
    "libnssutil3": "libnss3",
    "libplc4": "libnspr4",
    "libplds4": "libnspr4",
    "libz": "zlib",
}
_STEP_SECONDS = 300


class PackagesMissing(Unavailable):
    """The archive could not give what was asked for: says which package and what to do instead."""

    code = "packages_missing"


@dataclass(frozen=True)
class Prefix:
    """A directory tree with its own C library; programs in it start through its own loader."""

    root: Path
    architecture: str

    @property
    def libraries(self) -> Path:
        return self.root / "usr/lib" / _LOADERS[self.architecture][1]

    def command(self, program: Path) -> tuple[str, ...]:
        """The words that start `program` (relative to the root) with the libraries of this tree alone."""
        loader = self.libraries / _LOADERS[self.architecture][0]
        return (
            str(loader),
            *("--argv0", program.name),
            *("--library-path", str(self.libraries)),
            str(self.root / program),
        )

    def libraries_not_found(self, files: Iterable[Path]) -> set[str]:
        """Sonames that the given ELF files, or libraries they need, ask for and this tree has not."""
        loader = self.libraries / _LOADERS[self.architecture][0]
        missing: set[str] = set()
        for file in files:
            traced = subprocess.run(  # noqa: S603
                [str(loader), "--library-path", str(self.libraries), str(file)],
                env={"LD_TRACE_LOADED_OBJECTS": "1", "LC_ALL": "C"},
                capture_output=True,
                text=True,
                timeout=_STEP_SECONDS,
                check=False,
            )
            for soname, path in re.findall(r"^\s*([^\s/]+) => (\S+)", traced.stdout, re.MULTILINE):
                if not path.startswith(
                    str(self.libraries)
                ):  # "not found", or the machine's own of another release
                    missing.add(soname)
        return missing


def machine_architecture() -> str:
    """`amd64` or `arm64`. Raises PackagesMissing where Debian's packages cannot run."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise PackagesMissing(
            "this machine has no apt: install Asterisk 20 or later and SIPp with its own tools"
        )
    done = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True)  # noqa: S607
    architecture = done.stdout.strip()
    if architecture not in _LOADERS:
        raise PackagesMissing(
            f"{architecture} is not supported: install Asterisk 20 or later and SIPp yourself"
        )
    return architecture


def unpack(
    into: Path, *, packages: Iterable[str], programs: Callable[[Prefix], Iterable[Path]], say: Say
) -> Prefix:
    """Fill `into` with `packages` and with every library that the ELF files named by `programs` need.

    `programs` is asked after each unpacking, with the tree as it is by then. Libraries are looked for by their Debian
    name; should one be called otherwise, everything the packages depend on is taken (some 270 MB instead of 70).
    """
    prefix = Prefix(into, machine_architecture())
    wanted = sorted(packages)
    with tempfile.TemporaryDirectory(prefix="tierline-apt-") as scratch:
        archive = _Archive(Path(scratch), say)
        archive.open_suite_with(wanted)
        names = archive.everything_needed_by(wanted)
        archive.unpack(wanted, into)
        taken = set(wanted)
        while missing := prefix.libraries_not_found(programs(prefix)):
            # What has no name here may be asked for by a library of the machine, which the next step replaces.
            step = {name for soname in missing if (name := _package_of(soname, names))} - taken
            if not step:
                step = {name for name in names if name.startswith(("lib", "zlib"))} - taken
                say(f"no package named after {', '.join(sorted(missing))}: taking all {len(step)} libraries")
            if not step:
                raise PackagesMissing(
                    f"the archive has no library {', '.join(sorted(missing))}: install Asterisk and SIPp yourself"
                )
            archive.unpack(sorted(step), into)
            taken |= step
    return prefix


def _package_of(soname: str, names: set[str]) -> str | None:
    """Debian names a library's package after its soname: libssl.so.3 → libssl3t64, libxml2.so.16 → libxml2-16."""
    stem, _, version = soname.removesuffix(".so").partition(".so.")
    stem = _NAMED_OTHERWISE.get(stem, stem).lower().replace("_", "-")
    major = re.escape(version.split(".")[0])
    named = re.compile(rf"{re.escape(stem)}-?{major}(\.\d+)*(t64|v5|a|g)?")
    return min((name for name in names if named.fullmatch(name)), key=len, default=None)


class _Archive:
    """An apt of our own in a scratch directory."""

    def __init__(self, scratch: Path, say: Say) -> None:
        self._scratch = scratch
        self._say = say
        for folder in ("state/lists/partial", "cache/archives/partial", "debs"):
            (scratch / folder).mkdir(parents=True)
        (scratch / "status").touch()
        self._sources = scratch / "sources.list"
        self._config = scratch / "apt.conf"
        # The machine's hooks are cleared: they clean up *its* cache, as root.
        self._config.write_text(
            "#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n"
            "#clear APT::Update::Pre-Invoke;\n#clear DPkg::Post-Invoke;\n"
            f'Dir::State "{scratch}/state";\nDir::State::status "{scratch}/status";\n'
            f'Dir::Cache "{scratch}/cache";\n'
            f'Dir::Etc::sourcelist "{self._sources}";\nDir::Etc::sourceparts "-";\n'
            f'Dir::Etc::preferences "-";\nDir::Etc::preferencesparts "-";\n'
            'Acquire::Check-Valid-Until "false";\nAcquire::Languages "none";\nAcquire::Retries "3";\n'
            'APT::Install-Recommends "false";\nAPT::Sandbox::User "";\n'
        )

    def open_suite_with(self, packages: list[str]) -> None:
        mirror, keyring = _mirror_of_this_machine()
        signed = f" [signed-by={keyring}]" if keyring else ""
        absent: list[str] = []
        for suite in SUITES:
            self._say(f"reading the package list of Debian {suite}")
            self._sources.write_text(f"deb{signed} {mirror} {suite} main\n")
            self._run("apt-get", "update", "--error-on=any")
            known = set(self._run("apt-cache", "pkgnames").split())
            absent = [name for name in packages if name not in known]
            if not absent:
                return
        raise PackagesMissing(
            f"Debian {' and '.join(SUITES)} lack {', '.join(absent)}: install Asterisk and SIPp yourself"
        )

    def everything_needed_by(self, packages: list[str]) -> set[str]:
        skipped = ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
        text = self._run(
            "apt-cache", "depends", "--recurse", *(f"--no-{relation}" for relation in skipped), *packages
        )
        return set(re.findall(r"^([a-z0-9][a-z0-9.+-]+)$", text, re.MULTILINE))

    def unpack(self, packages: list[str], into: Path) -> None:
        self._say(
            f"fetching {len(packages)} packages" if len(packages) > 3 else f"fetching {', '.join(packages)}"
        )
        debs = self._scratch / "debs"
        self._run("apt-get", "download", *packages, cwd=debs)
        into.mkdir(parents=True, exist_ok=True)
        for deb in sorted(debs.glob("*.deb")):
            self._run("dpkg-deb", "--extract", str(deb), str(into))
            deb.unlink()

    def _run(self, program: str, *words: str, cwd: Path | None = None) -> str:
        own = [] if program == "dpkg-deb" else ["-c", str(self._config)]
        try:
            done = subprocess.run(  # noqa: S603
                [program, *own, *words],
                cwd=cwd or self._scratch,
                env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                text=True,
                timeout=_STEP_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PackagesMissing(
                f"{program} {words[0]} took over {_STEP_SECONDS} s: check the network, then try again"
            ) from None
        if done.returncode:
            reason = [line for line in done.stderr.splitlines() if line.startswith(("E:", "Err", "dpkg"))]
            raise PackagesMissing(
                f"{program} {' '.join(words[:3])} failed: {' '.join(reason)[:600] or done.stderr[-600:].strip()}\n"
                "Check that `apt-get update` works on this machine and that its disk is not full, or install "
                "Asterisk and SIPp yourself."
            )
        return done.stdout


def _mirror_of_this_machine() -> tuple[str, Path | None]:
    """Where this machine fetches its own release of Debian from, and the keyring that vouches for the archive."""
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', Path("/etc/os-release").read_text(), re.MULTILINE))
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Identifier: Packages"],  # noqa: S607
        capture_output=True,
        text=True,
        timeout=_STEP_SECONDS,
        check=False,
    )
    codename = release.get("VERSION_CODENAME", "")
    for line in done.stdout.splitlines():
        suite, _, address = line.partition(" ")
        if release.get("ID") == "debian" and suite == codename and address:
            keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
            return address, keyring if keyring.exists() else None
    raise PackagesMissing(
        f"this machine ({release.get('PRETTY_NAME', 'unknown system')}) names no Debian mirror in its apt sources: "
        "install Asterisk 20 or later and SIPp with its own package manager"
    )
