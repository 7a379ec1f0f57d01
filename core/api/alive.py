"""What tells everybody that the app is there; nothing of the user's is in it."""

from __future__ import annotations

from starlette.responses import JSONResponse

from core import __version__
from core.workbench import Workbench

HEALTH, PING = "/health", "/ping"
OPEN = frozenset({HEALTH, PING})


def answer(path: str, bench: Workbench) -> JSONResponse:
    """The answer to one of the open paths.

    `degraded` means that reading works but nothing can be stored; `problem` is the code.
    """
    if path == PING:
        return JSONResponse({"ping": "pong"})
    problem = bench.store.problem
    status = "degraded" if problem else "ok"
    code = problem.code if problem else None
    return JSONResponse({"status": status, "version": __version__, "problem": code})
