"""/docs: the API's own reference in the browser, with nothing loaded from outside.

Swagger UI comes from the package fastapi-offline, which carries its files.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

from core.errors import NotFound

router = APIRouter(prefix="/docs", include_in_schema=False)

_FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Engawa API</title>
<link rel="icon" href="/docs/favicon.png"><link rel="stylesheet" href="/docs/swagger-ui.css">
</head><body><div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>
</body></html>
"""
# Unpkg's validator badge and the like are off: nothing may be loaded from outside.
_START = """window.ui = SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis], layout: "BaseLayout", docExpansion: "list",
});
"""


@router.get("")
async def docs() -> HTMLResponse:
    return HTMLResponse(_PAGE)


@router.get("/start.js")
async def start_script() -> Response:
    return Response(_START, media_type="text/javascript")


@router.get("/{name}")
async def docs_file(name: str) -> FileResponse:
    """One of the few files that the page needs; names are looked up, never joined."""
    if name not in _FILES:
        raise NotFound(what=name[:80])
    return FileResponse(_folder() / name, media_type=_FILES[name])


def _folder() -> Path:
    # Found without being imported: the package's own code is not needed.
    found = importlib.util.find_spec("fastapi_offline")
    if found is None or found.origin is None:
        raise NotFound(what="/docs")
    return Path(found.origin).parent / "static"
