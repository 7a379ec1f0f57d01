"""What the provider asks of a healthy Ollama, and what it makes of the answers."""

from __future__ import annotations

import threading
import time

import pytest

from core.errors import AnswerEmpty, ModelMissing, ModelRefused, OutOfMemory
from core.messages import PromptMessage
from core.providers.base import GenerationOptions
from core.providers.ollama.provider import OllamaProvider
from testing.scripted_http import Hang, whole
from testing.scripted_ollama import ScriptedOllama, done, stream, token
from tests.providers.conftest import Ask


def last_options(server: ScriptedOllama) -> dict[str, object]:
    options: dict[str, object] = server.to("/api/chat")[-1].json["options"]
    return options


# --- the request ----------------------------------------------------------------------------


def test_everything_asked_is_sent(server: ScriptedOllama, provider: OllamaProvider) -> None:
    prompt = [
        PromptMessage("system", "Be kind."),
        PromptMessage("user", "縁側?"),
        PromptMessage("assistant", "Yes."),
        PromptMessage("user", ""),
    ]
    options = GenerationOptions(
        context_tokens=2048,
        max_tokens=7,
        temperature=0.0,
        top_p=0.5,
        seed=0,
        stop=("END",),
        extra={"num_gpu": 0, "top_k": 9, "keep_alive": "10m"},
    )
    list(provider.stream("ollama:tiny", prompt, options, threading.Event()))
    body = server.to("/api/chat")[0].json
    assert [(m["role"], m.get("content", "")) for m in body["messages"]] == [
        ("system", "Be kind."),
        ("user", "縁側?"),
        ("assistant", "Yes."),
        ("user", ""),
    ]
    assert body["options"] == {
        "num_ctx": 2048,
        "num_predict": 7,
        "temperature": 0.0,
        "top_p": 0.5,
        "seed": 0,
        "stop": ["END"],
        "num_gpu": 0,
        "top_k": 9,
    }
    assert (body["model"], body["stream"], body["keep_alive"]) == ("tiny", True, "10m")
    assert body["think"] is False


def test_unset_options_are_left_to_the_model(server: ScriptedOllama, ask: Ask) -> None:
    list(ask())
    assert last_options(server) == {"num_ctx": 4096, "num_predict": 512}


@pytest.mark.parametrize(
    ("ref", "wanted", "sent"),
    [
        ("ollama:tiny", True, False),  # cannot think: never asked to
        ("ollama:tiny", False, False),
        ("ollama:tiny-think", True, True),
        ("ollama:tiny-think", False, False),
    ],
)
def test_thinking_is_always_told(
    ref: str, wanted: bool, sent: bool, server: ScriptedOllama, ask: Ask
) -> None:
    chunks = list(ask(ref, reasoning=wanted))
    assert server.to("/api/chat")[0].json["think"] is sent
    assert bool("".join(chunk.reasoning for chunk in chunks)) is sent


def test_an_unknown_option_is_refused_instead_of_ignored(server: ScriptedOllama, ask: Ask) -> None:
    with pytest.raises(ModelRefused, match="wings"):
        list(ask(extra={"wings": 2}))
    assert server.to("/api/chat") == []


def test_the_window_stays_fixed_so_that_nothing_is_reloaded(
    server: ScriptedOllama, ask: Ask
) -> None:
    for asked in (2048, 1024, 3072, 2048):
        list(ask(context_tokens=asked))
    assert [r.json["options"]["num_ctx"] for r in server.to("/api/chat")] == [
        2048,
        2048,
        3072,
        3072,
    ]
    assert server.loads == 2


def test_a_name_with_and_without_its_tag_is_one_model(server: ScriptedOllama, ask: Ask) -> None:
    list(ask("ollama:tiny", context_tokens=2048))
    list(ask("ollama:tiny:latest", context_tokens=1024))
    assert server.loads == 1


def test_the_window_is_never_above_the_models_own(server: ScriptedOllama, ask: Ask) -> None:
    list(ask(context_tokens=100_000))
    assert last_options(server)["num_ctx"] == 4096


def test_after_running_out_of_memory_a_smaller_window_counts(
    server: ScriptedOllama, ask: Ask
) -> None:
    full = b'{"error": "model requires more system memory (9.0 GiB) than is available (5.0 GiB)"}'
    server.on("/api/chat", whole(500, full), stream(token("a"), done()))
    with pytest.raises(OutOfMemory):
        list(ask(context_tokens=4096))
    list(ask(context_tokens=1024))
    assert last_options(server)["num_ctx"] == 1024


def test_a_model_is_asked_about_once(server: ScriptedOllama, ask: Ask) -> None:
    for _ in range(3):
        list(ask())
    assert len(server.to("/api/show")) == 1


def test_a_missing_model_is_told_without_asking_it(server: ScriptedOllama, ask: Ask) -> None:
    with pytest.raises(ModelMissing):
        list(ask("ollama:nobody"))
    assert server.to("/api/chat") == []


def test_blanks_are_no_answer(server: ScriptedOllama, ask: Ask) -> None:
    server.on("/api/chat", stream(token(" "), token("\n"), done("length")))
    with pytest.raises(AnswerEmpty):
        list(ask())


# --- vectors, warming -------------------------------------------------------------------------


def test_blank_texts_have_no_vector(server: ScriptedOllama, provider: OllamaProvider) -> None:
    vectors = provider.embed("ollama:minilm", ["a", "", "b b", " \n"])
    assert [vector is None for vector in vectors] == [False, True, False, True]
    body = server.to("/api/embed")[0].json
    assert body["input"] == ["a", "b b"]
    assert (body["truncate"], body["options"]["num_ctx"]) == (False, 512)
    assert provider.embed("ollama:minilm", ["", " "]) == [None, None]
    assert provider.embed("ollama:minilm", []) == []
    assert len(server.to("/api/embed")) == 1


def test_warming_loads_what_the_answer_will_use(server: ScriptedOllama, ask: Ask) -> None:
    provider = OllamaProvider(server.url, context_tokens=2048)
    began = time.monotonic()
    provider.warm("ollama:tiny")
    assert time.monotonic() - began < 0.05
    until = time.monotonic() + 3
    while not server.loaded and time.monotonic() < until:
        time.sleep(0.01)
    prompt = [PromptMessage("user", "hi")]
    options = GenerationOptions(context_tokens=2048)
    list(provider.stream("ollama:tiny", prompt, options, threading.Event()))
    assert (server.loaded, server.loads) == ({"tiny": 2048}, 1)
    provider.close()


def test_warming_never_raises_nor_doubles(server: ScriptedOllama) -> None:
    for ref in ("ollama:nobody", "ollama:", "ollama:../x"):
        OllamaProvider(server.url).warm(ref)
    OllamaProvider("http://127.0.0.1:9").warm("ollama:x")
    server.on("/api/chat", [Hang()])
    provider = OllamaProvider(server.url)
    for _ in range(5):
        provider.warm("ollama:tiny")
    until = time.monotonic() + 3
    while not server.to("/api/chat") and time.monotonic() < until:
        time.sleep(0.01)
    provider.close()
    assert len(server.to("/api/chat")) == 1
    assert server.to("/api/chat")[0].gone.wait(1)
