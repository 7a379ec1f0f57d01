"""What can be done at the providers when the machine is in trouble, against a scripted Ollama."""

from __future__ import annotations

from typing import Any

from core.providers.ollama.provider import OllamaProvider
from testing.scripted_model import ScriptedProvider
from testing.scripted_ollama import ScriptedOllama
from tests.conftest import OpenWorkbench


def test_idle_models_are_unloaded_and_busy_ones_are_not(
    open_workbench: OpenWorkbench, server: ScriptedOllama
) -> None:
    ollama: Any = OllamaProvider(server.url)
    bench = open_workbench(ScriptedProvider(), ollama)
    server.loaded["tiny"] = 4096
    with bench.counts.generation("ollama:tiny"):
        assert bench.guard.act("unload_idle", "") == ""
        assert "tiny" in server.loaded
    assert bench.guard.act("unload_idle", "") == "ollama:tiny"
    assert "tiny" not in server.loaded
    assert bench.guard.act("unload_idle", "") == ""


def test_a_connection_is_made_anew_and_works(
    open_workbench: OpenWorkbench, server: ScriptedOllama
) -> None:
    ollama: Any = OllamaProvider(server.url)
    bench = open_workbench(ScriptedProvider(), ollama)
    assert [model.ref for model in ollama.models()]
    assert bench.guard.act("restart_client", "ollama") == "ollama"
    assert [model.ref for model in ollama.models()]
    assert bench.guard.act("retry", "") == "starter, ollama"
