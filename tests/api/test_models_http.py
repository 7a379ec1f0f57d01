"""Models over HTTP: what takes its time answers with a job; the rest at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from core.errors import OutOfMemory
from core.providers.base import GenerationOptions
from core.providers.ollama.provider import OllamaProvider
from core.workbench import Workbench
from testing.scripted_library import Pull
from testing.scripted_model import ScriptedProvider
from testing.scripted_ollama import ScriptedOllama
from tests.api.conftest import Served
from tests.conftest import OpenWorkbench


@pytest.fixture
def ollama() -> Iterator[ScriptedOllama]:
    with ScriptedOllama() as server:
        yield server


@pytest.fixture
def bench(ollama: ScriptedOllama, open_workbench: OpenWorkbench) -> Workbench:
    return open_workbench(ScriptedProvider(), OllamaProvider(ollama.url))


@pytest.fixture
def client(bench: Workbench, serve: Callable[..., Served]) -> Iterator[httpx.Client]:
    with serve(bench).client() as opened:
        yield opened


def ended(client: httpx.Client, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    for _ in range(400):
        job: dict[str, Any] = client.get(f"/api/v1/jobs/{answer.json()['id']}").json()
        if job["state"] not in ("queued", "running"):
            return job
        time.sleep(0.05)
    raise AssertionError(job)


def test_everything_that_can_be_done(client: httpx.Client, ollama: ScriptedOllama) -> None:
    ollama.pulls["big"] = Pull()
    at = "/api/v1/models"
    pulled = ended(client, client.post(f"{at}/pull", json={"model": "ollama:big"}))
    assert (pulled["state"], pulled["progress"]["share"]) == ("done", 1.0)
    new = {"name": "aki", "base": "big", "agent": "Aki"}
    assert ended(client, client.post(f"{at}/create", json=new))["state"] == "done"
    shown = client.get(f"{at}/ollama:aki").json()
    assert {"template", "system", "licence", "sampling", "parameters"} <= shown.keys()
    plan = client.get(f"{at}/plan", params={"model": "ollama:big"}).json()
    assert plan["forecast"]["weights_bytes"] > 0
    switched = ended(client, client.post(f"{at}/switch", json={"model": "ollama:big"}))
    assert switched["progress"]["detail"]["steps"][-1]["step"] == "load"
    assert ended(client, client.post(f"{at}/load", json={"model": "ollama:aki"}))["state"] == "done"
    assert set(ollama.loaded) == {"big", "aki"}
    so = {"model": "ollama:aki", "context_tokens": 1024, "quantization": "int9"}
    assert client.post(f"{at}/load", json=so).status_code == 422
    assert client.post(f"{at}/unload", json={"model": "ollama:aki"}).status_code == 200
    assert set(ollama.loaded) == {"big"}
    assert client.delete(f"{at}/ollama:aki").json() == {"model": "ollama:aki", "restorable": False}
    gone = client.post(f"{at}/delete", json={"model": "ollama:aki"})
    assert gone.json()["error"]["code"] == "model_missing"
    assert client.post(f"{at}/restore", json={"model": "ollama:aki"}).status_code == 503


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("pull", {"model": "starter"}, 422),
        ("pull", {"model": "hf:../../etc"}, 422),
        ("create", {"name": "x"}, 422),
        ("create", {"name": "x", "base": "a", "agent": "nobody"}, 404),
        ("switch", {"model": "nobody:x"}, 404),
        ("unload", {}, 422),
    ],
)
def test_what_is_refused(
    path: str, body: dict[str, str], status: int, client: httpx.Client
) -> None:
    answer = client.post(f"/api/v1/models/{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["hint"]


def test_the_ladder_is_told_and_climbed_at_once(client: httpx.Client, bench: Workbench) -> None:
    at, ref = "/api/v1/models/ladder", "ollama:tiny"
    wanted = GenerationOptions(context_tokens=8192)
    bench.ladder.begin(ref, wanted).down(OutOfMemory(model=ref, detail="x"))
    [state] = client.get(at).json()["ladder"]
    assert (state["model"], state["step"], state["before"], state["after"]) == (
        *(ref, "context"),
        *("8192", "4096"),
    )
    assert state["level"] == 1
    assert state["cause"]
    assert client.post(f"{at}/reset", json={"model": ref}).status_code == 200
    assert client.get(at).json() == {"ladder": []}
