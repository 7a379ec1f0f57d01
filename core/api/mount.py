"""Puts the API beside the screens: one route that hands whole paths on.

Starlette's own Mount cuts the prefix off; the API's paths are public as they are called.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import ASGIApp, Receive, Scope, Send

PATHS = frozenset({"/health", "/ping", "/ws", "/docs", "/openapi.json", "/metrics", "/api", "/v1"})
FOLDERS = ("/api/", "/ws/", "/v1/", "/docs/")


class ApiRoute(BaseRoute):
    """Takes every request whose path belongs to the API, found or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def matches(self, scope: Scope) -> tuple[Match, Mapping[str, Any]]:  # type: ignore[override]
        mine = scope["type"] in {"http", "websocket"} and is_api_path(scope["path"])
        return (Match.FULL if mine else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        raise NoMatchFound(name, path_params)


def is_api_path(path: str) -> bool:
    return path in PATHS or path.startswith(FOLDERS)
