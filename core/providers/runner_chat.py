"""LangChain's chat model over a runner process.

Imports LangChain (half a second, 50 MB), so it is itself imported with the first answer only.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ToolCallChunk,
    ToolMessage,
)
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from pydantic import Field

from core.messages import PromptMessage, ToolCall, Usage
from core.providers.abilities import tool_body
from core.providers.base import Chunk, GenerationOptions
from core.providers.chat_model import StreamingChatModel, streamed
from core.providers.langchain import UNFINISHED, tool_calls_of
from core.providers.tool_text import ToolText
from core.runner.hearing import Limits, Spoken
from core.runner.loading import AS_IT_COMES, LoadOptions
from core.runner.pool import RunnerPool
from core.runner.protocol import Ask

SAMPLING = ("temperature", "top_k", "top_p", "repetition_penalty", "no_repeat_ngram_size")
ROLES = {"system": "system", "human": "user", "ai": "assistant", "tool": "tool"}


class RunnerChatModel(StreamingChatModel):
    """A model folder as a LangChain chat model. Setting `cancel` ends what it is saying.

    `adapter` is the folder of the adapter that it answers with.
    """

    folder: Path
    adapter: Path | None = None
    pool: Any  # a RunnerPool; pydantic need not look into it
    options: Any = GenerationOptions()
    cancel: Any = Field(default_factory=threading.Event, exclude=True)

    def _pieces(self, messages: list[BaseMessage], stop: list[str]) -> Generator[Spoken]:
        options: GenerationOptions = self.options
        pool: RunnerPool = self.pool
        limits = Limits(options.first_token_s, options.between_tokens_s)
        load = options.load or pool.wanted(self.ref) or AS_IT_COMES
        ask = replace(_ask(messages, options, stop, load), adapter=str(self.adapter or ""))
        return pool.stream(self.ref, self.folder, ask, self.cancel, limits, options.load)

    def _messages(self, pieces: Iterator[Spoken]) -> Iterator[AIMessageChunk]:
        return _with_tool_calls(pieces, self.options)


def answer(model: RunnerChatModel, messages: Sequence[PromptMessage]) -> Generator[Chunk]:
    """Stream `model` through LangChain, as our own chunks."""
    with closing(streamed(model, messages)) as found:
        yield from filter(None, map(_chunk, found))


def _ask(
    messages: Sequence[BaseMessage],
    options: GenerationOptions,
    stop: list[str],
    load: LoadOptions,
) -> Ask:
    extra = {
        name: value
        for name, value in options.extra.items()
        if name in SAMPLING and isinstance(value, int | float)
    }
    return Ask(
        messages=_conversation(messages),
        unfinished=bool(messages and messages[-1].additional_kwargs.get(UNFINISHED)),
        tools=tuple(tool_body(tool) for tool in options.tools),
        max_tokens=options.max_tokens,
        context_tokens=min(options.context_tokens, load.context_tokens or options.context_tokens),
        temperature=options.temperature,
        top_p=options.top_p,
        seed=options.seed,
        stop=(*options.stop, *stop),
        reasoning=options.reasoning,
        format=options.format,
        extra=extra,
        kv_type=load.kv_type,
    )


def _conversation(messages: Sequence[BaseMessage]) -> tuple[dict[str, Any], ...]:
    """As chat templates take it: calls by their name, and a tool's answer with that name."""
    found: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for message in messages:
        role = ROLES.get(message.type, "user")
        one: dict[str, Any] = {"role": role, "content": str(message.text)}
        images = _images(message)
        if images:
            one["images"] = images
        if isinstance(message, AIMessage) and message.tool_calls:
            functions = [{"name": c["name"], "arguments": c["args"]} for c in message.tool_calls]
            one["tool_calls"] = [{"type": "function", "function": each} for each in functions]
            names |= {call["id"] or "": call["name"] for call in message.tool_calls}
        if isinstance(message, ToolMessage):
            one["name"] = names.get(message.tool_call_id, "")
        found.append(one)
    return tuple(found)


def _images(message: BaseMessage) -> list[str]:
    """The pictures of a message, in base64."""
    parts = message.content if isinstance(message.content, list) else []
    urls = [
        part["image_url"]["url"] for part in parts if isinstance(part, dict) and "image_url" in part
    ]
    return [url.partition(",")[2] for url in urls]


def _with_tool_calls(
    stream: Iterator[Spoken], options: GenerationOptions
) -> Iterator[AIMessageChunk]:
    """The pieces as messages; calls of the tools that were offered come before the last one."""
    if not options.tools:
        yield from map(_message_chunk, stream)
        return
    text = ToolText([tool.name for tool in options.tools])
    for spoken in stream:
        if spoken.done is not None:
            shown, calls = text.rest()
            yield AIMessageChunk(content=shown, tool_call_chunks=[_call(one) for one in calls])
            yield _message_chunk(spoken)
        elif spoken.thought:
            yield _message_chunk(spoken)
        elif shown := text.add(spoken.text):
            yield AIMessageChunk(content=shown)


def _call(call: ToolCall) -> ToolCallChunk:
    arguments = json.dumps(dict(call.arguments), ensure_ascii=False)
    return tool_call_chunk(name=call.name, args=arguments, id=call.id)


def _message_chunk(spoken: Spoken) -> AIMessageChunk:
    if spoken.done is None:
        if spoken.thought:
            return AIMessageChunk(content="", additional_kwargs={"reasoning_content": spoken.text})
        return AIMessageChunk(content=spoken.text)
    asked, answered = spoken.done["prompt_tokens"], spoken.done["completion_tokens"]
    return AIMessageChunk(
        content="",
        usage_metadata=UsageMetadata(
            input_tokens=asked,
            output_tokens=answered,
            total_tokens=asked + answered,
            input_token_details=InputTokenDetails(cache_read=spoken.done["reused_tokens"]),
        ),
        response_metadata={"done_reason": spoken.done["reason"], "load_s": spoken.load_s},
    )


def _usage(used: UsageMetadata) -> Usage:
    cached = used.get("input_token_details", {}).get("cache_read")
    return Usage(used["input_tokens"], used["output_tokens"], cached)


def _chunk(message: AIMessageChunk) -> Chunk | None:
    reasoning = message.additional_kwargs.get("reasoning_content", "")
    text = str(message.content)
    reason = message.response_metadata.get("done_reason")
    if reason is None:  # LangChain ends with an empty chunk of its own
        calls = tool_calls_of(message)
        said = text or reasoning or calls
        return Chunk(text=text, reasoning=reasoning, tool_calls=calls) if said else None
    used = message.usage_metadata
    load_s = message.response_metadata["load_s"]
    return Chunk(
        usage=_usage(used) if used else None,
        done_reason=reason,
        load_ms=None if load_s is None else load_s * 1000.0,
    )
