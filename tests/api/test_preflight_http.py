"""A room whose models do not fit, over HTTP: what is named, and each remedy."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.providers.ollama.provider import OllamaProvider
from testing.scripted_model import ScriptedProvider
from testing.scripted_ollama import ScriptedOllama
from testing.tight_models import TOKENS, tight
from tests.api.conftest import Served
from tests.conftest import OpenWorkbench


@pytest.mark.parametrize("kind", ["context", "model", "share"])
def test_each_remedy_makes_the_room_fit(
    kind: str, open_workbench: OpenWorkbench, serve: Callable[..., Served]
) -> None:
    with ScriptedOllama(models=tight(kind)) as ollama:
        models = {"default": "ollama:small"}
        bench = open_workbench(ScriptedProvider(), OllamaProvider(ollama.url), models=models)
        bench.rooms.create("Tea", ["Ren", "Aki"])
        bench.rooms.set_policy("Tea", "selector", {"model": "ollama:large"})
        with serve(bench).client() as client:
            address = "/api/v1/rooms/Tea/preflight"
            found = client.get(address).json()
            assert found["verdict"] == ("swaps" if kind == "share" else "does_not_fit")
            (picker,) = [part for part in found["parts"] if part["kind"] == "picker"]
            assert (picker["ref"], picker["members"]) == ("ollama:large", [])
            (remedy,) = [one for one in found["remedies"] if one["kind"] == kind]
            assert remedy["picker"]

            room = client.post(address, json={"remedy": kind}).json()
            after = client.get(address).json()
            assert after["verdict"] == "fits"
            if kind == "context":
                assert 1024 <= after["context_tokens"] < TOKENS
            else:
                assert room["policy_options"]["model"] == remedy["model"]
            refused = client.post(address, json={"remedy": kind})
            assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid_input")
