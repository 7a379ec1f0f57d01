"""Tools, pictures and JSON: asked of models that can, refused for those that cannot."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator

import pytest

from core.errors import Incapable, StreamBroken
from core.messages import Image, PromptMessage, ToolCall
from core.providers.base import STRUCTURED, TOOLS, VISION, GenerationOptions, Tool
from core.providers.ollama.provider import OllamaProvider
from testing.scripted_ollama import (
    DEFAULT_MODELS,
    Model,
    ScriptedOllama,
    done,
    stream,
    token,
)

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = Tool("get_weather", "Weather of a city", CITY)
PNG = Image(b"\x89PNG\r\n", "image/png")
ASKED = PromptMessage("user", "How is it in Kyoto?")
WISH = ToolCall("c1", "get_weather", {"city": "Kyoto"})
ANSWERED = [
    ASKED,
    PromptMessage("assistant", "", tool_calls=(WISH,)),
    PromptMessage("tool", "18 C", tool_call_id="c1"),
]


@pytest.fixture
def server() -> Iterator[ScriptedOllama]:
    seeing = Model("tiny-see", ("completion", "vision"))
    with ScriptedOllama(models=[*DEFAULT_MODELS, seeing]) as started:
        yield started


def said(
    provider: OllamaProvider,
    name: str,
    messages: list[PromptMessage] | None = None,
    **options: object,
) -> list[ToolCall]:
    chosen = GenerationOptions(retries=0, **options)  # type: ignore[arg-type]
    chunks = provider.stream(f"ollama:{name}", messages or [ASKED], chosen, threading.Event())
    return [call for chunk in chunks for call in chunk.tool_calls]


def test_a_tool_call_comes_whole(server: ScriptedOllama, provider: OllamaProvider) -> None:
    server.replay("tool_call_stream", speed=float("inf"))
    (call,) = said(provider, "tiny-think", tools=(WEATHER,))
    assert (call.name, call.arguments) == ("get_weather", {"city": "大阪"})
    (asked,) = server.to("/api/chat")[0].json["tools"]
    assert asked["function"] == {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": CITY,
    }


def test_a_tools_answer_goes_back(server: ScriptedOllama, provider: OllamaProvider) -> None:
    said(provider, "tiny-think", ANSWERED)
    sent = server.to("/api/chat")[0].json["messages"]
    assert sent[1]["tool_calls"][0]["function"]["arguments"] == {"city": "Kyoto"}
    assert (sent[2]["role"], sent[2]["content"]) == ("tool", "18 C")


def test_a_picture_goes_along(server: ScriptedOllama, provider: OllamaProvider) -> None:
    said(provider, "tiny-see", [PromptMessage("user", "What is it?", images=(PNG,))])
    (sent,) = server.to("/api/chat")[0].json["messages"]
    assert sent["content"].strip() == "What is it?"
    assert base64.b64decode(sent["images"][0]) == PNG.data


@pytest.mark.parametrize("shape", ["json", CITY])
def test_json_is_asked_for(server: ScriptedOllama, provider: OllamaProvider, shape: object) -> None:
    said(provider, "tiny", format=shape)
    assert server.to("/api/chat")[0].json["format"] == shape


@pytest.mark.parametrize(
    ("name", "messages", "options", "ability"),
    [
        ("tiny", [ASKED], {"tools": (WEATHER,)}, TOOLS),
        ("tiny", ANSWERED, {}, TOOLS),
        ("tiny", [PromptMessage("user", "?", images=(PNG,))], {}, VISION),
        ("minilm", [ASKED], {"format": "json"}, STRUCTURED),
    ],
)
def test_what_it_cannot_is_refused_before_it_is_asked(
    server: ScriptedOllama,
    provider: OllamaProvider,
    name: str,
    messages: list[PromptMessage],
    options: dict[str, object],
    ability: str,
) -> None:
    assert ability not in provider.info(f"ollama:{name}").capabilities
    with pytest.raises(Incapable):
        said(provider, name, messages, **options)
    assert server.to("/api/chat") == []


BAD_CALLS: list[object] = [
    "get_weather",
    [1],
    [{"function": "get_weather"}],
    [{"function": {"name": 3}}],
    [{"function": {"name": "get_weather", "arguments": "Kyoto"}}],
]


@pytest.mark.parametrize("calls", BAD_CALLS)
def test_an_odd_tool_call_is_no_answer(
    server: ScriptedOllama, provider: OllamaProvider, calls: object
) -> None:
    server.on("/api/chat", stream(token("", tool_calls=calls), done()))
    with pytest.raises(StreamBroken, match="tool call"):
        said(provider, "tiny-think", tools=(WEATHER,))
