"""Who is let in, and how: tokens, cookies, and what a browser may do."""

from __future__ import annotations

import os
import stat
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from core.api.access import Access
from core.api.call import Call
from core.api.policy import is_local_browser
from core.api.security import cookie_name
from core.store import tables as t
from core.store.times import to_text
from core.workbench import Workbench
from tests.api.conftest import NAVIGATION, Served


def test_a_cookie_alone_opens_no_socket_without_an_origin(served: Served) -> None:
    room = served.room()
    url = f"ws://127.0.0.1:{served.port}/ws?room={room}"
    with served.browser() as browser:
        cookie = f"{cookie_name(served.port)}={browser.cookies[cookie_name(served.port)]}"
    with pytest.raises(InvalidStatus) as refused:
        connect(url, additional_headers={"Cookie": cookie}, proxy=None)
    assert refused.value.response.status_code == 403
    own = f"http://127.0.0.1:{served.port}"
    with connect(url, additional_headers={"Cookie": cookie}, origin=own, proxy=None):  # type: ignore[arg-type]
        pass


def test_only_the_open_routes_answer_a_stranger(served: Served) -> None:
    with served.stranger() as stranger:
        for path in ("/health", "/ping"):
            assert stranger.get(path).status_code == 200
        for path in ("/", "/memory", "/api/v1/rooms", "/docs", "/openapi.json", "/v1/models"):
            answer = stranger.get(path)
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"] == "Bearer"
        for path in (
            "/static/../api/v1/rooms",
            "/static/..%2fapi/v1/rooms",
            "/health/",
            "//health",
        ):
            assert stranger.get(served.url + path).status_code in {400, 401, 404}, path
        assert stranger.post("/health").status_code == 401


@pytest.mark.parametrize(
    "credential",
    ["Bearer wrong", "Bearer", "bearer \xff", "Basic abc", "Token x", "Bearer a b c"],
)
def test_a_wrong_credential_is_refused(served: Served, credential: str) -> None:
    with served.stranger() as stranger:
        sent = {"Authorization": credential.encode("latin-1")}
        assert stranger.get("/api/v1/rooms", headers=sent).status_code == 401  # type: ignore[arg-type]


def test_the_local_browser_gets_its_cookie_by_itself(served: Served) -> None:
    with served.stranger() as browser:
        first = browser.get("/", headers=NAVIGATION)
        assert first.status_code == 200
        cookie = first.headers["set-cookie"]
        assert cookie.startswith(f"engawa_session_{served.port}=")
        for part in ("HttpOnly", "SameSite=Strict", "Path=/"):
            assert part in cookie
        assert served.token not in cookie
        assert "set-cookie" not in browser.get("/", headers=NAVIGATION).headers
        assert browser.get("/api/v1/rooms").status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
        {"Accept": "*/*"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-Host": "localhost"},
        {"X-Forwarded-Proto": "http"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
    ],
)
def test_nobody_else_gets_a_cookie(served: Served, changed: dict[str, str]) -> None:
    with served.stranger() as stranger:
        answer = stranger.get("/", headers=NAVIGATION | changed)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("client", ["203.0.113.7", "192.168.0.9", "::ffff:10.0.0.1", "2001:db8::1"])
@pytest.mark.parametrize("named", ["127.0.0.1", "::1", "localhost", "127.0.0.1, 203.0.113.7"])
def test_no_header_makes_somebody_elsewhere_local(client: str, named: str) -> None:
    headers = {"X-Forwarded-For": named, "X-Real-IP": named, "Forwarded": f"for={named}"}
    for name, value in headers.items():
        assert not is_local_browser(call_from(client, {name: value}), "127.0.0.1"), name
        # Nor where a server before this door believed the header.
        assert not is_local_browser(call_from("127.0.0.1", {name: value}), "127.0.0.1"), name
    assert not is_local_browser(call_from(client, {}), "127.0.0.1")
    assert is_local_browser(call_from("127.0.0.1", {}), "127.0.0.1")


def call_from(client: str, more: dict[str, str]) -> Call:
    """A browser's own navigation, by whom it came in."""
    pairs = {"Host": "127.0.0.1:8501", **NAVIGATION, **more}.items()
    headers = [(name.lower().encode(), value.encode()) for name, value in pairs]
    server = ("127.0.0.1", 8501)
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "server": server}
    return Call({**scope, "client": (client, 40_000)})


def test_a_server_on_another_address_gives_no_cookies(served: Served) -> None:
    for address in ("0.0.0.0", "", "192.168.0.7", "::", "example.org"):
        served.bind = address
        with served.stranger() as stranger:
            assert stranger.get("/", headers=NAVIGATION).status_code == 401, address


