"""The API as one FastAPI app, with its paths as they are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from core import __version__
from core.api import (
    agents,
    agents_files,
    anomalies,
    care,
    catalogue,
    editing,
    forecast,
    hardware,
    health,
    jobs,
    ladder,
    library,
    metrics,
    prompts,
    reference,
    rooms,
    simple,
    sockets,
    transfer,
    tuning,
    turns,
)
from core.api.faults import add_faults
from core.api.openai import routes as openai
from core.workbench import Workbench

_ABOUT = """Rooms, agents and models of this Engawa.

Every route but `/health` and `/ping` wants `Authorization: Bearer …`; the local owner's token
is in `local-token` in the data folder. Errors are `{"error": {code, message, hint}}`, in the
language of `Accept-Language`.
"""
_PARTS = (
    openai,
    *(health, simple, transfer, rooms, turns, editing, prompts, agents, agents_files),
    *(care, forecast, ladder, catalogue, library, hardware, anomalies, tuning, jobs),
    *(metrics, sockets, reference),
)


def create_app(workbench: Callable[[], Workbench]) -> FastAPI:
    """The API on whatever `workbench()` gives; nothing is opened here."""
    app = FastAPI(
        title="Engawa",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.workbench = workbench
    add_faults(app)
    for part in _PARTS:
        app.include_router(part.router)
    plain = app.openapi

    def with_security() -> dict[str, Any]:
        schema = plain()
        schemes = schema.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["token"] = {"type": "http", "scheme": "bearer"}
        schema["security"] = [{"token": []}]
        return schema

    app.openapi = with_security  # type: ignore[method-assign]
    return app
