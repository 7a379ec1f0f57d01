"""Between our values and LangChain's: messages there, chunks back, nothing traced elsewhere.

LangChain is imported by the functions that need it: half a second and 50 MB, with the first answer.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from core.messages import PromptMessage, ToolCall

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk, BaseMessage

UNFINISHED = "unfinished"  # where LangChain's messages carry that mark of ours
# Short messages made last, kept: the next prompt of a talk has the same lines, and validating each
# anew takes longer than sending it. Nothing changes them.
KEPT, KEPT_CHARS = 1_024, 2_000


def to_langchain(messages: Sequence[PromptMessage]) -> list[BaseMessage]:
    """A prompt as LangChain's messages, pictures as data URLs."""
    return [_kept(one) if _short(one) else _made(one) for one in messages]


def tool_calls_of(message: AIMessageChunk) -> tuple[ToolCall, ...]:
    """The tool calls of a chunk that holds whole ones."""
    return tuple(
        ToolCall(call.get("id") or "", call["name"], call["args"]) for call in message.tool_calls
    )


def untraced(stream: Iterator[AIMessageChunk]) -> Iterator[AIMessageChunk]:
    """Never report to a tracing service, whatever the environment says.

    LangChain decides with the first chunk; the context must not stay open between the others,
    because it would be the caller's.
    """
    from langsmith import tracing_context

    with tracing_context(enabled=False):
        first = next(stream, None)
    if first is not None:
        yield first
        yield from stream


def _short(message: PromptMessage) -> bool:
    """A few words alone: what may be kept without keeping much."""
    more = message.images or message.tool_calls or message.role == "tool"
    return not more and len(message.content) <= KEPT_CHARS


@lru_cache(maxsize=KEPT)
def _kept(message: PromptMessage) -> BaseMessage:
    return _made(message)


def _made(message: PromptMessage) -> BaseMessage:
    import langchain_core.messages as made  # for each of a prompt's lines: names cost more

    if message.role == "system":
        return made.SystemMessage(message.content)
    if message.role == "tool":
        return made.ToolMessage(message.content, tool_call_id=message.tool_call_id or "")
    if message.role == "assistant":
        calls = [
            {"id": call.id, "name": call.name, "args": dict(call.arguments), "type": "tool_call"}
            for call in message.tool_calls
        ]
        more = {UNFINISHED: True} if message.unfinished else {}
        return made.AIMessage(message.content, tool_calls=calls, additional_kwargs=more)
    return made.HumanMessage(_with_images(message) if message.images else message.content)


def _with_images(message: PromptMessage) -> list[str | dict[Any, Any]]:
    parts: list[str | dict[Any, Any]] = [{"type": "text", "text": message.content}]
    for image in message.images:
        url = f"data:{image.media_type};base64,{base64.b64encode(image.data).decode()}"
        parts.append({"type": "image_url", "image_url": {"url": url}})
    return parts
