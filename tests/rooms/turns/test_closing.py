"""The app ends while rooms, pickers and whoever asks alone wait for one model server.

Whatever had not begun is said after the next start, once; nobody who waited holds up the end.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.agents import Agent
from core.messages import Kind, ReplyStatus
from core.providers.ollama.provider import OllamaProvider
from core.workbench import Workbench
from testing.patience import within
from testing.scripted_model import ScriptedProvider
from testing.scripted_ollama import Model, ScriptedOllama
from testing.served import ServedApp
from tests.conftest import OpenWorkbench

LATE = ("late 1", "late 2")
ROOMS = {"first": "red", "again": "blue", "picked": "red", **dict.fromkeys(LATE, "blue")}
SLOW, FAST = 1.0, 1_000.0  # tokens a second: an answer takes 8 s, or no time


@pytest.fixture
def ollama() -> Iterator[ScriptedOllama]:
    models = [Model("red", size=10**15), Model("blue", size=10**15)]
    with ScriptedOllama(models=models, at_once=1, tokens=8, tokens_per_s=FAST) as running:
        yield running


def test_what_waits_when_the_app_closes_is_said_after_the_next_start(
    open_workbench: OpenWorkbench, ollama: ScriptedOllama
) -> None:
    bench = open_workbench(ScriptedProvider(), OllamaProvider(ollama.url))
    for name, model in ROOMS.items():
        bench.rooms.create(name, ["Ren", "Aki"] if name == "picked" else ["Ren"])
        for member in bench.rooms.get(name).agents:
            bench.rooms.set_model(name, member, f"ollama:{model}")
    bench.rooms.set_policy("picked", "selector", {"model": "ollama:blue", "turns": 1})
    bench.rooms.post("again", "hello", sender="Yuki")
    assert bench.rooms.wait_idle("again", 20)
    before = bench.rooms.message("again", 2)
    ollama.tokens_per_s = SLOW
    bench.rooms.post("first", "hello", sender="Yuki")
    until(lambda: bench.rooms.presence("first").seq)
    for name in ("picked", *LATE):
        bench.rooms.post(name, "hello", sender="Yuki")
    bench.rooms.editing.regenerate("again", 2)
    trial = bench.rooms.alone.try_out(Agent(name="New"), "ollama:blue", "Hello?", user="Yuki")
    until(lambda: all(bench.rooms.presence(name).ahead for name in LATE))
    until(lambda: bench.rooms.presence("picked").choosing and trial.ahead)
    began = time.monotonic()
    bench.close()
    assert time.monotonic() - began < within(3)
    assert trial.wait(5)
    assert (trial.text, trial.spoken.reason.code) == ("", "interrupted")
    assert [one for one in threading.enumerate() if one.name.startswith("room-")] == []

    ollama.tokens_per_s = FAST
    bench = open_workbench(ScriptedProvider(), OllamaProvider(ollama.url))
    for name in ROOMS:
        assert bench.rooms.wait_idle(name, 20)
    assert bench.rooms.message("again", 2) == before  # the wish is gone, the answer is not
    (cut,) = replies(bench, "first")
    assert cut.status in (ReplyStatus.PARTIAL, ReplyStatus.FAILED)
    for name in ("picked", *LATE):
        (said,) = replies(bench, name)
        assert (said.status, said.reply_to) == (ReplyStatus.COMPLETE, 1), name


def replies(bench: Workbench, room: str) -> list[Any]:
    return [one for one in bench.rooms.messages(room) if one.kind is Kind.AGENT]


def until(true: Callable[[], Any], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + within(seconds)
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("end", [ServedApp.stop, ServedApp.kill], ids=["stopped", "killed"])
def test_what_waits_when_the_process_ends_is_said_by_the_next(
    end: Callable[[ServedApp], None], tmp_path: Path, ollama: ScriptedOllama
) -> None:
    given = {**os.environ, "ENGAWA_OLLAMA_URL": ollama.url}
    given["ENGAWA_MODELS__DEFAULT"] = "ollama:blue"
    with ServedApp(tmp_path / "data", environment=given) as app:
        rooms = {name: _room(app, name, model) for name, model in ROOMS.items()}
        _say(app, rooms["again"], "again")
        until(lambda: _status(app, rooms["again"]) == ["complete"])
        (before,) = _replies(app, rooms["again"])
        ollama.tokens_per_s = SLOW
        _say(app, rooms["first"], "first")
        until(lambda: _queue(app, rooms["first"])["seq"])
        for name in ("picked", *LATE):
            _say(app, rooms[name], name)
        app.http.post(f"/api/v1/rooms/{rooms['again']}/messages/2/regenerate", {})
        asked = threading.Thread(target=_ask_alone, args=(app,))
        asked.start()
        until(lambda: all(_queue(app, rooms[name])["ahead"] for name in LATE))
        until(lambda: _queue(app, rooms["picked"])["choosing"])
        assert asked.is_alive()
        began = time.monotonic()
        end(app)
        assert time.monotonic() - began < within(5)
        asked.join(10)
        assert not asked.is_alive()

        ollama.tokens_per_s = FAST
        app.start()
        until(lambda: all(_answered(app, room) for room in rooms.values()))
        assert [one["content"] for one in _replies(app, rooms["again"])] == [before["content"]]
        assert _status(app, rooms["first"]) in (["partial"], ["failed"])
        for name in ("picked", *LATE):
            assert _status(app, rooms[name]) == ["complete"], name


def _room(app: ServedApp, name: str, model: str) -> str:
    members = ["Ren", "Aki"] if name == "picked" else ["Ren"]
    room = str(app.http.post("/api/v1/rooms", {"name": name, "members": members})["id"])
    change: dict[str, Any] = {"models": dict.fromkeys(members, f"ollama:{model}")}
    if name == "picked":
        change |= {"policy": "selector", "policy_options": {"model": "ollama:blue", "turns": 1}}
    app.http.patch(f"/api/v1/rooms/{room}", change)
    return room


def _say(app: ServedApp, room: str, key: str) -> None:
    body = {"room": room, "content": "hello", "idempotency_key": key}
    assert app.http.post("/api/message", body)["seq"] == 1


def _queue(app: ServedApp, room: str) -> dict[str, Any]:
    return app.http.get(f"/api/v1/rooms/{room}/queue")


def _replies(app: ServedApp, room: str) -> list[dict[str, Any]]:
    lines = app.http.get("/api/messages", room=room)["messages"]
    return [one for one in lines if one["kind"] == "agent"]


def _status(app: ServedApp, room: str) -> list[str]:
    return [one["status"] for one in _replies(app, room)]


def _answered(app: ServedApp, room: str) -> bool:
    now = _queue(app, room)
    busy = now["seq"] or now["choosing"] or now["next"] or now["ahead"]
    return not busy and "pending" not in (_status(app, room) or ["pending"])


def _ask_alone(app: ServedApp) -> None:
    """Whoever asks an agent over /v1 gets an error or a closed connection, and does not hang."""
    body = {"model": "agent/Aki", "messages": [{"role": "user", "content": "hello"}]}
    try:
        answer = httpx.post(
            f"{app.url}/v1/chat/completions", json=body, headers=app.http.headers(), timeout=120
        )
    except httpx.TransportError:
        return
    assert answer.status_code >= 500
