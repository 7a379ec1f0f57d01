"""How the app starts, when it must not, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from websockets.sync.client import connect

from core.paths import DataPaths
from core.store import Store
from core.store.tables import messages
from testing.patience import within
from tests.api.processes import SERVE, STREAMLIT, refused, running

BOTH_WAYS = [
    pytest.param(SERVE, id="serve"),
    pytest.param(STREAMLIT, id="streamlit", marks=pytest.mark.slow),
]


def elsewhere() -> list[Any]:
    serve, flag = SERVE[:-1], ["--server.address", "0.0.0.0"]
    return [
        ([*serve, "--host", "0.0.0.0", "--port"], {}),
        pytest.param(SERVE, {"ENGAWA_HOST": "::"}, marks=pytest.mark.slow),
        ([*STREAMLIT[:-1], *flag, "--server.port"], {}),
    ]


@pytest.mark.parametrize(("command", "given"), elsewhere())
def test_another_address_is_refused(
    tmp_path: Path, command: list[str], given: dict[str, str]
) -> None:
    line = refused(tmp_path / "data", command, **given)
    assert "does not listen on" in line
    assert not (tmp_path / "data" / "engawa.db").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "given"),
    [
        (STREAMLIT, {"STREAMLIT_SERVER_ADDRESS": "0.0.0.0"}),
        (STREAMLIT, {"ENGAWA_HOST": "0.0.0.0"}),
        ([*SERVE[:-1], "--host", "10.1.2.3", "--port"], {}),
        ([*SERVE[:-1], "--host", "example.org", "--port"], {}),
        ([*STREAMLIT[:-1], "--server.address", "::", "--server.port"], {}),
    ],
)
def test_another_address_is_refused_by_whatever_way(
    tmp_path: Path, command: list[str], given: dict[str, str]
) -> None:
    assert "does not listen on" in refused(tmp_path / "data", command, **given)


def test_a_port_in_use_is_named_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        started = time.monotonic()
        line = refused(tmp_path / "data", [*SERVE, port])
    assert port in line
    assert time.monotonic() - started < within(5)


@pytest.mark.parametrize("command", BOTH_WAYS)
def test_it_ends_within_three_seconds_whoever_is_connected(
    tmp_path: Path, command: list[str]
) -> None:
    folder = tmp_path / "data"
    with running(folder, command) as (url, child):
        token = (folder / "local-token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        rooms = httpx.get(f"{url}/api/v1/rooms", headers=headers).json()["rooms"]
        address = f"{url.replace('http', 'ws')}/ws?room={rooms[0]['id']}"
        with connect(address, additional_headers=headers, proxy=None):
            started = time.monotonic()
            child.send_signal(signal.SIGTERM)
            out, err = child.communicate(timeout=15)
            assert time.monotonic() - started < within(3)
        assert "Traceback" not in out + err
        assert url in out
        assert err.strip() == ""


def test_what_was_being_said_is_kept_when_it_ends(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    demo = [sys.executable, "-m", "testing.demo", "--pause-ms", "100", "--port"]
    with running(folder, demo) as (url, child):
        token = (folder / "local-token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        room = httpx.get(f"{url}/api/v1/rooms", headers=headers).json()["rooms"][0]["id"]
        address = f"{url.replace('http', 'ws')}/ws?room={room}"
        seen = ""
        with connect(address, additional_headers=headers, proxy=None) as opened:
            opened.send(json.dumps({"type": "message", "content": "Hello [long]"}))
            while len(seen) < 20:
                frame = json.loads(opened.recv(timeout=10))
                seen += frame["text"] if frame["type"] == "delta" else ""
            started = time.monotonic()
            child.send_signal(signal.SIGTERM)
            child.communicate(timeout=15)
            assert time.monotonic() - started < within(3)
    with closing(Store.open(DataPaths(folder))) as store, store.read() as connection:
        replies = connection.execute(
            select(messages.c.status, messages.c.content).where(messages.c.kind == "agent")
        ).all()
    assert replies[0].status in {"partial", "stopped"}
    assert replies[0].content.startswith(seen)
