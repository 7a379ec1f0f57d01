"""Each recorded answer of a real Ollama goes through the provider, with a stated outcome.

The tables in recorded_outcomes.py say what must come out; the texts are compared with the
recording itself, joined by nothing but `json`. A case without a line there
fails `test_every_case_has_its_outcome`.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from core.errors import (
    ProviderError,
    ServerFault,
)
from core.messages import PromptMessage, Usage
from core.providers.base import CHAT, Chunk, GenerationOptions
from core.providers.guard import Refused
from core.providers.ollama.provider import OllamaProvider
from core.providers.ollama.transport import GuardTransport
from core.providers.watch import Watch, watching
from testing.ollama_recorded import recorded
from testing.scripted_ollama import DEFAULT_MODELS, Model, ScriptedOllama
from tests.providers.ollama.recorded_outcomes import (
    CHAT_ANSWERS,
    CHAT_ERRORS,
    COVERED_PATHS,
    EMBED_ANSWERS,
    EMBED_ERRORS,
    GENERATE_ERRORS,
    GENERATED,
    LOADED,
    OTHER_CASES,
    SHOW_ERRORS,
    SHOWN,
)

FAST = float("inf")
PROMPT = [PromptMessage("user", "Hello there")]


@pytest.fixture
def server() -> Iterator[ScriptedOllama]:
    others = ("tiny-long", "tiny-wide", "tiny-lora", "x", "aki", "nobody", "../../etc/passwd")
    models = [*DEFAULT_MODELS, *map(Model, others)]
    with ScriptedOllama(models=models) as started:
        yield started


@pytest.fixture
def provider(server: ScriptedOllama) -> Iterator[OllamaProvider]:
    made = OllamaProvider(server.url)
    yield made
    made.close()


def test_every_case_has_its_outcome() -> None:
    stated = set(OTHER_CASES)
    for table in (CHAT_ANSWERS, CHAT_ERRORS, EMBED_ANSWERS, EMBED_ERRORS, SHOWN, SHOW_ERRORS):
        stated |= set(table)
    stated |= {*LOADED, *GENERATED, *GENERATE_ERRORS}
    there = {name for name, case in recorded().items() if case["request"]["path"] in COVERED_PATHS}
    assert there == stated


@pytest.mark.parametrize("case", CHAT_ANSWERS)
def test_an_answer(case: str, server: ScriptedOllama, provider: OllamaProvider) -> None:
    server.replay(case, speed=FAST)
    chunks = list(ask(provider, case))
    reason, prompt_tokens, answer_tokens = CHAT_ANSWERS[case]
    last = chunks[-1]
    assert joined(chunks) == said(case, "content")
    assert "".join(chunk.reasoning for chunk in chunks) == said(case, "thinking")
    assert (last.done_reason, last.usage) == (reason, Usage(prompt_tokens, answer_tokens))
    assert last.load_ms == pytest.approx(final(case)["load_duration"] / 1e6)
    assert [chunk for chunk in chunks[:-1] if chunk.done_reason] == []


@pytest.mark.parametrize("case", CHAT_ERRORS)
def test_a_failure(case: str, server: ScriptedOllama, provider: OllamaProvider) -> None:
    server.replay(case, speed=FAST)
    error, words = CHAT_ERRORS[case]
    chunks: list[Chunk] = []
    with pytest.raises(ProviderError) as raised:
        chunks.extend(ask(provider, case))
    assert type(raised.value) is error
    assert words in str(raised.value)
    assert [chunk for chunk in chunks if chunk.done_reason] == []


@pytest.mark.parametrize("case", ["runner_killed_mid_stream", "server_killed_mid_stream"])
def test_what_came_before_a_failure_is_kept(
    case: str, server: ScriptedOllama, provider: OllamaProvider
) -> None:
    server.replay(case, speed=FAST)
    came: list[Chunk] = []
    with pytest.raises(ProviderError):
        came.extend(ask(provider, case))
    assert joined(came) == said(case, "content") != ""


def test_closing_reaches_the_server(server: ScriptedOllama, provider: OllamaProvider) -> None:
    server.replay("client_closes", speed=FAST)
    stream = ask(provider, "client_closes")
    first = [next(stream) for _ in range(5)]
    stream.close()  # type: ignore[attr-defined]
    assert joined(first) == said("client_closes", "content")
    assert server.to("/api/chat")[0].gone.wait(2)


def test_the_recorded_timing_is_replayed(server: ScriptedOllama, provider: OllamaProvider) -> None:
    server.replay("think_stream")
    provider.info("ollama:tiny-think")
    began = time.monotonic()
    list(ask(provider, "think_stream"))
    recorded_s = recorded()["think_stream"]["response"]["chunks"][-1][0] / 1000
    assert recorded_s <= time.monotonic() - began < recorded_s + 0.4


@pytest.mark.parametrize("case", EMBED_ANSWERS)
def test_vectors(case: str, server: ScriptedOllama, provider: OllamaProvider) -> None:
    server.replay(case, speed=FAST)
    body = recorded()[case]["request"]["body"]
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    vectors = provider.embed(f"ollama:{body['model']}", texts)
    assert (len(vectors), len(vectors[0] or [])) == EMBED_ANSWERS[case]
    assert vectors == final(case)["embeddings"]


@pytest.mark.parametrize("case", EMBED_ERRORS)
def test_no_vectors(case: str, server: ScriptedOllama, provider: OllamaProvider) -> None:
    server.replay(case, speed=FAST)
    error, words = EMBED_ERRORS[case]
    with pytest.raises(error, match=words):
        provider.embed("ollama:minilm", ["a"])


@pytest.mark.parametrize("case", SHOWN)
def test_a_shown_model(case: str, server: ScriptedOllama, provider: OllamaProvider) -> None:
    server.replay(case, speed=FAST)
    server.replay("tags", speed=FAST)
    capabilities, window, quantization = SHOWN[case]
    name = recorded()[case]["request"]["body"]["model"]
    info = provider.info(f"ollama:{name}")
    assert (info.ref, info.title, info.provider) == (f"ollama:{name}", name, "ollama")
    assert (info.capabilities, info.context_tokens) == (capabilities, window)
    assert (info.quantization, info.local, info.host) == (quantization, True, None)
    sizes = {"tiny": 6_897_928, "tiny-think": 6_898_128, "minilm": 45_949_702}
    assert info.size_bytes == sizes.get(name)  # the list does not have the others: unknown


@pytest.mark.parametrize("case", SHOW_ERRORS)
def test_a_model_that_is_not_shown(
    case: str, server: ScriptedOllama, provider: OllamaProvider
) -> None:
    server.replay(case, speed=FAST)
    with pytest.raises(SHOW_ERRORS[case]):
        provider.info("ollama:nobody")


@pytest.mark.parametrize("case", LOADED)
def test_what_is_loaded(case: str, server: ScriptedOllama, provider: OllamaProvider) -> None:
    server.replay(case, speed=FAST)
    models = {model.title: model.loaded for model in provider.models()}
    assert {name for name in ("tiny", "minilm") if models[name]} == LOADED[case]


@pytest.mark.parametrize("case", ["tags", "origin_local"])
def test_the_list(case: str, server: ScriptedOllama, provider: OllamaProvider) -> None:
    server.replay(case, speed=FAST)
    models = {model.title: model for model in provider.models()}
    assert set(models) == {"minilm", "tiny", "tiny-think"}
    assert models["tiny"].size_bytes == 6_897_928
    assert [title for title in models if CHAT not in models[title].capabilities] == ["minilm"]


@pytest.mark.parametrize("case", ["host_foreign", "origin_foreign"])
def test_a_list_that_is_refused(
    case: str, server: ScriptedOllama, provider: OllamaProvider
) -> None:
    server.replay(case, speed=FAST)
    with pytest.raises(ServerFault, match="OLLAMA_ORIGINS"):
        provider.models()


def test_version_and_root(server: ScriptedOllama, provider: OllamaProvider) -> None:
    server.replay("version", speed=FAST)
    assert provider.version() == "0.24.0"
    server.replay("root_get", speed=FAST)
    assert httpx.get(server.url).text == "Ollama is running"
    server.replay("root_head", speed=FAST)
    assert httpx.head(server.url).headers["content-length"] == "17"


@pytest.mark.parametrize("case", [*GENERATED, *GENERATE_ERRORS])
def test_the_guard_on_generate(case: str, server: ScriptedOllama) -> None:
    server.replay(case, speed=FAST)
    if case in GENERATE_ERRORS:
        with pytest.raises(Refused) as raised:
            generate(server.url)
        assert type(raised.value.fault.error) is GENERATE_ERRORS[case]
        return
    lines = generate(server.url)
    assert "".join(line["message"]["content"] for line in lines) == said(case, "response")
    assert (lines[-1]["done_reason"], lines[-1].get("eval_count")) == GENERATED[case]


# --- helpers --------------------------------------------------------------------------------


def ask(provider: OllamaProvider, case: str) -> Iterator[Chunk]:
    body = recorded()[case]["request"].get("body") or {}
    options = GenerationOptions(reasoning=True, retries=0)
    ref = f"ollama:{body.get('model', 'tiny')}"
    return provider.stream(ref, PROMPT, options, threading.Event())


def generate(url: str) -> list[dict[str, Any]]:
    watch = Watch("ollama:tiny", url, first_token_s=5, between_tokens_s=5)
    with httpx.Client(transport=GuardTransport()) as client, watching(watch):
        answer = client.post(f"{url}/api/generate", json={"model": "tiny", "prompt": "Hello"})
    return [json.loads(line) for line in answer.text.splitlines()]


def joined(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


def lines_of(case: str) -> list[dict[str, Any]]:
    text = "".join(text for _ms, text in recorded()[case]["response"]["chunks"])
    return [json.loads(line) for line in text.split("\n") if line]


def said(case: str, field: str) -> str:
    found = [line if field == "response" else line.get("message", {}) for line in lines_of(case)]
    return "".join(part.get(field, "") for part in found)


def final(case: str) -> dict[str, Any]:
    return lines_of(case)[-1]
