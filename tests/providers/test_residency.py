"""Which models are in memory: what servers tell, what is ours, and who does not tell."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from core.hardware import Residency, Resident
from core.providers.ollama.provider import OllamaProvider
from core.providers.residency import residency
from core.providers.starter import StarterProvider
from testing.scripted_http import whole
from testing.scripted_model import ScriptedProvider
from testing.scripted_ollama import Model, ScriptedOllama


@pytest.fixture
def server() -> Iterator[ScriptedOllama]:
    with ScriptedOllama(models=[Model("tiny", size=1_000, vram=600)]) as started:
        yield started


class Pool:
    """A pool of runners with this very process in it."""

    def pids(self) -> dict[str, int]:
        return {"starter": os.getpid(), "hf:other": 1}

    def is_ready(self, _ref: str) -> bool:
        return True

    def adapters_held(self, _ref: str) -> dict[str, int]:
        return {}


def test_a_server_tells_what_lies_where(server: ScriptedOllama) -> None:
    provider = OllamaProvider(server.url)
    assert residency([provider]) == Residency()
    server.loaded["tiny"] = 4096
    expected = Resident("ollama:tiny", memory_bytes=400, vram_bytes=600)
    assert residency([provider]) == Residency((expected,))
    provider.close()


def test_what_a_real_server_said(server: ScriptedOllama) -> None:
    server.replay("ps_adapter")
    provider = OllamaProvider(server.url)
    (found,) = residency([provider]).models
    assert found == Resident("ollama:tiny-lora", memory_bytes=9_971_712, vram_bytes=0)
    provider.close()


def test_sizes_that_are_no_numbers_are_unknown(server: ScriptedOllama) -> None:
    body = b'{"models": [{"model": "odd:latest", "size": "big", "size_vram": -3}, {"size": 3}, 7]}'
    server.on("/api/ps", whole(200, body))
    provider = OllamaProvider(server.url)
    assert residency([provider]).models == (Resident("ollama:odd"),)
    provider.close()


def test_a_server_that_is_away_is_named_and_hides_nobody_else() -> None:
    away = OllamaProvider("http://127.0.0.1:9")
    starter = StarterProvider(Pool())
    found = residency([ScriptedProvider(), starter, away])
    assert found == Residency((Resident("starter", pid=os.getpid()),), ("ollama",))
    away.close()
