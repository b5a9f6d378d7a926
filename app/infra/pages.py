"""The built web pages. One page for all paths: the browser's router shows the right one."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles

import app as package

PATHS = ("/", "/sign-in", "/agent", "/floor")

_NOT_BUILT = (
    "<!doctype html><title>Tierline</title><p>The pages are not built yet. Run <code>make setup</code> in the checkout,"
    " or install the wheel: it brings them along."
)


def pages_dir() -> Path:
    """Beside the app in a checkout, inside it in the wheel."""
    inside = Path(package.__file__).parent
    beside = inside.parent / "web" / "dist"
    return beside if beside.is_dir() else inside / "_shipped" / "web"


def add_pages(app: FastAPI) -> None:
    """Last of all routes."""
    folder = pages_dir()

    async def page(request: Request) -> Response:
        index = folder / "index.html"
        if not index.exists():
            return HTMLResponse(_NOT_BUILT, 503)
        return FileResponse(index, headers={"cache-control": "no-cache"})

    for path in PATHS:
        app.add_route(path, page, include_in_schema=False)
    app.mount("/", Files(directory=folder, check_dir=False))


class Files(StaticFiles):
    """Files with a hash in their name may be kept for ever."""

    async def get_response(self, path: str, scope: MutableMapping[str, Any]) -> Response:
        response = await super().get_response(path, scope)
        if path.startswith("assets/"):
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response
