"""What our own LangChain chat models share: they stream, may end early, and report to nobody.

It imports LangChain (half a second, 50 MB), so it is itself imported with the first answer only.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from core.messages import PromptMessage
from core.providers.langchain import to_langchain, untraced


class StreamingChatModel(BaseChatModel):
    """A chat model that is asked by `_pieces`; a subclass writes that and `_message`."""

    ref: str
    _open: list[Generator[Any]] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return f"engawa-{type(self).__name__}"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.ref}

    def _pieces(self, messages: list[BaseMessage], stop: list[str]) -> Generator[Any]:
        """Ask, and give the answer piece by piece."""
        raise NotImplementedError

    def _messages(self, pieces: Iterator[Any]) -> Iterator[AIMessageChunk]:
        """The pieces as LangChain's messages."""
        raise NotImplementedError

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **_kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        pieces = self._pieces(messages, stop or [])
        self._open.append(pieces)
        spoke = False
        for message in self._messages(pieces):
            spoke = True
            chunk = ChatGenerationChunk(message=message)
            if run_manager is not None and message.content:
                run_manager.on_llm_new_token(str(message.content), chunk=chunk)
            yield chunk
        if not spoke:  # cancelled; LangChain takes no chunk at all for an error
            yield ChatGenerationChunk(message=AIMessageChunk(content=""))

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
        for pieces in self._open:
            pieces.close()
        self._open.clear()


def streamed(
    model: StreamingChatModel, messages: Sequence[PromptMessage]
) -> Generator[AIMessageChunk]:
    """Ask `model` through LangChain; closing this ends its run."""
    with closing(model):
        yield from untraced(model.stream(to_langchain(messages)))
