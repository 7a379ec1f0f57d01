"""LangChain's chat model over an OpenAI-compatible server.

LangChain's own one drops what a model thinks aloud, reads keys and proxies from the environment
and asks the internet for a tokenizer, so this is a small one over our checked stream. It imports
LangChain (half a second, 50 MB), so it is itself imported with the first answer only.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.utils import convert_to_openai_messages
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from core.messages import PromptMessage
from core.providers.base import Chunk
from core.providers.langchain import to_langchain, tool_calls_of, untraced
from core.providers.openai_events import Piece

Pieces = Callable[[Sequence[Mapping[str, Any]]], Iterator[Piece]]


class OpenAIChatModel(BaseChatModel):
    """One model of one server; `pieces` asks it with messages in OpenAI's form."""

    ref: str
    pieces: Any  # Pieces; pydantic need not look into it
    _open: list[Generator[Piece]] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "engawa-openai"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.ref}

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002  (what stops it is in the body already)
        run_manager: CallbackManagerForLLMRun | None = None,
        **_kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        asked = convert_to_openai_messages(messages)
        stream = self.pieces(asked)
        self._open.append(stream)
        for piece in stream:
            chunk = ChatGenerationChunk(message=_message_chunk(piece))
            if run_manager is not None and piece.text:
                run_manager.on_llm_new_token(piece.text, chunk=chunk)
            yield chunk

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def close(self) -> None:
        """End streams that nobody reads to the end: LangChain leaves that to the collector."""
        for stream in self._open:
            stream.close()
        self._open.clear()


def answer(model: OpenAIChatModel, messages: Sequence[PromptMessage]) -> Generator[Chunk]:
    """Stream `model` through LangChain, as our own chunks."""
    with closing(model):
        for message in untraced(model.stream(to_langchain(messages))):
            chunk = _chunk(message)
            if chunk is not None:
                yield chunk


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
