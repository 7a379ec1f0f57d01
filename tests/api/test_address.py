"""Only this app's own host and pages are answered, on its own address."""

from __future__ import annotations

import re
import socket

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from core.api.call import Call, is_loopback
from core.api.policy import check_address
from core.errors import AccessDenied, BindNeedsAccounts
from tests.api.conftest import Served

FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.0.0.1:{port}.evil.example",
    "localhost.evil.example:{port}",
    "127.0.0.2:{port}",
    "0.0.0.0:{port}",
    "[::]:{port}",
    "localhost.:{port}",
    "user@localhost:{port}",
    "localhost:{port}@evil.example",
    "127.1:{port}",
    "2130706433:{port}",
    "",
]
FOREIGN_ORIGINS = [
    "null",
    "http://evil.example",
    "http://evil.example:{port}",
    "https://127.0.0.1:{port}",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://127.0.0.1:{port}.evil.example",
    "http://127.0.0.1:{port}/",
    "http://localhost.evil.example:{port}",
    "file://",
    "chrome-extension://abcdef",
    "",
]
PATHS = ["/", "/health", "/api/messages?room=quiet", "/_stcore/health", "/static/x.js", "/docs"]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
def test_the_own_names_are_answered(served: Served, name: str) -> None:
    with served.client(Host=f"{name}:{served.port}") as client:
        assert client.get("/api/v1/rooms").status_code == 200


def test_foreign_hosts_are_refused_everywhere(served: Served) -> None:
    for host in FOREIGN_HOSTS:
        with served.client(Host=host.format(port=served.port)) as client:
            for path in PATHS:
                answer = client.get(path)
                assert answer.status_code in {400, 403}, (host, path)
                if answer.status_code == 403:
                    assert answer.json()["error"]["code"] == "foreign_host"


def test_foreign_origins_are_refused_everywhere(served: Served) -> None:
    for origin in FOREIGN_ORIGINS:
        with served.client(Origin=origin.format(port=served.port)) as client:
            for path in PATHS:
                answer = client.get(path)
                assert answer.status_code == 403, (origin, path)
                assert answer.json()["error"]["code"] == "foreign_origin"
            posted = client.post("/api/message", json={"room": "quiet", "content": "x"})
            assert posted.status_code == 403


def raw(served: Served, *lines: str) -> str:
    """The status line that these request lines get, sent as they are."""
    sent = "\r\n".join([*lines, f"Authorization: Bearer {served.token}", "", ""])
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as connection:
        connection.sendall(sent.encode("latin-1"))
        return connection.recv(4096).decode("latin-1").split("\r\n")[0]


def test_two_hosts_or_two_origins_are_one_too_many(served: Served) -> None:
    own = f"127.0.0.1:{served.port}"
    get = "GET /api/v1/rooms HTTP/1.1"
    assert " 200 " in raw(served, get, f"Host: {own}")
    assert re.search(" 40[03] ", raw(served, get, f"Host: {own}", "Host: evil.example"))
    assert re.search(" 40[03] ", raw(served, get))
    assert re.search(" 40[03] ", raw(served, "GET /api/v1/rooms HTTP/1.0"))
    origins = (f"Origin: http://{own}", "Origin: null")
    assert " 403 " in raw(served, get, f"Host: {own}", *origins)
    absolute = "GET http://evil.example/api/v1/rooms HTTP/1.1"
    assert re.search(" 40[03] ", raw(served, absolute, "Host: evil.example"))


@pytest.mark.parametrize("header", ["host", "origin"])
def test_a_second_value_is_looked_at_too(header: str) -> None:
    """Servers differ in what they do with a header that comes twice."""
    own = {"host": b"localhost:8501", "origin": b"http://localhost:8501"}
    headers = [(name.encode(), value) for name, value in own.items()]
    scope = {"type": "http", "method": "GET", "path": "/", "server": ("127.0.0.1", 8501)}
    check_address(Call(scope | {"headers": headers}))
    with pytest.raises(AccessDenied):
        check_address(Call(scope | {"headers": [*headers, (header.encode(), b"evil.example")]}))


def test_sockets_of_foreign_pages_are_refused_before_they_open(served: Served) -> None:
    room = served.room()
    url = f"ws://127.0.0.1:{served.port}/ws?room={room}"
    for origin in FOREIGN_ORIGINS[:-1]:
        origin = origin.format(port=served.port)
        with pytest.raises(InvalidStatus) as refused:
            connect(url, additional_headers=served.bearer, origin=origin, proxy=None)  # type: ignore[arg-type]
        assert refused.value.response.status_code == 403, origin
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        with pytest.raises(InvalidStatus) as refused:
            connect(url, additional_headers=headers, proxy=None)
        assert refused.value.response.status_code == 401


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:10.0.0.1", False),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("10.0.0.1", False),
        ("localhost.evil.example", False),
        ("unix:///tmp/x", False),
    ],
)
def test_what_counts_as_this_machine(address: str, here: bool) -> None:
    assert is_loopback(address) is here


def test_a_server_started_around_the_check_answers_nobody_from_elsewhere() -> None:
    """As `uvicorn streamlit_app:app --host 0.0.0.0` would be reached from the network."""
    headers = [(b"host", b"127.0.0.1:8501")]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
    check_address(Call(scope | {"server": ("127.0.0.1", 8501)}))
    for address in ("192.168.0.7", "10.0.0.1", "2001:db8::1"):
        with pytest.raises(BindNeedsAccounts):
            check_address(Call(scope | {"server": (address, 8501)}))