def test_another_page_cannot_use_the_cookie(served: Served) -> None:
    room = served.room()
    own = f"http://127.0.0.1:{served.port}"
    body = {"room": room, "content": "forged"}
    with served.browser() as browser:
        for headers in ({}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "cross-site"}):
            forged = browser.post("/api/message", json=body, headers=headers)
            assert forged.status_code == 403, headers
        # A page on another port of this machine is the same site to a browser.
        spied = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}
        assert browser.get("/api/v1/rooms", headers=spied).status_code == 403
        framed = NAVIGATION | {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "iframe"}
        assert browser.get("/", headers=framed).status_code == 403
        assert served.bench.rooms.messages(room) == []
        for headers in ({"Origin": own}, {"Sec-Fetch-Site": "same-origin"}):
            assert browser.post("/api/message", json=body, headers=headers).status_code == 201


def test_the_sign_in_page_takes_the_token(served: Served) -> None:
    with served.stranger() as browser:
        page = browser.get("/", headers=NAVIGATION | {"Sec-Fetch-Site": "cross-site"})
        assert page.status_code == 401
        assert "<form" in page.text
        assert served.token not in page.text
        own = {"Origin": f"http://127.0.0.1:{served.port}", "Accept": "text/html"}
        wrong = browser.post("/sign-in", data={"token": "wrong"}, headers=own)
        assert wrong.status_code == 401
        assert "set-cookie" not in wrong.headers
        right = browser.post("/sign-in", data={"token": served.token}, headers=own)
        assert right.status_code == 303
        assert browser.get("/api/v1/rooms").status_code == 200


def test_a_session_is_stored_as_a_hash_and_outlives_a_restart(served: Served) -> None:
    with served.browser() as browser:
        cookie = browser.cookies[cookie_name(served.port)]
    store = served.bench.store
    store.write(lambda connection: None)  # behind the write of the session
    with store.read() as connection:
        rows = connection.execute(select(t.sessions)).mappings().all()
    assert rows
    assert cookie not in str([dict(row) for row in rows])
    again = Access(store, served.bench.settings.paths)
    assert again.by_cookie(cookie)


def test_a_session_ends_when_it_was_not_used_for_long(served: Served) -> None:
    with served.browser() as browser:
        cookie = browser.cookies[cookie_name(served.port)]
    store, paths = served.bench.store, served.bench.settings.paths

    def expires_in(**time_left: int) -> Access:
        text = to_text(datetime.now(UTC) + timedelta(**time_left))
        store.write(lambda c: c.execute(update(t.sessions).values(expires_at=text)))
        return Access(store, paths)

    almost = expires_in(days=2)
    caller = almost.by_cookie(cookie)
    assert caller is not None
    assert caller.renewed
    assert Access(store, paths).by_cookie(cookie) is not None
    assert expires_in(seconds=-1).by_cookie(cookie) is None


def test_a_session_that_ran_out_in_memory_is_over(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = Access(workbench.store, workbench.settings.paths)
    lasting, _caller = access.open_session()
    monkeypatch.setattr("core.api.access._LIFE", timedelta(seconds=0))
    over, _caller = access.open_session()
    assert access.by_cookie(lasting) is not None
    assert access.by_cookie(over) is None


def test_revoking_a_session_closes_its_sockets(served: Served) -> None:
    room = served.room()
    with served.browser() as browser:
        cookie = browser.cookies[cookie_name(served.port)]
        caller = served.access.by_cookie(cookie)
        assert caller is not None
        assert caller.session is not None
        own = f"http://127.0.0.1:{served.port}"
        url = f"ws://127.0.0.1:{served.port}/ws?room={room}"
        sent = {"Cookie": f"{cookie_name(served.port)}={cookie}"}
        with connect(url, additional_headers=sent, origin=own, proxy=None) as opened:  # type: ignore[arg-type]
            # Another program does it: only the database knows.
            chosen = t.sessions.c.token_hash == caller.session
            revoked = update(t.sessions).where(chosen).values(revoked=True)
            served.bench.store.write(lambda connection: connection.execute(revoked))
            served.access.refresh()
            started = time.monotonic()
            with pytest.raises(ConnectionClosed):
                opened.recv(timeout=5)
            assert time.monotonic() - started < 2
        assert browser.get("/api/v1/rooms").status_code == 401


def test_the_token_file_is_for_its_owner_only(served: Served) -> None:
    file = served.bench.settings.paths.local_token
    assert len(served.token) >= 40
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        file.chmod(0o644)
        Access(served.bench.store, served.bench.settings.paths)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_answers_tell_the_browser_to_stay_here(served: Served) -> None:
    with served.client() as client:
        for path in ("/", "/health", "/api/v1/rooms", "/api/nothing", "/docs"):
            headers = client.get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert "default-src 'self'" in headers["content-security-policy"]
            assert "frame-ancestors 'self'" in headers["content-security-policy"]
            assert "http:" not in headers["content-security-policy"]
            assert "access-control-allow-origin" not in headers


def test_many_sessions_push_out_the_oldest(workbench: Workbench) -> None:
    access = Access(workbench.store, workbench.settings.paths)
    first, _caller = access.open_session()
    for _number in range(500):
        access.open_session()
    assert access.by_cookie(first) is None
