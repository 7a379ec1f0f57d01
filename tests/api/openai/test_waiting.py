"""Completions of agents and models wait for the model's server as rooms do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from core.agents import Agent
from core.messages import Kind
from core.providers.ollama.provider import OllamaProvider
from core.settings import load_settings
from core.workbench import Workbench
from testing.scripted_model import ScriptedProvider
from testing.scripted_ollama import Model, ScriptedOllama
from tests.api.conftest import Served

HELLO: list[Any] = [{"role": "user", "content": "Hello there"}]
BIG = 10**15  # no memory holds two of these


@pytest.fixture
def server() -> Iterator[ScriptedOllama]:
    models = [Model("red", size=BIG), Model("blue", size=BIG)]
    with ScriptedOllama(models=models, at_once=1, load_s=0.1, tokens=4) as running:
        yield running


@pytest.fixture
def app(tmp_path: Path, serve: Callable[..., Served], server: ScriptedOllama) -> Iterator[Served]:
    settings = load_settings(data_dir=tmp_path / "data")
    providers = [ScriptedProvider(), OllamaProvider(server.url)]
    with Workbench.open(settings, providers=providers) as bench:
        bench.agents.save(Agent(name="Blue", model="ollama:blue"), revision=None)
        yield serve(bench)


@pytest.fixture
def client(app: Served) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{app.url}/v1", api_key=app.token, max_retries=0, timeout=20) as made:
        yield made


@pytest.mark.parametrize("model", ["agent/Blue", "ollama:blue"])
def test_a_completion_waits_until_the_room_has_spoken(
    client: OpenAI, app: Served, server: ScriptedOllama, model: str
) -> None:
    speaking(app, server)
    found: list[str | None] = []
    asking = threading.Thread(target=lambda: found.append(ask(client, model=model)))
    asking.start()
    assert _until(lambda: ahead(app) == 1)
    time.sleep(0.3)
    assert chats(server) == ["red"]  # nobody loads another model while somebody speaks
    server.tokens_per_s = 1_000.0
    asking.join(20)
    assert found[0]
    assert chats(server) == ["red", "blue"]
    (reply,) = [one for one in app.bench.rooms.messages("Red") if one.kind is Kind.AGENT]
    assert reply.status == "complete"


def test_who_leaves_does_not_wait_any_more(
    client: OpenAI, app: Served, server: ScriptedOllama
) -> None:
    speaking(app, server)
    for stream in (True, False):
        with pytest.raises(openai.APITimeoutError):
            ask(client, stream=stream, timeout=1.0)
        assert _until(lambda: ahead(app) is None)
    server.tokens_per_s = 1_000.0
    assert app.bench.rooms.wait_idle("Red", 20)
    assert chats(server) == ["red"]


def test_a_room_waits_until_an_agent_has_answered(
    client: OpenAI, app: Served, server: ScriptedOllama
) -> None:
    room(app)
    server.tokens_per_s = 4.0
    stream = client.chat.completions.create(model="agent/Blue", messages=HELLO, stream=True)
    next(iter(stream))
    app.bench.rooms.post("Red", "and you?", sender="Yuki")
    assert _until(lambda: app.bench.rooms.presence("Red").ahead == 1)
    stream.close()  # its place is free at once
    assert _until(lambda: "red" in chats(server))
    server.tokens_per_s = 1_000.0
    assert app.bench.rooms.wait_idle("Red", 20)


def room(app: Served) -> None:
    member = app.bench.agents.list()[0].name
    app.bench.rooms.create("Red", [member])
    app.bench.rooms.set_model("Red", member, "ollama:red")


def speaking(app: Served, server: ScriptedOllama) -> None:
    """A room speaks, slowly, until the server becomes fast."""
    room(app)
    server.tokens_per_s = 2.0
    app.bench.rooms.post("Red", "hello", sender="Yuki")
    assert _until(lambda: chats(server) == ["red"])


def ask(client: OpenAI, *, model: str = "agent/Blue", **options: Any) -> str | None:
    found = client.chat.completions.create(model=model, messages=HELLO, **options)
    return found.choices[0].message.content


def ahead(app: Served) -> int | None:
    return app.bench.rooms.alone.ahead("local")


def chats(server: ScriptedOllama) -> list[str]:
    """The models that were asked to speak, in order; a warm-up has no messages."""
    asked = [one.json for one in server.requests if one.path == "/api/chat"]
    return [body["model"] for body in asked if body.get("messages")]


def _until(condition: Callable[[], object], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
