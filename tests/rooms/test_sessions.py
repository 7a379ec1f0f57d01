"""FAULTS 34 in short: thousands of sessions come, talk and go, and the app stays as it was.

    pytest -m soak tests/rooms/test_sessions.py

Eight hours are not waited for: what counts is what a session leaves behind. Ten thousand of them
after a warm-up may cost as much memory as eight hours may, 1 MB each; threads and handles none.
"""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from testing.load import speaking
from testing.scripted_ollama import ScriptedOllama
from testing.served import ServedApp
from tests.api.wire import eventually

MOST_MB = 8.0
HANDLES, THREADS = 5, 3  # what the app itself opens and closes as it likes
MEMBERS = ("Mizuho", "Ren")


@pytest.mark.parametrize(
    ("sessions", "warm_up"),
    [
        pytest.param(
            300, 150, marks=[pytest.mark.slow, pytest.mark.timeout(600)], id="300"
        ),
        pytest.param(
            10_000, 1_000, marks=[pytest.mark.soak, pytest.mark.timeout(7200)], id="10000"
        ),
    ],
)  # fmt: skip
def test_sessions_leave_nothing_behind(sessions: int, warm_up: int, tmp_path: Path) -> None:
    with ScriptedOllama() as ollama:
        speaking(ollama)
        given = {**os.environ, "ENGAWA_OLLAMA_URL": ollama.url}
        with ServedApp(tmp_path / "data", environment=given) as app:
            made = app.http.post("/api/v1/rooms", {"name": "soak", "members": list(MEMBERS)})
            room = str(made["id"])
            models = {"models": dict.fromkeys(MEMBERS, "ollama:tiny")}
            app.http.patch(f"/api/v1/rooms/{room}", models)
            for number in range(warm_up):
                _session(app, room, number)
            before = _taken(app, room)
            for number in range(warm_up, warm_up + sessions):
                _session(app, room, number)
                ollama.requests.clear()
            after = _taken(app, room)
    mb = (after[0] - before[0]) / 1e6
    assert mb <= MOST_MB, f"{mb:.1f} MB more after {sessions} sessions"
    assert after[1] - before[1] <= HANDLES, (before, after)
    assert after[2] - before[2] <= THREADS, (before, after)


def _session(app: ServedApp, room: str, number: int) -> None:
    """Somebody comes, reads what is new, and now and then asks something and hears the answer."""
    with app.socket(room) as socket:
        if number % 10:
            return
        socket.send({"type": "message", "content": f"@Ren question {number}", "sender": "Yuki"})
        for _frame in range(1_000):
            frame = socket.receive(30)
            assert frame is not None
            if frame.get("kind") == "agent" and frame.get("status") == "complete":
                return


def _taken(app: ServedApp, room: str) -> tuple[int, int, int]:
    """Bytes, handles and threads of the app when nobody is connected and nobody speaks."""
    process = psutil.Process(app.pid)
    eventually(lambda: not app.http.get(f"/api/v1/rooms/{room}/queue")["speaking"], 30)
    eventually(lambda: _sockets(process, app.port) <= 1, 30)
    return process.memory_full_info().uss, process.num_fds(), process.num_threads()


def _sockets(process: psutil.Process, port: int) -> int:
    """How many connections to the app are open."""
    here = (one for one in process.net_connections("tcp") if one.status == "ESTABLISHED")
    return sum(one.laddr.port == port for one in here)
