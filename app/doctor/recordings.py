"""May this service fetch what the PBXs record, and keep it? Every look is a real one: a file is made and taken away."""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile

from app.doctor.findings import Finding, failed, ok, warning
from app.infra.places import chosen_place
from app.settings import Settings


def examine(settings: Settings) -> list[Finding]:
    """Nothing when no PBX is recorded. Blocks. Raises `Misconfigured` for a bucket that cannot be meant."""
    spools = {name: pbx.recordings for name, pbx in settings.pbx.items() if pbx.recordings is not None}
    if not spools:
        return []
    return [*_spools(spools), _place(settings)]


def _spools(spools: Mapping[str, Path]) -> list[Finding]:
    return [
        _spool(f"PBX {name}: recordings", f"TIERLINE_PBX__{name.upper()}__RECORDINGS", spool)
        for name, spool in spools.items()
    ]


def _spool(about: str, setting: str, spool: Path) -> Finding:
    """To delete a file one must be allowed to write in its folder."""
    try:
        there = spool.stat()
    except FileNotFoundError:
        return warning(
            about,
            f"{spool} is not there",
            f"All is well if this PBX has not recorded yet: it makes the folder with the first recording. Otherwise "
            f"mount it here, or set {setting} to the PBX's own folder monitor/tierline.",
        )
    except OSError as error:
        return failed(about, f"{spool}: {error.strerror}", _rights(setting))
    if not spool.is_dir():
        return failed(about, f"{spool} is no folder", f"Set {setting} to the PBX's folder monitor/tierline.")
    lacking = [
        word
        for word, right in (("read", os.R_OK | os.X_OK), ("delete", os.W_OK | os.X_OK))
        if not os.access(spool, right)
    ]
    if lacking:
        whose = f"user {there.st_uid}, group {there.st_gid}, mode {there.st_mode & 0o7777:o}"
        return failed(about, f"{spool} ({whose}): we may not {' or '.join(lacking)}", _rights(setting))
    return ok(about, f"{spool}: we may read and delete")


def _rights(setting: str) -> str:
    return (
        f"Let this service's user read and write in the folder of {setting}: put it into the group of the PBX's user and "
        "`chmod g+rwx` the folder. Until then recordings wait on the PBX."
    )


def _place(settings: Settings) -> Finding:
    """A bucket is not written to: only the folder where files for it are made ready."""
    place = chosen_place(settings)
    about = "place of recordings"
    try:
        place.ready()
        with TemporaryFile(dir=place.staging) as trial:
            trial.write(b"tierline doctor")
            trial.flush()
    except OSError as error:
        return failed(
            about,
            f"{place.name} cannot be written to ({place.staging}): {error.strerror}",
            "Set TIERLINE_RECORDINGS__FOLDER to a folder that this service's user may write in, with room on its disk.",
        )
    return ok(about, f"{place.name}: {place.staging} can be written to")
