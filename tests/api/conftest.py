"""A real server on a real port, around an open workbench."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from websockets.sync.client import ClientConnection, connect

from core.api.access import Access
from core.api.app import create_app
from core.api.mount import ApiRoute
from core.api.security import SecurityMiddleware
from core.settings import load_settings
from core.workbench import Workbench
from testing.scripted_model import ScriptedProvider

NAVIGATION = {
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Site": "none",
    "Accept": "text/html,application/xhtml+xml",
}


@dataclass
class Served:
    """A running server and the ways in."""

    bench: Workbench
    access: Access
    port: int
    token: str
    bind: str = "127.0.0.1"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={**self.bearer, **headers}, timeout=10)

    def stranger(self, **headers: str) -> httpx.Client:
        """A client without any credential."""
        return httpx.Client(base_url=self.url, headers=headers, timeout=10)

    @contextmanager
    def browser(self) -> Iterator[httpx.Client]:
        """A client that has opened the page as a local browser does: it holds a cookie."""
        with self.stranger() as client:
            client.get("/", headers=NAVIGATION).raise_for_status()
            yield client

    def socket(self, room: str, **given: Any) -> ClientConnection:
        query = "&".join(f"{name}={value}" for name, value in {"room": room, **given}.items())
        headers = self.bearer
        return connect(
            f"ws://127.0.0.1:{self.port}/ws?{query}",
            additional_headers=headers,
            proxy=None,
            compression=None,
            close_timeout=1,
            max_queue=None,
        )

    def room(self, name: str | None = None) -> str:
        """A new room without agents."""
        return self.bench.rooms.create(name or f"room {uuid.uuid4().hex}").id


async def _screens(_request: Any) -> PlainTextResponse:
    return PlainTextResponse("the screens")


class Servers:
    """Starts servers, and ends them all."""

    def __init__(self) -> None:
        self._running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(self, bench: Workbench, **options: Any) -> Served:
        access = Access(bench.store, bench.settings.paths)
        listener = socket.create_server(("127.0.0.1", 0))
        token = bench.settings.paths.local_token.read_text().strip()
        served = Served(bench, access, listener.getsockname()[1], token)
        # The stand-in for the screens comes last, as in the real app.
        routes = [
            ApiRoute(create_app(lambda: bench), lambda: bench),
            Route("/{rest:path}", _screens),
        ]
        guarded = SecurityMiddleware(Starlette(routes=routes), lambda: access, lambda: served.bind)
        given = {"ws": "websockets-sansio", "ws_per_message_deflate": False, **options}
        config = uvicorn.Config(guarded, log_level="error", lifespan="off", **given)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.005)
        self._running.append((server, thread))
        return served

    def stop(self) -> None:
        for server, thread in self._running:
            server.should_exit = True
            thread.join(10)


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Starts servers around a test's own workbench."""
    servers = Servers()
    yield servers.start
    servers.stop()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for the tests of a file; each makes its own room."""
    settings = load_settings(data_dir=tmp_path_factory.mktemp("data"))
    servers = Servers()
    with Workbench.open(settings, providers=[ScriptedProvider()]) as bench:
        yield servers.start(bench)
        servers.stop()


@pytest.fixture(autouse=True)
def _loopback_bind(served: Served) -> None:
    served.bind = "127.0.0.1"
