"""Puts what the service reads at run time beside the code, into the wheel: migrations, PBX configuration, pages.

An editable install gets none of it: in a checkout the app reads these folders in place.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = {"alembic": "alembic", "asterisk-config": "asterisk-config", "web/dist": "web"}


class ShippedFolders(BuildHookInterface):  # type: ignore[type-arg]
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        for source, target in SHIPPED.items():
            if not (Path(self.root) / source).is_dir():
                raise FileNotFoundError(f"{source} is missing: run `make setup` before building the wheel")
            build_data["force_include"][source] = f"app/_shipped/{target}"
