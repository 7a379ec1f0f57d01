"""ChatOllama, behind our transport: prompt in, chunks out.

LangChain is imported when the first answer (or `prepare`) wants it, because that takes most of
a second and some 40 MB, which an app without Ollama need not spend.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.errors import ProviderError, ServerFault
from core.messages import PromptMessage, Usage
from core.providers.base import Chunk
from core.providers.guard import Refused
from core.providers.langchain import to_langchain, tool_calls_of, untraced
from core.providers.ollama.transport import GuardTransport
from core.providers.watch import Cancelled, Watch, watching

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk
    from langchain_ollama import ChatOllama


class OllamaChat:
    """One ChatOllama for all models of a server. Thread-safe."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._transport = GuardTransport()
        self._lock = threading.Lock()
        self._model: ChatOllama | None = None

    def prepare(self) -> ChatOllama:
        """The chat model; imported and made the first time."""
        with self._lock:
            if self._model is None:
                self._model = self._made()
            return self._model

    def answer(
        self,
        name: str,
        messages: Sequence[PromptMessage],
        parameters: Mapping[str, Any],
        watch: Watch,
    ) -> Iterator[Chunk]:
        """Stream one answer; the last chunk has `done_reason`. One attempt.

        Raises:
            Refused: the server did not begin.
            Cancelled: the watch was cancelled.
            ProviderError: anything else.
        """
        stream = self.prepare().stream(to_langchain(messages), model=name, **parameters)
        try:
            for message in _guarded(stream, watch):
                chunk = _chunk(message)
                if chunk.says or chunk.text or chunk.reasoning or chunk.done_reason:
                    yield chunk
                if chunk.done_reason:
                    return
        finally:
            stream.close()  # type: ignore[attr-defined]  # a generator, declared as an iterator

    def reconnect(self) -> None:
        """Have later answers asked over new connections; those under way go on."""
        with self._lock:
            self._transport, self._model = GuardTransport(), None

    def close(self) -> None:
        self._transport.close()

    def _made(self) -> ChatOllama:
        from langchain_ollama import ChatOllama  # here because of its weight (see above)

        # The environment's proxies and redirects would lead a prompt elsewhere.
        client = {
            "transport": self._transport,
            "trust_env": False,
            "follow_redirects": False,
        }
        return ChatOllama(model="", base_url=self._url, client_kwargs=client)


def _guarded(stream: Iterator[AIMessageChunk], watch: Watch) -> Iterator[AIMessageChunk]:
    """The stream's messages, begun under `watch` and never traced to another service."""
    try:
        yield from untraced(stream, watching(watch))
    except (ProviderError, Refused, Cancelled):
        raise
    except Exception as error:  # whatever the two packages in between may raise
        detail = f"its answer could not be read ({type(error).__name__})"
        raise ServerFault(model=watch.model, detail=detail) from error


def _chunk(message: AIMessageChunk) -> Chunk:
    ending = message.response_metadata
    reason = ending.get("done_reason")
    load_ns = ending.get("load_duration")
    return Chunk(
        text=str(message.content),
        reasoning=message.additional_kwargs.get("reasoning_content", ""),
        usage=Usage(ending.get("prompt_eval_count"), ending.get("eval_count")) if reason else None,
        done_reason=reason,
        load_ms=load_ns / 1e6 if load_ns is not None else None,
        tool_calls=tool_calls_of(message),
    )
