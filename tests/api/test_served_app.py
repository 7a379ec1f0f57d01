"""The whole app in its own process: who reaches which of its routes."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from core.paths import PROJECT, DataPaths
from core.store import holder
from core.store.checksums import register
from tests.api.conftest import NAVIGATION
from tests.api.processes import SERVE, STREAMLIT, refused, running

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OPEN = {"/health", "/ping", "/sign-in", "/favicon.png", "/manifest.json"}

# Every route of the running app, Streamlit's own among them, as its router knows them.
ROUTES = """
import json, streamlit_app
def walk(routes, prefix=""):
    for route in routes:
        path = prefix + getattr(route, "path", "")
        if getattr(route, "routes", None):
            yield from walk(route.routes, path)
        yield [path, type(route).__name__]
app = streamlit_app.app._build_starlette_app()
print(json.dumps(list(walk(app.routes))))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[tuple[str, str]]:
    """The address of the real app and its token."""
    with running(folder, SERVE) as (url, _child):
        yield url, (folder / "local-token").read_text().strip()


@pytest.fixture(scope="module")
def paths(app: tuple[str, str]) -> list[str]:
    """Everything that this port answers: the API as described, and Streamlit's own routes."""
    url, token = app
    schema = httpx.get(f"{url}/openapi.json", headers={"Authorization": f"Bearer {token}"}).json()
    listed = subprocess.run(
        [sys.executable, "-c", ROUTES], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    own = [path for path, _kind in json.loads(listed.stdout.splitlines()[-1])]
    screens = ["/", "/rooms", "/settings", "/memory", "/index.html", "/anything/at/all"]
    docs = ["/docs", "/docs/start.js", "/docs/swagger-ui.css", "/openapi.json", "/metrics"]
    found = {*schema["paths"], *own, *screens, *docs, "/v1/models", "/media/x.png", "/ws"}
    return sorted(path for path in found if path.startswith("/"))


def filled(path: str) -> str:
    return "/".join("x" if part.startswith("{") else part for part in path.split("/"))


def test_streamlits_own_routes_are_among_those_tried(paths: list[str]) -> None:
    for needed in ("/_stcore/health", "/_stcore/stream", "/_stcore/host-config", "/api/message"):
        assert needed in paths
    assert any(path.startswith("/_stcore/upload_file") for path in paths)
    assert any(path.startswith("/media/") for path in paths)
    assert any(path.startswith("/component") for path in paths)


def test_no_route_answers_a_stranger(app: tuple[str, str], paths: list[str]) -> None:
    url, _token = app
    wrong = []
    with httpx.Client(base_url=url, timeout=10) as stranger:
        for path in map(filled, paths):
            for method in METHODS:
                answer = stranger.request(method, path)
                is_open = path in OPEN and method in {"GET", "HEAD", "POST"}
                if answer.status_code not in {401, 403} and not is_open:
                    wrong.append((method, path, answer.status_code))
                if "set-cookie" in answer.headers:
                    wrong.append((method, path, "a cookie"))
    assert wrong == []


def test_the_owner_is_let_in_everywhere(app: tuple[str, str], paths: list[str]) -> None:
    url, token = app
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, timeout=10, headers=headers) as owner:
        for path in map(filled, paths):
            # Streamlit's own refusals (its XSRF check, say) look different from ours.
            answer = owner.get(path)
            ours = answer.status_code in {401, 403} and "hint" in answer.text
            assert not ours, path


def test_foreign_hosts_and_origins_reach_nothing(app: tuple[str, str], paths: list[str]) -> None:
    url, token = app
    good = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, timeout=10, headers=good) as client:
        for path in map(filled, paths):
            for bad in ({"Host": "evil.example"}, {"Origin": "null"}, {"Origin": url + ".x"}):
                assert client.get(path, headers=bad).status_code == 403, (path, bad)


@pytest.mark.parametrize("path", ["/_stcore/stream", "/ws?room=x", "/ws/chat", "/nothing"])
def test_sockets_are_refused_without_a_credential(app: tuple[str, str], path: str) -> None:
    url, token = app
    socket_url = url.replace("http", "ws") + path
    with pytest.raises(InvalidStatus) as refused, connect(socket_url, proxy=None):
        pass
    assert refused.value.response.status_code == 401
    headers = {"Authorization": f"Bearer {token}"}
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(socket_url, proxy=None, additional_headers=headers, origin="null"),  # type: ignore[arg-type]
    ):
        pass
    assert refused.value.response.status_code == 403


def test_the_screens_open_with_a_cookie_and_stay_here(app: tuple[str, str]) -> None:
    url, _token = app
    with httpx.Client(base_url=url, timeout=10) as browser:
        page = browser.get("/", headers=NAVIGATION)
        assert page.status_code == 200
        assert "set-cookie" in page.headers
        policy = page.headers["content-security-policy"]
        assert "script-src 'self' blob: 'sha256-" in policy
        assert browser.get("/_stcore/health").status_code == 200
        deep = browser.get("/settings", headers=NAVIGATION)
        assert '<div id="root">' in deep.text


def test_a_revoked_session_loses_the_screens_socket_within_five_seconds(
    app: tuple[str, str], folder: Path
) -> None:
    """FAULTS 47, for Streamlit's own socket, with nothing but the database told."""
    url, _token = app
    with httpx.Client(base_url=url, timeout=10) as browser:
        browser.get("/", headers=NAVIGATION)
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    address = url.replace("http", "ws") + "/_stcore/stream"
    sent = {"Cookie": cookie}
    with connect(address, additional_headers=sent, origin=url, proxy=None) as opened:  # type: ignore[arg-type]
        time.sleep(0.5)  # the session is written without being waited for
        with closing(sqlite3.connect(folder / "engawa.db")) as database, database:
            register(database)
            database.execute("UPDATE sessions SET revoked = 1")
        started = time.monotonic()
        with pytest.raises(ConnectionClosed):
            until_closed(opened)
        assert time.monotonic() - started < 5


def until_closed(opened: ClientConnection) -> None:
    while True:
        opened.recv(timeout=10)


def test_the_reference_loads_nothing_from_outside(app: tuple[str, str]) -> None:
    url, token = app
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as client:
        page = client.get("/docs").text
        assert "http" not in page
        for name in ("swagger-ui-bundle.js", "swagger-ui.css", "start.js", "favicon.png"):
            assert f"/docs/{name}" in page
            assert client.get(f"/docs/{name}").status_code == 200
        assert client.get("/docs/core.py").status_code == 404


BOTH_WAYS = [
    pytest.param(SERVE, id="serve"),
    pytest.param(STREAMLIT, id="streamlit", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("command", BOTH_WAYS)
def test_a_second_app_on_one_folder_is_refused(
    app: tuple[str, str], folder: Path, command: list[str]
) -> None:
    assert app
    holding = holder(DataPaths(folder))
    assert holding is not None
    assert f"process {holding.pid}" in refused(folder, command)
