"""Lists and states of all providers together."""

from __future__ import annotations

import threading
import time

import pytest

from core.errors import FirstTokenTimeout, ModelNotFound
from core.providers.base import CHAT
from core.providers.ollama.provider import OllamaProvider
from core.providers.registry import Registry
from testing.scripted_http import Hang
from testing.scripted_ollama import ScriptedOllama
from tests.providers.test_chain import starter


def test_a_reference_finds_its_provider(provider: OllamaProvider) -> None:
    last = starter()
    registry = Registry([provider, last])
    assert registry.provider("ollama:qwen3:4b") is provider
    assert registry.provider("starter") is last
    for ref in ("", "nobody:x", "OLLAMA:x", ":x"):
        with pytest.raises(ModelNotFound):
            registry.provider(ref)


def test_all_models_and_states(provider: OllamaProvider) -> None:
    registry = Registry([provider, starter()])
    models = {model.ref: model for model in registry.models()}
    assert set(models) == {"ollama:tiny", "ollama:tiny-think", "ollama:minilm", "starter"}
    offered = [model.ref for model in registry.models() if CHAT in model.capabilities]
    assert "ollama:minilm" not in offered
    states = {state.name: state for state in registry.states()}
    assert (states["ollama"].available, states["ollama"].version) == (True, "0.24.0")
    assert states["ollama"].address == provider.url
    assert (states["starter"].available, states["starter"].address) == (True, None)


def test_a_server_that_is_away_is_absent_and_reported() -> None:
    registry = Registry([OllamaProvider("http://127.0.0.1:9"), starter()])
    assert [model.ref for model in registry.models()] == ["starter"]
    state = registry.states()[0]
    assert not state.available
    assert state.error is not None
    assert state.error.code == "server_away"
    registry.close()


def test_a_hanging_server_holds_nobody_up(server: ScriptedOllama, provider: OllamaProvider) -> None:
    server.on("/api/version", [Hang()])
    began = time.monotonic()
    states = Registry([provider, starter()]).states()
    assert time.monotonic() - began < 1.3
    assert [(state.available, state.version) for state in states] == [(False, None), (True, None)]
    assert isinstance(states[0].error, FirstTokenTimeout)


def test_answers_are_kept_a_moment_and_can_be_forgotten(
    server: ScriptedOllama, provider: OllamaProvider
) -> None:
    registry = Registry([provider])
    threads = [threading.Thread(target=registry.states) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.to("/api/version")) == 1
    registry.forget()
    registry.states()
    assert len(server.to("/api/version")) == 2


def test_warming_an_unknown_model_does_nothing() -> None:
    Registry([starter()]).warm("nobody:x")


def test_a_hanging_server_is_asked_seldom(server: ScriptedOllama) -> None:
    server.on("/api/version", [Hang()])
    provider = OllamaProvider(server.url)
    registry = Registry([provider])
    registry.states()
    later = time.monotonic() + 5
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.providers.registry.time.monotonic", lambda: later)
        registry.states()
    assert len(server.to("/api/version")) == 1
    provider.close()
