"""ChatOllama, behind our client: prompt in, chunks out.

LangChain is imported when the first answer (or `prepare`) wants it, because that takes most of
a second and some 40 MB, which an app without Ollama need not spend.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import httpx

from core.errors import ProviderError, ServerFault
from core.messages import PromptMessage, Usage
from core.providers.base import Chunk
from core.providers.guard import Refused
from core.providers.langchain import to_langchain, tool_calls_of
from core.providers.ollama.client import ChatClient
from core.providers.watch import Cancelled, Watch, watching

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk
    from langchain_core.outputs import ChatGenerationChunk
    from langchain_ollama import ChatOllama
    from ollama import Client


class OllamaChat:
    """One ChatOllama for all models of a server. Thread-safe."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = ChatClient(url)
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
        # Not `stream`: what it does around `_stream` is for observers, of which there are none
        # (a tracing service that the environment names must not become one), and takes a while.
        stream = self.prepare()._stream(to_langchain(messages), model=name, **parameters)
        try:
            for generated in _guarded(stream, watch):
                chunk = _chunk(generated)
                if chunk.says or chunk.text or chunk.reasoning or chunk.done_reason:
                    yield chunk
                if chunk.done_reason:
                    return
        finally:
            stream.close()  # type: ignore[attr-defined]  # a generator, declared as an iterator

    def reconnect(self) -> None:
        """Have later answers asked over new connections; those under way go on."""
        with self._lock:
            self._client, self._model = ChatClient(self._url), None

    def close(self) -> None:
        self._client.close()

    def _made(self) -> ChatOllama:
        from langchain_ollama import ChatOllama  # here because of its weight (see above)

        # Its own clients are never used; so nothing of the environment (proxies, certificates)
        # is read for them, which may fail and takes most of a second.
        unused = {"transport": httpx.BaseTransport(), "trust_env": False}
        model = ChatOllama(model="", base_url=self._url, client_kwargs=unused)
        model._client = cast("Client", self._client)
        return model


def _guarded(stream: Iterator[ChatGenerationChunk], watch: Watch) -> Iterator[ChatGenerationChunk]:
    """The stream's chunks, begun under `watch`."""
    try:
        with watching(watch):  # not around the others: it would be the caller's context
            first = next(stream, None)
        if first is not None:
            yield first
            yield from stream
    except (ProviderError, Refused, Cancelled):
        raise
    except Exception as error:  # whatever the two packages in between may raise
        detail = f"its answer could not be read ({type(error).__name__})"
        raise ServerFault(model=watch.model, detail=detail) from error


def _chunk(generated: ChatGenerationChunk) -> Chunk:
    message = cast("AIMessageChunk", generated.message)
    ending = generated.generation_info or {}
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
