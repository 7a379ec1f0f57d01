"""FAULTS 33 over HTTP: two deeds at once in the middle of a reply leave no orphan.

Two members speak with models of an Ollama that has room for one. Afterwards nothing is pending,
no turn is due, no thread of a room runs, the model server generates for nobody, no place in the
queue is taken for good: the next message is answered.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations_with_replacement

import httpx
import pytest

from core.models import switching
from core.providers.ollama.provider import OllamaProvider
from testing.scripted_model import ScriptedProvider
from testing.scripted_ollama import Model, ScriptedOllama
from tests.api.conftest import Served
from tests.api.wire import eventually
from tests.conftest import OpenWorkbench

MEMBERS = {"Ren": "ollama:red", "Aki": "ollama:blue"}
REFUSED = {403, 404, 409}  # what cannot be done any more is refused in words

Deed = Callable[[httpx.Client, str], httpx.Response]
DEEDS: dict[str, Deed] = {
    "stop": lambda http, room: http.post(f"{room}/stop"),
    "delete": lambda http, room: http.delete(f"{room}/messages/2"),
    "delete room": lambda http, room: http.delete(room),
    "regenerate": lambda http, room: http.post(f"{room}/messages/2/regenerate", json={}),
    "member's model": lambda http, room: http.patch(room, json={"models": {"Ren": "ollama:blue"}}),
    "switch": lambda http, _room: http.post("/api/v1/models/switch", json={"model": "ollama:blue"}),
    "unload": lambda http, _room: http.post("/api/v1/models/unload", json={"model": "ollama:red"}),
    "remove": lambda http, room: http.patch(room, json={"members": ["Aki"]}),
}
PAIRS = list(combinations_with_replacement(DEEDS, 2))


@pytest.fixture
def ollama() -> Iterator[ScriptedOllama]:
    models = [Model("red", size=10**15), Model("blue", size=10**15)]
    with ScriptedOllama(models=models, at_once=1, tokens=120, tokens_per_s=80) as running:
        yield running


@pytest.fixture
def served(
    ollama: ScriptedOllama,
    open_workbench: OpenWorkbench,
    serve: Callable[..., Served],
    monkeypatch: pytest.MonkeyPatch,
) -> Served:
    monkeypatch.setattr(switching, "BACK_S", 0.5)  # the memory of a scripted model never comes back
    return serve(open_workbench(ScriptedProvider(), OllamaProvider(ollama.url)))


def check(served: Served, ollama: ScriptedOllama, pair: tuple[str, str], name: str) -> None:
    with served.client() as http, ThreadPoolExecutor(2) as both:
        made = http.post("/api/v1/rooms", json={"name": name, "members": list(MEMBERS)})
        room = f"/api/v1/rooms/{made.json()['id']}"
        http.patch(room, json={"models": MEMBERS}).raise_for_status()
        ollama.tokens = 120
        http.post(f"{room}/messages", json={"content": "talk"}).raise_for_status()
        eventually(lambda: "light" in served.bench.rooms.messages(name)[-1].content)
        ollama.tokens = 4
        answers = list(both.map(lambda deed: DEEDS[deed](http, room), pair))
        assert all(one.is_success or one.status_code in REFUSED for one in answers), answers
        if "delete room" in pair:
            http.post(f"{room}/restore").raise_for_status()
        http.patch(room, json={"members": list(MEMBERS), "models": MEMBERS}).raise_for_status()
        _nothing_is_left(served, ollama, http, room)
        http.post(f"{room}/messages", json={"content": "@Ren @Aki once more"}).raise_for_status()
        _nothing_is_left(served, ollama, http, room)
        lines = _lines(http, room)
    asked = max(one["seq"] for one in lines if one["kind"] == "human")
    late = {one["sender"]: one["status"] for one in lines if one["reply_to"] == asked}
    assert late == {"Ren": "complete", "Aki": "complete"}
    assert [one["seq"] for one in lines] == list(range(1, len(lines) + 1))


def _nothing_is_left(served: Served, ollama: ScriptedOllama, http: httpx.Client, room: str) -> None:
    bench, room_id = served.bench, room.rpartition("/")[2]
    assert bench.rooms.wait_idle(room_id, 20)
    for job in bench.jobs.list():
        assert bench.jobs.wait(job.id, 20).state.ended
    with bench.store.read() as conn:
        states = conn.exec_driver_sql("SELECT DISTINCT state FROM turns").scalars().all()
    assert set(states) <= {"done", "dropped"}
    assert [one for one in _lines(http, room) if one["status"] == "pending"] == []
    assert [one.name for one in threading.enumerate() if one.name.startswith("room-")] == []
    eventually(lambda: all(one.done.is_set() for one in ollama.to("/api/chat")))
    assert bench.rooms._engine.stage.queue.waiting() == {}


def _lines(http: httpx.Client, room: str) -> list[dict]:
    return http.get(f"{room}/messages").raise_for_status().json()["messages"]


def test_a_room_goes_while_a_members_model_changes(served: Served, ollama: ScriptedOllama) -> None:
    check(served, ollama, ("delete room", "member's model"), "deeds")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_pairs_of_deeds(served: Served, ollama: ScriptedOllama) -> None:
    for number, pair in enumerate(PAIRS):
        check(served, ollama, pair, f"deeds {number}")
