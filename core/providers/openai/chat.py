"""LangChain's chat model over an OpenAI-compatible server.

LangChain's own one drops what a model thinks aloud, reads keys and proxies from the environment
and asks the internet for a tokenizer, so this is a small one over our checked stream. It imports
LangChain (half a second, 50 MB), so it is itself imported with the first answer only.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.utils import convert_to_openai_messages

from core.messages import PromptMessage
from core.providers.base import Chunk
from core.providers.chat_model import StreamingChatModel, streamed
from core.providers.langchain import tool_calls_of
from core.providers.openai.events import Piece

Pieces = Callable[[Sequence[Mapping[str, Any]]], Generator[Piece]]


class OpenAIChatModel(StreamingChatModel):
    """One model of one server; `pieces` asks it with messages in OpenAI's form."""

    pieces: Any  # Pieces; pydantic need not look into it

    def _pieces(
        self,
        messages: list[BaseMessage],
        stop: list[str],  # noqa: ARG002  (what stops it is in the body already)
    ) -> Generator[Piece]:
        asked: Pieces = self.pieces
        return asked(convert_to_openai_messages(messages))

    def _messages(self, pieces: Iterator[Piece]) -> Iterator[AIMessageChunk]:
        return map(_message_chunk, pieces)


def answer(model: OpenAIChatModel, messages: Sequence[PromptMessage]) -> Generator[Chunk]:
    """Stream `model` through LangChain, as our own chunks."""
    with closing(streamed(model, messages)) as found:
        yield from filter(None, map(_chunk, found))


def _message_chunk(piece: Piece) -> AIMessageChunk:
    thought = {"reasoning_content": piece.reasoning} if piece.reasoning else {}
    calls = [
        {"id": call.id, "name": call.name, "args": dict(call.arguments), "type": "tool_call"}
        for call in piece.calls
    ]
    ending: dict[str, Any] = {}
    if piece.reason:
        ending = {"done_reason": piece.reason, "usage": piece.usage}
    return AIMessageChunk(
        content=piece.text, additional_kwargs=thought, tool_calls=calls, response_metadata=ending
    )


def _chunk(message: AIMessageChunk) -> Chunk | None:
    ending = message.response_metadata
    reason = ending.get("done_reason")
    text, thought = str(message.content), message.additional_kwargs.get("reasoning_content", "")
    if reason is None:  # LangChain ends with an empty chunk of its own
        return Chunk(text=text, reasoning=thought) if text or thought else None
    return Chunk(
        text=text,
        reasoning=thought,
        usage=ending["usage"],
        done_reason=reason,
        tool_calls=tool_calls_of(message),
    )
