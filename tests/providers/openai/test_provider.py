"""OpenAI-compatible servers: what they have, what is sent, what comes back, what it costs."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import (
    HostUnknown,
    Incapable,
    KeyMissing,
    KeyRefused,
    ModelMissing,
    ModelRefused,
    ServerFault,
)
from core.hosts import HostModelSettings, HostSettings
from core.messages import Image, PromptMessage, ToolCall, Usage
from core.providers.base import CHAT, EMBEDDING, Tool
from core.providers.breaker import Breakers
from core.providers.openai.provider import OpenAIProvider
from core.providers.registry import Registry
from testing.scripted_openai import (
    CHAT as CHAT_PATH,
    DONE,
    MODELS,
    ScriptedOpenAI,
    answered,
    delta,
    event,
    events,
    finish,
)
from testing.tls_front import tls_front
from tests.providers.conftest import text
from tests.providers.openai.world import ask, provided

CITY = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = Tool("get_weather", "Weather of a city", CITY)
SECRET = "sk-not-to-be-seen-0123456789"


@pytest.fixture
def server() -> Iterator[ScriptedOpenAI]:
    with ScriptedOpenAI() as started:
        yield started


def test_an_answer_with_its_counts(server: ScriptedOpenAI) -> None:
    with provided(server) as provider:
        chunks = list(ask(provider, max_tokens=5))
    assert text(chunks) == "the evening light falls on "
    assert (chunks[-1].done_reason, chunks[-1].usage) == ("length", Usage(7, 5))
    body = server.to(CHAT_PATH)[0].json
    assert body["messages"] == [{"role": "user", "content": "Hello there"}]
    assert (body["model"], body["stream"], body["max_tokens"]) == ("tiny", True, 5)


def test_every_option_is_sent(server: ScriptedOpenAI) -> None:
    wanted = {"temperature": 0.5, "top_p": 0.9, "seed": 3, "extra": {"top_k": 4}}
    with provided(server) as provider:
        list(ask(provider, stop=("x",), format="json", tools=(WEATHER,), **wanted))
    body = server.to(CHAT_PATH)[0].json
    assert (body["temperature"], body["top_p"], body["seed"], body["top_k"]) == (0.5, 0.9, 3, 4)
    assert (body["stop"], body["response_format"]) == (["x"], {"type": "json_object"})
    assert body["tools"][0]["function"]["parameters"] == CITY
    assert body["stream_options"] == {"include_usage": True}


def test_an_option_does_not_replace_what_is_asked(server: ScriptedOpenAI) -> None:
    with provided(server) as provider, pytest.raises(ModelRefused, match="messages"):
        list(ask(provider, extra={"messages": []}))
    assert server.to(CHAT_PATH) == []


def test_pictures_and_tools_go_both_ways(server: ScriptedOpenAI) -> None:
    call = {"index": 0, "id": "c9", "function": {"name": "get_weather", "arguments": ""}}
    parts = ['{"ci', 'ty": "大', '阪"}']
    script = [delta(None, tool_calls=[call])]
    script += [
        delta(None, tool_calls=[{"index": 0, "function": {"arguments": one}}]) for one in parts
    ]
    server.on(CHAT_PATH, events(*script, finish("tool_calls"), DONE))
    said = [
        PromptMessage("user", "What is it?", images=(Image(b"\x89PNG"),)),
        PromptMessage("assistant", "", tool_calls=(ToolCall("c1", "get_weather", {"city": "é"}),)),
        PromptMessage("tool", "18 C", tool_call_id="c1"),
    ]
    with provided(server) as provider:
        chunks = list(ask(provider, messages=said, tools=(WEATHER,)))
    assert chunks[-1].tool_calls == (ToolCall("c9", "get_weather", {"city": "大阪"}),)
    asked, wished, told = server.to(CHAT_PATH)[0].json["messages"]
    assert asked["content"][1]["image_url"]["url"] == "data:image/png;base64,iVBORw=="
    assert json.loads(wished["tool_calls"][0]["function"]["arguments"]) == {"city": "é"}
    assert (told["role"], told["tool_call_id"], told["content"]) == ("tool", "c1", "18 C")


def test_thoughts_are_kept_apart(server: ScriptedOpenAI) -> None:
    script = [delta(None, reasoning_content="Let me "), delta("", reasoning="see."), delta("Yes.")]
    server.on(CHAT_PATH, events(*script, finish(), DONE))
    thinker = {"tiny": HostModelSettings(capabilities=("chat", "thinking"))}
    with provided(server, preset="vllm", models=thinker) as provider:
        chunks = list(ask(provider, reasoning=True))
        list(ask(provider))
    assert ("".join(chunk.reasoning for chunk in chunks), text(chunks)) == ("Let me see.", "Yes.")
    told = [request.json["chat_template_kwargs"] for request in server.to(CHAT_PATH)]
    assert told == [{"enable_thinking": True}, {"enable_thinking": False}]


def test_what_a_host_lists(server: ScriptedOpenAI) -> None:
    meta = {"n_ctx_train": 4096, "n_params": 3_000_000_000, "size": 2_000_000_000}
    entries: list[object] = [
        {"id": "big", "meta": meta, "capabilities": ["completion", "multimodal"]},
        {"id": "served", "max_model_len": 8192},
        {"id": "text-embedding-3"},
        {"id": "served", "max_model_len": 1},
        {"id": 7},
        "junk",
        {"id": "odd\nname"},
    ]
    server.on(MODELS, answered(200, {"data": entries}))
    with provided(server, preset="llamacpp") as provider:
        big, served, encoder = provider.models()
    assert (big.ref, big.context_tokens, big.parameters) == ("openai:big@box", 4096, "3.0B")
    assert big.capabilities == {CHAT, "structured", "vision"}
    assert (served.context_tokens, served.local, served.host) == (8192, True, None)
    assert encoder.capabilities == {EMBEDDING}


def test_what_the_user_says_of_a_model_wins(server: ScriptedOpenAI) -> None:
    own = HostModelSettings(context_tokens=99, capabilities=("chat", "tools"))
    with provided(server, models={"tiny": own, "hidden": own}) as provider:
        known = {info.title: info for info in provider.models()}
        assert known["tiny"].context_tokens == 99
        assert known["hidden"].capabilities == {"chat", "tools"}
        with pytest.raises(Incapable):
            list(ask(provider, format="json"))
        with pytest.raises(ModelMissing):
            provider.info("openai:nobody@box")
    assert server.to(CHAT_PATH) == []


def test_tokens_that_the_server_had_cached(server: ScriptedOpenAI) -> None:
    counts = {"prompt_tokens": 9, "completion_tokens": 1}
    counted = {"choices": [], "usage": counts | {"prompt_tokens_details": {"cached_tokens": 8}}}
    server.on(CHAT_PATH, events(delta("Yes."), finish(), event(counted), DONE))
    with provided(server) as provider:
        assert list(ask(provider))[-1].usage == Usage(9, 1, 8)


# --- hosts and keys -------------------------------------------------------------------------


@pytest.mark.parametrize("ref", ["openai:tiny", "openai:tiny@nobody", "openai:@box"])
def test_an_unknown_host_is_named(server: ScriptedOpenAI, ref: str) -> None:
    with provided(server) as provider, pytest.raises(HostUnknown):
        list(ask(provider, ref))


def test_the_key_comes_from_the_environment_and_goes_nowhere_else(
    server: ScriptedOpenAI, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server.key = SECRET
    caplog.set_level(logging.DEBUG)
    with provided(server, key_env="BOX_KEY") as provider:
        with pytest.raises(KeyMissing, match="BOX_KEY"):
            list(ask(provider))
        monkeypatch.setenv("BOX_KEY", SECRET)
        assert text(ask(provider)).startswith("the evening")
        assert provider.models() != []
        server.key = "another"
        with pytest.raises(KeyRefused, match=r"Incorrect API key provided: \*\*\*") as refused:
            list(ask(provider))
        (state,) = provider.states()
    assert SECRET not in str(refused.value) + repr(refused.value.params) + repr(state)
    assert SECRET not in caplog.text + repr(provider.hosts)


def test_a_key_in_a_late_error_is_hidden(
    server: ScriptedOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOX_KEY", SECRET)
    server.on(CHAT_PATH, events(delta("Hel"), event({"error": {"message": f"for {SECRET}"}})))
    late = pytest.raises(ServerFault, match="for")
    with provided(server, key_env="BOX_KEY") as provider, late as raised:
        list(ask(provider))
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY", "OPENAI_BASE_URL"])
def test_the_environment_leads_nothing_elsewhere(
    server: ScriptedOpenAI, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with provided(server) as provider:
        assert text(ask(provider)) != ""
    assert "authorization" not in server.to(CHAT_PATH)[0].headers


def test_azure_has_deployments_and_a_header_of_its_own(
    server: ScriptedOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", SECRET)
    path = "/openai/deployments/my%20gpt/chat/completions?api-version=2026-01-01"
    filtered = {"choices": [], "prompt_filter_results": [{}]}
    server.on(path, events(event(filtered), delta("Hi"), finish(), DONE))
    base = server.url.removesuffix("/v1")
    host = HostSettings(
        preset="azure", url=base, api_version="2026-01-01", models={"my gpt": HostModelSettings()}
    )
    provider = OpenAIProvider({"work": host})
    try:
        assert [info.title for info in provider.models()] == ["my gpt"]
        assert text(ask(provider, "openai:my gpt@work", max_tokens=7)) == "Hi"
    finally:
        provider.close()
    (request,) = server.to(path)
    assert (request.headers["api-key"], request.json["max_completion_tokens"]) == (SECRET, 7)
    assert "authorization" not in request.headers
    assert "max_tokens" not in request.json


@pytest.mark.parametrize(
    ("preset", "field", "left_out"),
    [
        ("vllm", "max_tokens", None),
        ("openai", "max_completion_tokens", None),
        ("anthropic", "max_tokens", "seed"),
        ("google", "max_tokens", "seed"),
    ],
)
def test_the_quirks_of_a_preset(
    server: ScriptedOpenAI,
    monkeypatch: pytest.MonkeyPatch,
    preset: str,
    field: str,
    left_out: str | None,
) -> None:
    monkeypatch.setenv("SOME_KEY", "k")
    with provided(server, preset=preset, key_env="SOME_KEY") as provider:
        list(ask(provider, max_tokens=3, seed=5))
    body = server.to(CHAT_PATH)[0].json
    assert body[field] == 3
    assert ("seed" in body) is (left_out is None)


@pytest.mark.parametrize(("preset", "told"), [("vllm", True), ("generic", None)])
def test_an_unfinished_answer(server: ScriptedOpenAI, preset: str, told: bool | None) -> None:
    begun = PromptMessage("assistant", "The kettle", unfinished=True)
    with provided(server, preset=preset) as provider:
        list(ask(provider, messages=[PromptMessage("user", "Hello"), begun]))
    body = server.to(CHAT_PATH)[0].json
    assert body["messages"][-1] == {"role": "assistant", "content": "The kettle"}
    assert body.get("continue_final_message") is told


def test_a_schema_in_the_form_that_the_server_knows(server: ScriptedOpenAI) -> None:
    for preset in ("llamacpp", "vllm"):
        with provided(server, preset=preset) as provider:
            list(ask(provider, format=CITY))
    first, second = (request.json["response_format"] for request in server.to(CHAT_PATH))
    assert first == {"type": "json_object", "schema": CITY}
    assert second["json_schema"]["schema"] == CITY


def test_a_host_elsewhere_has_a_badge_and_is_asked_for_its_list_once() -> None:
    provider = OpenAIProvider({"far": HostSettings(url="http://far.example.invalid/v1")})
    try:
        assert provider.host("openai:x@far") == "far.example.invalid"
        began = time.monotonic()
        states = [provider.states() for _ in range(50)]
        assert time.monotonic() - began < 6
    finally:
        provider.close()
    assert {state[0].available for state in states} == {False}
    assert states[0][0].error is states[-1][0].error


def test_each_host_fails_for_itself(server: ScriptedOpenAI) -> None:
    hosts = {"box": HostSettings(url=server.url), "gone": HostSettings(url="http://127.0.0.1:9/v1")}
    provider = OpenAIProvider(hosts)
    registry = Registry([provider], Breakers())
    try:
        assert registry.breaker("openai:a@box") is not registry.breaker("openai:a@gone")
        assert registry.breaker("openai:a@box") is registry.breaker("openai:b@box")
        states = {state.name: state.available for state in registry.states()}
        assert states == {"openai@box": True, "openai@gone": False}
        assert {info.ref for info in registry.models()} == {
            "openai:tiny@box",
            "openai:text-embedding-tiny@box",
        }
    finally:
        registry.close()


def test_over_tls_its_certificate_is_checked(server: ScriptedOpenAI, tmp_path: Path) -> None:
    with tls_front(server.port, tmp_path) as (url, trusting):
        for tls, good in ((trusting, True), (None, False)):
            provider = OpenAIProvider({"box": HostSettings(url=url)}, tls=tls)
            try:
                if good:
                    assert text(ask(provider)).startswith("the evening")
                else:
                    with pytest.raises(Exception, match="does not answer"):
                        list(ask(provider))
            finally:
                provider.close()


def test_cancelling_ends_the_run_at_the_server(server: ScriptedOpenAI) -> None:
    server.every_s, server.tokens = 0.05, 1_000
    cancel = threading.Event()
    with provided(server) as provider:
        stream = ask(provider, cancel=cancel)
        next(stream)
        cancel.set()
        began = time.monotonic()
        assert all(chunk.done_reason is None for chunk in stream)
        assert time.monotonic() - began < 0.6
        assert server.to(CHAT_PATH)[0].gone.wait(2)
        second = ask(provider)
        next(second)
        second.close()  # type: ignore[attr-defined]
        assert server.to(CHAT_PATH)[1].gone.wait(2)


def test_langchain_can_use_it_as_its_own(server: ScriptedOpenAI) -> None:
    from core.providers.openai.chat import OpenAIChatModel
    from core.providers.openai.events import Piece

    said: list[object] = []

    def pieces(messages: object) -> Iterator[Piece]:
        said.append(messages)
        yield Piece("Good ")
        yield Piece("evening.", reason="stop")

    model = OpenAIChatModel(ref="openai:tiny@box", pieces=pieces)
    assert model.invoke("Hello").content == "Good evening."
    assert said == [[{"role": "user", "content": "Hello"}]]
