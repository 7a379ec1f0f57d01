"""Puts the API beside the screens: one route that hands whole paths on.

Starlette's own Mount cuts the prefix off; the API's paths are public as they are called.
The API itself is built when the screens already answer.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import ASGIApp, Receive, Scope, Send

from core.api.alive import OPEN, answer
from core.workbench import Workbench

BUILD_AFTER_S = 5.0  # when nobody asked for the API before

PATHS = frozenset({"/health", "/ping", "/ws", "/docs", "/openapi.json", "/metrics", "/api", "/v1"})
FOLDERS = ("/api/", "/ws/", "/v1/", "/docs/")


class Later:
    """An ASGI app that is built by its first call, or `soon`, and never twice."""

    def __init__(self, build: Callable[[], ASGIApp]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if app is None:
            app = await asyncio.to_thread(self.ready)
        await app(scope, receive, send)

    def ready(self) -> ASGIApp:
        """The app, built now if need be."""
        with self._lock:
            if self._app is None:
                self._app = self._build()
            return self._app

    @asynccontextmanager
    async def soon(self) -> AsyncIterator[None]:
        """While the server runs: build it after a while, so that no caller waits for it."""
        task = asyncio.create_task(self._after())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _after(self) -> None:
        await asyncio.sleep(BUILD_AFTER_S)
        await asyncio.to_thread(self.ready)


class ApiRoute(BaseRoute):
    """Takes every request whose path belongs to the API, found or not.

    Whether the app is alive is answered here, without waiting for the API to be built.
    """

    def __init__(self, app: ASGIApp, workbench: Callable[[], Workbench]) -> None:
        self._app = app
        self._workbench = workbench

    def matches(self, scope: Scope) -> tuple[Match, Mapping[str, Any]]:  # type: ignore[override]
        mine = scope["type"] in {"http", "websocket"} and is_api_path(scope["path"])
        return (Match.FULL if mine else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in OPEN and scope["method"] == "GET":
            await answer(scope["path"], self._workbench())(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        raise NoMatchFound(name, path_params)


def is_api_path(path: str) -> bool:
    return path in PATHS or path.startswith(FOLDERS)
